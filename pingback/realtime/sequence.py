"""Events of one workspace reach sockets in the order of the feed.

Writers commit in order, but their threads and processes get to publishing in any. The feed has no gaps, so an event
that comes too early waits for the ones before it; one that does not come in time is given up, and the clients that
see the gap ask.
"""

import asyncio
import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

PATIENCE_SECONDS = 0.25

Emit = Callable[[Any], None]


@dataclass(slots=True)
class _Line:
    """Where one workspace stands. waiting: (seq, tie, what to emit)."""

    next: int
    waiting: list[tuple[int, int, Any]] = field(default_factory=list)
    timer: asyncio.TimerHandle | None = None
    listeners: int = 0


class InOrder:
    """Belongs to one event loop. Keeps a line only for workspaces that somebody here listens to."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._lines: dict[str, _Line] = {}
        self._ties = itertools.count()

    def listen(self, business: str, *, after: int) -> bool:
        """Somebody listens. after: the workspace's feed position as the database has it. Whether it is the first."""
        is_first = business not in self._lines
        line = self._lines.setdefault(business, _Line(next=after + 1))
        line.listeners += 1
        return is_first

    def is_behind(self, business: str, seq: int) -> bool:
        """Whether somebody listens here who has not been told up to this number of the feed."""
        line = self._lines.get(business)
        return line is not None and line.next <= seq

    def leave(self, business: str) -> bool:
        """Whether it was the last."""
        line = self._lines[business]
        line.listeners -= 1
        if not line.listeners:
            if line.timer:
                line.timer.cancel()
            del self._lines[business]
        return not line.listeners

    def take(self, business: str, seq: int, what: Any) -> None:
        line = self._lines.get(business)
        if line is None:
            return
        heapq.heappush(line.waiting, (seq, next(self._ties), what))
        self._move(line)

    def _move(self, line: _Line) -> None:
        while line.waiting and line.waiting[0][0] <= line.next:
            seq, _tie, what = heapq.heappop(line.waiting)
            line.next = max(line.next, seq + 1)
            self._emit(what)
        if line.waiting and line.timer is None:
            line.timer = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._give_up, line)
        elif not line.waiting and line.timer:
            line.timer.cancel()
            line.timer = None

    def _give_up(self, line: _Line) -> None:
        line.timer = None
        line.next = line.waiting[0][0]
        self._move(line)
