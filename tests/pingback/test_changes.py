"""What a team has to choose from, told to its members and to nobody else."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from businesses.models import Business, Team
from conversations.models import CannedResponse, Macro, SavedView, Tag
from pingback.realtime import rooms

MAKE: dict[str, Callable[[Business, User], Any]] = {
    "a saved reply": lambda acme, ada: CannedResponse.objects.create(business=acme, author=ada, shortcut="hi"),
    "a macro": lambda acme, _ada: Macro.objects.create(business=acme, name="Bye"),
    "a view": lambda acme, ada: SavedView.objects.create(business=acme, owner=ada, name="Open", filter={}),
    "a tag": lambda acme, _ada: Tag.objects.create(business=acme, name="Refund"),
    "a team": lambda acme, _ada: Team.objects.create(business=acme, name="Night"),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", MAKE)
def test_its_members_hear_when_it_is_made_changed_and_gone(
    ada: User, acme: Business, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Any] = []
    monkeypatch.setattr("pingback.realtime.publish._hand_over", heard.extend)

    def told() -> list[str]:
        found = [each["room"] for each in heard if "settings_changed" in each.get("packet", "")]
        heard.clear()
        return found

    made = MAKE[what](acme, ada)
    assert told() == [rooms.business(acme.pk)]
    made.save()
    assert told() == [rooms.business(acme.pk)]
    made.delete()
    assert told() == [rooms.business(acme.pk)]
