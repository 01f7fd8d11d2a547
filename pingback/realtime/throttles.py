"""Token buckets, one set per socket. Source: promises 7."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.conf import settings

Clock = Callable[[], float]


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


@dataclass(slots=True)
class Window:
    """`most` in each stretch of `seconds`, the first of which begins with the first."""

    most: int
    seconds: float
    clock: Clock = time.monotonic
    _count: int = 0
    _until: float = 0.0

    def wait(self) -> float:
        """Seconds until another one is allowed; 0 when one is."""
        now = self.clock()
        if now >= self._until:
            self._count, self._until = 0, now + self.seconds
        return 0.0 if self._count < self.most else self._until - now

    def take(self) -> None:
        self._count += 1


class Throttle:
    """What one socket may send. Events of one kind share buckets; what is refused has a bucket of its own."""

    def __init__(self, *, is_member: bool, clock: Clock = time.monotonic) -> None:
        self._rest: list[Bucket | Window] = [Bucket(50, 200, clock) if is_member else Bucket(10, 60, clock)]
        self._special: dict[str, list[Bucket | Window]] = {
            "client_message": [Bucket(3, 20, clock), Window(120, 60, clock)],
            "typing": [Bucket(1, 2, clock)],
        }
        self._refusals = Bucket(10, 200, clock)

    def wait(self, event: str) -> float:
        """0 and the event is counted, or the seconds to wait, and nothing is."""
        if not settings.THROTTLES:
            return 0.0
        buckets = self._special.get(event, self._rest)
        if longest := max(bucket.wait() for bucket in buckets):
            return longest
        for bucket in buckets:
            bucket.take()
        return 0.0

    def is_flooding(self) -> bool:
        """Count a refusal; true when the socket goes on in spite of them."""
        if self._refusals.wait():
            return True
        self._refusals.take()
        return False
