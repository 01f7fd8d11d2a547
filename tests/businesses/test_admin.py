"""What an operator does to the members of a workspace, in its form."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from businesses.models import AuditEntry, Business, Membership
from tests import builders
from tests.tenants import rows_of
from theo.articles import create_article

pytestmark = pytest.mark.django_db


def save_members(acme: Business, rows: list[dict[str, Any]], *, stored: int) -> Any:
    """Post the workspace's form as an operator; of its rows of members, the first `stored` ones exist."""
    operator = Client()
    operator.force_login(User.objects.create_superuser("root@example.com", builders.PASSWORD, full_name="Olga"))
    address = reverse("admin:businesses_business_change", args=[acme.pk])
    form = operator.get(address).context["adminform"].form
    data = {name: form[name].value() or "" for name in form.fields} | {
        "memberships-TOTAL_FORMS": len(rows),
        "memberships-INITIAL_FORMS": stored,
    }
    for number, row in enumerate(rows):
        data |= {f"memberships-{number}-{name}": value for name, value in row.items()}
    return operator.post(address, data)


def row_of(membership: Membership, **more: Any) -> dict[str, Any]:
    facts = {"id": membership.pk, "business": membership.business_id, "user": membership.user_id}
    return {**facts, "role": membership.role, "is_active": "on", **more}


def test_a_member_removed_in_the_form_of_the_workspace_loses_the_sockets(
    ada: User,
    ben: User,
    acme: Business,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    cut: list[Any] = []
    monkeypatch.setattr("pingback.realtime.publish.membership_ended", cut.append)
    membership = Membership.objects.get(user=ben)

    with django_capture_on_commit_callbacks(execute=True):
        answer = save_members(acme, [row_of(membership, DELETE="on")], stored=1)

    assert answer.status_code == 302
    assert not Membership.objects.filter(pk=membership.pk).exists()
    assert cut == [membership.pk]


@pytest.mark.parametrize("known", [True, False])
def test_a_row_that_was_begun_and_given_up_tells_of_no_removal(
    known: bool, acme: Business, mallory: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    cut: list[Any] = []
    monkeypatch.setattr("pingback.realtime.publish.membership_ended", cut.append)
    user = mallory.pk if known else ""
    given_up = {"id": "", "business": acme.pk, "user": user, "role": "agent", "is_active": "on", "DELETE": "on"}

    with django_capture_on_commit_callbacks(execute=True):
        assert save_members(acme, [given_up], stored=0).status_code == 302

    assert cut == []
    assert not Membership.objects.filter(business=acme, user=mallory).exists()


def test_a_workspace_is_deleted_with_all_of_it_and_its_neighbours_stay(
    ada: User,
    ben: User,
    acme: Business,
    mallory: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    cut: list[Any] = []
    monkeypatch.setattr("pingback.realtime.publish.membership_ended", cut.append)
    elsewhere = mallory.memberships.get().business
    for business in (acme, elsewhere):
        conversation = builders.conversation(business, content="Hello?")
        create_article(business=business, title="Returns", content="Within 30 days.")
    builders.widget(ada)
    builders.answers(ada, acme.conversations.get(), "Hello!")
    kept = rows_of(elsewhere)
    operator = Client()
    operator.force_login(User.objects.create_superuser("root@example.com", builders.PASSWORD, full_name="Olga"))
    address = reverse("admin:businesses_business_delete", args=[acme.pk])
    asked = operator.get(address).content.decode()
    assert "Conversations: 1" in asked

    with django_capture_on_commit_callbacks(execute=True):
        answer = operator.post(address, {"post": "yes"})

    assert answer.status_code == 302
    assert not Business.objects.filter(pk=acme.pk).exists()
    assert {name for name, rows in rows_of(acme).items() if rows} == {"businesses.AuditEntry"}
    assert len(cut) == 2
    assert rows_of(elsewhere) == kept
    assert conversation in elsewhere.conversations.all()
    assert AuditEntry.objects.filter(business_id=acme.pk, action="operator.deleted").exists()
    assert User.objects.filter(pk=ben.pk).exists()
