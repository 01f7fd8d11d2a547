"""This process's writer: what many store at once goes into one transaction, without a timer.

    posted = await writer.post(draft)

An idle writer starts at once; what arrives while it works is its next batch. It is one thread with one connection to
the database, which it keeps while there is work. What was taken is stored, whoever waits for it or has gone.
"""

import asyncio
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from django.db import Error, connection
from django.utils.translation import gettext as _

from conversations.services.message_drafts import Draft, check_content
from conversations.services.messages import Posted, post_each
from conversations.services.objections import Held
from foundation.errors import Unavailable

log = logging.getLogger("pingback.writer")

MAX_BATCH = 128
MAX_WAITING = 2_000
# After so long without work the connection may have died unnoticed.
TRUSTED_SECONDS = 1.0

# A message whose conversation somebody else holds is tried again, without waiting for it, for so long.
PATIENCE_SECONDS, TRIED_AGAIN_SECONDS = 5.0, 0.02


@dataclass(frozen=True, slots=True)
class _Item:
    draft: Draft
    future: "asyncio.Future[Posted]"
    until: float  # time.monotonic() when it is given up


class Writer:
    def __init__(self) -> None:
        self._waiting: SimpleQueue[_Item | None] = SimpleQueue()
        self._held: list[_Item] = []
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def post(self, draft: Draft) -> "asyncio.Future[Posted]":
        """Store a message as `post_messages` does; on a running event loop, without waiting for anything here.

        The future ends after the commit. It has what `post_messages` raises for this draft alone, Unavailable (503)
        when the database does not answer. Raises Unavailable at once when too much is waiting, Unprocessable.
        """
        check_content(draft.content, has_attachments=bool(draft.attachments))
        if self._waiting.qsize() >= MAX_WAITING:
            raise _busy()
        future: asyncio.Future[Posted] = asyncio.get_running_loop().create_future()
        self._waiting.put(_Item(draft, future, time.monotonic() + PATIENCE_SECONDS))
        if self._thread is None or not self._thread.is_alive():
            self._start()
        return future

    def finish(self, *, seconds: float) -> None:
        """Store what was taken, for at most so long. The next `post` starts again."""
        with self._starting:
            thread, self._thread = self._thread, None
            if thread:
                self._waiting.put(None)
                thread.join(seconds)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        try:
            while batch := self._next_batch():
                outcomes = _stored([item.draft for item in batch])
                self._held, now = [], time.monotonic()
                settled = []
                for item, outcome in zip(batch, outcomes, strict=True):
                    if isinstance(outcome, Held) and now < item.until:
                        self._held.append(item)
                    else:
                        settled.append((item.future, _busy() if isinstance(outcome, Held) else outcome))
                _tell(settled)
        finally:
            connection.close()

    def _next_batch(self) -> list[_Item]:
        """What is tried again, then what waits, in order; waits for the first. Empty at the end."""
        batch = self._held
        try:
            item = self._waiting.get(timeout=TRIED_AGAIN_SECONDS if batch else TRUSTED_SECONDS)
        except Empty:
            if batch:
                return batch
            connection.close()
            item = self._waiting.get()
        while item is not None:
            batch.append(item)
            if len(batch) >= MAX_BATCH:
                break
            try:
                item = self._waiting.get_nowait()
            except Empty:
                break
        else:
            if batch:
                self._waiting.put(None)  # the end is for the next round
        return batch


def _stored(drafts: Sequence[Draft]) -> Sequence[Posted | Exception]:
    try:
        outcomes = post_each(drafts)
    except Exception as error:
        log.exception("A batch of %s messages failed", len(drafts))
        outcomes = [error] * len(drafts)
    if any(isinstance(outcome, Error) for outcome in outcomes):
        connection.close()  # it may be broken; the next batch gets another
    return [_busy() if isinstance(outcome, Error) else outcome for outcome in outcomes]


def _tell(settled: "Sequence[tuple[asyncio.Future[Posted], Posted | Exception]]") -> None:
    """One call into each event loop, however many wait there."""
    by_loop = defaultdict(list)
    for future, outcome in settled:
        by_loop[future.get_loop()].append((future, outcome))
    for loop, own in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, own)
        except RuntimeError:
            log.warning("Nobody waits any more for %s messages that were stored", len(own))


def _settle(settled: list[tuple["asyncio.Future[Posted]", Posted | Exception]]) -> None:
    for future, outcome in settled:
        if future.done():
            continue  # whoever asked has gone
        if isinstance(outcome, Posted):
            future.set_result(outcome)
        else:
            future.set_exception(outcome)


def _busy() -> Unavailable:
    return Unavailable(_("Try again"))


_writer = Writer()
post = _writer.post
finish = _writer.finish
