"""Conversations that wait for a person: flagged by the assistant, gone from the queue once a person is there."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from businesses.models import Business, FeedEvent
from conversations.models import Conversation, HandoffReason, SenderType, Status
from conversations.services import assigning, handling
from conversations.services.handoffs import flag_for_person
from conversations.services.message_drafts import Draft
from conversations.services.messages import post_messages
from tests import builders

pytestmark = pytest.mark.django_db


def flagged(acme: Business, **fields: Any) -> Conversation:
    conversation = builders.conversation(acme, **fields)
    return flag_for_person(conversation=conversation, reason=HandoffReason.LOW_CONFIDENCE).conversation


def test_the_queue_answers_as_the_contract_says_the_longest_waiting_first(
    acme: Business, ada: User, mallory: User, django_assert_num_queries: Any
) -> None:
    first, second = flagged(acme), flagged(acme)
    builders.conversation(acme)
    flag_for_person(conversation=first, reason=HandoffReason.USER_REQUESTED)
    client = builders.api(ada)

    with django_assert_num_queries(2):  # who calls, conversations
        rows = client.get("/api/v1/team/pending-handoffs").json()

    assert [row["id"] for row in rows] == [str(first.pk), str(second.pk)]
    assert {**rows[0], "created_at": None} == {
        "id": str(first.pk),
        "customer_id": str(first.customer_id),
        "handoff_reason": "user_requested",
        "status": "open",
        "created_at": None,
    }
    assert builders.api(ada).get("/api/v1/team/pending-handoffs?limit=1&page=2").json()[0]["id"] == str(second.pk)
    assert builders.api(mallory).get("/api/v1/team/pending-handoffs").json() == []
    body = builders.api(ada).get(f"/api/v1/conversations/{first.pk}").json()
    assert body["handoff_reason"] == "user_requested"


TAKEN_UP: dict[str, Callable[[Conversation, User], object]] = {
    "answered": lambda row, ben: builders.answers(ben, row, "Hello, Ben here"),
    "assigned": lambda row, ben: assigning.assign_conversation(conversation=row, agent_id=ben.pk, actor=ben),
    "claimed": lambda row, ben: assigning.claim_conversation(conversation=row, user=ben),
    "resolved": lambda row, ben: handling.resolve_conversation(conversation=row, actor=ben),
    "closed": lambda row, ben: handling.close_conversation(conversation=row, actor=ben),
}


@pytest.mark.parametrize("how", TAKEN_UP)
def test_a_person_who_takes_it_up_ends_the_waiting(acme: Business, ben: User, how: str) -> None:
    conversation = flagged(acme)
    TAKEN_UP[how](conversation, ben)
    conversation.refresh_from_db()
    assert (conversation.handoff_reason, conversation.handoff_at) == ("", None)


def test_who_has_it_already_ends_the_waiting_by_answering_and_the_team_is_told(acme: Business, ben: User) -> None:
    conversation = builders.conversation(acme)
    builders.answers(ben, conversation, "First")
    flag_for_person(conversation=conversation, reason=HandoffReason.COMPLEX_ISSUE)
    builders.answers(ben, conversation, "Second")
    conversation.refresh_from_db()
    assert conversation.handoff_reason == ""
    assert FeedEvent.objects.latest("seq").kind == "conversation.updated"


def test_neither_the_customer_nor_the_assistant_is_the_person(acme: Business) -> None:
    conversation = flagged(acme)
    builders.says(conversation, "Anybody there?")
    automatic = Draft(conversation_id=conversation.pk, sender_type=SenderType.AGENT, content="Somebody will come.")
    post_messages([automatic])
    conversation.refresh_from_db()
    assert conversation.handoff_reason == HandoffReason.LOW_CONFIDENCE


def test_what_is_parked_opens_and_what_is_done_stays_done(acme: Business, ada: User) -> None:
    parked, done = builders.conversation(acme), builders.conversation(acme)
    handling.park_conversation(conversation=parked, actor=ada)
    handling.resolve_conversation(conversation=done, actor=ada)
    for conversation in (parked, done):
        flag_for_person(conversation=conversation, reason=HandoffReason.LOW_CONFIDENCE)
        conversation.refresh_from_db()
    assert (parked.status, parked.handoff_reason) == (Status.OPEN, "low_confidence")
    assert (done.status, done.handoff_reason) == (Status.RESOLVED, "")


def test_the_same_reason_again_tells_nobody(acme: Business) -> None:
    conversation = flagged(acme)
    told = FeedEvent.objects.count()
    assert not flag_for_person(conversation=conversation, reason=HandoffReason.LOW_CONFIDENCE).changed
    assert FeedEvent.objects.count() == told
