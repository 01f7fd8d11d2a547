"""Guessing passwords and making accounts: counted before the work is done, for whoever asks."""

import random
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.hashers import Argon2PasswordHasher, MD5PasswordHasher, make_password
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import AuthSession, User
from businesses.models import AuditEntry
from foundation import throttles
from foundation.models import Count
from tests import builders

pytestmark = pytest.mark.django_db

HERE, THERE = "192.0.2.1", "198.51.100.7"


def log_in(email: str, password: str = "not-the-password", *, at: str = HERE) -> Any:
    return builders.api().post("/api/v1/auth/login", {"email": email, "password": password}, REMOTE_ADDR=at)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every password that reached the hasher."""
    seen: list[str] = []
    encode = MD5PasswordHasher.encode

    def counting(self: Any, password: str, salt: str) -> str:
        seen.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counting)
    return seen


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
@pytest.mark.parametrize("address", [HERE, "127.0.0.1"])
def test_A10_of_a_hundred_guesses_at_once_ten_reach_the_hasher_and_all_are_counted(
    ada: User, hashed: list[str], email: str, address: str
) -> None:
    hashed.clear()

    def guess(_number: int) -> Any:
        try:
            return log_in(email, at=address)
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(guess, range(100)))

    assert sorted(answer.status_code for answer in answers) == [401] * 10 + [429] * 90
    assert len(hashed) == 10
    assert Count.objects.get(key=throttles._key("LOGIN", (email, address))).amount == 100
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert set(refused.json()) == {"detail", "error", "retry_after"}
    assert refused.json()["error"] == "rate_limited"
    assert int(refused["Retry-After"]) == refused.json()["retry_after"] <= 900


def test_a_right_password_is_refused_too_while_its_address_has_to_wait_and_works_elsewhere(ada: User) -> None:
    for _ in range(10):
        assert log_in(ada.email).status_code == 401

    assert log_in(ada.email, builders.PASSWORD).status_code == 429
    assert log_in(ada.email, builders.PASSWORD, at=THERE).status_code == 200


def test_the_limit_is_rows_so_a_restart_forgives_nothing_and_a_quarter_of_an_hour_does(ada: User) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        for _ in range(10):
            log_in(ada.email)
        cache.clear()  # whatever a process remembers
        assert log_in(ada.email, builders.PASSWORD).status_code == 429
    with time_machine.travel(start + timedelta(seconds=901), tick=False):
        assert log_in(ada.email, builders.PASSWORD).status_code == 200


def test_a_success_forgets_the_wrong_ones_of_its_own_address_only(ada: User) -> None:
    for _ in range(9):
        log_in(ada.email, at=HERE)
        log_in(ada.email, at=THERE)

    assert log_in(ada.email, builders.PASSWORD, at=HERE).status_code == 200

    assert [log_in(ada.email, at=HERE).status_code for _ in range(2)] == [401, 401]
    assert [log_in(ada.email, at=THERE).status_code for _ in range(2)] == [401, 429]


def test_guesses_from_everywhere_slow_every_address_down_and_lock_nobody_out(ada: User) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        for number in range(60):  # each from its own address
            assert log_in(ada.email, at=f"203.0.113.{number}").status_code == 401
        slowed = log_in(ada.email, at="203.0.113.59")
        assert (slowed.status_code, slowed.json()["retry_after"]) == (429, 30)
        assert log_in(ada.email, builders.PASSWORD, at=HERE).status_code == 200
    with time_machine.travel(start + timedelta(seconds=31), tick=False):
        assert log_in(ada.email, at="203.0.113.59").status_code == 401


def test_one_address_may_not_try_a_hundred_accounts_unless_it_is_this_machine(ada: User) -> None:
    for number in range(100):
        assert log_in(f"somebody{number}@example.com").status_code == 401
    assert log_in(ada.email, builders.PASSWORD).status_code == 429
    for number in range(101):
        assert log_in(f"somebody{number}@example.com", at="127.0.0.1").status_code == 401


def test_those_who_know_their_passwords_share_an_address(ada: User) -> None:
    for _ in range(110):
        assert log_in(ada.email, builders.PASSWORD).status_code == 200
    assert AuthSession.objects.count() == 110


def test_the_page_says_it_in_the_form(ada: User) -> None:
    client = Client(REMOTE_ADDR=HERE)
    for _ in range(10):
        assert client.post("/login", {"email": ada.email, "password": "not hers"}).status_code == 401

    page = client.post("/login", {"email": ada.email, "password": builders.PASSWORD})

    assert page.status_code == 429
    assert "Too many attempts" in page.content.decode()
    assert not AuthSession.objects.exists()


def test_registering_is_limited_since_it_says_who_has_an_account(ada: User) -> None:
    body = {"email": ada.email, "full_name": "Eve", "password": builders.PASSWORD}
    answers = [builders.api().post("/api/v1/auth/register", body, REMOTE_ADDR=HERE).status_code for _ in range(21)]
    assert answers == [400] * 20 + [429]
    assert builders.api().post("/api/v1/auth/register", body).status_code == 400

    page = Client(REMOTE_ADDR=HERE).post("/signup", body)
    assert page.status_code == 429
    assert "Too many attempts" in page.content.decode()


def test_a_failure_is_written_down_with_where_it_came_from(ada: User, acme: Any) -> None:
    log_in(ada.email)
    entry = AuditEntry.objects.get(action="session.failed")
    assert (entry.business_id, entry.address, entry.target_name) == (acme.pk, HERE, ada.email)


class LightArgon2(Argon2PasswordHasher):
    """The house's own, made quick enough for many tries on a busy machine."""

    time_cost, memory_cost, parallelism = 2, 16 * 1024, 1


def test_A12_unknown_wrong_and_disabled_take_the_same_time(ada: User, acme: Any, settings: Any) -> None:
    """Interleaved in random order, by the clock of this thread alone, which no busy neighbour moves."""
    settings.PASSWORD_HASHERS = [f"{__name__}.LightArgon2"]
    settings.THROTTLES = False
    dora = builders.person("Dora")
    for user in (ada, dora):
        user.set_password(builders.PASSWORD)
        user.is_active = user is not dora
        user.save()
    cases: dict[str, Callable[[], Any]] = {
        "unknown": lambda: log_in("nobody@example.com", builders.PASSWORD),
        "wrong": lambda: log_in(ada.email),
        "disabled": lambda: log_in(dora.email, builders.PASSWORD),
        "one hash": lambda: make_password("not-the-password"),
    }
    took: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(40):
        for name in random.sample(list(cases), len(cases)):
            start = time.thread_time()
            cases[name]()
            took[name].append(time.thread_time() - start)

    medians = {name: statistics.median(times) for name, times in took.items()}
    one_hash = medians.pop("one hash")
    assert max(medians.values()) - min(medians.values()) < one_hash / 3
