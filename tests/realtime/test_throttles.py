"""Token buckets. Promises 7."""

from typing import Any

import pytest

from foundation.buckets import Bucket
from pingback.realtime.throttles import Throttle


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_bucket_gives_its_burst_and_then_its_rate(clock: Clock) -> None:
    bucket = Bucket(rate=2, burst=3, clock=clock)
    for _ in range(3):
        assert bucket.wait() == 0
        bucket.take()

    assert bucket.wait() == pytest.approx(0.5)
    clock.now += 0.5
    assert bucket.wait() == 0


def test_C8_a_visitor_sends_20_messages_at_once_and_120_in_a_minute(clock: Clock) -> None:
    throttle = Throttle(is_member=False, clock=clock)

    at_once = sum(throttle.wait("client_message") == 0 for _ in range(50))
    in_a_minute = at_once
    for _ in range(590):
        clock.now += 0.1
        in_a_minute += throttle.wait("client_message") == 0

    assert at_once == 20
    assert in_a_minute == 120


def test_members_may_do_more_than_visitors(clock: Clock) -> None:
    member, visitor = Throttle(is_member=True, clock=clock), Throttle(is_member=False, clock=clock)

    assert sum(member.wait("resume") == 0 for _ in range(300)) == 200
    assert sum(visitor.wait("resume") == 0 for _ in range(300)) == 60


def test_typing_has_a_bucket_of_its_own(clock: Clock) -> None:
    throttle = Throttle(is_member=True, clock=clock)

    assert sum(throttle.wait("typing") == 0 for _ in range(10)) == 2
    assert throttle.wait("agent_message") == 0


def test_C8_who_goes_on_in_spite_of_refusals_is_flooding(clock: Clock) -> None:
    throttle = Throttle(is_member=False, clock=clock)

    assert not any(throttle.is_flooding() for _ in range(200))
    assert throttle.is_flooding()


def test_throttles_can_be_lifted_for_a_load_test(settings: Any) -> None:
    settings.THROTTLES = False
    throttle = Throttle(is_member=False)

    assert not any(throttle.wait("typing") for _ in range(100))
