"""Working on a conversation: no reply past what one has not seen, snoozing, priority, blocking."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from conversations.events import Change, happened
from conversations.models import Activity, ChannelType, Conversation, Status
from conversations.services.blocking import set_blocked
from conversations.services.merging import merge_conversations
from conversations.services.merging_customers import merge_customers
from conversations.services.message_drafts import reply_draft
from conversations.services.messages import post_each, send_reply
from conversations.services.objections import Blocked
from conversations.services.snoozing import snooze_conversation, wake_due
from foundation.errors import Invalid, Stale
from tests import builders

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def conversation(acme: Business) -> Conversation:
    return builders.conversation(acme)


def test_a_reply_past_what_others_wrote_is_refused_once_and_told_the_news(
    conversation: Conversation, ada: User, ben: User
) -> None:
    builders.answers(ben, conversation, "On it")
    api, path = builders.api(ada), f"/api/v1/conversations/{conversation.pk}/messages"

    answer = api.post(path, {"content": "Hello", "seen_seq": 1})
    assert (answer.status_code, answer.json()["error"]) == (409, "stale")
    assert [message["content"] for message in answer.json()["news"]] == ["On it"]
    assert conversation.messages.count() == 2

    assert api.post(path, {"content": "Hello", "seen_seq": 1, "force": True}).status_code == 201
    assert api.post(path, {"content": "More", "seen_seq": 2}).status_code == 201  # what came is one's own
    assert api.post(path, {"content": "Most"}).status_code == 201  # who does not say is not asked


def test_one_that_cannot_be_woken_holds_up_no_other(conversation: Conversation, acme: Business, ada: User) -> None:
    good = builders.conversation(acme)
    for row in (conversation, good):
        snooze_conversation(conversation=row, until=timezone.now() + timedelta(hours=1), actor=ada)
    Conversation.objects.update(snoozed_until=timezone.now())

    def reject(*, changes: Mapping[UUID, Change], **_signal: Any) -> None:
        if any(event.conversation_id == conversation.pk for event in changes[acme.pk].events):
            raise RuntimeError

    happened.connect(reject)
    try:
        assert wake_due() == 1
    finally:
        happened.disconnect(reject)
    rows = Conversation.objects.in_bulk()
    assert (rows[good.pk].status, rows[conversation.pk].status) == (Status.OPEN, Status.PENDING)
    assert rows[conversation.pk].snoozed_until > timezone.now()


def test_a_stale_reply_that_was_stored_is_a_repeat_and_no_news(conversation: Conversation, ada: User) -> None:
    asked = {"conversation": conversation, "author": ada, "content": "Hi", "key": "k", "seen_seq": 1}
    first = send_reply(**asked)
    builders.says(conversation, "And?")
    assert send_reply(**asked).message == first.message
    with pytest.raises(Stale):
        send_reply(**{**asked, "key": "other"})


def test_to_say_what_was_seen_costs_no_statement_when_nothing_came(conversation: Conversation, ada: User) -> None:
    def cost(seen_seq: int | None) -> int:
        draft = reply_draft(
            business_id=conversation.business_id,
            conversation_id=conversation.pk,
            author=ada,
            content="Hi",
            seen_seq=seen_seq,
        )
        with CaptureQueriesContext(connection) as queries:
            post_each([draft])
        return len(queries)

    cost(None)  # she has it from now on
    assert cost(None) == cost(3)
    assert conversation.messages.count() == 4


def test_what_sleeps_wakes_when_its_time_has_come_and_says_so(conversation: Conversation, ada: User) -> None:
    snooze_conversation(conversation=conversation, until=timezone.now() + timedelta(hours=1), actor=ada)
    conversation.refresh_from_db()
    assert conversation.status == Status.PENDING
    assert wake_due() == 0

    Conversation.objects.update(snoozed_until=timezone.now())
    assert (wake_due(), wake_due()) == (1, 0)
    conversation.refresh_from_db()
    assert (conversation.status, conversation.snoozed_until) == (Status.OPEN, None)
    assert list(Activity.objects.order_by("created_at").values_list("kind", flat=True)) == ["snoozed", "woke"]


def test_the_customer_wakes_it_by_writing(conversation: Conversation, ada: User) -> None:
    snooze_conversation(conversation=conversation, until=timezone.now() + timedelta(days=1), actor=ada)
    builders.says(conversation, "Hello?")
    conversation.refresh_from_db()
    assert (conversation.status, conversation.snoozed_until) == (Status.OPEN, None)


def test_nothing_sleeps_into_the_past(conversation: Conversation, ada: User) -> None:
    with pytest.raises(Invalid):
        snooze_conversation(conversation=conversation, until=timezone.now(), actor=ada)


def test_nothing_is_taken_from_who_is_blocked_until_they_are_not(conversation: Conversation, ada: User) -> None:
    set_blocked(conversation=conversation, blocked=True, actor=ada)
    with pytest.raises(Blocked):
        builders.says(conversation, "Me again")
    conversation.refresh_from_db()
    with pytest.raises(Blocked):
        builders.conversation(conversation.business, customer=conversation.customer)
    builders.answers(ada, conversation, "Goodbye.")

    set_blocked(conversation=conversation, blocked=False, actor=ada)
    assert builders.says(conversation, "Thanks").seq == 3


def test_who_is_one_person_is_blocked_as_one(conversation: Conversation, acme: Business, ada: User) -> None:
    sms, later = builders.conversation(acme, type=ChannelType.SMS), builders.conversation(acme)
    assert conversation.customer
    assert sms.customer
    assert later.customer
    merge_customers(customer=sms.customer, into=conversation.customer, actor=ada)
    set_blocked(conversation=sms, blocked=True, actor=ada)
    merge_customers(customer=later.customer, into=conversation.customer, actor=ada)
    for row in (conversation, sms, later):
        with pytest.raises(Blocked):
            builders.says(row, "Me again")

    assert set_blocked(conversation=conversation, blocked=False, actor=ada).changed
    for row in (conversation, sms, later):
        assert builders.says(row, "Thanks").seq == 2


def test_what_is_unread_is_told_alike_where_another_is_merged_into_it(
    conversation: Conversation, acme: Business, ada: User
) -> None:
    other = builders.conversation(acme, customer=conversation.customer)
    merge_conversations(conversation=other, into=conversation, actor=ada)
    api, path = builders.api(ada), f"/api/v1/conversations/{conversation.pk}"
    assert api.post(f"{path}/read", {"seq": 1}).json()["unread"] == api.get(path).json()["unread"] == 1


def test_over_the_api(conversation: Conversation, ada: User, mallory: User) -> None:
    path = f"/api/v1/conversations/{conversation.pk}"
    until = (timezone.now() + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    answer = builders.api(ada).patch(path, {"priority": "urgent", "snoozed_until": until})
    assert answer.status_code == 200, answer.content
    assert (answer.json()["priority"], answer.json()["snoozed_until"], answer.json()["status"]) == (
        "urgent",
        until,
        "pending",
    )
    assert builders.api(ada).patch(path, {"priority": None}).json()["priority"] is None
    assert builders.api(ada).patch(path, {"priority": "huge"}).status_code == 422
    assert builders.api(mallory).patch(path, {"priority": "low"}).status_code == 404
