"""Workers that run: at once, shared among channels, and through whatever breaks."""

import threading
import time
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from channels_app import deliveries, worker
from channels_app.adapters import ADAPTERS
from channels_app.adapters.base import ChannelAdapter, OutboundMessage, SendResult
from channels_app.adapters.errors import DeliveryError
from channels_app.models import Channel, Delivery, DeliveryState, Heartbeat, RawEvent, RawState
from channels_app.services import create_channel
from conversations.events import Change, happened
from conversations.models import ChannelType, Conversation, Message, MessageStatus, ScheduledMessage
from conversations.services.later import send_later
from conversations.services.snoozing import snooze_conversation
from tests import builders
from tests.channels_app.connected import CONFIGS
from tests.channels_app.outbox import Provider, in_real_transactions, threads
from tests.fakes.telegram import TOKEN
from tests.waiting import until

# The loop -------------------------------------------------------------------------------------------------


@in_real_transactions
def test_a_worker_sends_no_more_at_once_than_it_was_told(
    ada: User, channel: Channel, provider: Provider, running: Any
) -> None:
    let_go = threading.Event()
    provider.answer = lambda message: let_go.wait(300) and None
    for conversation in threads(channel, 8):
        builders.answers(ada, conversation, "one")

    running(concurrency=2)
    until(lambda: provider.at_once == 2)
    let_go.set()
    until(lambda: len(provider.taken) == 8)

    assert provider.most_at_once == 2


@pytest.mark.django_db
@pytest.mark.parametrize("number", ["0", "201"])
def test_a_worker_is_told_a_number_that_makes_sense(number: str) -> None:
    with pytest.raises(CommandError, match="1 to 200"):
        call_command("worker", "--concurrency", number)


@in_real_transactions
def test_a_worker_in_the_process_sends_at_once_and_says_that_it_lives(
    ada: User, thread: Conversation, provider: Provider, running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "POLL_SECONDS", 60)
    assert worker.is_alive() is False
    running()
    until(worker.is_alive)

    message = builders.answers(ada, thread, "one")

    until(lambda: Message.objects.get(pk=message.pk).status == MessageStatus.SENT)
    Heartbeat.objects.update(beat_at=timezone.now() - timedelta(minutes=2))
    assert worker.is_alive() is False


@in_real_transactions
def test_what_is_planned_goes_out_while_what_is_snoozed_cannot_be_woken(
    ada: User, thread: Conversation, acme: Business, provider: Provider, running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = threading.Event()

    def reject(*, changes: Mapping[UUID, Change], **_signal: Any) -> None:
        if any(event.data.get("woke") for change in changes.values() for event in change.events):
            tried.set()
            raise RuntimeError

    asleep, at = builders.conversation(acme), timezone.now() + timedelta(hours=1)
    snooze_conversation(conversation=asleep, until=at, actor=ada)
    send_later(conversation=thread, author=ada, content="Soon", send_at=at)
    happened.connect(reject)
    try:
        Conversation.objects.filter(pk=asleep.pk).update(snoozed_until=timezone.now())
        running()
        assert tried.wait(60)
        ScheduledMessage.objects.update(send_at=timezone.now())
        until(lambda: Message.objects.filter(content="Soon", status=MessageStatus.SENT).exists())
    finally:
        happened.disconnect(reject)


@in_real_transactions
def test_R5_a_provider_that_fails_a_third_loses_nothing_and_keeps_every_order(
    ada: User, channel: Channel, provider: Provider, running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "WAITS", (timedelta(milliseconds=20),))
    monkeypatch.setattr(deliveries, "HOLD", timedelta(milliseconds=50))
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.02)
    turn = iter(range(10_000))

    def answer(message: OutboundMessage) -> None:
        time.sleep(0.005)
        if next(turn) % 3 == 0:
            raise DeliveryError("The provider is away.")

    provider.answer = answer
    conversations = threads(channel, 8)
    for number in range(5):
        for index, conversation in enumerate(conversations):
            builders.answers(ada, conversation, f"{index}:{number}")

    running()
    running()
    until(lambda: not Delivery.objects.filter(state=DeliveryState.QUEUED).exists())

    assert len(provider.taken) == len(set(provider.taken)) == 40
    for index in range(8):
        mine = [text for text in provider.taken if text.startswith(f"{index}:")]
        assert mine == [f"{index}:{number}" for number in range(5)]
    assert provider.most_at_once <= deliveries.PER_CHANNEL
    assert set(Message.objects.filter(content__contains=":").values_list("status", flat=True)) == {MessageStatus.SENT}


@in_real_transactions
def test_R6_a_hanging_channel_does_not_keep_another_one_waiting(
    ada: User, channel: Channel, provider: Provider, running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.05)
    let_go = threading.Event()

    def answer(message: OutboundMessage) -> None:
        if message.content == "hangs":
            let_go.wait(300)

    provider.answer = answer
    for conversation in threads(channel, 6):
        builders.answers(ada, conversation, "hangs")
    other = create_channel(actor=ada, type=ChannelType.TELEGRAM, config={"bot_token": TOKEN})
    running()
    until(lambda: provider.at_once == deliveries.PER_CHANNEL)

    builders.answers(ada, threads(other, 1)[0], "quick")

    try:
        until(lambda: provider.taken == ["quick"])
    finally:
        let_go.set()


@in_real_transactions
def test_R6_a_provider_whose_channels_all_hang_holds_no_more_than_its_share_of_the_hands(
    ada: User, channel: Channel, provider: Provider, running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(worker, "SLOTS", 6)
    monkeypatch.setattr(deliveries, "PER_TYPE", 4)
    let_go = threading.Event()

    class Other(ChannelAdapter):
        def send(self, message: OutboundMessage) -> SendResult:
            return SendResult(external_ids=("1",))

    monkeypatch.setitem(ADAPTERS, ChannelType.SMS, Other)
    provider.answer = lambda message: let_go.wait(300) and None
    second = create_channel(actor=ada, type=ChannelType.TELEGRAM, config={"bot_token": TOKEN})
    for conversation in (*threads(channel, 4), *threads(second, 4)):
        builders.answers(ada, conversation, "hangs")
    other = create_channel(actor=ada, type=ChannelType.SMS, config=CONFIGS["sms"])
    running()
    until(lambda: provider.at_once == 4)

    builders.answers(ada, threads(other, 1)[0], "quick")
    RawEvent.objects.create(business=other.business, channel=other, dedup_key="1", payload={})

    try:
        until(lambda: Delivery.objects.get(channel=other).state == DeliveryState.SENT)
        until(lambda: RawEvent.objects.get().state == RawState.DONE)
        assert provider.most_at_once == 4
    finally:
        let_go.set()


def test_hands_are_shared_evenly_among_the_channels_that_wait(ada: User, channel: Channel, provider: Provider) -> None:
    second = create_channel(actor=ada, type=ChannelType.TELEGRAM, config={"bot_token": TOKEN})
    for conversation in (*threads(channel, 4), *threads(second, 4)):
        builders.answers(ada, conversation, "one")

    claimed = deliveries.claim(4)

    assert Counter(delivery.channel_id for delivery in claimed) == {channel.pk: 2, second.pk: 2}


@in_real_transactions
def test_a_worker_outlives_a_round_that_fails(
    ada: User, thread: Conversation, provider: Provider, running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.05)
    claim, rounds = deliveries.claim, iter(range(1000))

    def shaky(most: int, **more: Any) -> list[Delivery]:
        if next(rounds) < 3:
            raise RuntimeError("the database is away")
        return claim(most, **more)

    monkeypatch.setattr(deliveries, "claim", shaky)
    builders.answers(ada, thread, "one")

    running()

    until(lambda: provider.taken == ["one"])
