"""Giving out files: in pieces, so that none is in memory whole, and parts of them to players that skip."""

import re
from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.files import File
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

PIECE = 256 * 1024
_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")


class _Pieces:
    """The rest of an open file, up to `left` bytes."""

    def __init__(self, file: "File[bytes]", left: int) -> None:
        self.file = file
        self.left = left

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.next, b"")

    def next(self) -> bytes:
        piece: bytes = self.file.read(min(PIECE, self.left))
        self.left -= len(piece)
        return piece

    def close(self) -> None:
        self.file.close()


class FilePart(StreamingHttpResponse):
    """Django's own would read a whole file at once when it is served asynchronously."""

    def __init__(self, file: "File[bytes]", *, length: int, status: int, content_type: str) -> None:
        self._pieces = _Pieces(file, length)
        super().__init__(self._pieces, status=status, content_type=content_type)
        self["Content-Length"] = str(length)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = sync_to_async(self._pieces.next, thread_sensitive=False)
        while piece := await read():
            yield piece


def file_answer(
    file: "File[bytes]", *, size: int, content_type: str, filename: str, inline: bool, asked: str | None
) -> HttpResponseBase:
    """The file, or the part of it that a `Range` header asks for; nothing in it can act in the browser.

    asked: the header, if there is one; several ranges, or what is none, get the whole. The file is closed in the end.
    """
    span = _span(asked, size)
    if span is None:
        file.close()
        response: HttpResponseBase = HttpResponse(status=416)
        response["Content-Range"] = f"bytes */{size}"
        return response
    start, end = span
    file.seek(start)
    is_part = (start, end) != (0, size)
    response = FilePart(file, length=end - start, status=206 if is_part else 200, content_type=content_type)
    if is_part:
        response["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    response["Accept-Ranges"] = "bytes"
    response["Content-Disposition"] = content_disposition_header(not inline, filename) or "attachment"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _span(asked: str | None, size: int) -> tuple[int, int] | None:
    """From and up to which byte; None when the file is not that long. Source: RFC 9110, 14."""
    match = _RANGE.fullmatch(asked.strip()) if asked else None
    if match is None or not any(match.groups()):
        return 0, size
    first, last = match.groups()
    if not first:  # the last so many
        return (max(size - int(last), 0), size) if int(last) and size else None
    start, end = int(first), min(int(last) + 1, size) if last else size
    if last and int(last) < start:
        return 0, size
    return (start, end) if start < size else None
