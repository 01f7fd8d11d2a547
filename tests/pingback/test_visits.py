"""Many handshakes are looked up together: each gets its own answer, and the database is asked as often as for one."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuthSession, User
from businesses.models import Business
from pingback.realtime import db
from pingback.realtime.handshake import Asked, Identity, identify_all, read
from pingback.realtime.origins import Origin
from tests import builders


def asked(business: Business, origin: Origin = Origin.NONE, cookie: str = "", page: str = "", **auth: object) -> Asked:
    headers = [(b"cookie", f"pingback={cookie}".encode())] if cookie else []
    headers += [(b"origin", page.encode())] if page else []
    return read({"business_id": str(business.pk), **auth}, {"headers": headers}, origin)


def words(answers: Sequence[Identity | Exception]) -> list[str]:
    return [str(each.args[0]) if isinstance(each, Exception) else "in" for each in answers]


def cookie_of(user: User) -> str:
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser.cookies["pingback"].value


@pytest.mark.django_db
def test_each_gets_its_own_answer(acme: Business, ada: User, ben: User, mallory: User) -> None:
    umbrella = mallory.memberships.get().business
    umbrella.second_factor_required = True
    umbrella.save()
    widget = builders.widget(ada)
    key = builders.visitor_writes(acme).visitor_key
    over = builders.token(ben)
    AuthSession.objects.filter(user=ben).delete()

    answers = identify_all(
        [
            asked(acme, token=builders.token(ada)),
            asked(acme, token=builders.token(mallory)),
            asked(acme, token=over),
            asked(umbrella, token=builders.token(mallory)),
            asked(acme, token="x"),
            asked(acme, cookie=cookie_of(ben)),
            asked(acme, cookie="x"),
            asked(acme, visitor_key=key),
            asked(umbrella, visitor_key=key),
            asked(umbrella, visitor_key=key, widget_id=str(widget.pk)),
            asked(acme, origin=Origin.WIDGET, page="https://acme.com", widget_id=str(widget.pk)),
            asked(umbrella, origin=Origin.WIDGET, page="https://acme.com"),
            asked(Business(), token=builders.token(ada)),
        ]
    )

    assert words(answers) == [
        "in",
        "unauthorized",
        "unauthorized",
        "second_factor_setup_required",
        "unauthorized",
        "in",
        "unauthorized",
        "in",
        "in",
        "unauthorized",
        "in",
        "origin_not_allowed",
        "unknown_business",
    ]
    member, cookie, visitor, stranger, page = (answers[place] for place in (0, 5, 7, 8, 10))
    assert isinstance(member, Identity)
    assert member.membership
    assert member.membership.user == ada
    assert isinstance(cookie, Identity)
    assert cookie.membership
    assert cookie.membership.user == ben
    assert isinstance(visitor, Identity)
    assert visitor.visitor
    assert stranger == Identity(business_id=umbrella.pk, feed_seq=umbrella.feed_seq)
    assert isinstance(page, Identity)
    assert page.widget == widget


@pytest.mark.django_db
def test_a_changed_password_ends_the_cookie_in_the_handshake_too(acme: Business, ada: User) -> None:
    cookie = cookie_of(ada)
    ada.set_password("another-one-altogether")
    ada.save()
    assert AuthSession.objects.alive().filter(user=ada).exists()

    assert words(identify_all([asked(acme, cookie=cookie)])) == ["unauthorized"]


@pytest.mark.django_db
def test_a_hundred_cost_as_many_queries_as_one_of_each_kind(acme: Business, ada: User) -> None:
    acme.second_factor_required = True
    acme.save()
    widget = builders.widget(ada)

    def crowd(size: int) -> list[Asked]:
        everybody = []
        for _ in range(size):
            everybody += [
                asked(acme, token=builders.token(ada)),
                asked(acme, cookie=cookie_of(ada)),
                asked(acme, visitor_key=builders.visitor_writes(acme).visitor_key),
                asked(acme, origin=Origin.WIDGET, page="https://acme.com", widget_id=str(widget.pk)),
            ]
        return everybody

    def queries(everybody: list[Asked]) -> int:
        with CaptureQueriesContext(connection) as captured:
            identify_all(everybody)
        return len(captured)

    assert queries(crowd(1)) == queries(crowd(6)) <= 9


# Visits -------------------------------------------------------------------------------------------------------


async def test_who_waits_in_one_turn_goes_together_and_the_rest_next() -> None:
    visits: list[list[int]] = []
    gate = threading.Event()

    def double(numbers: Sequence[int]) -> list[int | Exception]:
        visits.append(list(numbers))
        gate.wait(10)
        return [number * 2 for number in numbers]

    together = db.Together(double)
    first = [asyncio.create_task(together.ask(number)) for number in range(3)]
    while not visits:
        await asyncio.sleep(0.01)
    later = [asyncio.create_task(together.ask(number)) for number in (7, 8)]
    await asyncio.sleep(0)
    gate.set()

    assert await asyncio.gather(*first, *later) == [0, 2, 4, 14, 16]
    assert visits == [[0, 1, 2], [7, 8]]


async def test_what_is_wrong_with_one_is_told_to_that_one_alone() -> None:
    def answer(numbers: Sequence[int]) -> list[int | Exception]:
        return [ValueError(number) if number == 1 else number for number in numbers]

    together = db.Together(answer)
    answers = await asyncio.gather(*[together.ask(number) for number in range(3)], return_exceptions=True)

    assert answers[0] == 0
    assert answers[2] == 2
    assert isinstance(answers[1], ValueError)


async def test_a_visit_that_fails_is_told_to_all_of_it_and_the_next_one_works() -> None:
    failures = iter([DatabaseError("away")])

    def answer(numbers: Sequence[int]) -> list[int | Exception]:
        for failure in failures:
            raise failure
        return list(numbers)

    together = db.Together(answer)
    answers = await asyncio.gather(together.ask(1), together.ask(2), return_exceptions=True)

    assert [type(each) for each in answers] == [DatabaseError, DatabaseError]
    assert await together.ask(3) == 3


async def test_somebody_who_left_holds_nobody_up() -> None:
    together = db.Together(list)
    gone, here = (asyncio.create_task(together.ask(number)) for number in (1, 2))
    await asyncio.sleep(0)
    gone.cancel()

    assert await here == 2


async def test_more_than_can_wait_are_turned_away() -> None:
    together = db.Together(list)
    asking = [together.ask(number) for number in range(db.MAX_WAITING + 1)]

    *answers, last = await asyncio.gather(*asking, return_exceptions=True)

    assert answers == list(range(db.MAX_WAITING))
    assert isinstance(last, db.Busy)


@pytest.mark.django_db(transaction=True)
def test_a_thread_keeps_sqlites_connection_until_something_goes_wrong_and_lends_postgres() -> None:
    def used(statement: str) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(statement)
        return connection.connection

    def visits() -> tuple[Any, Any, Any]:
        first = db._tidily(used, ("SELECT 1",), {})
        kept = connection.connection
        with pytest.raises(DatabaseError):
            db._tidily(used, ("SELECT nothing FROM nowhere",), {})
        return first, kept, connection.connection

    with ThreadPoolExecutor(1) as thread:
        first, kept, after = thread.submit(visits).result()

    assert kept is (first if settings.EMBEDDED else None)
    assert after is None
