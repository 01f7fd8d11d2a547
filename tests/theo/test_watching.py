"""Who asks for a person is in the queue without anybody having read it."""

import threading

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from businesses.models import Business
from conversations.models import ActivityKind, HandoffReason, SenderType
from conversations.services.assigning import assign_conversation
from conversations.services.handoffs import flag_for_person
from tests import builders
from theo.watching import flag_who_wants_a_person

pytestmark = pytest.mark.django_db


def look() -> None:
    flag_who_wants_a_person(threading.Event())


def test_who_asks_for_a_person_is_flagged_and_others_are_not(ben: User, acme: Business) -> None:
    asks = builders.conversation(acme, content="Please let me talk to a human.")
    other = builders.conversation(acme, content="Where is my parcel?")

    look()

    asks.refresh_from_db()
    other.refresh_from_db()
    assert (asks.handoff_reason, other.handoff_reason) == ("user_requested", "")

    builders.answers(ben, asks, "Here I am.")
    look()
    asks.refresh_from_db()
    assert asks.handoff_reason == ""


def test_who_complains_is_flagged_too(acme: Business) -> None:
    complains = builders.conversation(acme, content="This is unacceptable, I will call my lawyer.")

    look()

    complains.refresh_from_db()
    assert complains.handoff_reason == "complex_issue"


def test_who_waits_since_theo_was_not_sure_waits_for_what_they_say_then(ben: User, acme: Business) -> None:
    asks = builders.conversation(acme, content="Do you have a jacuzzi?")
    since = flag_for_person(conversation=asks, reason=HandoffReason.LOW_CONFIDENCE).conversation.handoff_at
    builders.says(asks, "human")

    look()
    look()

    asks.refresh_from_db()
    assert (asks.handoff_reason, asks.handoff_at) == ("user_requested", since)
    lines = asks.activities.filter(kind=ActivityKind.HANDED_OVER)
    assert lines.count() == 2
    assert not asks.messages.filter(sender_type=SenderType.AGENT).exists()

    builders.says(asks, "This is unacceptable, I will call my lawyer.")
    look()
    asks.refresh_from_db()
    assert asks.handoff_reason == "user_requested"


def test_whom_somebody_has_is_left_alone_and_a_quiet_moment_costs_one_query(
    ada: User, ben: User, acme: Business
) -> None:
    asks = builders.conversation(acme, content="Please let me talk to a human.")
    assign_conversation(conversation=asks, actor=ada, agent_id=ben.pk)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        look()

    assert len(queries) == 1
    asks.refresh_from_db()
    assert asks.handoff_reason == ""
