"""Articles are Markdown; what a page shows of them is HTML of our own making.

Markup inside the text stays text, pictures stay out (whoever reads an article tells nobody), and what comes out passes
an allowlist all the same. Source: promises, "Text is text"; attacks F1.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from itertools import pairwise

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from foundation.text import Clean

TAGS = {"p", "br", "h2", "h3", "h4", "ul", "ol", "li", "strong", "em", "s", "code", "pre", "blockquote", "a", "hr"}
TAGS |= {"table", "thead", "tbody", "tr", "th", "td"}
# The page has its own first two levels.
HEADINGS = {"h1": "h2", "h2": "h3", "h3": "h4", "h5": "h4", "h6": "h4"}

# Rows that are shorter than their table's head are filled up: a few letters became a page of cells.
vars(import_module("markdown_it.rules_block.table"))["MAX_AUTOCOMPLETED_CELLS"] = 1_000
# A long article takes a second to read: those that are read again and again are kept.
KEPT = 64

_NEW_LINE = re.compile(r"\r\n?|\n")

_parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")


@lru_cache(KEPT)
def rendered(text: str) -> Clean:
    tokens = _parsed(text)
    for token in tokens:
        token.tag = HEADINGS.get(token.tag, token.tag)
    html = _parser.renderer.render(tokens, _parser.options, {})
    return Clean(
        nh3.clean(
            html,
            tags=TAGS,
            attributes={"a": {"href"}, "ol": {"start"}},
            url_schemes={"http", "https", "mailto"},
            link_rel="noopener noreferrer nofollow",
        )
    )


@lru_cache(KEPT)
def plain(text: str) -> str:
    """The words alone, a block a line: for what is sent as a message, and for finding it.

    Where an empty line was left before a block there is one here; none within a list.
    """
    written = _NEW_LINE.split(text)
    lines: list[str] = []
    cells: list[str] | None = None
    mark = ""
    for token in _parsed(text):
        if token.level == 0 and token.map and lines and lines[-1] and not written[token.map[0] - 1].strip():
            lines.append("")
        if token.type == "list_item_open":
            mark = f"{token.info}. " if token.info else "- "
        elif token.type == "tr_open":
            cells = []
        elif token.type == "tr_close":
            lines.append(" | ".join(cells or []))
            cells = None
        elif token.type in {"fence", "code_block"}:
            lines.append(token.content.rstrip())
        elif token.type == "inline":
            said = _said(token.children or [])
            if cells is not None:
                cells.append(said)
            elif mark + said:
                lines.append(mark + said)
                mark = ""
    return "\n".join(lines).strip()


def _parsed(text: str) -> list[Token]:
    """A picture is a link to it, without the mark before."""
    tokens = _parser.parse(text)
    for token in tokens:
        for one, after in pairwise(token.children or []):
            if after.type == "link_open" and after.markup != "autolink":
                one.content = one.content.removesuffix("!")
    return tokens


def _said(tokens: Sequence[Token]) -> str:
    """A link's address stands behind its words."""
    said, words_from = "", 0
    address = ""
    for token in tokens:
        if token.type == "link_open" and token.markup != "autolink":
            words_from, address = len(said), str(token.attrGet("href")).removeprefix("mailto:")
        elif token.type == "link_close" and address:
            if address != said[words_from:]:
                said += f" ({address})"
            address = ""
        elif token.type in {"softbreak", "hardbreak"}:
            said += "\n" if token.type == "hardbreak" else " "
        else:
            said += token.content
    return said.strip()
