"""Customers out of a CSV: what each line does, and whom none of them finds."""

import json
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import AsyncClient

from accounts.models import User
from businesses.models import AuditEntry, Business, FeedEvent
from conversations import people
from conversations.models import Customer
from conversations.services.importing_customers import MOST_BYTES, Outcome, import_customers, rows_of
from foundation.errors import Unprocessable
from foundation.spreadsheets import csv_lines
from tests import builders
from tests.pages.conftest import SignIn

PAGE = "/customers/import/"


def _import(actor: User, text: str) -> Outcome:
    return import_customers(actor=actor, rows=rows_of(text))


def test_a_file_is_looked_at_first_and_then_comes_in_at_once(ada: User, acme: Business, sign_in: SignIn) -> None:
    client = sign_in(ada)
    text = "Name;email;plan\nGrace;grace@example.com;Pro\nLinus;nonsense;\n"
    looked = client.post(PAGE, {"file": SimpleUploadedFile("c.csv", text.encode())})
    assert not Customer.objects.exists()
    assert "1 new, 0 changed, 0 as they are, 1 left out" in looked.content.decode()
    assert "<b>3</b>: Write an e-mail address" in looked.content.decode()

    assert client.post(PAGE, {"csv": text}).status_code == 302
    grace = Customer.objects.get()
    assert (grace.name, grace.email, grace.attributes, grace.verified) == (
        "Grace",
        "grace@example.com",
        {"plan": "Pro"},
        False,
    )
    assert list(FeedEvent.objects.values_list("kind", flat=True)) == ["customer.created"]
    assert AuditEntry.objects.get(action="customers.imported").data == {"new": 1, "changed": 0}


def test_how_far_it_is_is_told_while_it_comes_in(ada: User, acme: Business, sign_in: SignIn) -> None:
    text = "name\n" + "".join(f"C{number}\n" for number in range(120))
    client = sign_in(ada)

    async def asked(text: str) -> list[Any]:
        answer = await browser.post(PAGE, {"csv": text}, headers={"X-Requested-With": "fetch"})
        return [
            json.loads(line) for line in (b"".join([piece async for piece in answer.streaming_content])).splitlines()
        ]

    browser = AsyncClient()
    browser.cookies = client.cookies
    assert async_to_sync(asked)(text) == [
        {"done": 50, "of": 120},
        {"done": 100, "of": 120},
        {"done": 120, "of": 120},
        {"told": "120 new customers, 0 changed, 0 lines left out."},
    ]
    assert Customer.objects.count() == 120
    assert client.post(PAGE, {"csv": "x"}, headers={"X-Requested-With": "fetch"}).status_code == 422


def test_the_strongest_key_finds_and_what_somebody_claims_finds_nobody(ada: User, acme: Business) -> None:
    proven = builders.customer(acme, "Dora", external_id="7", verified=True)
    silent = builders.customer(acme, "Grace", email="g@example.com")
    claims = builders.customer(acme, "Cleo", external_id="8", email="c@example.com")
    builders.conversation(acme, customer=claims)
    done = _import(ada, "external_id,email,phone\n7,,1\n,g@example.com,2\n8,,3\n,c@example.com,4\n7,,5\n")

    assert [len(done.new), len(done.changed)] == [2, 2]
    assert done.flaws == [(6, "The same customer as in line 2.")]
    for customer, phone in ((proven, "1"), (silent, "2"), (claims, "")):
        customer.refresh_from_db()
        assert customer.phone == phone


def test_what_was_exported_comes_in_again_as_nothing_new(ada: User, acme: Business) -> None:
    builders.customer(acme, "=Grace", phone="+49 30 1", attributes={"plan": "Pro", "seats": 3, "beta": True})
    builders.customer(acme, "Dora", email="d@example.com", external_id="7", verified=True)
    rows = [row for batch in people.export(ada, people.Filter()) for row in batch]
    done = _import(ada, csv_lines(rows))
    assert (done.new, done.changed, done.same, done.flaws) == ([], [], 2, [])


def test_nothing_of_others_and_nothing_that_is_proven_is_changed(ada: User, mallory: User, acme: Business) -> None:
    theirs = builders.customer(mallory.memberships.get().business, "M")
    proven = builders.customer(acme, "Dora", external_id="7", verified=True)
    done = _import(ada, f"id,external_id,name\n{theirs.pk},,x\n{proven.pk},8,y\n{proven.pk}x,,z\n")
    assert [number for number, _why in done.flaws] == [2, 3, 4]
    assert not Customer.objects.filter(name__in="xyz").exists()


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2", "name,name\n1,2", 'name\n"x', "name\n" + "x\n" * 1001, "name\n" + "x" * MOST_BYTES]
)
def test_what_is_no_such_file_is_refused(text: str) -> None:
    with pytest.raises(Unprocessable):
        rows_of(text)


def test_a_program_imports_likewise(ada: User, acme: Business) -> None:
    api, text = builders.api(ada), "name,email\nGrace,g@example.com\nLinus,x\n"
    answers = [api.post("/api/v1/customers/import", {"csv": text, "preview": each}).json() for each in (True, False)]
    assert answers[0] == answers[1]
    assert (answers[1]["new"], [each["line"] for each in answers[1]["left_out"]]) == (1, [3])
    assert Customer.objects.get().name == "Grace"
    assert api.post("/api/v1/customers/import", {"csv": "x"}).json()["detail"][0]["loc"] == ["body", "csv"]


def test_many_lines_ask_as_many_questions_as_one(
    ada: User, acme: Business, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    text = "name,email\n" + "".join(f"C{number},c{number}@example.com\n" for number in range(40))
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        assert len(_import(ada, text).new) == 40
