"""An answer that says how far the work is, while it is done."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _

from foundation.errors import Refused

log = logging.getLogger("pingback.progress")

Tell = Callable[[int, int], None]


def told_as_it_goes(work: Callable[[Tell], dict[str, Any]]) -> StreamingHttpResponse:
    """One JSON object a line: `{"done", "of"}` as often as the work tells, at the end what it returns, or `{"detail"}`
    why it was refused. Whoever asked may go away: the work is done to its end.
    """
    return StreamingHttpResponse(_lines(work), content_type="application/x-ndjson")


async def _lines(work: Callable[[Tell], dict[str, Any]]) -> AsyncIterator[bytes]:
    loop, told = asyncio.get_running_loop(), asyncio.Queue[dict[str, Any] | None]()

    def tell(line: dict[str, Any] | None) -> None:
        loop.call_soon_threadsafe(told.put_nowait, line)

    def run() -> None:
        try:
            tell(work(lambda done, of: tell({"done": done, "of": of})))
        except Refused as refusal:
            tell({"detail": refusal.detail})
        except Exception:
            log.exception("What was begun broke off")
            tell({"detail": _("Something went wrong here.")})
        finally:
            if not connection.in_atomic_block:
                connection.close()
            tell(None)

    doing = asyncio.ensure_future(sync_to_async(run)())
    while (line := await told.get()) is not None:
        yield json.dumps(line).encode() + b"\n"
    await doing
