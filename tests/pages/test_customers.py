"""The customers' pages: who is in the list, what is written down, and what is left of a deleted one."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from businesses.models import AuditEntry, Business, FeedEvent, Role
from conversations import people
from conversations.models import ChannelType, Conversation, Customer, Message
from conversations.search.models import SearchEntry
from tests import builders
from tests.pages.conftest import SignIn

PAGE = "/customers/"
API = "/api/v1/customers"


def _names(client: Client, query: str = "") -> set[str]:
    page = client.get(f"{PAGE}{query}")
    assert page.status_code == 200
    text = page.content.decode()
    return {name for name in ("Cleo", "Dora", "Grace") if f">{name}</a>" in text}


def _queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


@pytest.fixture
def three(acme: Business) -> dict[str, Customer]:
    """Cleo writes on the site, Dora by e-mail, and is verified; Grace never wrote and is blocked."""
    cleo = builders.customer(acme, email="cleo@example.com")
    dora = builders.customer(acme, "Dora", email="dora@example.com", external_id="7", verified=True)
    grace = builders.customer(acme, "Grace", phone="+49 30 1", blocked_at=timezone.now())
    builders.conversation(acme, customer=cleo)
    builders.conversation(acme, customer=dora, type=ChannelType.EMAIL)
    Customer.objects.filter(pk=cleo.pk).update(last_seen_at=timezone.now() - timedelta(days=9))
    Customer.objects.filter(pk=dora.pk).update(last_seen_at=timezone.now())
    return {"Cleo": cleo, "Dora": dora, "Grace": grace}


@pytest.mark.parametrize(
    ("page", "api", "who"),
    [
        ("", "", {"Cleo", "Dora", "Grace"}),
        ("?q=DORA@", "?q=DORA@", {"Dora"}),
        ("?q=49+30", "?q=49+30", {"Grace"}),
        ("?channel=email", "?channel=email", {"Dora"}),
        ("?verified=no", "?verified=false", {"Cleo", "Grace"}),
        ("?blocked=yes", "?blocked=true", {"Grace"}),
        ("?seen_since={week}", "?seen_since={week}", {"Dora"}),
        ("?sort=last_seen_at", "?sort=last_seen_at", {"Cleo", "Dora"}),
    ],
)
def test_page_and_api_narrow_the_list_alike(
    page: str, api: str, who: set[str], three: dict[str, Customer], ada: User, sign_in: SignIn
) -> None:
    week = timezone.localdate() - timedelta(days=7)

    assert _names(sign_in(ada), page.format(week=week)) == who
    found = builders.api(ada).get(f"{API}{api.format(week=week)}").json()["results"]
    assert {row["name"] for row in found} == who


def test_a_wrong_filter_says_so_and_an_old_address_leads_to_the_first_page(ada: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    client = sign_in(ada)
    assert client.get(f"{PAGE}?seen_since=x").status_code == 422
    assert client.get(f"{PAGE}?cursor=x").status_code == 302
    assert "Nobody yet" in client.get(PAGE).content.decode()
    assert "Nobody fits" in client.get(f"{PAGE}?q=zzz").content.decode()


def test_what_is_chosen_stands_above_the_list_and_can_be_left_out_again(
    three: dict[str, Customer], ada: User, sign_in: SignIn
) -> None:
    page = sign_in(ada).get(f"{PAGE}?q=o&channel=email&verified=yes&sort=last_seen_at")
    assert page.context["form"].chosen() == [
        ("Channel: E-mail", "q=o&verified=yes&sort=last_seen_at"),
        ("Identity: Verified", "q=o&channel=email&sort=last_seen_at"),
    ]


def test_list_and_page_ask_as_many_questions_for_many_rows_as_for_one(
    ada: User, acme: Business, sign_in: SignIn
) -> None:
    client = sign_in(ada)
    cleo = builders.customer(acme, attributes={"plan": "Pro"})
    builders.conversation(acme, customer=cleo)
    one, own = _queries(client, PAGE), _queries(client, f"{PAGE}{cleo.pk}/")
    Customer.objects.bulk_create(Customer(business=acme, name=f"C{number}") for number in range(60))
    for _ in range(10):
        builders.conversation(acme, customer=cleo)
    assert _queries(client, PAGE) == one <= 9
    assert _queries(client, f"{PAGE}{cleo.pk}/") == own <= 10


def test_what_is_written_otherwise_is_changed_and_the_rest_keeps_its_kind(
    ada: User, acme: Business, sign_in: SignIn
) -> None:
    cleo = builders.customer(acme, attributes={"plan": "Pro", "code": "007", "seats": 3})
    client = sign_in(ada)
    text = "plan: Team\ncode: 007\nbeta: true\nspent: 12.50"
    saved = client.post(f"{PAGE}{cleo.pk}/edit/", {"name": "Cleo M.", "phone": "+49 30 1", "attributes": text})
    refused = client.post(f"{PAGE}{cleo.pk}/edit/", {"name": "x", "attributes": "nonsense"})

    cleo.refresh_from_db()
    assert saved.status_code == 302
    assert refused.status_code == 422
    assert (cleo.name, cleo.phone) == ("Cleo M.", "+49 30 1")
    assert cleo.attributes == {"plan": "Team", "code": "007", "beta": True, "spent": 12.5}
    assert FeedEvent.objects.order_by("seq").last().kind == "customer.updated"  # type: ignore[union-attr]


def test_what_is_proven_stays_whatever_the_form_says(ada: User, acme: Business, sign_in: SignIn) -> None:
    dora = builders.customer(acme, "Dora", email="dora@example.com", external_id="7", verified=True)
    client = sign_in(ada)
    client.post(f"{PAGE}{dora.pk}/edit/", {"name": "Dora D.", "email": "x@example.com", "external_id": "8"})

    dora.refresh_from_db()
    assert (dora.name, dora.email, dora.external_id) == ("Dora D.", "dora@example.com", "7")


def test_the_panel_gets_a_fragment_and_a_sentence_when_it_is_refused(
    ada: User, acme: Business, sign_in: SignIn
) -> None:
    cleo, client = builders.customer(acme), sign_in(ada)
    headers = {"X-Requested-With": "fetch"}
    form = client.get(f"{PAGE}{cleo.pk}/edit/", headers=headers)
    refused = client.post(f"{PAGE}{cleo.pk}/edit/", {"email": "x"}, headers=headers)

    assert b"data-changing" in form.content
    assert b"<html" not in form.content
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith("E-mail: ")


def test_nothing_of_another_workspace(mallory: User, acme: Business, sign_in: SignIn) -> None:
    cleo, client = builders.customer(acme), sign_in(mallory)
    assert _names(client) == set()
    for what in ("", "edit/", "delete/"):
        assert client.get(f"{PAGE}{cleo.pk}/{what}").status_code == 404
        assert client.post(f"{PAGE}{cleo.pk}/{what}").status_code in {404, 405}
    assert Customer.objects.filter(pk=cleo.pk).exists()


def test_nothing_is_left_of_a_deleted_customer_but_an_id(ada: User, acme: Business, sign_in: SignIn) -> None:
    cleo = builders.customer(acme, "Cleo Marsh")
    for _ in range(2):
        builders.answers(ada, builders.conversation(acme, customer=cleo), "Hi")
    client = sign_in(ada)
    asked = client.get(f"{PAGE}{cleo.pk}/delete/").content.decode()
    assert "With 2 conversations" in asked
    assert client.post(f"{PAGE}{cleo.pk}/delete/").status_code == 302

    assert not Customer.objects.exists()
    assert not Conversation.objects.exists()
    assert not Message.objects.exists()
    assert not SearchEntry.objects.exclude(kind="article").exists()
    last = FeedEvent.objects.order_by("seq").last()
    assert last
    assert (last.kind, last.data) == ("customer.deleted", {"customer_id": str(cleo.pk)})
    assert FeedEvent.objects.filter(kind="conversation.deleted").count() == 2
    entry = AuditEntry.objects.get(action="customer.deleted")
    assert entry.target_name == entry.target_id == str(cleo.pk)


def test_agents_delete_nobody(acme: Business, sign_in: SignIn) -> None:
    abe = builders.person("Abe")
    builders.member(acme, abe, Role.AGENT)
    cleo = builders.customer(acme)
    client = sign_in(abe)
    assert client.post(f"{PAGE}{cleo.pk}/delete/").status_code == 404
    assert "Delete this customer" not in client.get(f"{PAGE}{cleo.pk}/").content.decode()
    assert builders.api(abe).delete(f"{API}/{cleo.pk}").status_code == 403
    assert Customer.objects.exists()


def test_the_export_holds_all_rows_under_the_filter_and_no_formula(
    ada: User, three: dict[str, Customer], acme: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "EXPORT_BATCH", 1)
    Customer.objects.filter(name="Cleo").update(attributes={"plan": "Pro", "beta": True})

    def rows(**chosen: Any) -> list[list[str]]:
        return [row for batch in people.export(ada, people.Filter(**chosen)) for row in batch][1:]

    assert [row[1] for row in rows()] == ["Grace", "Dora", "Cleo"]
    assert [row[1] for row in rows(verified=True)] == ["Dora"]
    assert json.loads(rows(q="cleo")[0][-1]) == {"plan": "Pro", "beta": True}
    assert AuditEntry.objects.filter(action="customers.exported").count() == 3


def test_over_the_api_the_same_rows_are_exported_by_the_same_rules(
    ada: User, three: dict[str, Customer], acme: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "EXPORT_BATCH", 1)
    Customer.objects.filter(name="Dora").update(name="=1+1")

    answer = builders.api(ada).post(f"{API}/export", {"verified": True})

    assert answer["Content-Type"].startswith("text/csv")
    assert "attachment" in answer["Content-Disposition"]
    names, only = csv.reader(io.StringIO(builders.downloaded(answer).decode()))
    assert (names[:2], only[1]) == (["id", "name"], "'=1+1")
    assert AuditEntry.objects.get(action="customers.exported").data["filters"] == ["verified: True"]
    assert builders.api(ada).post(f"{API}/export", {"sort": "best"}).status_code == 422
    assert builders.downloaded(builders.api(ada).post(f"{API}/export", {"q": "nobody"})).count(b"\n") == 1


def test_what_the_team_should_know_of_somebody_stands_beside_their_conversations(
    ada: User, acme: Business, sign_in: SignIn
) -> None:
    row, client, api = builders.conversation(acme), sign_in(ada), builders.api(ada)
    address = f"/customers/{row.customer_id}/edit/"
    assert client.post(address, {"name": "Cleo", "notes": "Runs a studio.\nPrefers *light* roasts."}).status_code == 302
    for page in (f"/inbox/{row.pk}/", f"/customers/{row.customer_id}/"):
        assert "Runs a studio.\nPrefers <b>light</b> roasts." in client.get(page).content.decode()
    assert api.get(f"/api/v1/customers/{row.customer_id}").json()["notes"].startswith("Runs a studio.")
    assert api.patch(f"/api/v1/customers/{row.customer_id}", {"notes": ""}).json()["notes"] is None
    assert api.patch(f"/api/v1/customers/{row.customer_id}", {"notes": "x" * 5001}).status_code == 422
