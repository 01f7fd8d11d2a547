"""The piece of a text around what was found, and what of it was found."""

import re
from functools import lru_cache

from conversations.search.query import Query
from conversations.search.words import folded

FROM, TO = "\ue000", "\ue001"
LENGTH = 160
# Before the first hit, so that one sees what it is about.
LEAD = 40
MOST_MARKS = 20

_SPACE = re.compile(r"\s+")
_MARKS = str.maketrans("", "", FROM + TO)


def snippet_of(text: str, query: Query) -> str:
    """At most about LENGTH characters of plain text, in one line; hits between FROM and TO, which nothing else is."""
    plain = _SPACE.sub(" ", text.translate(_MARKS)).strip()
    pattern = _pattern(tuple(query.words), query.is_open)
    if pattern is None:
        return plain[:LENGTH] + ("…" if len(plain) > LENGTH else "")
    found = folded(plain)
    first = pattern.search(found)
    start = _word_start(plain, max(first.start() - LEAD, 0)) if first and first.start() > LEAD else 0
    end = min(start + LENGTH, len(plain))
    parts, at = ["…" if start else ""], start
    for number, match in enumerate(pattern.finditer(found, start, end)):
        if number == MOST_MARKS:
            break
        parts += [plain[at : match.start()], FROM, plain[match.start() : match.end()], TO]
        at = match.end()
    parts += [plain[at:end], "…" if end < len(plain) else ""]
    return "".join(parts)


def pieces_of(snippet: str) -> list[tuple[str, bool]]:
    """For pages: its text in pieces, and whether each was found."""
    pieces = []
    for part in snippet.split(FROM):
        hit, closed, rest = part.partition(TO)
        pieces += [(hit, True), (rest, False)] if closed else [(hit, False)]
    return [piece for piece in pieces if piece[0]]


@lru_cache(maxsize=256)
def _pattern(words: tuple[str, ...], is_open: bool) -> re.Pattern[str] | None:
    if not words:
        return None
    shapes = [re.escape(folded(word)) for word in words]
    if is_open:
        shapes[-1] += r"[^\W_]*"
    whole = "|".join(sorted(set(shapes), key=len, reverse=True))
    return re.compile(rf"(?<![^\W_])(?:{whole})(?![^\W_])")


def _word_start(text: str, at: int) -> int:
    space = text.find(" ", at)
    return space + 1 if 0 <= space < at + LEAD else at
