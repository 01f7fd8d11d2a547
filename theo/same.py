"""Whether a reply may be sent unread: each of its sentences says what one sentence of the cited articles says.

Shorter than there it may be, and in another order; but no word is added, every number keeps what it counts, and what
limits it (before, only, from 25 on) stays with it. Of whom a part of a sentence is said is not checked ("free for
members"). Source: theo.md 6; attacks H1.
"""

import re
from collections import Counter
from collections.abc import Sequence

from theo.engine.lexical import words
from theo.engine.passages import sentences_of

_TOKEN = re.compile(r"[£$€]?\d+(?:[.,:/-]\d+)*%?|[^\W\d_]+(?:['’][^\W\d_]+)*")
_NUMBERS = frozenset(
    re.findall(
        r"\w+",
        "one two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty sixty ninety "
        "hundred thousand million half",
    )
)
_LIMITS = frozenset(
    re.findall(
        r"\w+",
        "before after until till from since within over under below above unless except only if every each all always "
        "any both most more less least up without per",
    )
)
_CLAUSE = re.compile(r"[,;:(]|\b(?:and|but|or|while|whereas)\b", re.IGNORECASE)
_NO = {"no": "not", "not": "not", "cannot": "not", "none": "not", "never": "never", "nor": "not", "without": "without"}


def says_the_same(reply: str, articles: Sequence[str]) -> bool:
    """articles: each with its title in the first line, whose words may stand in any sentence."""
    theirs = [(one, text.partition("\n")[0]) for text in articles for one in sentences_of(text)]
    return all(any(_is_part(said, one, title) for one, title in theirs) for said in sentences_of(reply))


def _is_part(said: str, theirs: str, title: str) -> bool:
    spoken, there = _tokens(said), _tokens(theirs)
    carried = set(words(said))
    if not _negations(spoken) <= _negations(there):
        return False
    if not carried:
        return not any(_is_number(token) for token in spoken)
    clauses = [_tokens(clause) for clause in _CLAUSE.split(theirs)]
    likest = max(clauses, key=lambda clause: (len(carried & set(words(" ".join(clause)))), -len(clause)))
    return (
        carried <= set(words(f"{theirs} {title}"))
        and _limits(likest) <= _limits(spoken) <= _limits(there)
        and all(_counts_the_same(n, spoken, there) for n, token in enumerate(spoken) if _is_number(token))
    )


def _counts_the_same(n: int, spoken: list[str], there: list[str]) -> bool:
    """Number `n` has the same word behind it; at the end of a sentence, before it."""
    step = 1 if n + 1 < len(spoken) else -1
    pairs = {(there[at], there[at + step]) for at in range(len(there)) if 0 <= at + step < len(there)}
    return n + step >= 0 and (spoken[n], spoken[n + step]) in pairs


def _tokens(text: str) -> list[str]:
    return [token.lower().replace("’", "'") for token in _TOKEN.findall(text)]


def _is_number(token: str) -> bool:
    return token in _NUMBERS or any(letter.isdigit() for letter in token)


def _limits(tokens: Sequence[str]) -> frozenset[str]:
    return _LIMITS & set(tokens)


def _negations(tokens: Sequence[str]) -> Counter[str]:
    return Counter(
        "not" if token.endswith("n't") else _NO[token] for token in tokens if token in _NO or token.endswith("n't")
    )
