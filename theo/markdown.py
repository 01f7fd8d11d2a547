"""Articles are Markdown; what a page shows of them is HTML of our own making.

Markup inside the text stays text, pictures stay out (whoever reads an article tells nobody), and what comes out passes
an allowlist all the same. Source: promises, "Text is text"; attacks F1.
"""

from functools import lru_cache
from importlib import import_module

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

_parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")


@lru_cache(KEPT)
def rendered(text: str) -> Clean:
    tokens = _parser.parse(text)
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
    """The words alone, a block a line: for what is sent as a message, and for finding it."""
    lines: list[str] = []
    cells: list[str] | None = None
    mark = ""
    for token in _parser.parse(text):
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
            said = "".join(map(_said, token.children or [])).strip()
            if cells is None:
                lines.append(mark + said)
                mark = ""
            else:
                cells.append(said)
    return "\n".join(line for line in lines if line)


def _said(token: Token) -> str:
    if token.type in {"softbreak", "hardbreak"}:
        return "\n" if token.type == "hardbreak" else " "
    if token.type == "link_open" and token.markup != "autolink":
        return f"{token.attrGet('href')} "
    return token.content
