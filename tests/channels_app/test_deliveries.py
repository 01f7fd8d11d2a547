"""What leaves the house: stored with its message, sent in order, tried again, and told of when it cannot be."""

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from businesses.models import Business, FeedEvent
from channels_app import deliveries, retrying
from channels_app.adapters import ADAPTERS
from channels_app.adapters.errors import DeliveryError, Kind
from channels_app.models import Channel, Delivery, DeliveryState
from channels_app.services import delete_channel, update_channel
from conversations import events
from conversations.models import ChannelType, Conversation, Message, MessageStatus, SenderType
from conversations.services.assigning import assign_conversation
from conversations.services.message_drafts import Draft
from conversations.services.messages import post_messages
from tests import builders
from tests.channels_app.outbox import Provider, in_real_transactions, now_due, raises, threads, work_once
from tests.fakes.telegram import TOKEN

# Writing --------------------------------------------------------------------------------------------------


def test_an_answer_on_a_messenger_waits_to_leave_the_house(ada: User, thread: Conversation, channel: Channel) -> None:
    message = builders.answers(ada, thread, "It left today.")

    delivery = Delivery.objects.get()
    assert (delivery.message_id, delivery.channel_id, delivery.seq) == (message.pk, channel.pk, message.seq)
    assert (delivery.state, message.status) == (DeliveryState.QUEUED, MessageStatus.QUEUED)


def test_customers_and_the_web_leave_no_rows(ada: User, acme: Business, thread: Conversation) -> None:
    builders.says(thread, "Hello?")
    builders.answers(ada, builders.conversation(acme), "On the website.")

    assert not Delivery.objects.exists()


@in_real_transactions
def test_the_row_and_the_message_are_stored_together_or_not_at_all(
    ada: User, thread: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("businesses.feed._number_and_store", lambda recorded: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        builders.answers(ada, thread, "Never stored.")

    assert not Delivery.objects.exists()
    assert not Message.objects.filter(content="Never stored.").exists()


def test_a_repeated_send_is_one_row(ada: User, thread: Conversation) -> None:
    from conversations.services.messages import send_reply

    for _ in range(2):
        send_reply(conversation=thread, author=ada, content="Once", key="k1")

    assert Delivery.objects.count() == 1


# Sending --------------------------------------------------------------------------------------------------


def test_a_sent_message_is_shown_as_sent(ada: User, thread: Conversation, provider: Provider) -> None:
    message = builders.answers(ada, thread, "It left today.")

    assert work_once() == 1

    delivery = Delivery.objects.get()
    message.refresh_from_db()
    assert provider.taken == ["It left today."]
    assert (delivery.state, delivery.external_id, delivery.attempts) == (DeliveryState.SENT, "tg:1", 1)
    assert (message.status, message.error) == (MessageStatus.SENT, "")
    assert FeedEvent.objects.order_by("seq").last().kind == "message.updated"
    assert work_once() == 0


def test_a_type_without_an_adapter_says_so_to_the_agent_at_once(
    ada: User, thread: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(ADAPTERS, ChannelType.TELEGRAM)
    message = builders.answers(ada, thread, "It left today.")

    work_once()

    message.refresh_from_db()
    assert message.status == MessageStatus.FAILED
    assert message.error == "Not sent: PingBack cannot send over Telegram yet."


def test_a_conversation_goes_out_in_its_order_one_at_a_time(
    ada: User, thread: Conversation, provider: Provider
) -> None:
    for text in ("one", "two", "three"):
        builders.answers(ada, thread, text)

    assert [work_once() for _ in range(4)] == [1, 1, 1, 0]
    assert provider.taken == ["one", "two", "three"]


def test_a_second_message_waits_while_the_first_one_is_to_be_tried_again(
    ada: User, thread: Conversation, provider: Provider
) -> None:
    provider.answer = raises(DeliveryError("The provider is away."))
    builders.answers(ada, thread, "one")
    builders.answers(ada, thread, "two")

    assert [work_once(), work_once()] == [1, 0]

    provider.answer = lambda message: None
    now_due()
    assert [work_once(), work_once()] == [1, 1]
    assert provider.taken == ["one", "two"]


def test_a_failed_head_blocks_nothing(ada: User, thread: Conversation, provider: Provider) -> None:
    provider.answer = raises(DeliveryError("The customer blocked the bot.", kind=Kind.PERMANENT))
    failed = builders.answers(ada, thread, "one")
    builders.answers(ada, thread, "two")
    work_once()
    provider.answer = lambda message: None

    work_once()

    failed.refresh_from_db()
    assert (failed.status, failed.error) == (MessageStatus.FAILED, "The customer blocked the bot.")
    assert provider.taken == ["two"]


def test_a_person_is_asked_for_where_theos_words_did_not_get_out_and_nobody_has_the_conversation(
    ada: User, channel: Channel, provider: Provider
) -> None:
    nobodys, adas = threads(channel, 2)
    assign_conversation(conversation=adas, actor=ada, agent_id=ada.pk)
    provider.answer = raises(DeliveryError("Too long.", kind=Kind.PERMANENT))
    for conversation in (nobodys, adas):
        draft = Draft(conversation_id=conversation.pk, sender_type=SenderType.AGENT, content="Hello.", ai_sources=[])
        post_messages([draft])

    assert work_once() == 2

    reasons = Conversation.objects.filter(pk__in=[nobodys.pk, adas.pk]).values_list("pk", "handoff_reason")
    assert dict(reasons) == {nobodys.pk: "error", adas.pk: ""}


def test_a_transient_failure_waits_a_little_longer_each_time(
    ada: User, thread: Conversation, provider: Provider
) -> None:
    provider.answer = raises(DeliveryError("The provider is away."))
    message = builders.answers(ada, thread, "one")

    work_once()

    delivery = Delivery.objects.get()
    message.refresh_from_db()
    wait = delivery.due_at - timezone.now()
    assert timedelta(seconds=3) < wait <= timedelta(seconds=5)
    assert (delivery.state, delivery.last_error, delivery.lease) == (
        DeliveryState.QUEUED,
        "The provider is away.",
        None,
    )
    assert message.status == MessageStatus.QUEUED


def test_waits_grow_from_5_seconds_to_12_hours_and_fit_into_a_day() -> None:
    assert deliveries.WAITS[0] == timedelta(seconds=5)
    assert deliveries.WAITS[-1] == timedelta(hours=12)
    assert list(deliveries.WAITS) == sorted(deliveries.WAITS)
    assert len(deliveries.WAITS) == deliveries.MAX_TRIES - 1
    assert sum(deliveries.WAITS, timedelta()) <= deliveries.MAX_AGE
    assert len({deliveries.wait_after(3) for _ in range(20)}) > 1


def test_what_the_provider_asks_for_is_obeyed(ada: User, thread: Conversation, provider: Provider) -> None:
    provider.answer = raises(DeliveryError("Too many.", retry_after=timedelta(minutes=7)))
    builders.answers(ada, thread, "one")

    work_once()

    assert timedelta(minutes=6) < Delivery.objects.get().due_at - timezone.now() <= timedelta(minutes=7)


def test_who_waits_as_the_provider_says_is_not_given_up(ada: User, thread: Conversation, provider: Provider) -> None:
    error = DeliveryError("Too many.", kind=Kind.RATE_LIMITED, retry_after=timedelta(seconds=1))
    provider.answer = raises(error)
    builders.answers(ada, thread, "one")

    for _time in range(deliveries.MAX_TRIES + 2):
        work_once()
        now_due()

    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == (DeliveryState.QUEUED, 0)


def test_after_twelve_tries_the_agent_is_told(ada: User, thread: Conversation, provider: Provider) -> None:
    provider.answer = raises(DeliveryError("The provider is away."))
    message = builders.answers(ada, thread, "one")

    tries = 0
    while tries < 20 and work_once():
        tries += 1
        now_due()

    message.refresh_from_db()
    assert tries == 12
    assert Delivery.objects.get().state == DeliveryState.FAILED
    assert (message.status, message.error) == (MessageStatus.FAILED, "The provider is away.")


def test_after_a_day_the_agent_is_told(ada: User, thread: Conversation, provider: Provider) -> None:
    provider.answer = raises(DeliveryError("The provider is away."))
    message = builders.answers(ada, thread, "one")
    now_due(queued_at=timezone.now() - timedelta(hours=24))

    work_once()

    message.refresh_from_db()
    assert message.status == MessageStatus.FAILED


# By hand, and around a channel's life ---------------------------------------------------------------------


def test_an_operator_can_try_again(
    ada: User, thread: Conversation, provider: Provider, admin_client: Any, channel: Channel
) -> None:
    provider.answer = raises(DeliveryError("The customer blocked the bot.", kind=Kind.PERMANENT))
    message = builders.answers(ada, thread, "one")
    work_once()
    provider.answer = lambda message: None

    page = admin_client.post(
        "/admin/channels_app/delivery/",
        {"action": "try_again", "_selected_action": [str(Delivery.objects.get().pk)]},
        follow=True,
    )

    assert "1 delivery waits again." in page.content.decode()
    message.refresh_from_db()
    assert (message.status, message.error) == (MessageStatus.QUEUED, "")
    assert work_once() == 1
    message.refresh_from_db()
    assert message.status == MessageStatus.SENT
    assert retrying.try_again(Delivery.objects.get()) is False


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda ada, channel: delete_channel(actor=ada, channel=channel), "was removed"),
        (lambda ada, channel: update_channel(actor=ada, channel=channel, is_active=False), "switched off"),
        (
            lambda ada, channel: update_channel(
                actor=ada, channel=channel, type=ChannelType.SMS, config={"auth_token": TOKEN}
            ),
            "another type",
        ),
        (
            lambda ada, channel: Channel.objects.update(credentials={"bot_token": "v1.00000000.AAAA"}),
            "has to be reconnected",
        ),
    ],
)
def test_a_message_without_a_way_out_says_why(
    ada: User, thread: Conversation, channel: Channel, provider: Provider, change: Any, words: str
) -> None:
    message = builders.answers(ada, thread, "one")
    change(ada, channel)

    work_once()

    message.refresh_from_db()
    assert message.status == MessageStatus.FAILED
    assert words in message.error
    assert provider.taken == []


def test_what_waits_for_a_retry_is_told_at_once_when_its_channel_is_deleted(
    ada: User, thread: Conversation, channel: Channel, provider: Provider
) -> None:
    provider.answer = raises(DeliveryError("The provider is away."))
    message = builders.answers(ada, thread, "one")
    work_once()
    Delivery.objects.update(due_at=timezone.now() + timedelta(hours=5))

    delete_channel(actor=ada, channel=channel)
    work_once()

    message.refresh_from_db()
    assert message.status == MessageStatus.FAILED


def test_the_receiver_is_connected_once() -> None:
    receivers, _asynchronous = events.happened._live_receivers(Conversation)
    assert receivers.count(deliveries.queue) == 1


@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs --services")
def test_the_workers_own_process_has_more_patience_with_its_statements() -> None:
    """Asked in a process of its own, as the command is run: a pool is made once for each."""
    code = """
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from channels_app.management.commands import worker

def ask(stop, **given):
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        print(cursor.fetchone()[0])

worker.run_forever = ask
worker.Command.check = lambda *args, **options: None
call_command("worker")
"""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "pingback.settings"}
    done = subprocess.run([sys.executable, "-c", code], timeout=60, capture_output=True, text=True, env=environment)
    assert "\n30s\n" in done.stdout, done.stderr
