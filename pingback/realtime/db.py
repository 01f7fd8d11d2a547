"""Database work of sockets: a few threads of their own, so that no request waits for them nor they for one."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import close_old_connections
from django.utils.translation import gettext as _

from foundation.errors import Refused

THREADS = 4
MAX_WAITING = 200

P = ParamSpec("P")
R = TypeVar("R")

_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="sockets")
_waiting = 0


class Busy(Refused):
    """More is waiting than we can do soon."""

    status = 503
    code = "busy"

    def __init__(self) -> None:
        super().__init__(_("Try again"))


async def run(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run `work` in a thread. Raises Busy when too much is waiting already."""
    global _waiting
    if _waiting >= MAX_WAITING:
        raise Busy
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_pool, _tidily, work, args, kwargs)
    finally:
        _waiting -= 1


def _tidily(work: Callable[..., R], args: tuple[object, ...], kwargs: dict[str, object]) -> R:
    """As around a request: connections that broke or are not to be kept are closed."""
    close_old_connections()
    try:
        return work(*args, **kwargs)
    finally:
        close_old_connections()
