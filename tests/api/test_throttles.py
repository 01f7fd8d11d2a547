"""How fast one token and one workspace may call, and whoever guesses visitor keys."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from foundation.buckets import Buckets
from foundation.errors import TooFast
from foundation.models import Count
from pingback.api import throttles
from tests import builders
from widgets.models import Visitor

pytestmark = pytest.mark.django_db

ME, LIST = "/api/v1/auth/me", "/api/v1/conversations/"


@pytest.fixture(autouse=True)
def full_buckets() -> None:
    throttles.here.forget()


def numbers(settings: Any, **given: tuple[float, int]) -> None:
    """A burst that is used up stays so for the whole test where the rate is small: a busy machine is slow."""
    settings.THROTTLE_BUCKETS = {**settings.THROTTLE_BUCKETS, **given}
    throttles.here.forget()


def test_a_token_has_its_burst_and_is_told_when_to_come_back(ada: User, acme: Business, settings: Any) -> None:
    numbers(settings, API=(0.01, 3))
    client = builders.api(ada)

    answers = [client.get(ME) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    refused = answers[-1]
    assert set(refused.json()) == {"detail", "error", "retry_after"}
    assert (refused.json()["error"], refused["Retry-After"]) == ("rate_limited", str(refused.json()["retry_after"]))
    assert 0 < refused.json()["retry_after"] <= 100
    assert builders.api(ada).get(ME).status_code == 200, "another token has a bucket of its own"


def test_a_workspace_has_one_for_all_its_tokens(
    ada: User, acme: Business, ben: User, mallory: User, settings: Any
) -> None:
    numbers(settings, API_BUSINESS=(0.01, 4))

    ours = [builders.api(person).get(LIST).status_code for person in (ada, ben, ada, ben, ada, ben)]

    assert ours == [200] * 4 + [429] * 2
    assert builders.api(mallory).get(LIST).status_code == 200
    assert builders.api(ada).get("/api/v1/auth/sessions").status_code == 200, (
        "what concerns the person is no call of the workspace"
    )


def test_a_call_that_is_not_allowed_costs_as_much_as_one_that_is(ada: User, acme: Business, settings: Any) -> None:
    """P26: whoever guesses what a token may do is slowed down."""
    made = builders.api(ada).post("/api/v1/api-tokens", {"name": "CRM", "scopes": ["team:read"]})
    client = builders.api()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {made.json()['token']}")
    numbers(settings, API=(0.01, 3))

    assert [client.get(LIST).status_code for _ in range(4)] == [403] * 3 + [429]


def test_zero_and_the_load_tests_switch_turn_it_off(ada: User, acme: Business, settings: Any) -> None:
    numbers(settings, API=(0, 0), API_BUSINESS=(0, 0))
    client = builders.api(ada)
    assert {client.get(LIST).status_code for _ in range(20)} == {200}

    numbers(settings, API=(1, 1), API_BUSINESS=(1, 1))
    settings.THROTTLES = False
    assert {client.get(LIST).status_code for _ in range(20)} == {200}


def test_a_full_bucket_costs_next_to_nothing() -> None:
    """Two buckets in this process; the bound is generous, for busy machines."""
    buckets, wanted = Buckets(), [("API", "token"), ("API_BUSINESS", "workspace")]
    start = time.thread_time()
    for _ in range(2_000):
        buckets.take(wanted)
    assert (time.thread_time() - start) / 2_000 < 0.0001


def test_threads_share_a_bucket_exactly(settings: Any) -> None:
    numbers(settings, API=(1, 50))
    buckets = Buckets(clock=lambda: 0.0)
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: buckets.take([("API", "token")]), range(200)))
    assert waits.count(0.0) == 50


def test_processes_share_theirs_through_redis(settings: Any) -> None:
    if not settings.REDIS_URL:
        pytest.skip("needs --services")
    numbers(settings, API=(0.01, 5), API_BUSINESS=(0.01, 3))
    throttles._script.cache_clear()
    wanted = [("API", "shared"), ("API_BUSINESS", "shared")]

    waits = [throttles.take(wanted) for _ in range(5)]

    assert waits[:3] == [0.0] * 3
    assert all(0 < wait <= 100 for wait in waits[3:])
    assert [throttles.take(wanted[:1]) for _ in range(2)] == [0.0, 0.0], "a refused call takes from neither"
    throttles.here.forget()
    assert throttles.take(wanted[:1]) > 0, "it is not this process that counted"


def test_without_redis_each_process_counts_and_nobody_waits_for_it(settings: Any, monkeypatch: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    numbers(settings, API=(0.01, 2))
    throttles._script.cache_clear()
    monkeypatch.setattr(throttles, "_away_until", 0.0)

    waits = [throttles.take([("API", "alone")]) for _ in range(3)]

    assert [wait == 0 for wait in waits] == [True, True, False]
    assert throttles._away_until > 0, "it is not asked at each call"
    throttles._script.cache_clear()


# Visitors -------------------------------------------------------------------------------------------------------


def test_A11_a_thousand_guesses_of_visitor_keys_open_nothing_and_are_limited_after_ten(
    ada: User, acme: Business, settings: Any
) -> None:
    widget, settings.TRUSTED_PROXIES = builders.widget(ada), 1
    good = builders.visitor_writes(acme, widget=widget).visitor_key
    payload = good.split(".")[1]
    address = f"/api/v1/widget/{widget.pk}/conversations"

    def guess(number: int, at: str = "203.0.113.9") -> Any:
        key = f"v1.{payload}.{number:043d}"
        return builders.api().get(address, HTTP_X_VISITOR_KEY=key, HTTP_X_FORWARDED_FOR=at)

    with time_machine.travel(timezone.now(), tick=False):
        answers = [guess(number) for number in range(1_000)]

    assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 990
    assert all(answer.json()["results"] == [] for answer in answers[:10])
    assert Count.objects.get(key__startswith="VISITOR_KEY:").amount == 1_000
    assert guess(1, at="198.51.100.3").status_code == 200
    kept = builders.api().get(address, HTTP_X_VISITOR_KEY=good, HTTP_X_FORWARDED_FOR="203.0.113.9")
    assert len(kept.json()["results"]) == 1, "whoever shares the address keeps reading"


def test_new_visitors_are_limited_by_address_and_by_workspace_but_not_on_this_machine(
    acme: Business, mallory: User, monkeypatch: Any
) -> None:
    from foundation.asking import Asker, asked_by

    def arrive(address: str | None, business: Business) -> bool:
        with asked_by(Asker(address)):
            try:
                builders.visitor_writes(business)
            except TooFast:
                return False
        return True

    assert sum(arrive("203.0.113.9", acme) for _ in range(35)) == 30
    assert sum(arrive("198.51.100.1", acme) for _ in range(35)) == 30, "sixty in one workspace"
    assert [arrive("198.51.100.2", acme) for _ in range(3)] == [True, True, False], "others still get in"
    assert arrive("198.51.100.2", mallory.memberships.get().business)
    assert all(arrive(address, acme) for address in ("127.0.0.1", None) for _ in range(5))
    assert Visitor.objects.filter(business=acme).count() == 72
