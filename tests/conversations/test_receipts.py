"""Receipts: a watermark for each side, which only rises, and what every answer shows of it."""

import threading
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from businesses.models import Business, FeedEvent
from conversations.models import Conversation, Message, MessageStatus, Receipts
from conversations.services.handling import mark_read as agent_reads
from conversations.services.messages import set_message_status
from conversations.services.receipts import Receipt, mark_delivered, mark_read
from tests import builders

pytestmark = pytest.mark.django_db

told: list[tuple[int, bool]] = []


def tell(receipt: Receipt) -> None:
    told.append((receipt.message.seq, receipt.is_read))


@pytest.fixture
def heard(settings: Any) -> list[tuple[int, bool]]:
    """(seq, is_read) of each receipt that was told."""
    settings.RECEIPT_PUBLISHER = "tests.conversations.test_receipts.tell"
    told.clear()
    return told


@pytest.fixture
def talk(acme: Business, ada: User) -> list[Message]:
    """Cleo, Ada, Ada, Cleo."""
    conversation = builders.conversation(acme, content="1")
    builders.answers(ada, conversation, "2")
    builders.answers(ada, conversation, "3")
    builders.says(conversation, "4")
    return messages(conversation)


def messages(conversation: Conversation) -> list[Message]:
    return list(Message.objects.filter(conversation=conversation).select_related("conversation").order_by("seq"))


def shown(user: User, conversation: Conversation) -> list[tuple[bool, bool, str]]:
    """(delivered, read, status) of each message, as the API has it."""
    answer = builders.api(user).get(f"/api/v1/conversations/{conversation.pk}/messages").json()
    return [(bool(each["delivered_at"]), bool(each["read_at"]), each["status"]) for each in answer["results"]]


def test_a_mark_counts_for_everything_that_side_was_sent_until_then(talk: list[Message], ada: User) -> None:
    mark_delivered(message=talk[2])
    mark_read(message=talk[1])

    assert shown(ada, talk[0].conversation) == [
        (False, False, "sent"),
        (True, True, "read"),
        (True, False, "delivered"),
        (False, False, "sent"),
    ]


def test_what_was_read_was_delivered(talk: list[Message], ada: User) -> None:
    mark_read(message=talk[2])

    assert shown(ada, talk[0].conversation)[1:3] == [(True, True, "read")] * 2


def test_a_message_that_is_not_out_yet_keeps_its_own_status(talk: list[Message], ada: User) -> None:
    set_message_status(message_id=talk[1].pk, status=MessageStatus.FAILED, error="Refused")
    mark_read(message=talk[2])

    assert [status for _delivered, _read, status in shown(ada, talk[0].conversation)[1:3]] == ["failed", "read"]


def test_marks_only_rise_and_each_rise_is_told_once(
    talk: list[Message], heard: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        mark_delivered(message=talk[2])
        for message in messages(talk[0].conversation)[1:3]:
            mark_delivered(message=message)
        mark_read(message=talk[1])
        mark_read(message=talk[1])

    row = Receipts.objects.get()
    assert (row.customer_delivered_seq, row.customer_read_seq, row.agent_delivered_seq) == (3, 2, 0)
    assert heard == [(3, False), (2, True)]


def test_an_agent_who_reads_reads_for_the_team(
    talk: list[Message], ada: User, ben: User, heard: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert agent_reads(conversation=talk[0].conversation, user=ada, seq=3) == 1
        fresh = Conversation.objects.get()
        assert agent_reads(conversation=fresh, user=ben, seq=1) == 1

    assert heard == [(1, True)]  # the newest of the customer's among those three
    assert shown(ada, fresh)[0] == (True, True, "sent")
    assert not shown(ada, fresh)[3][1]


def test_receipts_neither_move_a_conversation_nor_write_to_the_feed(talk: list[Message]) -> None:
    before, feed = Conversation.objects.values().get(), FeedEvent.objects.count()

    mark_delivered(message=talk[3])
    mark_read(message=talk[2])

    assert Conversation.objects.values().get() == before
    assert FeedEvent.objects.count() == feed


def test_a_mark_is_one_statement_and_a_known_one_none(talk: list[Message], django_assert_num_queries: Any) -> None:
    message = Message.objects.select_related("conversation__stored_receipts").get(seq=3)
    with django_assert_num_queries(1):
        mark_read(message=message)

    message = Message.objects.select_related("conversation__stored_receipts").get(seq=2)
    with django_assert_num_queries(0):
        mark_read(message=message)
        mark_delivered(message=message)


def test_lists_show_receipts_without_a_statement_more(
    acme: Business, ada: User, django_assert_num_queries: Any
) -> None:
    for number in range(5):
        conversation = builders.conversation(acme, content=f"{number}")
        builders.answers(ada, conversation, "Hi!")
        mark_read(message=messages(conversation)[-1])
    client = builders.api(ada)

    with django_assert_num_queries(3):  # who calls, conversations, their tags
        rows = client.get("/api/v1/conversations/").json()

    assert [row["last_message"]["status"] for row in rows] == ["read"] * 5


@pytest.mark.django_db(transaction=True)
def test_many_marks_at_once_end_at_the_highest_and_tell_rising(acme: Business, ada: User, heard: list[Any]) -> None:
    conversation = builders.conversation(acme)
    for number in range(12):
        builders.answers(ada, conversation, f"{number}")
    sent = messages(conversation)[1:]
    assert [message.conversation.receipts for message in sent] == [None] * 12  # what each of them knows from now on
    start = threading.Barrier(6)

    def work(mine: list[Message]) -> None:
        try:
            start.wait()
            for message in mine:
                mark_delivered(message=message)
                mark_read(message=message)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(sent[number::6][::-1],)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    row = Receipts.objects.get()
    assert (row.customer_delivered_seq, row.customer_read_seq) == (13, 13)
    assert None not in {row.customer_delivered_at, row.customer_read_at}
    assert max(seq for seq, is_read in heard if is_read) == 13
    assert len(heard) == len(set(heard))
