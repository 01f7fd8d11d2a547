"""HTML from mails: to text, and to a view that runs and loads nothing.

The cleaner is nh3. It takes time that grows with the square of how deep elements nest, and of how many `&` there are,
so the number of both is bounded before it sees any (ten thousand tags, each in the other: half a second).
"""

import re
from collections.abc import Callable, Mapping
from html.parser import HTMLParser

import nh3

from foundation.text import Clean

MAX_HTML = 1_000_000
MAX_TAGS = 10_000
MAX_ENTITIES = 30_000

_TAGS = {
    *("a", "abbr", "address", "b", "big", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup"),
    *("dd", "del", "div", "dl", "dt", "em", "figure", "figcaption", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr"),
    *("i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "small", "span", "strike", "strong", "sub"),
    *("sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul"),
}
_ATTRIBUTES = {
    "*": {"align", "dir", "lang", "style", "title"},
    "a": {"href"},
    "col": {"span", "width"},
    "font": {"color", "face", "size"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start", "type"},
    "table": {"border", "cellpadding", "cellspacing", "width", "bgcolor"},
    "td": {"colspan", "rowspan", "valign", "width", "height", "bgcolor"},
    "th": {"colspan", "rowspan", "valign", "width", "height", "bgcolor"},
    "tr": {"valign", "bgcolor"},
}
_STYLES = {
    *("background-color", "border", "border-bottom", "border-collapse", "border-color", "border-left", "border-radius"),
    *("border-right", "border-style", "border-top", "border-width", "color", "font-family", "font-size", "font-style"),
    *("font-weight", "height", "line-height", "margin", "margin-bottom", "margin-left", "margin-right", "margin-top"),
    *("max-width", "padding", "padding-bottom", "padding-left", "padding-right", "padding-top", "text-align"),
    *("text-decoration", "vertical-align", "white-space", "width"),
}
_SCHEMES = {"http", "https", "mailto", "tel", "cid"}
_WITHOUT_WORDS = {"script", "style", "title", "head", "template", "noscript", "iframe", "object", "svg", "math"}
_CID = re.compile(r"cid:", re.I)
_BLOCKS = {
    *("address", "blockquote", "center", "dd", "div", "dl", "dt", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr"),
    *("li", "ol", "p", "pre", "table", "tr", "ul"),
}
_APART = {"h1", "h2", "h3", "h4", "h5", "h6", "p", "ul", "ol", "table", "blockquote"}


def bounded(html: str) -> str:
    """As much of it as is looked at."""
    html = html[:MAX_HTML]
    return _up_to(_up_to(html, "<", MAX_TAGS), "&", MAX_ENTITIES)


def _up_to(html: str, mark: str, most: int) -> str:
    at = -1
    for _number in range(most):
        at = html.find(mark, at + 1)
        if at < 0:
            return html
    return html[:at]


def safe_html(html: str, *, pictures: Mapping[str, str] | None = None, remote: bool = False) -> Clean:
    """A fragment to show in a frame of its own: no script, no form, no style sheet, links that say no referrer.

    pictures: Content-ID -> address of what came along; None keeps `cid:` for later. remote: whether pictures may be
    fetched from elsewhere, which tells the sender that the mail is being read.
    """
    return Clean(
        nh3.clean(
            bounded(html),
            tags=_TAGS,
            clean_content_tags=_WITHOUT_WORDS,
            attributes=_ATTRIBUTES,
            attribute_filter=_filter(pictures, remote),
            url_schemes=_SCHEMES,
            filter_style_properties=_STYLES,
            link_rel="noopener noreferrer nofollow",
            set_tag_attribute_values={"a": {"target": "_blank"}},
        )
    )


def pictures_in(html: str) -> set[str]:
    """The Content-IDs that a (cleaned) mail shows."""
    return {found.strip() for found in re.findall(r"""src="cid:([^"]+)""", html, re.I)}


def _filter(pictures: Mapping[str, str] | None, remote: bool) -> Callable[[str, str, str], str | None]:
    def keep(tag: str, name: str, value: str) -> str | None:
        if name == "style":
            return None if re.search(r"url\s*\(|expression|\\|@import", value, re.I) else value
        if tag == "a" and name == "href":
            return None if _CID.match(value.strip()) else value
        if tag == "img" and name == "src":
            source = value.strip()
            if _CID.match(source):
                return source if pictures is None else pictures.get(source[4:])
            if pictures is not None and source in pictures.values():
                return source
            return source if (remote or pictures is None) and re.match(r"https?:", source, re.I) else None
        return value

    return keep


def to_text(html: str) -> str:
    """What a cleaned fragment says, in lines; quoted parts begin with `>` as they do in plain mails."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    """Reads what the cleaner wrote: well formed, so that nothing here depends on guesses about broken markup."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = [""]
        self._depths: list[int] = [0]
        self._quotes = 0
        self._verbatim = 0
        self._lists: list[int | None] = []
        self._links: list[tuple[str, int, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in _BLOCKS:
            self._break(apart=tag in _APART)
        if tag == "blockquote":
            self._quotes += 1
            self._depths[-1] = self._quotes
        elif tag == "pre":
            self._verbatim += 1
        elif tag == "br":
            self._new_line()
        elif tag == "hr":
            self._lines[-1] += "---"
            self._new_line()
        elif tag in {"ul", "ol"}:
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self._lines[-1] += self._bullet()
        elif tag in {"td", "th"} and self._lines[-1].strip():
            self._lines[-1] += "  "
        elif tag == "img" and (alt := (given.get("alt") or "").strip()):
            self._words(f"[{alt}]")
        elif tag == "a":
            self._links.append((given.get("href") or "", len(self._lines), len(self._lines[-1])))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._links:
            self._name_link(*self._links.pop())
        if tag in _BLOCKS:
            self._break(apart=tag in _APART)
        if tag == "blockquote":
            self._quotes = max(0, self._quotes - 1)
            self._depths[-1] = self._quotes
        elif tag == "pre":
            self._verbatim = max(0, self._verbatim - 1)
        elif tag in {"ul", "ol"} and self._lists:
            self._lists.pop()

    def handle_data(self, data: str) -> None:
        if not self._verbatim:
            self._words(re.sub(r"\s+", " ", data))
            return
        first, *others = data.split("\n")
        self._lines[-1] += first
        for line in others:
            self._new_line()
            self._lines[-1] += line

    def text(self) -> str:
        out: list[str] = []
        for line, depth in zip(self._lines, self._depths, strict=True):
            words = line.replace("\xa0", " ").rstrip()
            if words or not out or out[-1].strip("> "):
                out.append(f"{'>' * depth} {words}".rstrip() if depth else words)
        return "\n".join(out).strip()

    def _words(self, text: str) -> None:
        line = self._lines[-1]
        self._lines[-1] = line + (text.lstrip(" ") if not line or line.endswith(" ") else text)

    def _name_link(self, address: str, line: int, column: int) -> None:
        """Where a link leads, unless its words say so already."""
        words = self._lines[-1][column:] if line == len(self._lines) else ""
        bare = re.sub(r"^(?:https?://|mailto:|tel:)", "", address).rstrip("/")
        if words.strip() and bare and bare not in words:
            self._lines[-1] = f"{self._lines[-1].rstrip()} ({address}) "

    def _bullet(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return "- "
        self._lists[-1] += 1
        return f"{self._lists[-1]}. "

    def _break(self, *, apart: bool) -> None:
        if self._lines[-1].strip():
            self._new_line()
        if apart and len(self._lines) > 1 and self._lines[-2].strip():
            self._new_line()

    def _new_line(self) -> None:
        self._lines.append("")
        self._depths.append(self._quotes)
