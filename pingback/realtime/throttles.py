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
    """What one socket may send. Events of one kind share buckets; what is refused has a bucket of its own."""

    def __init__(self, *, is_member: bool, clock: Clock = time.monotonic) -> None:
        self._rest = _set([bucket("SOCKET_MEMBER" if is_member else "SOCKET_VISITOR", clock)])
        self._special = {
            "client_message": _set([bucket("SOCKET_MESSAGE", clock), _window("SOCKET_MESSAGES", clock)]),
            "typing": _set([bucket("SOCKET_TYPING", clock)]),
        }
        self._refusals = Bucket(10, 200, clock)

    def wait(self, event: str) -> float:
        """0 and the event is counted, or the seconds to wait, and nothing is."""
        if not settings.THROTTLES:
            return 0.0
        buckets = self._special.get(event, self._rest)
        if longest := max((each.wait() for each in buckets), default=0.0):
            return longest
        for each in buckets:
            each.take()
        return 0.0

    def is_flooding(self) -> bool:
        """Count a refusal; true when the socket goes on in spite of them."""
        if self._refusals.wait():
            return True
        self._refusals.take()
        return False


def _window(name: str, clock: Clock) -> Window | None:
    most, seconds = settings.THROTTLE_RATES[name]
    return Window(most, seconds, clock) if most else None


def _set(given: list[Bucket | Window | None] | list[Bucket | None]) -> list[Bucket | Window]:
    """Without those that are turned off."""
    return [each for each in given if each]
