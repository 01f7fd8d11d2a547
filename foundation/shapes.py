"""The little formatting that people write by hand: *bold*, _slanted_ and `code`; and web addresses."""

import re
from collections.abc import Iterator

ADDRESS = "address"
# A trailing full stop or bracket belongs to the sentence, not to the address.
_LINK = re.compile(r"\bhttps?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]}]", re.IGNORECASE)
# Words between signs that stand apart from others, as people write them; so many letters, lest a long line is read
# again and again. The widget shows the same (frontend/widget/links.js).
_MARKED = re.compile(r"(?<![\w*_`])(\*\*|[*_`])(?=[^\s*_`])([^\n]{0,500}?[^\s*_`])\1(?![\w*_`])")
_SIGN = re.compile(r"[*_`]")


def pieces(text: str) -> Iterator[tuple[str, str]]:
    """In order, each with its shape: `*`, `**`, `_`, a backtick, ADDRESS, or "" for none."""
    end = 0
    for match in _LINK.finditer(text):
        yield from _shaped(text[end : match.start()])
        yield ADDRESS, match.group()
        end = match.end()
    yield from _shaped(text[end:])


def plain(text: str) -> str:
    """The words without the signs that shape them: for one line, where nothing is bold."""
    if not _SIGN.search(text):
        return text
    return "".join(words for _shape, words in pieces(text))


def _shaped(text: str) -> Iterator[tuple[str, str]]:
    end = 0
    for match in _MARKED.finditer(text):
        yield "", text[end : match.start()]
        yield match[1], match[2]
        end = match.end()
    yield "", text[end:]
