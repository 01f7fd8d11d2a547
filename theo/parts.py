"""The questions of one message: "How do I pay, and how long is a gift card valid?" has two. Source: theo.md 5."""

import re

MOST_PARTS = 4
# What has fewer words is none of its own; or letters, where words are not written apart.
LEAST_WORDS, LEAST_LETTERS = 3, 6

_END = re.compile(
    r"[.?!;。？！؟；\n]+"
    r"|,?\s+(?:and|und|et|y|e|en|i|и|וגם|and also|also)\s+(?=\w+\s+\w+\s+\w+)"
    r"|،?\s+و(?=\w+\s+\w+\s+\w+)",
    re.IGNORECASE,
)


def parts_of(question: str) -> list[str]:
    """Those that can be understood alone, at most MOST_PARTS; none when it is one."""
    alone = [part.strip() for part in _END.split(question) if _is_long(part)]
    return alone[:MOST_PARTS] if len(alone) > 1 else []


def _is_long(part: str) -> bool:
    return len(part.split()) >= LEAST_WORDS or (not part.isascii() and len(part) >= LEAST_LETTERS)
