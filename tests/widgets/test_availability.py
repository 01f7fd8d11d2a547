"""What visitors may know of who is there: from the business hours, live members and real answers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from businesses.models import Business, Membership
from conversations.models import Conversation
from tests import builders
from widgets.availability import availability_of
from widgets.models import Widget

pytestmark = pytest.mark.django_db


@pytest.fixture
def widget(ada: User, acme: Business) -> Widget:
    return builders.widget(ada, "acme.com")


def asked(widget: Widget) -> dict[str, Any]:
    response = Client().get(f"/api/v1/widget/{widget.pk}/availability")
    assert (response.status_code, response["Access-Control-Allow-Origin"]) == (200, "*")
    return dict(response.json())


def test_somebody_is_online_while_it_is_open_and_a_member_is_live(widget: Widget, acme: Business) -> None:
    assert asked(widget)["is_online"] is False
    Membership.objects.filter(business=acme).update(status="live")
    assert asked(widget)["is_online"] is True
    acme.hours = {"monday": [["09:00", "17:00"]]}
    acme.save()
    with time_machine.travel(datetime(2026, 11, 24, 10, 0, tzinfo=UTC), tick=False):  # a Tuesday
        answer = asked(widget)
    assert answer == {
        "is_open": False,
        "is_online": False,
        "changes_at": "2026-11-30T09:00:00Z",
        "reply_time": None,
    }


def test_members_of_others_and_removed_ones_are_nobody_here(widget: Widget, acme: Business, mallory: User) -> None:
    mallory.memberships.update(status="live")
    builders.member(acme, builders.person("Eve"))
    acme.memberships.filter(user__full_name="Eve").update(status="live", is_active=False)
    assert asked(widget)["is_online"] is False


def test_a_widget_without_the_badge_says_nothing_of_it(widget: Widget, acme: Business) -> None:
    acme.memberships.update(status="live")
    widget.show_online_badge = False
    widget.save()
    assert asked(widget)["is_online"] is None


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        ([1, 2, 3, 200, 900], "minutes"),
        ([1, 20, 30, 40, 900], "hour"),
        ([90, 90, 90, 90, 90], "hours"),
        ([700, 700, 700, 700, 1], "day"),
        ([5000, 5000, 5000, 5000, 1], None),
        ([1, 1, 1, 1], None),
    ],
)
def test_the_reply_time_is_what_it_was_lately(
    widget: Widget, acme: Business, minutes: list[int], said: str | None
) -> None:
    for waited in minutes:
        conversation = builders.conversation(acme)
        Conversation.objects.filter(pk=conversation.pk).update(
            first_response_at=conversation.created_at + timedelta(minutes=waited)
        )
    old = builders.conversation(acme)
    long_ago = timezone.now() - timedelta(days=40)
    Conversation.objects.filter(pk=old.pk).update(created_at=long_ago, first_response_at=long_ago)
    assert asked(widget)["reply_time"] == said
    acme.reply_time = "hour"
    acme.save()
    assert asked(widget)["reply_time"] == "hour"
    acme.reply_time = "unsaid"
    acme.save()
    assert asked(widget)["reply_time"] is None


def test_it_takes_three_questions_however_much_there_is(
    widget: Widget, acme: Business, django_assert_num_queries: Any
) -> None:
    for _ in range(8):
        builders.conversation(acme)
    widget = Widget.objects.get(pk=widget.pk)
    with django_assert_num_queries(3):
        availability_of(widget)
