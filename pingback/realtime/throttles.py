"""What one socket may send: a set of token buckets each. The numbers are settings. Source: promises 7."""

import time
from dataclasses import dataclass

from django.conf import settings

from foundation.buckets import Bucket, Clock, bucket


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
    """What one socket may send. Events of one kind share buckets; what is refused has a bucket of its own.

    Made when they are needed: most sockets only listen.
    """

    __slots__ = ("_clock", "_made", "is_member")

    def __init__(self, *, is_member: bool, clock: Clock = time.monotonic) -> None:
        self.is_member, self._clock = is_member, clock
        self._made: dict[str, list[Bucket | Window]] | None = None

    def wait(self, event: str) -> float:
        """0 and the event is counted, or the seconds to wait, and nothing is."""
        if not settings.THROTTLES:
            return 0.0
        return self._take(event if event in {"client_message", "typing"} else "other")

    def is_flooding(self) -> bool:
        """Count a refusal; true when the socket goes on in spite of them."""
        return self._take("refused") > 0

    def _take(self, kind: str) -> float:
        if self._made is None:
            self._made = {}
        if kind not in self._made:
            self._made[kind] = [each for each in self._make(kind) if each]
        if longest := max((each.wait() for each in self._made[kind]), default=0.0):
            return longest
        for each in self._made[kind]:
            each.take()
        return 0.0

    def _make(self, kind: str) -> list[Bucket | Window | None]:
        if kind == "client_message":
            return [bucket("SOCKET_MESSAGE", self._clock), _window("SOCKET_MESSAGES", self._clock)]
        if kind == "other":
            kind = "member" if self.is_member else "visitor"
        return [bucket(f"SOCKET_{kind.upper()}", self._clock)]


def _window(name: str, clock: Clock) -> Window | None:
    most, seconds = settings.THROTTLE_RATES[name]
    return Window(most, seconds, clock) if most else None
