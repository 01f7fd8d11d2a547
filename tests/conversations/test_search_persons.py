"""Search: people are found by the telephone number that they have, and strangers by the one that they are shown by."""

from typing import Any
from uuid import UUID

import pytest

from accounts.models import User
from businesses.models import Business
from conversations import people
from conversations.models import SearchEntry
from conversations.search import index
from conversations.search.finding import search
from conversations.search.models import IndexedKind, Shelf
from conversations.services.customers import change_customer
from tests import builders

pytestmark = pytest.mark.django_db


def names(user: User, text: str) -> list[str]:
    """Of the customers that are found."""
    return [str(hit.found.title) for hit in search(user, text, type="customer", limit=20)[0]]


def listed(user: User, text: str) -> list[str]:
    """Likewise by the page of customers."""
    return [each.display_name for each in people.customers_of(user, people.Filter(q=text))]


@pytest.mark.parametrize("stored", ["+49 170 1234567", "+491701234567", "0049 (170) 123-45-67"])
@pytest.mark.parametrize(
    "asked", ["+49 170 1234567", "+49 170 12 34 567", "491701234567", "0170 1234567", "01701234567", "+49 170 123"]
)
def test_a_telephone_number_is_found_however_it_is_written(
    ada: User, acme: Business, mallory: User, stored: str, asked: str
) -> None:
    builders.customer(acme, "Cleo Hart", phone=stored)
    builders.customer(acme, "Dora", phone="+49 170 7654321")

    assert names(ada, asked) == listed(ada, asked) == ["Cleo Hart"]
    assert names(mallory, asked) == listed(mallory, asked) == []


def test_a_number_is_found_as_long_as_somebody_has_it_and_once(ada: User, acme: Business) -> None:
    cleo = builders.customer(acme, "Cleo Hart", phone="+49 170 1234567", external_id="491701234567")
    conversation = builders.conversation(acme, customer=cleo, content="Call 491701234567")
    hits, _next = search(ada, "+49 170 1234567", limit=20)
    assert [hit.type for hit in hits] == ["customer"]
    hits, _next = search(ada, "491701234567", limit=20)
    assert [hit.type for hit in hits] == ["customer", "message"]
    hits, _next = search(ada, 'from:"0170 1234567"', limit=20)
    assert [hit.found.conversation_id for hit in hits] == [conversation.pk]

    change_customer(customer=cleo, phone="+44 7700 900123")

    assert names(ada, "0170 1234567") == []
    assert names(ada, "07700 900 123") == ["Cleo Hart"]


def test_a_stranger_is_found_by_what_the_inbox_calls_them(ada: User, acme: Business) -> None:
    stranger, known = builders.customer(acme, ""), builders.customer(acme, "Cleo Hart")
    called = stranger.display_name
    number = called.split()[-1]

    for asked in (called, called.lower(), called[:-1], number):
        assert names(ada, asked) == [called]
    assert listed(ada, called) == [called]
    assert names(ada, f"Visitor {known.pk.hex[-4:]}") == []

    change_customer(customer=stranger, name="Dora")
    assert names(ada, called) == []


@pytest.mark.parametrize("number", ["1e45", "00e1", "1e4f", "12e4", "123a", "0123", "9999", "face"])
def test_a_strangers_number_is_a_word_whatever_else_it_looks_like(ada: User, acme: Business, number: str) -> None:
    builders.customer(acme, "", id=UUID(f"0193f3a0-0000-7000-8000-00000000{number}"))
    assert names(ada, f"Visitor {number}") == names(ada, number) == [f"Visitor {number.upper()}"]


def test_people_of_before_come_in_again_with_the_words_of_today(
    ada: User, acme: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "APIECE", 2)
    conversation = builders.conversation(acme, content="a lamp")
    for number in range(5):
        builders.customer(acme, f"Lamp {number}")
    talk = SearchEntry.objects.filter(shelf=Shelf.TALK).values_list("pk", flat=True)
    before = list(talk)
    told: list[Any] = []

    index.pause()
    index.reenter(Shelf.THINGS)
    assert names(ada, "lamp") == []
    assert not IndexedKind.objects.filter(kind="customer").exists()
    index.reenter(Shelf.THINGS)  # as after it broke off
    index.keep(tell=told.append)

    assert sorted(names(ada, "lamp")) == [f"Lamp {number}" for number in range(5)]
    assert list(talk) == before
    conversation.customer.delete()  # type: ignore[union-attr]
    assert names(ada, "cleo") == []
    assert names(ada, "lamp")
