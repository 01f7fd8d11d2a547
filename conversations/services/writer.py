"""This process's writer: what many store at once goes into one transaction, without a timer.

    posted = await writer.post(draft)

An idle writer starts at once; what arrives while it works is its next batch. It is one thread with one connection to
the database, which it keeps while there is work. What was taken is stored, whoever waits for it or has gone.
"""

import asyncio
import logging
import threading
from collections import defaultdict
from collections.abc import Sequence
from queue import Empty, SimpleQueue

from django.db import Error, connection
from django.utils.translation import gettext as _

from conversations.services.messages import Draft, Posted, check_content, post_each
from foundation.errors import Unavailable

log = logging.getLogger("pingback.writer")

MAX_BATCH = 128
MAX_WAITING = 2_000
# After so long without work the connection may have died unnoticed.
TRUSTED_SECONDS = 1.0

_Item = tuple[Draft, "asyncio.Future[Posted]"]


class Writer:
    def __init__(self) -> None:
        self._waiting: SimpleQueue[_Item | None] = SimpleQueue()
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
        self._waiting.put((draft, future))
        if self._thread is None:
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
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        try:
            while batch := self._next_batch():
                outcomes = _stored([draft for draft, _future in batch])
                _tell([future for _draft, future in batch], outcomes)
        finally:
            connection.close()

    def _next_batch(self) -> list[_Item]:
        """What waits, in order; waits for the first. Empty at the end."""
        try:
            item = self._waiting.get(timeout=TRUSTED_SECONDS)
        except Empty:
            connection.close()
            item = self._waiting.get()
        batch = []
        while item is not None:
            batch.append(item)
            if len(batch) == MAX_BATCH:
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


def _tell(futures: Sequence["asyncio.Future[Posted]"], outcomes: Sequence[Posted | Exception]) -> None:
    """One call into each event loop, however many wait there."""
    by_loop = defaultdict(list)
    for future, outcome in zip(futures, outcomes, strict=True):
        by_loop[future.get_loop()].append((future, outcome))
    for loop, settled in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, settled)
        except RuntimeError:
            log.warning("Nobody waits any more for %s messages that were stored", len(settled))


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
