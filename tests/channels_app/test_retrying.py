"""A failed message, sent again by whoever sees it, and the list of the conversations that have one."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from channels_app.models import Channel, Delivery, DeliveryState
from conversations.models import ChannelType, Conversation, Message, MessageStatus, SenderType
from conversations.services import handling, unsent
from conversations.services.merging import merge_conversations, undo_merge
from conversations.services.message_drafts import Draft
from conversations.services.messages import post_messages, set_message_status
from conversations.services.unsent import message_failed
from tests import builders
from tests.channels_app.connected import connect
from tests.conversations.test_gathered import in_turns, needs_services

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel(ada: User, acme: Business) -> Channel:
    return Channel.objects.get(pk=connect(ada, "email")["id"])


def fails(agent: User, channel: Channel, content: str = "Dear Cleo", **fields: Any) -> Message:
    """To a customer by mail, who never gets it."""
    there = builders.conversation(channel.business, type=ChannelType.EMAIL, channel=channel, **fields)
    return fails_in(there, agent, content)


def fails_in(there: Conversation, agent: User, content: str) -> Message:
    message = builders.answers(agent, there, content)
    Delivery.objects.filter(message=message).update(state=DeliveryState.FAILED)
    return message_failed(message_id=message.pk, reason="The mailbox is full.")


def listed(user: User, **query: Any) -> list[str]:
    rows = builders.api(user).get("/api/v1/conversations/", {"list": "not_sent", **query}).json()
    return [row["id"] for row in rows]


def counted(user: User) -> int:
    lists = builders.api(user).get("/api/v1/conversations/lists").json()["results"]
    return next(each["count"] for each in lists if each["name"] == "not_sent")


@pytest.fixture
def failed(acme: Business, ada: User, channel: Channel) -> Message:
    """In two parts, of which the first arrived."""
    there = builders.conversation(acme, type=ChannelType.EMAIL, channel=channel)
    message = builders.answers(ada, there, "Dear Cleo")
    first = Delivery.objects.get(message=message)
    Delivery.objects.filter(pk=first.pk).update(state=DeliveryState.SENT)
    Delivery.objects.create(
        business=acme,
        conversation_id=message.conversation_id,
        message=message,
        channel=channel,
        seq=message.seq,
        part=1,
        state=DeliveryState.FAILED,
        attempts=12,
    )
    return set_message_status(message_id=message.pk, status=MessageStatus.FAILED, error="The mailbox is full.")


def path_of(message: Message) -> str:
    return f"/api/v1/conversations/{message.conversation_id}/messages/{message.pk}/retry"


def test_what_did_not_arrive_waits_again_and_nothing_else(failed: Message, ben: User) -> None:
    answer = builders.api(ben).post(path_of(failed))

    assert (answer.status_code, answer.json()["status"], answer.json()["error"]) == (200, "queued", None)
    rows = Delivery.objects.order_by("part").values_list("state", "attempts")
    assert list(rows) == [(DeliveryState.SENT, 0), (DeliveryState.QUEUED, 0)]


def test_what_did_not_fail_is_not_sent_again_and_a_strangers_is_not_found(
    failed: Message, ada: User, mallory: User
) -> None:
    assert builders.api(mallory).post(path_of(failed)).status_code == 404
    assert builders.api(ada).post(path_of(failed)).status_code == 200
    again = builders.api(ada).post(path_of(failed))
    assert (again.status_code, again.json()) == (400, {"detail": "There is nothing to send again."})


def test_the_thread_says_why_and_its_page_sends_again(failed: Message, ben: User) -> None:
    client = Client()
    client.force_login(ben)
    there = f"/inbox/{failed.conversation_id}/"
    address = f"{there}messages/{failed.pk}/retry/"
    page = client.get(there).content.decode()
    assert "The mailbox is full." in page
    assert address in page
    assert "The mailbox is full." in client.get(address).content.decode()

    assert client.post(address).status_code == 302
    failed.refresh_from_db()
    assert failed.status == MessageStatus.QUEUED
    assert address not in client.get(there).content.decode()


def test_what_was_not_sent_is_listed_until_it_is_sent_again_or_called_done(
    ada: User, ben: User, channel: Channel, mallory: User
) -> None:
    again, done = fails(ada, channel, "One"), fails(ada, channel, "Two")
    one, two = str(again.conversation_id), str(done.conversation_id)
    assert (listed(ben), counted(ben), listed(mallory)) == ([two, one], 2, [])
    builders.answers(ada, again.conversation, "Another answer")
    client = Client()
    client.force_login(ben)
    page = client.get("/inbox/?list=not_sent").content.decode()
    assert page.count('<span class="sla sla-late">') == 2
    assert 'value="again"' in client.get(f"/inbox/{one}/").content.decode()

    assert builders.api(ben).post(path_of(again)).status_code == 200
    handling.resolve_conversation(conversation=done.conversation, actor=ben)
    assert (listed(ben), counted(ben)) == ([], 0)
    assert 'value="again"' not in client.get(f"/inbox/{one}/").content.decode()

    handling.undo_status(conversation=done.conversation, actor=ben)
    assert listed(ben) == [two]
    handling.resolve_conversation(conversation=done.conversation, actor=ben)
    assert builders.api(ben).post(path_of(done)).status_code == 200
    handling.undo_status(conversation=done.conversation, actor=ben)
    assert listed(ben) == []


def test_a_conversation_that_is_merged_takes_what_was_not_sent_along(ada: User, channel: Channel) -> None:
    cleo = builders.customer(channel.business)
    lost, into = fails(ada, channel, customer=cleo), builders.conversation(channel.business, customer=cleo)

    merge_conversations(conversation=lost.conversation, into=into, actor=ada)
    assert listed(ada) == [str(into.pk)]
    assert builders.api(ada).post(path_of(lost)).status_code == 200
    assert listed(ada) == []
    Delivery.objects.update(state=DeliveryState.FAILED)
    message_failed(message_id=lost.pk, reason="Still full.")
    assert listed(ada) == [str(into.pk)]

    undo_merge(conversation=Conversation.objects.get(pk=lost.conversation_id), actor=ada)
    assert listed(ada, not_sent="true") == [str(lost.conversation_id)]


def send_all_again(user: User, conversation: Conversation) -> int:
    """How many messages that queued."""
    told = builders.api(user).post(
        "/api/v1/conversations/bulk", {"ids": [str(conversation.pk)], "action": "send_again"}
    )
    assert told.status_code == 200
    return Message.objects.shown_in(conversation.pk).filter(status=MessageStatus.QUEUED).count()


def test_what_was_dealt_with_is_not_sent_along_with_what_fails_later(ada: User, channel: Channel) -> None:
    january = fails(ada, channel, "January")
    there = january.conversation
    handling.resolve_conversation(conversation=there, actor=ada)
    march = fails_in(there, ada, "March")
    april = fails_in(there, ada, "April")
    assert listed(ada) == [str(there.pk)]

    assert builders.api(ada).post(path_of(april)).status_code == 200
    assert listed(ada) == [str(there.pk)]
    assert send_all_again(ada, there) == 2
    assert listed(ada) == []
    january.refresh_from_db()
    march.refresh_from_db()
    assert (january.status, march.status) == (MessageStatus.FAILED, MessageStatus.QUEUED)


def test_what_fails_when_it_is_closed_is_off_the_list_once_it_is_closed_again(ada: User, channel: Channel) -> None:
    there = builders.conversation(channel.business, type=ChannelType.EMAIL, channel=channel)
    late = builders.answers(ada, there, "Goodbye")
    handling.close_conversation(conversation=there, actor=ada)
    Delivery.objects.update(state=DeliveryState.FAILED)
    message_failed(message_id=late.pk, reason="The mailbox is full.")
    assert listed(ada) == [str(there.pk)]

    assert handling.close_conversation(conversation=there, actor=ada).changed
    assert listed(ada) == []
    assert not handling.close_conversation(conversation=there, actor=ada).changed
    handling.undo_status(conversation=there, actor=ada)
    assert listed(ada) == [str(there.pk)]


def test_undoing_what_was_made_of_it_does_not_hide_what_failed_since(ada: User, channel: Channel) -> None:
    there = builders.conversation(channel.business, type=ChannelType.EMAIL, channel=channel)
    late = builders.answers(ada, there, "Goodbye")
    handling.close_conversation(conversation=there, actor=ada)
    message_failed(message_id=late.pk, reason="The mailbox is full.")

    handling.undo_status(conversation=there, actor=ada)
    assert listed(ada) == [str(there.pk)]


def test_undoing_a_merge_does_not_bring_back_what_was_dealt_with(ada: User, channel: Channel) -> None:
    cleo = builders.customer(channel.business)
    fresh = fails(ada, channel, "New", customer=cleo)
    old = fails(ada, channel, "Old", customer=cleo)
    handling.resolve_conversation(conversation=old.conversation, actor=ada)
    gone, stays = Conversation.objects.get(pk=old.conversation_id), Conversation.objects.get(pk=fresh.conversation_id)

    merge_conversations(conversation=gone, into=stays, actor=ada)
    undo_merge(conversation=gone, actor=ada)
    assert listed(ada) == [str(stays.pk)]

    merge_conversations(conversation=gone, into=stays, actor=ada)
    assert send_all_again(ada, stays) == 1
    assert listed(ada) == []


def test_of_one_conversation_no_more_than_so_many_go_out_at_once(
    ada: User, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unsent, "MOST_AT_ONCE", 2)
    there = fails(ada, channel, "1").conversation
    for content in ("2", "3"):
        fails_in(there, ada, content)

    assert send_all_again(ada, there) == 2
    assert listed(ada) == [str(there.pk)]
    assert send_all_again(ada, there) == 3
    assert listed(ada) == []


def test_a_selection_is_sent_again_and_what_cannot_be_says_why(ada: User, ben: User, channel: Channel) -> None:
    both = fails(ada, channel, "One")
    fails_in(both.conversation, ada, "Two")
    fine = builders.conversation(channel.business)
    orphan = fails(ada, Channel.objects.create(business=channel.business, type=ChannelType.EMAIL))
    Delivery.objects.filter(message=orphan).update(channel=None)
    ids = [str(pk) for pk in (both.conversation_id, fine.pk, orphan.conversation_id)]

    answer = builders.api(ben).post("/api/v1/conversations/bulk", {"ids": ids, "action": "send_again"}).json()

    assert answer == {
        "done": [ids[0]],
        "failed": [
            {"id": ids[1], "detail": "There is nothing to send again."},
            {"id": ids[2], "detail": "Not sent: the channel of this conversation was removed."},
        ],
    }
    statuses = both.conversation.messages.filter(sender_type="agent").values_list("status", flat=True)
    assert [*statuses] == [MessageStatus.QUEUED] * 2
    assert listed(ben) == [ids[2]]
    orphan.refresh_from_db()
    assert (orphan.status, orphan.error) == (MessageStatus.FAILED, "The mailbox is full.")


def test_the_pages_send_again_one_or_many_and_tell_every_reason(ada: User, ben: User, channel: Channel) -> None:
    one, two = fails(ada, channel), fails(ada, channel)
    fine = builders.conversation(channel.business)
    client = Client()
    client.force_login(ben)
    as_script = {"X-Requested-With": "fetch"}

    there = f"/inbox/{one.conversation_id}/handle/"
    assert client.post(there, {"do": "again"}, headers=as_script).status_code == 204
    refused = client.post(there, {"do": "again"}, headers=as_script)
    assert (refused.status_code, b"There is nothing to send again." in refused.content) == (400, True)
    ids = [str(two.conversation_id), str(fine.pk), str(uuid4())]
    told = client.post("/inbox/selection/", {"ids": ids, "do": "again"}, headers=as_script).json()
    assert told == {
        "told": "Sending again what was not sent (1)."
        " 1 could not be: Not found. 1 could not be: There is nothing to send again.",
        "done": 1,
        "undo": [],
    }


def test_the_list_asks_as_many_questions_whatever_is_in_it(ada: User, channel: Channel) -> None:
    client = Client()
    client.force_login(ada)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/inbox/?list=not_sent").status_code == 200
        return len(queries)

    def fails_before_an_answer_from_elsewhere() -> None:
        there = fails(ada, channel).conversation
        draft = Draft(
            conversation_id=there.pk,
            sender_type=SenderType.AGENT,
            content="By the app",
            sent_elsewhere=True,
            sent_at=timezone.now(),
        )
        post_messages([draft])

    fails(ada, channel)
    fails_before_an_answer_from_elsewhere()
    few = asked()
    for _ in range(9):
        fails(ada, channel)
        fails_before_an_answer_from_elsewhere()
    assert asked() == few


@needs_services
@pytest.mark.django_db(transaction=True)
def test_what_fails_while_the_last_one_elsewhere_is_sent_again_is_listed(ada: User, channel: Channel) -> None:
    cleo = builders.customer(channel.business)
    there, into = (builders.conversation(channel.business, customer=cleo) for _ in range(2))
    one, other = builders.answers(ada, there, "One"), builders.answers(ada, into, "Other")
    merge_conversations(conversation=there, into=into, actor=ada)
    missed = []

    def sent_again(_number: int) -> None:
        set_message_status(message_id=one.pk, status=MessageStatus.FAILED)
        set_message_status(message_id=one.pk, status=MessageStatus.QUEUED)

    def fails_again(number: int) -> None:
        set_message_status(message_id=other.pk, status=MessageStatus.SENT)
        set_message_status(message_id=other.pk, status=MessageStatus.FAILED)
        if not Conversation.objects.filter(pk=into.pk, not_sent_at__isnull=False).exists():
            missed.append(number)

    assert in_turns(sent_again, fails_again, times=20) == []
    assert missed == []
    assert Conversation.objects.get(pk=into.pk).not_sent_at is not None
