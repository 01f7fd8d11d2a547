"""This process's bus, for any thread: one while it serves sockets, or once it has something to tell."""

import asyncio
import atexit
import contextlib
import threading
from collections.abc import Callable

from django.conf import settings

from pingback.realtime.envelopes import ASK_SECONDS, Bus, Envelope

_bus: Bus | None = None
_loop: asyncio.AbstractEventLoop | None = None
_starting = threading.Lock()


async def attach(
    *, hear: Callable[[Envelope], None], gap: Callable[[str | None], None], joined: Callable[[str], None]
) -> Bus:
    """This process serves sockets, on the running loop."""
    global _bus, _loop
    bus = Bus(hear=hear, gap=gap, joined=joined)
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
    if bus is None or loop is None or loop.is_closed():
        return
    if asyncio._get_running_loop() is loop:
        bus.take(envelopes)
    else:
        loop.call_soon_threadsafe(bus.take, envelopes)


def listen(business: str) -> None:
    """On the loop of the sockets: the first one of a workspace is here."""
    if _bus:
        _bus.listen(business)


def leave(business: str) -> None:
    """On the loop of the sockets: the last one of a workspace is gone."""
    if _bus:
        _bus.leave(business)


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
        bus = asyncio.run_coroutine_threadsafe(_voice(), loop).result(ASK_SECONDS)
        _bus, _loop = bus, loop
        atexit.register(_finish, bus, loop)


async def _voice() -> Bus:
    bus = Bus()
    await bus.start()
    return bus


def _finish(bus: Bus, loop: asyncio.AbstractEventLoop) -> None:
    with contextlib.suppress(Exception):
        asyncio.run_coroutine_threadsafe(bus.stop(), loop).result(2)
