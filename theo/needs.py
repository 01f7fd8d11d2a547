"""What people say who want a person, and who complain, threaten or are in danger, by language: needs/<language>.json.

person, complex, trouble (what is not as it should be): expressions; "…" stands for a few words of the same sentence,
an asterisk after a letter for any ending, "¶" for the end of what is said in one breath. asking, complaining, harmless:
sentences that a model compares a message with; the harmless ones are about the same things and need nobody. needs.npz
has them as the models read them (tools/read_needs.py). Source: theo.md 5.
"""

import json
import re
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from zlib import crc32

from conversations.models import HandoffReason
from theo.engine.language import language_of

# Written without spaces between the words, or with prefixes that are part of them.
_JOINED = frozenset({"ar", "he", "ja", "ko", "zh"})


# Of the sentences that a message is compared with: what they are about.
KINDS = ("asking", "complaining", "harmless")


def languages() -> list[str]:
    return list(_all())


@cache
def sentences(language: str, kind: str) -> tuple[str, ...]:
    """kind: one of KINDS. Of a language that there are none in: the English ones."""
    known = _all()
    return tuple(known.get(language, known["en"])[kind])


def stored_as(model: str, language: str, kind: str) -> str:
    """What the vectors of `sentences` are called in needs.npz; other sentences have another name."""
    said = "\n".join(sentences(language, kind))
    return f"{model} {crc32(said.encode())}"


@lru_cache(maxsize=500)
def said_needs_person(question: str) -> HandoffReason | None:
    """By the words alone, which costs little: for the look at every new message, which sees each several times."""
    question = question.replace("’", "'")
    for kind, reason in (("person", HandoffReason.USER_REQUESTED), ("complex", HandoffReason.COMPLEX_ISSUE)):
        if any(each.search(question) for each in _expressions(kind).values()):
            return reason
    return None


def tells_trouble(text: str) -> bool:
    """Whether something in it did not come, does not work or is not what it should be; in any language where its own
    cannot be told: what is broken in one is a departure in another.
    """
    text = text.replace("’", "'")
    known = _expressions("trouble")
    own = known.get(language_of(text))
    return any(each.search(text) for each in ([own] if own else known.values()))


@cache
def _all() -> dict[str, dict[str, list[str]]]:
    files = sorted(Path(__file__).with_name("needs").glob("*.json"))
    return {file.stem: json.loads(file.read_text("utf-8")) for file in files}


@cache
def _expressions(kind: str) -> dict[str, re.Pattern[str]]:
    return {code: _compiled(told[kind], is_joined=code in _JOINED) for code, told in _all().items()}


def _compiled(expressions: Iterable[str], *, is_joined: bool) -> re.Pattern[str]:
    gap = "[^.?!]{0,20}" if is_joined else r"\b[^.?!]{0,40}\b"
    said = [
        re.sub(r"(?<!\\W)(?<=\w)\*", r"\\w*", each).replace(" … ", gap).replace(" ¶", r"(?=\s*(?:$|[,.!?;]))")
        for each in expressions
    ]
    either = "|".join(f"(?:{each})" for each in said)
    return re.compile(either if is_joined else rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)
