"""Customers out of a CSV: what each line does, whom none of them finds, and how a long file comes in by and by."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.utils import timezone

from accounts.models import User
from businesses.models import AuditEntry, Business, FeedEvent
from conversations import people
from conversations.models import Customer, CustomerImport, CustomerImportPart
from conversations.services import customer_imports
from conversations.services.customer_imports import SOME, begin_import, go_on, receive_file
from conversations.services.importing_customers import MOST_ROWS, sheet_of
from foundation.errors import Invalid, Unprocessable
from foundation.spreadsheets import csv_lines
from tests import builders
from tests.pages.conftest import SignIn

PAGE, API = "/customers/import/", "/api/v1/customers/import"


def _import(actor: User, text: str, *, looks_first: bool = False) -> CustomerImport:
    return receive_file(actor=actor, sheet=sheet_of(text), looks_first=looks_first)


def _names(many: int) -> str:
    return "name,email\n" + "".join(f"C{number},c{number}@example.com\n" for number in range(many))


def _file(text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("c.csv", text.encode())


def _counts(one: CustomerImport) -> tuple[int, int, int, int]:
    return one.new, one.changed, one.same, one.left_out


def test_a_file_is_looked_at_first_and_then_comes_in(ada: User, acme: Business, sign_in: SignIn) -> None:
    client = sign_in(ada)
    text = "Name;email;plan\nGrace;grace@example.com;Pro\nLinus;nonsense;\n"
    address = client.post(PAGE, {"file": _file(text)})["Location"]
    looked = client.get(address).content.decode()
    assert not Customer.objects.exists()
    assert "1 new, 0 changed, 0 as they are, 1 left out." in looked
    assert "Line 3" in looked
    assert "Write an e-mail address" in looked

    assert client.post(address, {"do": "begin"})["Location"] == address
    grace = Customer.objects.get()
    assert (grace.name, grace.email, grace.attributes, grace.verified) == (
        "Grace",
        "grace@example.com",
        {"plan": "Pro"},
        False,
    )
    assert list(FeedEvent.objects.values_list("kind", flat=True)) == ["customer.created"]
    assert AuditEntry.objects.get(action="customers.imported").data == {"new": 1, "changed": 0}
    assert AuditEntry.objects.get(action="customers.import_begun").session_id
    shown = client.get(address)
    assert "1 new, 0 changed, 0 as they are, 1 left out." in shown.content.decode()
    assert "Refresh" not in shown
    assert "c.csv" in client.get(PAGE).content.decode()
    assert client.post(address, {"do": "begin"}).status_code == 400
    assert not CustomerImportPart.objects.exists()


def test_a_long_file_comes_in_by_and_by_and_the_page_says_how_far(ada: User, acme: Business, sign_in: SignIn) -> None:
    client = sign_in(ada)
    address = client.post(PAGE, {"file": _file(_names(2 * SOME + 10))})["Location"]
    page = client.get(address)
    assert (page["Refresh"], f"{SOME} of {2 * SOME + 10} lines" in page.content.decode()) == ("2", True)
    for _ in range(2):
        go_on(threading.Event())
    assert "Refresh" not in client.get(address)
    assert not Customer.objects.exists()

    client.post(address, {"do": "begin"})
    page = client.get(address)
    assert (page["Refresh"], f"{SOME} of {2 * SOME + 10} lines" in page.content.decode()) == ("2", True)
    assert Customer.objects.count() == SOME
    for _ in range(2):
        go_on(threading.Event())
    one = CustomerImport.objects.get()
    assert (one.state, _counts(one)) == ("done", (2 * SOME + 10, 0, 0, 0))
    assert Customer.objects.count() == 2 * SOME + 10
    assert AuditEntry.objects.filter(action="customers.imported").count() == 1


def test_a_worker_that_dies_in_a_part_stores_nothing_of_it_and_the_next_one_goes_on(
    ada: User, acme: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = _import(ada, _names(2 * SOME))

    def dies(*_given: Any, **_how: Any) -> None:
        raise OperationalError("gone")

    with monkeypatch.context() as broken:
        broken.setattr(customer_imports, "_count", dies)  # behind the storing, before it is counted
        go_on(threading.Event())
    assert Customer.objects.count() == SOME

    go_on(threading.Event())
    go_on(threading.Event())

    one.refresh_from_db()
    assert (one.state, Customer.objects.count()) == ("done", 2 * SOME)


def test_what_breaks_it_ends_it_and_says_so(
    ada: User, acme: Business, monkeypatch: pytest.MonkeyPatch, sign_in: SignIn
) -> None:
    one = _import(ada, _names(2 * SOME))
    monkeypatch.setattr(customer_imports, "store_lines", lambda **_given: 1 / 0)
    go_on(threading.Event())

    page = sign_in(ada).get(f"{PAGE}{one.pk}/")
    assert "Something went wrong here." in page.content.decode()
    assert "Refresh" not in page
    assert not CustomerImportPart.objects.exists()
    assert AuditEntry.objects.get(action="customers.imported").data["new"] == SOME


def test_a_stopped_one_goes_no_further_and_only_one_runs_at_a_time(ada: User, acme: Business, sign_in: SignIn) -> None:
    one = _import(ada, _names(2 * SOME))
    with pytest.raises(Invalid):
        _import(ada, _names(1))
    waits = _import(ada, "name\nGrace\n", looks_first=True)
    with pytest.raises(Invalid):
        begin_import(one=waits, actor=ada)

    sign_in(ada).post(f"{PAGE}{one.pk}/", {"do": "stop"})
    go_on(threading.Event())

    one.refresh_from_db()
    assert (one.state, Customer.objects.count()) == ("stopped", SOME)
    assert begin_import(one=waits, actor=ada).state == "done"


def test_what_nobody_decided_about_is_forgotten_and_the_last_ten_are_kept(ada: User, acme: Business) -> None:
    undecided = _import(ada, "name\nGrace\n", looks_first=True)
    CustomerImport.objects.update(created_at=timezone.now() - timedelta(days=2))
    for _ in range(customer_imports.KEPT + 2):
        _import(ada, "name,email\nGrace,g@example.com\n")
    assert CustomerImport.objects.count() == customer_imports.KEPT

    fresh = _import(ada, "name\nGrace\n", looks_first=True)
    old = _import(ada, "name\nGrace\n", looks_first=True)
    CustomerImport.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=2))
    go_on(threading.Event())

    assert not CustomerImport.objects.filter(pk__in=[undecided.pk, old.pk]).exists()
    assert CustomerImport.objects.get(pk=fresh.pk).state == "looked_at"


def test_who_has_many_files_looked_at_holds_up_nobody_else(ada: User, mallory: User, acme: Business) -> None:
    looked = [_import(mallory, _names(3 * SOME), looks_first=True) for _ in range(6)]
    one = _import(ada, _names(2 * SOME))
    go_on(threading.Event())

    one.refresh_from_db()
    assert one.state == "done"
    states = [CustomerImport.objects.get(pk=each.pk).state for each in looked]
    assert states == ["stopped"] * 5 + ["looking"]


@pytest.mark.django_db(transaction=True)
def test_of_two_that_ask_at_once_one_runs(ada: User, acme: Business) -> None:
    sheet, refused = sheet_of(_names(2 * SOME)), []

    def asks() -> None:
        try:
            receive_file(actor=User.objects.get(pk=ada.pk), sheet=sheet, looks_first=False)
        except Invalid:
            refused.append(1)
        finally:
            connection.close()

    threads = [threading.Thread(target=asks) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert (len(refused), CustomerImport.objects.count()) == (2, 1)


def test_the_strongest_key_finds_and_what_somebody_claims_finds_nobody(ada: User, acme: Business) -> None:
    proven = builders.customer(acme, "Dora", external_id="7", verified=True)
    silent = builders.customer(acme, "Grace", email="g@example.com")
    claims = builders.customer(acme, "Cleo", external_id="8", email="c@example.com")
    builders.conversation(acme, customer=claims)
    done = _import(ada, "external_id,email,phone\n7,,1\n,g@example.com,2\n8,,3\n,c@example.com,4\n7,,5\n")

    assert _counts(done) == (2, 2, 0, 1)
    assert done.flaws == [[6, "The same customer as in line 2."]]
    for customer, phone in ((proven, "1"), (silent, "2"), (claims, "")):
        customer.refresh_from_db()
        assert customer.phone == phone


def test_what_was_exported_comes_in_again_whole_as_nothing_new(ada: User, acme: Business) -> None:
    builders.customer(acme, "=Grace", phone="+49 30 1", attributes={"plan": "Pro", "seats": 3, "beta": True})
    builders.customer(acme, "Dora", email="d@example.com", external_id="7", verified=True)
    Customer.objects.bulk_create(Customer(business=acme, name=f"C{number}") for number in range(2 * SOME))
    rows = [row for batch in people.export(ada, people.Filter()) for row in batch]
    one = _import(ada, csv_lines(rows))
    for _ in range(2):
        go_on(threading.Event())

    one.refresh_from_db()
    assert (one.state, _counts(one)) == ("done", (0, 0, 2 * SOME + 2, 0))


def test_nothing_of_others_and_nothing_that_is_proven_is_changed(ada: User, mallory: User, acme: Business) -> None:
    theirs = builders.customer(mallory.memberships.get().business, "M")
    proven = builders.customer(acme, "Dora", external_id="7", verified=True)
    done = _import(ada, f"id,external_id,name\n{theirs.pk},,x\n{proven.pk},8,y\n{proven.pk}x,,z\n")
    assert [number for number, _why in done.flaws] == [2, 3, 4]
    assert not Customer.objects.filter(name__in="xyz").exists()


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2", "name,name\n1,2", 'name\n"x', "name\n" + "x\n" * (MOST_ROWS + 1), "name\nx\0"]
)
def test_what_is_no_such_file_is_refused(text: str) -> None:
    with pytest.raises(Unprocessable):
        sheet_of(text)


def test_of_a_file_with_too_many_lines_the_rest_is_not_even_read() -> None:
    with pytest.raises(Unprocessable) as refused:
        sheet_of("name\n" + "\n" * (MOST_ROWS + 1) + '"never closed')
    assert refused.value.detail == f"At most {MOST_ROWS} lines a file."


def test_the_page_says_what_is_wrong_with_a_file(ada: User, acme: Business, sign_in: SignIn) -> None:
    client = sign_in(ada)
    for given in ({}, {"file": _file("x")}, {"file": SimpleUploadedFile("c.csv", b"name\n\xff")}):
        answer = client.post(PAGE, given)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.content.decode()
    assert not CustomerImport.objects.exists()


def test_a_program_imports_likewise(ada: User, mallory: User, acme: Business) -> None:
    api, text = builders.api(ada), "name,email\nGrace,g@example.com\nLinus,x\n"
    looked = api.post(API, {"csv": text, "preview": True})
    assert (looked.status_code, looked.json()["state"], looked.json()["new"]) == (201, "looked_at", 1)
    assert not Customer.objects.exists()
    address = f"/api/v1/customers/imports/{looked.json()['id']}"
    assert builders.api(mallory).get(address).status_code == 404

    begun = api.post(f"{address}/begin").json()
    assert (begun["state"], begun["new"], [each["line"] for each in begun["left_out"]]) == ("done", 1, [3])
    assert Customer.objects.get().name == "Grace"
    again = api.post(API, {"csv": text}).json()
    assert (again["state"], again["same"], again["left_out_count"]) == ("done", 1, 1)
    assert [each["id"] for each in api.get("/api/v1/customers/imports").json()] == [again["id"], looked.json()["id"]]
    assert api.post(API, {"csv": "x"}).json()["detail"][0]["loc"] == ["body", "csv"]


def test_a_program_sends_a_long_file_as_one_and_asks_how_far_it_is(ada: User, acme: Business) -> None:
    api, text = builders.api(ada), _names(30_000)
    assert len(text) > settings.JSON_BODY_BYTES
    made = api.post(API, {"file": _file(text)}, format="multipart").json()
    assert (made["name"], made["state"], made["total"], made["done"]) == ("c.csv", "running", 30_000, SOME)
    go_on(threading.Event())
    address = f"/api/v1/customers/imports/{made['id']}"
    assert api.get(address).json()["done"] == 2 * SOME
    assert api.delete(address).status_code == 200
    assert api.get(address).json()["state"] == "stopped"


def test_many_lines_ask_as_many_questions_as_one(
    ada: User, acme: Business, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    with django_assert_max_num_queries(30):  # type: ignore[operator]
        assert _import(ada, _names(SOME)).new == SOME
