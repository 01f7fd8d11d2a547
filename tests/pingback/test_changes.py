"""What a team has to choose from, told to its members and to nobody else."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from businesses.models import Business, Team
from conversations.models import CannedResponse, Macro, SavedView, Tag
from conversations.saved_views.services import create_view, update_view
from pingback.realtime import rooms
from tests.builders import person, workspace

OPEN = {"all": [{"field": "status", "op": "is", "value": "open"}]}
MAKE: dict[str, Callable[[Business, User], Any]] = {
    "a saved reply": lambda acme, ada: CannedResponse.objects.create(business=acme, author=ada, shortcut="hi"),
    "a macro": lambda acme, _ada: Macro.objects.create(business=acme, name="Bye"),
    "a view": lambda acme, ada: SavedView.objects.create(
        business=acme, owner=ada, name="Open", filter=OPEN, shared=True
    ),
    "a tag": lambda acme, _ada: Tag.objects.create(business=acme, name="Refund"),
    "a team": lambda acme, _ada: Team.objects.create(business=acme, name="Night"),
}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """The rooms that heard of it since the last look."""
    heard: list[Any] = []
    monkeypatch.setattr("pingback.realtime.publish._hand_over", heard.extend)

    def look() -> list[str]:
        found = [each["room"] for each in heard if "settings_changed" in each.get("packet", "")]
        heard.clear()
        return found

    return look


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", MAKE)
def test_its_members_hear_when_it_is_made_changed_and_gone(
    ada: User, acme: Business, what: str, told: Callable[[], list[str]]
) -> None:
    made = MAKE[what](acme, ada)
    assert told() == [rooms.business(acme.pk)]
    made.save()
    assert told() == [rooms.business(acme.pk)]
    made.delete()
    assert told() == [rooms.business(acme.pk)]


@pytest.mark.django_db(transaction=True)
def test_a_private_view_is_told_to_its_owner_alone(ben: User, acme: Business, told: Callable[[], list[str]]) -> None:
    own = [rooms.member(acme.memberships.get(user=ben).pk)]
    view = create_view(actor=ben, name="Mine", filter=OPEN)
    assert told() == own
    update_view(actor=ben, view_id=view.pk, name="Of mine", shared=False)
    assert told() == own

    update_view(actor=ben, view_id=view.pk, shared=True)
    assert told() == [rooms.business(acme.pk)]
    update_view(actor=ben, view_id=view.pk, shared=False)
    assert told() == [rooms.business(acme.pk)]


@pytest.mark.django_db(transaction=True)
def test_what_changes_together_is_told_once_to_each_workspace(
    ada: User, acme: Business, told: Callable[[], list[str]]
) -> None:
    other = workspace(person("Ben"), "Globex")
    with transaction.atomic():
        for make in MAKE.values():
            make(acme, ada)
        Tag.objects.create(business=other, name="Refund")
    assert told() == [rooms.business(acme.pk), rooms.business(other.pk)]


@pytest.mark.django_db(transaction=True)
def test_what_was_taken_back_hides_nothing_that_stands(acme: Business, told: Callable[[], list[str]]) -> None:
    with transaction.atomic():
        with transaction.atomic():
            Tag.objects.create(business=acme, name="Refund")
            transaction.set_rollback(True)
        Tag.objects.create(business=acme, name="Late")
    assert told() == [rooms.business(acme.pk)]
