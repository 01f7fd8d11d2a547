"""This process's writer: what many store at once goes into one transaction, without a timer.

    posted = await writer.post(draft)

An idle writer starts once the loop has heard everybody who spoke; as long as each of its turns brings one more, they go
together. What arrives while the writer works is its next batch. It is one thread with one connection to the database,
which it keeps while there is work. What was taken is stored, whoever waits for it or has gone.
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

Outcome = Posted | Exception

log = logging.getLogger("pingback.writer")

MAX_BATCH = 128
# So many need not wait for more.
ENOUGH = 32
# Of the loop, in which those who are told answer: they are set going, they write, it is sent.
TURNS_TO_ANSWER = 4
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
        self._gathered: list[_Item] = []
        self._gathering = threading.Lock()
        self._looks: asyncio.AbstractEventLoop | None = None  # in which loop somebody will look what was gathered
        self._tells: asyncio.AbstractEventLoop | None = None  # which loop is told of the last batch
        self._is_free = True
        self._batches: SimpleQueue[list[_Item] | None] = SimpleQueue()
        self._held: list[_Item] = []
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def post(self, draft: Draft) -> "asyncio.Future[Posted]":
        """Store a message as `post_messages` does; on a running event loop, without waiting for anything here.

        The future ends after the commit. It has what `post_messages` raises for this draft alone, Unavailable (503)
        when the database does not answer or refuses it. Raises Unavailable at once when too much is waiting,
        Unprocessable.
        """
        check_content(draft.content, has_attachments=bool(draft.attachments))
        if len(self._gathered) >= MAX_WAITING:
            raise _busy()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Posted] = loop.create_future()
        item = _Item(draft, future, time.monotonic() + PATIENCE_SECONDS)
        with self._gathering:
            self._gathered.append(item)
        if self._thread is None or not self._thread.is_alive():
            self._start()
        if self._tells and self._tells.is_closed():  # before it heard
            self._is_free, self._tells = True, None
        if self._is_free and (self._looks is None or self._looks.is_closed()):
            self._look_in(loop, turns=1)
        return future

    def finish(self, *, seconds: float) -> None:
        """Store what was taken, for at most so long. The next `post` starts again."""
        with self._starting:
            thread, self._thread = self._thread, None
            if thread:
                while batch := self._take():
                    self._batches.put(batch)
                self._batches.put(None)
                thread.join(seconds)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._is_free, self._tells = True, None
                self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
                self._thread.start()

    # On the loop ----------------------------------------------------------------------------------------

    def _look_in(self, loop: asyncio.AbstractEventLoop, *, turns: int) -> None:
        """What is read in one is posted in the next."""
        self._looks = loop
        loop.call_soon(self._look, loop, len(self._gathered), turns)

    def _look(self, loop: asyncio.AbstractEventLoop, seen: int, turns: int) -> None:
        if turns:
            loop.call_soon(self._look, loop, seen, turns - 1)
            return
        if seen < len(self._gathered) < ENOUGH:
            self._look_in(loop, turns=1)
            return
        self._looks = None
        if self._is_free and (batch := self._take()):
            self._is_free = False
            self._batches.put(batch)

    def _settle(self, loop: asyncio.AbstractEventLoop, settled: "list[tuple[asyncio.Future[Posted], Outcome]]") -> None:
        """Tell who waits in this loop. The writer goes on when they could answer: else whoever is told first would have
        a batch alone.
        """
        self._is_free, self._tells = True, None
        for future, outcome in settled:
            if future.done():
                continue  # whoever asked has gone
            if isinstance(outcome, Posted):
                future.set_result(outcome)
            else:
                future.set_exception(outcome)
        if self._gathered and self._looks is None:
            self._look_in(loop, turns=TURNS_TO_ANSWER)

    # In the writer's thread -----------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            while batch := self._next_batch():
                outcomes = _stored([item.draft for item in batch])
                now = time.monotonic()
                settled = []
                for item, outcome in zip(batch, outcomes, strict=True):
                    if isinstance(outcome, Held) and now < item.until:
                        self._held.append(item)
                    else:
                        settled.append((item.future, _busy() if isinstance(outcome, Held) else outcome))
                self._tell(settled)
        finally:
            connection.close()

    def _next_batch(self) -> list[_Item]:
        """What is tried again, then what was gathered, in order; waits for it. Empty at the end."""
        batch, self._held = self._held, []
        try:
            gathered = self._batches.get(timeout=TRIED_AGAIN_SECONDS if batch else TRUSTED_SECONDS)
        except Empty:
            if batch:
                return batch
            connection.close()
            gathered = self._batches.get()
        if gathered is None and batch:
            self._batches.put(None)  # the end is for the next round
            time.sleep(TRIED_AGAIN_SECONDS)
        return batch + (gathered or [])

    def _tell(self, settled: "Sequence[tuple[asyncio.Future[Posted], Outcome]]") -> None:
        """One call into each event loop, however many wait there; where there is none we go on by ourselves."""
        by_loop = defaultdict(list)
        for future, outcome in settled:
            by_loop[future.get_loop()].append((future, outcome))
        told = False
        for loop, own in by_loop.items():
            self._tells = loop
            try:
                loop.call_soon_threadsafe(self._settle, loop, own)
                told = True
            except RuntimeError:
                log.warning("Nobody waits any more for %s messages that were stored", len(own))
        if not told:
            self._is_free, self._tells = True, None
            if batch := self._take():
                self._is_free = False
                self._batches.put(batch)

    def _take(self) -> list[_Item]:
        with self._gathering:
            taken, self._gathered = self._gathered[:MAX_BATCH], self._gathered[MAX_BATCH:]
        return taken


def _stored(drafts: Sequence[Draft]) -> Sequence[Outcome]:
    try:
        outcomes = post_each(drafts)
    except Exception as error:
        log.exception("A batch of %s messages failed", len(drafts))
        outcomes = [error] * len(drafts)
    if failed := [outcome for outcome in outcomes if isinstance(outcome, Error)]:
        connection.close()  # it may be broken; the next batch gets another
        # Whoever waits only hears that they may try again.
        log.error("%s messages were not stored: %s", len(failed), failed[0], exc_info=failed[0])
    return [_busy() if isinstance(outcome, Error) else outcome for outcome in outcomes]


def _busy() -> Unavailable:
    return Unavailable(_("Try again"))


_writer = Writer()
post = _writer.post
finish = _writer.finish
