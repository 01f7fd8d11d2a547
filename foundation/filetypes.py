"""Which files are taken, told by their content and their name together. Source: promises 8, "Uploads".

No SVG and no HTML: a browser would run what is in them.
"""

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

# An office file has dozens of parts, and unpacks to a few times its size.
MAX_PARTS = 5_000
MAX_UNPACKED = 1024 * 1024 * 1024
_PART_HEADER = b"PK\x01\x02"
_PIECE = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class FileType:
    """picture: Pillow's name of the format, "" for what is no picture. is_one: reads from the start of the file."""

    content_type: str
    extensions: tuple[str, ...]
    is_one: Callable[[IO[bytes]], bool]
    picture: str = ""


def type_of(name: str, file: IO[bytes]) -> FileType | None:
    """The type that both the name's extension and the content say; None when they say nothing or differ."""
    _base, dot, extension = name.rpartition(".")
    found = _BY_EXTENSION.get(extension.lower()) if dot else None
    if found is None:
        return None
    file.seek(0)
    return found if found.is_one(file) else None


def _starts_with(*starts: bytes, at: int = 0) -> Callable[[IO[bytes]], bool]:
    def is_one(file: IO[bytes]) -> bool:
        return file.read(32)[at:].startswith(starts)

    return is_one


def _is_webp(file: IO[bytes]) -> bool:
    head = file.read(12)
    return head.startswith(b"RIFF") and head.endswith(b"WEBP")


def _is_mp3(file: IO[bytes]) -> bool:
    """An ID3 tag, or at once a frame of MPEG audio, layer III."""
    head = file.read(3)
    return head == b"ID3" or (len(head) == 3 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2 and head[2] >> 4 != 0xF)


def _is_text(file: IO[bytes]) -> bool:
    """No byte that only binary files hold. In UTF-16 every other one is NUL: there the mark at the start counts."""
    head = file.read(2)
    if head in {b"\xff\xfe", b"\xfe\xff"}:
        return _decodes(file, "utf-16-le" if head == b"\xff\xfe" else "utf-16-be")
    control = bytes(set(range(32)) - {7, 8, 9, 10, 12, 13, 27})
    file.seek(0)
    return all(len(piece.translate(None, control)) == len(piece) for piece in _pieces(file))


def _decodes(file: IO[bytes], encoding: str) -> bool:
    try:
        return "\0" not in file.read().decode(encoding)
    except UnicodeDecodeError:
        return False


def _office(folder: str, main: str) -> Callable[[IO[bytes]], bool]:
    """A zip with the parts that make it this kind of document, and without programs. Nothing is unpacked."""

    def is_one(file: IO[bytes]) -> bool:
        if file.read(4) != b"PK\x03\x04" or _parts_in(file) > MAX_PARTS:
            return False
        try:
            with zipfile.ZipFile(file) as archive:
                parts = archive.infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeDecodeError, OverflowError):
            return False
        names = {part.filename for part in parts}
        programs = any(name.lower().endswith("vbaproject.bin") for name in names)
        unpacked = sum(part.file_size for part in parts)
        return {"[Content_Types].xml", f"{folder}/{main}"} <= names and not programs and unpacked <= MAX_UNPACKED

    return is_one


def _parts_in(file: IO[bytes]) -> int:
    """Counted before a list is made of them: ten megabytes hold a quarter of a million."""
    file.seek(0)
    return sum(piece.count(_PART_HEADER) for piece in _pieces(file))


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: file.read(_PIECE), b"")


_OFFICE = "application/vnd.openxmlformats-officedocument."
TYPES = (
    FileType(content_type="image/png", extensions=("png",), is_one=_starts_with(b"\x89PNG\r\n\x1a\n"), picture="PNG"),
    FileType(
        content_type="image/jpeg", extensions=("jpg", "jpeg"), is_one=_starts_with(b"\xff\xd8\xff"), picture="JPEG"
    ),
    FileType(content_type="image/gif", extensions=("gif",), is_one=_starts_with(b"GIF87a", b"GIF89a"), picture="GIF"),
    FileType(content_type="image/webp", extensions=("webp",), is_one=_is_webp, picture="WEBP"),
    FileType(content_type="application/pdf", extensions=("pdf",), is_one=_starts_with(b"%PDF-")),
    FileType(content_type="text/plain", extensions=("txt",), is_one=_is_text),
    FileType(content_type="text/csv", extensions=("csv",), is_one=_is_text),
    FileType(
        content_type=f"{_OFFICE}wordprocessingml.document",
        extensions=("docx",),
        is_one=_office("word", "document.xml"),
    ),
    FileType(content_type=f"{_OFFICE}spreadsheetml.sheet", extensions=("xlsx",), is_one=_office("xl", "workbook.xml")),
    FileType(content_type="audio/mpeg", extensions=("mp3",), is_one=_is_mp3),
    FileType(content_type="video/mp4", extensions=("mp4",), is_one=_starts_with(b"ftyp", at=4)),
    FileType(content_type="audio/ogg", extensions=("ogg",), is_one=_starts_with(b"OggS")),
)
_BY_EXTENSION = {extension: found for found in TYPES for extension in found.extensions}
EXTENSIONS = tuple(_BY_EXTENSION)
PICTURES = frozenset(found.content_type for found in TYPES if found.picture)
