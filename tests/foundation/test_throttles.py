"""Slow throttles: counted before, exactly, and across restarts and processes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from foundation import throttles
from foundation.asking import Asker, asked_by
from foundation.errors import TooFast
from foundation.models import Count

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def three_a_minute(settings: Any) -> None:
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "REGISTER": (3, 60)}


def test_the_one_too_many_is_refused_and_told_when_to_come_back() -> None:
    for _ in range(3):
        throttles.count("REGISTER", "192.0.2.1")

    with pytest.raises(TooFast) as refused:
        throttles.count("REGISTER", "192.0.2.1")

    assert 0 < refused.value.retry_after <= 60
    throttles.count("REGISTER", "192.0.2.2")


def test_a_new_stretch_begins_when_the_old_one_is_over() -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        for _ in range(3):
            throttles.count("REGISTER", "192.0.2.1")
    with time_machine.travel(start + timedelta(seconds=61), tick=False):
        throttles.count("REGISTER", "192.0.2.1")

        assert Count.objects.get().amount == 1


def test_zero_turns_one_off(settings: Any) -> None:
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "REGISTER": (0, 0)}

    for _ in range(50):
        throttles.count("REGISTER", "192.0.2.1")

    assert not Count.objects.exists()


def test_what_is_given_back_or_forgotten_does_not_count() -> None:
    for _ in range(3):
        throttles.count("REGISTER", "192.0.2.1")
    throttles.give_back("REGISTER", "192.0.2.1")
    throttles.count("REGISTER", "192.0.2.1")
    throttles.forget("REGISTER", "192.0.2.1")
    throttles.count("REGISTER", "192.0.2.1")

    assert Count.objects.get().amount == 1


def test_purging_leaves_what_still_counts() -> None:
    start = timezone.now()
    with time_machine.travel(start - timedelta(hours=2), tick=False):
        throttles.count("REGISTER", "192.0.2.1")
    throttles.count("REGISTER", "192.0.2.2")

    assert throttles.purge() == 1
    assert Count.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_hundred_at_once_count_as_a_hundred(settings: Any) -> None:
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "REGISTER": (1000, 60)}

    def one(_number: int) -> None:
        throttles.count("REGISTER", "192.0.2.1")
        connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(100)))

    assert Count.objects.get().amount == 100


@pytest.mark.parametrize(
    ("address", "limited"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("127.0.0.1", None),
        ("::1", None),
        ("::ffff:127.0.0.1", None),
        (None, None),
    ],
)
def test_one_line_is_one_caller_however_many_addresses_it_has(address: str | None, limited: str | None) -> None:
    with asked_by(Asker(address)):
        assert throttles.limited_address() == limited
