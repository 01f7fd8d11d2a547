"""CSV that a spreadsheet shows and does not run (RFC 4180; promises 8; attacks 2.7)."""

import csv
import io
import re
from collections.abc import AsyncIterator, Iterable, Iterator

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import StreamingHttpResponse

# What programs take for the start of a formula, also in full-width, and whatever they skip on their way to it.
_FORMULA = re.compile(r"""[\t\r\n\0]|[\s"'\ufeff\u200b-\u200f\u2060]*[=+\-@\uff1d\uff0b\uff0d\uff20]""")


def harmless(text: str) -> str:
    """The text as a cell; one that would be taken for a formula gets an apostrophe in front."""
    return f"'{text}" if _FORMULA.match(text) else text


def csv_lines(rows: Iterable[Iterable[str]]) -> str:
    """Every cell quoted, so that neither commas nor semicolons nor line breaks of a text make another cell."""
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows([map(harmless, row) for row in rows])
    return out.getvalue()


def csv_download(filename: str, batches: Iterator[list[list[str]]]) -> StreamingHttpResponse:
    """A download that is written while it is sent, one batch of rows in memory at a time.

    batches: asks the database for each batch when it is wanted; between two of them no connection is held, however
    slowly the reader takes them.
    """
    response = StreamingHttpResponse(_written(batches), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


async def _written(batches: Iterator[list[list[str]]]) -> AsyncIterator[bytes]:
    while (lines := await sync_to_async(_next)(batches)) is not None:
        yield lines


def _next(batches: Iterator[list[list[str]]]) -> bytes | None:
    try:
        rows = next(batches, None)
    finally:
        if not connection.in_atomic_block:
            connection.close()
    return None if rows is None else csv_lines(rows).encode()
