"""The audit log: what was done is written down together with it."""

import pytest

from accounts import events
from accounts.models import User
from businesses import audit
from businesses.models import AuditEntry, Business
from tests import builders

pytestmark = pytest.mark.django_db


def test_a_row_says_who_did_what_to_which_thing(acme: Business, ada: User) -> None:
    audit.record("workspace.renamed", business_id=acme.pk, actor=ada, target=acme, to="Acme Ltd")

    row = AuditEntry.objects.get(action="workspace.renamed")
    assert (row.business_id, row.actor_name, row.target_name) == (acme.pk, ada.email, "Acme")
    assert row.data == {"to": "Acme Ltd"}


def test_what_happens_to_an_account_is_seen_by_every_workspace_of_the_person(acme: Business, ben: User) -> None:
    other = builders.workspace(builders.person("Olga"), "Other")
    builders.member(other, ben)

    events.tell("password.changed", user=ben)

    rows = AuditEntry.objects.filter(action="password.changed")
    assert {row.business_id for row in rows} == {acme.pk, other.pk}


def test_what_was_tried_on_nobodys_account_belongs_to_no_workspace(acme: Business) -> None:
    events.tell("session.failed", email="nobody@example.com")

    assert AuditEntry.objects.get(action="session.failed").business_id is None
