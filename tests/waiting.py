"""Waiting until something is so, with an end to it."""

import time
from collections.abc import Callable
from typing import Any


def until(
    condition: Callable[[], Any],
    *,
    seconds: float = 60,
    every: float = 0.02,
    why: str | Callable[[], str] = "waited in vain",
) -> float:
    """How long it took. every: seconds between two looks."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, why if isinstance(why, str) else why()
        time.sleep(every)
    return time.monotonic() - started
