"""Quick throttles, of seconds: token buckets in this process. The slow ones are rows (foundation/throttles.py).

The numbers are settings (THROTTLE_<NAME>, "rate/burst"). Source: promises 7.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from django.conf import settings

Clock = Callable[[], float]
# Beyond so many the ones that nobody used for longest are forgotten; they would be full by then.
MOST_KEPT = 50_000


@dataclass(slots=True)
class Bucket:
    """`rate` tokens a second, `burst` at most."""

    rate: float
    burst: float
    clock: Clock = time.monotonic
    _tokens: float = field(init=False)
    _at: float = field(init=False)

    def __post_init__(self) -> None:
        self._tokens, self._at = self.burst, self.clock()

    def wait(self) -> float:
        """Seconds until there is a token; 0 when there is one."""
        now = self.clock()
        self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
        self._at = now
        return 0.0 if self._tokens >= 1 else (1 - self._tokens) / self.rate

    def take(self) -> None:
        self._tokens -= 1


def bucket(name: str, clock: Clock = time.monotonic) -> Bucket | None:
    """A full one with the numbers of the settings; None when it is turned off."""
    rate, burst = settings.THROTTLE_BUCKETS[name]
    return Bucket(rate, burst, clock) if rate else None


class Buckets:
    """One bucket for each (name, whom); safe to share between threads."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], Bucket | None] = OrderedDict()

    def take(self, wanted: list[tuple[str, str]]) -> float:
        """A token from each, or from none: then the seconds until all have one. wanted: (name, whom)."""
        with self._lock:
            found = [each for each in map(self._find, wanted) if each]
            if longest := max((each.wait() for each in found), default=0.0):
                return longest
            for each in found:
                each.take()
        return 0.0

    def forget(self) -> None:
        """All full again."""
        with self._lock:
            self._kept.clear()

    def _find(self, key: tuple[str, str]) -> Bucket | None:
        if key in self._kept:
            self._kept.move_to_end(key)
        else:
            self._kept[key] = bucket(key[0], self._clock)
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return self._kept[key]
