"""A page of somebody's own site becomes an article: its heading, and the words of its main part as Markdown.

Menus, forms, pictures and scripts stay out. The HTML is read by the standard library's parser, bounded before.
"""

import html
import re
from html.parser import HTMLParser

from theo.articles import MAX_CONTENT, MAX_TITLE

MAX_HTML = 1_000_000
# As many as a sitemap may have.
MOST_ADDRESSES = 50_000
# What holds no words of the page's own.
_LEFT_OUT = {"script", "style", "noscript", "template", "svg", "nav", "header", "footer", "aside", "form", "button"}
_LEFT_OUT |= {"select", "iframe", "dialog"}
_HEADINGS = {"h1": "#", "h2": "##", "h3": "###", "h4": "####", "h5": "####", "h6": "####"}
_BLOCKS = {
    "p",
    "div",
    "section",
    "article",
    "main",
    "ul",
    "ol",
    "table",
    "tr",
    "blockquote",
    "pre",
    "dl",
    "dt",
    "dd",
    "br",
}
_MAIN = {"main", "article"}
_LOC = re.compile("<loc>", re.IGNORECASE)
_ADDRESS = re.compile(r"[^<>\]\s]+")
_MARKS = re.compile(r"([\\`*_\[\]<])")


def addresses_in(sitemap: str) -> tuple[list[str], bool]:
    """Those that it names, each once; whether they are of further sitemaps. No entity of its own is ever resolved."""
    found: dict[str, None] = {}
    for rest in _LOC.split(sitemap[: 5 * MAX_HTML])[1:]:
        address = _ADDRESS.match(rest.lstrip().removeprefix("<![CDATA[").lstrip())
        if address and len(found) < MOST_ADDRESSES:
            found[html.unescape(address.group())] = None
    return list(found), "<sitemapindex" in sitemap[:2_000].lower()


def article_in(page: str) -> tuple[str, str]:
    """Its title and its content in Markdown; "" for what it has not."""
    reader = _Reader()
    reader.feed(page[:MAX_HTML])
    return " ".join((reader.heading or reader.title).split())[:MAX_TITLE], reader.text()[:MAX_CONTENT]


class _Reader(HTMLParser):
    """In one pass, each letter once: whoever wrote the page may have meant to keep the house busy."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = self.heading = ""
        self._lines: list[str] = []
        self._mark, self._said = "", list[str]()  # what the line begins with, and what it has so far
        self._inside: list[str] = []  # elements that are left out, and the page's title; each once, the outermost first
        self._main = ""  # the element that holds the page's own words,
        self._own: list[str] | None = None  # and these, once it has ended
        self._is_titled = False  # by a heading of its own

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _MAIN and not self._main:
            self._main, self._is_titled = tag, False
            self._lines, self._mark, self._said, self._inside = [], "", [], []
        elif tag in _LEFT_OUT or tag == "title":
            if tag not in self._inside:
                self._inside.append(tag)
        elif tag in _HEADINGS:
            self._end("" if tag == "h1" and not self._is_titled else f"{_HEADINGS[tag]} ")
        elif tag == "li":
            self._end("- ")
        elif tag in _BLOCKS:
            self._end()

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            del self._inside[self._inside.index(tag) :]
        elif tag == "h1" and not self._is_titled:
            said, self._said = "".join(self._said).strip(), []
            if self._own is None or not self.heading:
                self.heading, self._is_titled = said or self.heading, bool(said)
        elif tag in _BLOCKS or tag in _HEADINGS or tag == "li":
            self._end()
            if tag == self._main and self._own is None:
                self._own, self._lines = self._lines, []

    def handle_data(self, data: str) -> None:
        if self._inside:
            if self._inside == ["title"]:
                self.title = (self.title + data)[: 10 * MAX_TITLE]
            return
        said = re.sub(r"\s+", " ", data)
        if self._said or (said := said.lstrip()):
            self._said.append(said)

    def text(self) -> str:
        self._end()
        return "\n\n".join(self._lines if self._own is None else self._own)

    def _end(self, mark: str = "") -> None:
        """Of a line; mark: what the next one begins with."""
        if line := "".join(self._said).strip():
            self._lines.append(self._mark + _MARKS.sub(r"\\\1", line))
        self._mark, self._said = mark, []
