"""What a person typed: words, "words in this order", and operators like `from:amara` or `status:open`."""

import re
from dataclasses import dataclass, field

from conversations.search.words import Term, Words, words_of

MAX_QUERY = 200
MAX_WORDS = 12
OPERATORS = ("from", "tag", "channel", "status", "before", "after")
# The beginning of a word is looked for from so many letters on.
LEAST_BEGINNING = 2

_PIECE = re.compile(r'(?:(?P<name>[a-z]+):)?(?:"(?P<quoted>[^"]*)(?P<closed>"?)|(?P<bare>[^\s"]+))', re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """terms: of words. is_open: the last word may be the beginning of one. operators: name and value."""

    terms: tuple[Term, ...] = ()
    is_open: bool = False
    operators: list[tuple[str, str]] = field(default_factory=list)

    @property
    def words(self) -> list[str]:
        return [word for term in self.terms for word in term]

    def ranks(self) -> list[Words]:
        """The best first: the words side by side, all of them somewhere, all of them with the last one just begun."""
        if not self.terms:
            return []
        ranks = [Words(self.terms)]
        if len(self.terms) > 1:
            ranks = [Words((tuple(self.words),)), Words(self.terms, without=(Words((tuple(self.words),)),))]
        if self.is_open and len(self.terms[-1][-1]) >= LEAST_BEGINNING:
            ranks.append(Words(self.terms, is_begun=True, without=(Words(self.terms),)))
        return ranks


def parse(text: str) -> Query:
    terms: list[Term] = []
    operators: list[tuple[str, str]] = []
    is_open = False
    for piece in _PIECE.finditer(text):
        name, quoted, bare = (piece["name"] or "").lower(), piece["quoted"], piece["bare"]
        value = quoted if quoted is not None else bare
        if name in OPERATORS:
            if value.strip():
                operators.append((name, value.strip()))
            is_open = False
            continue
        if bare and bare.endswith(":") and bare[:-1].lower() in OPERATORS:  # its value is yet to be typed
            is_open = False
            continue
        if name:  # none of ours: a word like the others
            terms += [(word,) for word in words_of(name)]
        words = words_of(value)
        terms += [words] if quoted is not None and words else [(word,) for word in words]
        is_at_the_end = piece.end() == len(text) and not text[-1].isspace()
        is_open = is_at_the_end and not piece["closed"] and bool(words)
    return Query(terms=tuple(terms[:MAX_WORDS]), is_open=is_open and len(terms) <= MAX_WORDS, operators=operators)
