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
MAX_HOLES = 1_000

Emit = Callable[[Any], None]


@dataclass(slots=True)
class _Line:
    """Where one workspace stands.

    waiting: (seq, tie, until when by the loop's clock, what to emit).
    holes: numbers that were given up and have not come since. A few of a great many are enough to know of the loss.
    """

    next: int
    waiting: list[tuple[int, int, float, Any]] = field(default_factory=list)
    holes: set[int] = field(default_factory=set)
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

    def businesses(self) -> list[str]:
        """Those that somebody listens to."""
        return list(self._lines)

    def misses(self, business: str, seq: int) -> bool:
        """Whether somebody listens here who has not been told of everything up to this number of the feed."""
        line = self._lines.get(business)
        return line is not None and (line.next <= seq or any(hole <= seq for hole in line.holes))

    def go_on_from(self, business: str, seq: int) -> None:
        """Whoever listens fetches everything up to this number: nothing before it is missed or waited for."""
        if line := self._lines.get(business):
            line.holes = {hole for hole in line.holes if hole > seq}
            line.next = max(line.next, seq + 1)
            self._move(line)

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
        line.holes.discard(seq)
        until = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        heapq.heappush(line.waiting, (seq, next(self._ties), until, what))
        self._move(line)

    def _move(self, line: _Line, *, up_to: int = 0) -> None:
        """Emit what is next, and without those that are missing whatever is not beyond `up_to`."""
        while line.waiting and line.waiting[0][0] <= max(line.next, up_to):
            seq, _tie, _until, what = heapq.heappop(line.waiting)
            line.holes.update(range(line.next, min(seq, line.next + MAX_HOLES - len(line.holes))))
            line.next = max(line.next, seq + 1)
            self._emit(what)
        if line.waiting and line.timer is None:
            soonest = min(until for _seq, _tie, until, _what in line.waiting)
            line.timer = asyncio.get_running_loop().call_at(soonest, self._give_up, line)
        elif not line.waiting and line.timer:
            line.timer.cancel()
            line.timer = None

    def _give_up(self, line: _Line) -> None:
        """All that is missing before what has waited for long enough: however many holes, nothing waits longer."""
        line.timer = None
        now = asyncio.get_running_loop().time()
        self._move(line, up_to=max((seq for seq, _tie, until, _what in line.waiting if until <= now), default=0))
