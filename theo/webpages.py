"""A page of somebody's own site becomes an article: its heading, and the words of its main part as Markdown.

Menus, forms, pictures and scripts stay out. The HTML is read by the standard library's parser, bounded before.
"""

import html
import re
from html.parser import HTMLParser

from theo.articles import MAX_CONTENT, MAX_TITLE

MAX_HTML = 1_000_000
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
_MAIN = re.compile(r"<(main|article)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_LOC = re.compile(r"<loc>\s*(?:<!\[CDATA\[)?\s*([^<>\]\s]+)", re.IGNORECASE)
_MARKS = re.compile(r"([\\`*_\[\]<])")


def addresses_in(sitemap: str) -> tuple[list[str], bool]:
    """Those that it names, each once; whether they are of further sitemaps. No entity of its own is ever resolved."""
    found = [html.unescape(address) for address in _LOC.findall(sitemap[: 5 * MAX_HTML])]
    return list(dict.fromkeys(found)), "<sitemapindex" in sitemap[:2_000].lower()


def article_in(page: str) -> tuple[str, str]:
    """Its title and its content in Markdown; "" for what it has not."""
    page = page[:MAX_HTML]
    whole = _Reader()
    whole.feed(page)
    part = _MAIN.search(page)
    reader = whole
    if part:
        reader = _Reader()
        reader.feed(part.group())
    title = reader.heading or whole.heading or whole.title
    return " ".join(title.split())[:MAX_TITLE], reader.text()[:MAX_CONTENT]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = self.heading = ""
        self._lines: list[str] = []
        self._line = ""
        self._inside: list[str] = []  # elements that are left out, and the page's title

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _LEFT_OUT or tag == "title":
            self._inside.append(tag)
        elif tag in _HEADINGS:
            self._end()
            self._line = "" if tag == "h1" and not self.heading else f"{_HEADINGS[tag]} "
        elif tag == "li":
            self._end()
            self._line = "- "
        elif tag in _BLOCKS:
            self._end()

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            del self._inside[self._inside.index(tag) :]
        elif tag == "h1" and not self.heading:
            self.heading, self._line = self._line.strip(), ""
        elif tag in _BLOCKS or tag in _HEADINGS or tag == "li":
            self._end()

    def handle_data(self, data: str) -> None:
        if self._inside:
            if self._inside == ["title"]:
                self.title += data
            return
        said = re.sub(r"\s+", " ", data)
        self._line += said.lstrip() if not self._line.strip(" -#") else said

    def text(self) -> str:
        self._end()
        return "\n\n".join(self._lines)

    def _end(self) -> None:
        if line := self._line.strip().rstrip("-#").strip():
            marked = re.match(r"(?:- |#+ )?", self._line)
            mark = marked.group() if marked else ""
            self._lines.append(mark + _MARKS.sub(r"\\\1", line.removeprefix(mark)))
        self._line = ""
