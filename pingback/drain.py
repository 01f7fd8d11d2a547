"""From SIGTERM to the end. Source: promises 1, "Deploys are quiet".

At the signal the process is not ready any more and begins no new work: sockets are told, new ones are sent elsewhere,
every answer closes its connection. The listening socket stays open for settings.DRAIN_SECONDS, in which a balancer
takes notice. Then sockets are closed behind their last answer, and the web server gets its signal.
"""

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Any

from django.conf import settings

# From the signal on, until the process is gone.
is_on = False

_before: Any = None
_ending: asyncio.Task[None] | None = None


def await_the_signal(*, begin: Callable[[], None], end: Callable[[], Awaitable[None]]) -> None:
    """begin: called on this event loop at SIGTERM. end: awaited when the balancer has had its time.

    Whoever sends the signal twice does not want to wait. Ctrl-C is not looked at: nobody stands behind a terminal.
    """
    global _before
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    before = _before = signal.getsignal(signal.SIGTERM)

    def leave(number: int, frame: FrameType | None) -> None:
        global is_on
        if is_on or loop.is_closed():
            _hand_on(before, number)
            return
        is_on = True
        loop.call_soon_threadsafe(start, number)

    def start(number: int) -> None:
        global _ending
        begin()
        _ending = asyncio.create_task(wait(number))

    async def wait(number: int) -> None:
        try:
            await asyncio.sleep(settings.DRAIN_SECONDS)
            await end()
        finally:
            _hand_on(before, number)

    signal.signal(signal.SIGTERM, leave)


def forget_the_signal() -> None:
    global is_on, _before
    if _before is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _before)
    is_on, _before = False, None


def _hand_on(before: Any, number: int) -> None:
    """The web server's own handler only takes note."""
    if callable(before):
        before(number, None)
