"""Events and verbs between processes, over Django Channels' layer.

What travels is an envelope, one of
  {"business", "seq", "out": [[room, packet], ...]}   a feed event, encoded once, emitted in the feed's order
  {"room", "packet", "skip"}                          what has no place in the feed, like typing
  {"cut": room, "reason"}                             close the sockets of a room
Without REDIS_URL there is one process and nothing travels.

Pub/sub loses what is sent while Redis is away, and nobody says so. So every process numbers what it publishes and
beats once a second: a hole in the numbers is a loss, and the local sockets are told to fetch anew.
"""

import asyncio
import atexit
import contextlib
import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from channels.layers import get_channel_layer
from django.conf import settings

log = logging.getLogger("pingback.realtime")

GROUP = "pingback"
BEAT_SECONDS = 1
# Heard nothing of ourselves for so long: the bus is down.
SILENCE_SECONDS = 4
PUBLISH_SECONDS = 5
FORGET_SECONDS = 60
MAX_OUTBOX = 5_000
MAX_BATCH = 100

Envelope = dict[str, Any]


class Bus:
    """Belongs to one event loop. hear: what to do with an envelope here; gap: what was missed is unknown."""

    def __init__(
        self, *, hear: Callable[[Envelope], None] | None = None, gap: Callable[[], None] | None = None
    ) -> None:
        self._hear, self._gap = hear, gap
        self._host = uuid.uuid4().hex
        self._number = 0
        self._outbox: deque[Envelope] = deque()
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._seen: dict[str, tuple[int, float]] = {}
        self._heard_ourselves = float("-inf")

    async def start(self) -> None:
        if not settings.REDIS_URL:
            return
        work: list[Coroutine[Any, Any, None]] = [self._pump(), self._beat()]
        if self._hear:
            work.append(self._listen())
        self._tasks = [asyncio.create_task(coroutine) for coroutine in work]

    async def stop(self) -> None:
        """Sends what waits, for a moment."""
        deadline = time.monotonic() + 1
        while self._outbox and self._tasks and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def take(self, envelopes: Iterable[Envelope]) -> None:
        """Here first, then everywhere else. Never waits."""
        for envelope in envelopes:
            if self._hear:
                self._hear(envelope)
            if self._tasks:
                self._outbox.append(envelope)
        if len(self._outbox) > MAX_OUTBOX:
            self._outbox.clear()
            self._number += 1  # the hole tells the others
        self._wake.set()

    def is_up(self) -> bool:
        return not settings.REDIS_URL or time.monotonic() - self._heard_ourselves < SILENCE_SECONDS

    async def _pump(self) -> None:
        """What is added while a batch is under way goes out together in the next one."""
        layer = get_channel_layer()
        while True:
            await self._wake.wait()
            self._wake.clear()
            batch = [self._outbox.popleft() for _ in range(min(MAX_BATCH, len(self._outbox)))]
            self._number += 1
            message = {"type": "bus", "host": self._host, "number": self._number, "batch": batch}
            try:
                async with asyncio.timeout(PUBLISH_SECONDS):
                    await layer.group_send(GROUP, message)
            except Exception as error:
                log.warning("The bus is away: %s", error)
                await asyncio.sleep(BEAT_SECONDS)
            if self._outbox:
                self._wake.set()

    async def _beat(self) -> None:
        while True:
            self._wake.set()
            await asyncio.sleep(BEAT_SECONDS)

    async def _listen(self) -> None:
        layer = get_channel_layer()
        channel = await _until_it_works(layer.new_channel)
        await _until_it_works(lambda: layer.group_add(GROUP, channel))
        self._seen[self._host] = self._number, time.monotonic()  # from here on we miss nothing of ourselves
        while True:
            message = await layer.receive(channel)
            try:
                self._heard(message["host"], message["number"], message["batch"])
            except Exception:
                log.exception("An envelope could not be delivered")

    def _heard(self, host: str, number: int, batch: list[Envelope]) -> None:
        assert self._hear
        assert self._gap
        now = time.monotonic()
        before = self._seen.get(host)
        self._seen[host] = number, now
        if before is None:
            self._seen = {name: seen for name, seen in self._seen.items() if now - seen[1] < FORGET_SECONDS}
        elif number != before[0] + 1:
            self._gap()
        if host == self._host:
            self._heard_ourselves = now
        else:
            for envelope in batch:
                self._hear(envelope)


async def _until_it_works(attempt: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    while True:
        try:
            return await attempt()
        except Exception as error:
            log.warning("The bus is away: %s", error)
            await asyncio.sleep(BEAT_SECONDS)


# This process's bus, for any thread ------------------------------------------------------------------------

_bus: Bus | None = None
_loop: asyncio.AbstractEventLoop | None = None
_starting = threading.Lock()


async def attach(*, hear: Callable[[Envelope], None], gap: Callable[[], None]) -> Bus:
    """This process serves sockets, on the running loop."""
    global _bus, _loop
    bus = Bus(hear=hear, gap=gap)
    await bus.start()
    _bus, _loop = bus, asyncio.get_running_loop()
    return bus


async def detach() -> None:
    global _bus, _loop
    bus, _bus, _loop = _bus, None, None
    if bus:
        await bus.stop()


def send(envelopes: list[Envelope]) -> None:
    """From any thread; returns at once. Without sockets here and without Redis there is nobody to tell."""
    if _bus is None and settings.REDIS_URL:
        _speak_from_a_thread()
    bus, loop = _bus, _loop
    if bus and loop and not loop.is_closed():
        loop.call_soon_threadsafe(bus.take, envelopes)


def is_up() -> bool:
    """Whether events reach the other processes now."""
    return _bus is not None and _bus.is_up()


def _speak_from_a_thread() -> None:
    """A process without sockets (a worker, a command) has no loop of its own to publish from."""
    global _bus, _loop
    with _starting:
        if _bus is not None:
            return
        loop = asyncio.new_event_loop()
        threading.Thread(target=loop.run_forever, name="bus", daemon=True).start()
        bus = asyncio.run_coroutine_threadsafe(_voice(), loop).result(PUBLISH_SECONDS)
        _bus, _loop = bus, loop
        atexit.register(_finish, bus, loop)


async def _voice() -> Bus:
    bus = Bus()
    await bus.start()
    return bus


def _finish(bus: Bus, loop: asyncio.AbstractEventLoop) -> None:
    with contextlib.suppress(Exception):
        asyncio.run_coroutine_threadsafe(bus.stop(), loop).result(2)
