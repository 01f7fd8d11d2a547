"""What leaves the house: never lost, never by two workers at once, and no jam behind a bad one."""

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, connections
from django.utils import timezone

from accounts.models import User
from businesses.models import Business, FeedEvent
from channels_app import deliveries, retrying, worker
from channels_app.adapters import ADAPTERS
from channels_app.adapters.base import ChannelAdapter, OutboundMessage, SendResult
from channels_app.adapters.errors import DeliveryError, Kind
from channels_app.models import Channel, Delivery, DeliveryState, Heartbeat, RawEvent, RawState
from channels_app.services import create_channel, delete_channel, update_channel
from conversations import events
from conversations.models import ChannelType, Conversation, Message, MessageStatus
from tests import builders

SECRET = "canary-7Hq2-secret-tele"
in_real_transactions = pytest.mark.django_db(transaction=True)


@pytest.fixture
def telegram(ada: User, acme: Business) -> Channel:
    return create_channel(actor=ada, type=ChannelType.TELEGRAM, config={"bot_token": SECRET})


@pytest.fixture
def thread(acme: Business, telegram: Channel) -> Conversation:
    return threads(telegram, 1)[0]


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> "Provider":
    provider = Provider()

    class Adapter(ChannelAdapter):
        def send(self, message: OutboundMessage) -> SendResult:
            return SendResult(external_ids=(provider.take(self, message),))

    monkeypatch.setitem(ADAPTERS, ChannelType.TELEGRAM, Adapter)
    return provider


class Provider:
    """Stands in for the world: what it took, in order, and how it answers."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.ids: list[object] = []
        self.answer: Callable[[OutboundMessage], None] = lambda message: None
        self.at_once = self.most_at_once = 0
        self._lock = threading.Lock()

    def take(self, adapter: ChannelAdapter, message: OutboundMessage) -> str:
        assert adapter.secrets == {"bot_token": SECRET}
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            self.answer(message)
            with self._lock:
                self.taken.append(message.content)
                self.ids.append(message.delivery_id)
                return f"tg:{len(self.taken)}"
        finally:
            with self._lock:
                self.at_once -= 1


def threads(channel: Channel, count: int) -> list[Conversation]:
    return [builders.conversation(channel.business, type=channel.type, channel=channel) for _ in range(count)]


def raises(error: Exception) -> Callable[[OutboundMessage], None]:
    def answer(message: OutboundMessage) -> None:
        raise error

    return answer


def work_once() -> int:
    claimed = deliveries.claim(16)
    for delivery in claimed:
        deliveries.attempt(delivery)
    return len(claimed)


def now_due(**fields: Any) -> None:
    Delivery.objects.filter(state=DeliveryState.QUEUED).update(due_at=timezone.now(), **fields)
    Channel.objects.update(held_until=None)


# Writing --------------------------------------------------------------------------------------------------


def test_an_answer_on_a_messenger_waits_to_leave_the_house(ada: User, thread: Conversation, telegram: Channel) -> None:
    message = builders.answers(ada, thread, "It left today.")

    delivery = Delivery.objects.get()
    assert (delivery.message_id, delivery.channel_id, delivery.seq) == (message.pk, telegram.pk, message.seq)
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


# No jam ---------------------------------------------------------------------------------------------------


def test_r6_a_poisonous_message_stops_only_its_own_conversation_and_is_parked(
    ada: User, telegram: Channel, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    def answer(message: OutboundMessage) -> None:
        if message.content == "poison":
            raise RuntimeError(f"https://api.telegram.org/bot{SECRET}/sendMessage")

    provider.answer = answer
    here, there = threads(telegram, 2)
    poison = builders.answers(ada, here, "poison")
    builders.answers(ada, here, "behind it")
    builders.answers(ada, there, "elsewhere")

    work_once()
    assert provider.taken == ["elsewhere"]
    for _ in range(5):
        now_due()
        work_once()

    poison.refresh_from_db()
    parked = Delivery.objects.get(message=poison)
    assert (parked.state, parked.crashes) == (DeliveryState.PARKED, 5)
    assert (poison.status, poison.error) == (MessageStatus.FAILED, "Not sent: something went wrong on our side.")
    assert provider.taken == ["elsewhere", "behind it"]
    assert Channel.objects.get().failures == 0
    assert SECRET not in caplog.text
    assert "RuntimeError" in caplog.text


def test_what_breaks_after_it_was_handed_over_is_uncertain_and_not_sent_again_and_again(
    ada: User, thread: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Adapter(ChannelAdapter):
        taken: ClassVar[list[str]] = []

        def send(self, message: OutboundMessage) -> SendResult:
            self.sends_now = True
            self.taken.append(message.content)
            raise KeyError("an answer that nobody foresaw")

    monkeypatch.setitem(ADAPTERS, ChannelType.TELEGRAM, Adapter)
    message = builders.answers(ada, thread, "one")

    for _ in range(4):
        work_once()
        now_due()

    message.refresh_from_db()
    assert Adapter.taken == ["one", "one"]
    assert (message.status, Delivery.objects.get().uncertain) == (MessageStatus.FAILED, 2)
    assert message.error == "It may have arrived, perhaps twice: the provider never said."


def test_five_failures_in_a_row_hold_the_channel_for_a_minute_and_then_one_tries_alone(
    ada: User, telegram: Channel, provider: Provider
) -> None:
    provider.answer = raises(DeliveryError("The provider is away."))
    for conversation in threads(telegram, 6):
        builders.answers(ada, conversation, "one")
    assert [work_once(), work_once()] == [4, 2]

    telegram.refresh_from_db()
    assert telegram.failures >= 5
    assert timedelta(seconds=50) < telegram.held_until - timezone.now() <= timedelta(seconds=60)
    Delivery.objects.update(due_at=timezone.now())
    assert work_once() == 0

    provider.answer = lambda message: None
    now_due()
    assert [work_once(), work_once(), work_once()] == [1, 4, 1]
    telegram.refresh_from_db()
    assert (telegram.failures, telegram.held_until) == (0, None)


def test_a_provider_that_takes_everything_and_says_nothing_is_left_alone_too(
    ada: User, telegram: Channel, provider: Provider
) -> None:
    provider.answer = raises(DeliveryError("Silence.", kind=Kind.AMBIGUOUS))
    for conversation in threads(telegram, 9):
        builders.answers(ada, conversation, "one")

    tried = [work_once() for _round in range(5)]

    assert sum(tried) < 9
    telegram.refresh_from_db()
    assert telegram.held_until
    assert telegram.held_until > timezone.now()


def test_one_channel_has_at_most_four_under_way_and_leaves_the_rest_to_others(
    ada: User, acme: Business, telegram: Channel, provider: Provider
) -> None:
    other = create_channel(actor=ada, type=ChannelType.TELEGRAM, config={"bot_token": SECRET})
    for conversation in [*threads(telegram, 7), *threads(other, 1)]:
        builders.answers(ada, conversation, "one")

    claimed = deliveries.claim(16)

    assert len([row for row in claimed if row.channel_id == telegram.pk]) == 4
    assert len([row for row in claimed if row.channel_id == other.pk]) == 1
    assert deliveries.claim(16) == []


def test_no_more_is_claimed_than_there_are_hands(ada: User, telegram: Channel, provider: Provider) -> None:
    for conversation in threads(telegram, 3):
        builders.answers(ada, conversation, "one")

    assert [len(deliveries.claim(most)) for most in (0, 2, 2)] == [0, 2, 1]


# Leases ---------------------------------------------------------------------------------------------------


def test_a_dead_workers_row_comes_back_when_its_lease_ends(ada: User, thread: Conversation, provider: Provider) -> None:
    builders.answers(ada, thread, "one")
    (dead,) = deliveries.claim(16)
    assert deliveries.claim(16) == []

    Delivery.objects.update(leased_until=timezone.now())
    work_once()

    assert provider.taken == ["one"]
    assert provider.ids == [dead.pk]  # the same key to the provider on every try
    assert Delivery.objects.get().attempts == 2


def test_a_worker_whose_clock_is_wrong_takes_nothing_from_another_and_sends_nothing_early(
    ada: User, thread: Conversation, provider: Provider
) -> None:
    builders.answers(ada, thread, "On its way")
    [mine] = deliveries.claim(10)
    with time_machine.travel(timezone.now() + timedelta(hours=3)):
        assert deliveries.claim(10) == []
    provider.answer = raises(DeliveryError("busy"))
    with time_machine.travel(timezone.now() + timedelta(hours=30)):
        deliveries.attempt(mine)
        assert deliveries.claim(10) == []
    row = Delivery.objects.get()
    assert (row.state, row.lease) == (DeliveryState.QUEUED, None)
    assert timedelta(0) < row.due_at - timezone.now() <= timedelta(seconds=5)


def test_a_worker_that_lost_its_lease_changes_nothing(ada: User, thread: Conversation, provider: Provider) -> None:
    message = builders.answers(ada, thread, "one")
    (slow,) = deliveries.claim(16)
    Delivery.objects.update(leased_until=timezone.now())
    work_once()

    provider.answer = raises(DeliveryError("Too late.", kind=Kind.PERMANENT))
    deliveries.attempt(slow)

    message.refresh_from_db()
    assert Delivery.objects.get().state == DeliveryState.SENT
    assert message.status == MessageStatus.SENT


def test_what_is_out_is_not_sent_again_by_whoever_has_the_lease_by_now(
    ada: User, thread: Conversation, provider: Provider
) -> None:
    builders.answers(ada, thread, "one")
    (slow,) = deliveries.claim(16)
    others: list[Delivery] = []

    def takes_longer_than_the_lease(message: OutboundMessage) -> None:
        Delivery.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
        others.extend(deliveries.claim(16))

    provider.answer = takes_longer_than_the_lease
    deliveries.attempt(slow)
    for other in others:
        deliveries.attempt(other)

    assert len(others) == 1
    assert provider.taken == ["one"]
    assert Delivery.objects.get().state == DeliveryState.SENT


def test_trouble_of_the_database_is_no_fault_of_the_message(
    ada: User, thread: Conversation, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    builders.answers(ada, thread, "one")

    def locked(delivery: Delivery) -> OutboundMessage:
        raise OperationalError("database is locked")

    for _time in range(deliveries.MAX_CRASHES + 1):
        (delivery,) = deliveries.claim(16)
        with monkeypatch.context() as patched:
            patched.setattr(deliveries, "outbound_of", locked)
            with pytest.raises(OperationalError):
                deliveries.attempt(delivery)
        Delivery.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    work_once()

    assert provider.taken == ["one"]
    assert (Delivery.objects.get().state, Delivery.objects.get().crashes) == (DeliveryState.SENT, 0)


def test_what_was_claimed_and_not_begun_is_given_back_uncounted(
    ada: User, thread: Conversation, provider: Provider
) -> None:
    builders.answers(ada, thread, "one")
    (claimed,) = deliveries.claim(16)

    deliveries.release(claimed)

    delivery = Delivery.objects.get()
    assert (delivery.attempts, delivery.lease, delivery.leased_until) == (0, None, None)
    assert work_once() == 1


def test_a_row_whose_workers_always_die_ends_too(ada: User, thread: Conversation, provider: Provider) -> None:
    message = builders.answers(ada, thread, "one")
    Delivery.objects.update(attempts=12)

    work_once()

    message.refresh_from_db()
    assert message.status == MessageStatus.FAILED
    assert provider.taken == []


@in_real_transactions
def test_two_workers_never_share_a_row(ada: User, telegram: Channel, provider: Provider) -> None:
    for conversation in threads(telegram, 12):
        builders.answers(ada, conversation, "one")
    claimed: list[Delivery] = []
    together = threading.Barrier(4)

    def claim() -> None:
        try:
            together.wait(10)
            claimed.extend(deliveries.claim(16))
        finally:
            connections.close_all()

    workers = [threading.Thread(target=claim) for _ in range(4)]
    for thread_ in workers:
        thread_.start()
    for thread_ in workers:
        thread_.join()

    assert len(claimed) == len({row.pk for row in claimed}) == 4


# By hand, and around a channel's life ---------------------------------------------------------------------


def test_an_operator_can_try_again(
    ada: User, thread: Conversation, provider: Provider, admin_client: Any, telegram: Channel
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
                actor=ada, channel=channel, type=ChannelType.SMS, config={"auth_token": SECRET}
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
    ada: User, thread: Conversation, telegram: Channel, provider: Provider, change: Any, words: str
) -> None:
    message = builders.answers(ada, thread, "one")
    change(ada, telegram)

    work_once()

    message.refresh_from_db()
    assert message.status == MessageStatus.FAILED
    assert words in message.error
    assert provider.taken == []


def test_what_waits_for_a_retry_is_told_at_once_when_its_channel_is_deleted(
    ada: User, thread: Conversation, telegram: Channel, provider: Provider
) -> None:
    provider.answer = raises(DeliveryError("The provider is away."))
    message = builders.answers(ada, thread, "one")
    work_once()
    Delivery.objects.update(due_at=timezone.now() + timedelta(hours=5))

    delete_channel(actor=ada, channel=telegram)
    work_once()

    message.refresh_from_db()
    assert message.status == MessageStatus.FAILED


# The loop -------------------------------------------------------------------------------------------------


@pytest.fixture
def running() -> Any:
    """Starts workers; stops them all at the end."""
    stop = threading.Event()
    started: list[threading.Thread] = []

    def start(**given: Any) -> None:
        thread_ = threading.Thread(target=worker.run_forever, args=(stop,), kwargs=given, daemon=True)
        thread_.start()
        started.append(thread_)

    yield start
    stop.set()
    deliveries.news.set()
    for thread_ in started:
        thread_.join(10)
        assert not thread_.is_alive()


def until(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


@in_real_transactions
def test_a_worker_sends_no_more_at_once_than_it_was_told(
    ada: User, telegram: Channel, provider: Provider, running: Any
) -> None:
    let_go = threading.Event()
    provider.answer = lambda message: let_go.wait(60) and None
    for conversation in threads(telegram, 8):
        builders.answers(ada, conversation, "one")

    running(concurrency=2)
    until(lambda: provider.at_once == 2, 60)
    let_go.set()
    until(lambda: len(provider.taken) == 8, 60)

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
def test_r5_a_provider_that_fails_a_third_loses_nothing_and_keeps_every_order(
    ada: User, telegram: Channel, provider: Provider, running: Any, monkeypatch: pytest.MonkeyPatch
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
    conversations = threads(telegram, 8)
    for number in range(5):
        for index, conversation in enumerate(conversations):
            builders.answers(ada, conversation, f"{index}:{number}")

    running()
    running()
    until(lambda: not Delivery.objects.filter(state=DeliveryState.QUEUED).exists(), 60)

    assert len(provider.taken) == len(set(provider.taken)) == 40
    for index in range(8):
        mine = [text for text in provider.taken if text.startswith(f"{index}:")]
        assert mine == [f"{index}:{number}" for number in range(5)]
    assert provider.most_at_once <= deliveries.PER_CHANNEL
    assert set(Message.objects.filter(content__contains=":").values_list("status", flat=True)) == {MessageStatus.SENT}


@in_real_transactions
def test_r6_a_hanging_channel_does_not_keep_another_one_waiting(
    ada: User, telegram: Channel, provider: Provider, running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.05)
    let_go = threading.Event()

    def answer(message: OutboundMessage) -> None:
        if message.content == "hangs":
            let_go.wait(30)

    provider.answer = answer
    for conversation in threads(telegram, 6):
        builders.answers(ada, conversation, "hangs")
    other = create_channel(actor=ada, type=ChannelType.TELEGRAM, config={"bot_token": SECRET})
    running()
    until(lambda: provider.at_once == deliveries.PER_CHANNEL)

    builders.answers(ada, threads(other, 1)[0], "quick")

    try:
        until(lambda: provider.taken == ["quick"], 25)
    finally:
        let_go.set()


@in_real_transactions
def test_r6_a_provider_whose_channels_all_hang_holds_no_more_than_its_share_of_the_hands(
    ada: User, telegram: Channel, provider: Provider, running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(worker, "SLOTS", 6)
    monkeypatch.setattr(deliveries, "PER_TYPE", 4)
    let_go = threading.Event()

    class Other(ChannelAdapter):
        def send(self, message: OutboundMessage) -> SendResult:
            return SendResult(external_ids=("1",))

    monkeypatch.setitem(ADAPTERS, ChannelType.SMS, Other)
    provider.answer = lambda message: let_go.wait(30) and None
    second = create_channel(actor=ada, type=ChannelType.TELEGRAM, config={"bot_token": SECRET})
    for conversation in (*threads(telegram, 4), *threads(second, 4)):
        builders.answers(ada, conversation, "hangs")
    other = create_channel(actor=ada, type=ChannelType.SMS, config={"phone_number": "+15552223333"})
    running()
    until(lambda: provider.at_once == 4)

    builders.answers(ada, threads(other, 1)[0], "quick")
    RawEvent.objects.create(business=other.business, channel=other, dedup_key="1", payload={})

    try:
        until(lambda: Delivery.objects.get(channel=other).state == DeliveryState.SENT, 25)
        until(lambda: RawEvent.objects.get().state == RawState.DONE, 25)
        assert provider.most_at_once == 4
    finally:
        let_go.set()


def test_hands_are_shared_evenly_among_the_channels_that_wait(ada: User, telegram: Channel, provider: Provider) -> None:
    second = create_channel(actor=ada, type=ChannelType.TELEGRAM, config={"bot_token": SECRET})
    for conversation in (*threads(telegram, 4), *threads(second, 4)):
        builders.answers(ada, conversation, "one")

    claimed = deliveries.claim(4)

    assert Counter(delivery.channel_id for delivery in claimed) == {telegram.pk: 2, second.pk: 2}


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


def test_the_receiver_is_connected_once() -> None:
    receivers = [receiver for receiver in events.happened._live_receivers(None)[0] if receiver is deliveries.queue]
    assert len(receivers) == 1


@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs --services")
def test_the_workers_own_process_has_more_patience_with_its_statements() -> None:
    """Asked in a process of its own, as the command is run: a pool is made once for each."""
    code = """
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from channels_app.management.commands import worker

def ask(stop):
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
