"""Articles out of files: Markdown, one a file, or CSV with a column for each part."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from django.utils.translation import gettext as _

from foundation.errors import Unprocessable
from theo.articles import MAX_TITLE, tags_of

MOST_FILES, MOST_ROWS = 5, 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """source: the same one next time means the same article. place: in the words of whoever brought it."""

    title: str
    content: str
    tags: list[str]
    source: str
    place: str


@dataclass(slots=True, kw_only=True)
class Read:
    """left: where it was, and why it is no article."""

    found: list[Found] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)


def read_files(files: Iterable[tuple[str, bytes]]) -> Read:
    """files: names and what they hold. One that cannot be read does not stop the others."""
    read = Read()
    seen: set[str] = set()
    for name, raw in files:
        try:
            found = list(_read(name, raw))
        except Unprocessable as refusal:
            read.left.append((name, refusal.detail))
            continue
        for each in found:
            if each.source in seen:
                read.left.append((each.place, _("There is another one with this title in the same file.")))
            else:
                seen.add(each.source)
                read.found.append(each)
    return read


def _read(name: str, raw: bytes) -> Iterator[Found]:
    """Raises Unprocessable."""
    name = PurePosixPath(name.replace("\\", "/")).name[:300]
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unprocessable(_("This is not text in UTF-8."), field="file") from error
    if name.lower().endswith(".csv"):
        yield from _rows(name, text)
    elif name.lower().endswith((".md", ".markdown", ".txt")):
        yield _page(name, text)
    else:
        raise Unprocessable(_("Only .md, .txt and .csv can be imported."), field="file")


def _page(name: str, text: str) -> Found:
    """The title is the first heading, else the file's name."""
    first, _line, rest = text.strip().partition("\n")
    if first.startswith("# ") and rest.strip():
        title, content = first[2:], rest
    else:
        title, content = PurePosixPath(name).stem.replace("-", " ").replace("_", " "), text
    return Found(title=title.strip()[:MAX_TITLE], content=content, tags=[], source=f"file:{name}", place=name)


def _rows(name: str, text: str) -> Iterator[Found]:
    try:
        reader = csv.DictReader(io.StringIO(text), strict=True)
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise Unprocessable(_("This is not CSV."), field="file") from error
    if not rows or not {"title", "content"} <= {(column or "").strip().lower() for column in rows[0][1]}:
        raise Unprocessable(_("The first line must name the columns title and content."), field="file")
    if len(rows) > MOST_ROWS:
        raise Unprocessable(_("At most %(most)d rows in one file.") % {"most": MOST_ROWS}, field="file")
    for line, row in rows:
        cells = {(column or "").strip().lower(): cell for column, cell in row.items() if isinstance(cell, str)}
        title = cells.get("title", "").strip()
        yield Found(
            title=title,
            content=cells.get("content", ""),
            tags=tags_of(cells.get("tags", "")),
            source=f"file:{name}:{title}"[:500],
            place=_("%(file)s, line %(line)d") % {"file": name, "line": line},
        )
