"""What leaves the house is claimed by one worker at a time, and nothing waits behind a bad one."""

import threading
from datetime import timedelta
from typing import ClassVar

import pytest
import time_machine
from django.db import OperationalError, connections
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from channels_app import deliveries
from channels_app.adapters import ADAPTERS
from channels_app.adapters.base import ChannelAdapter, OutboundMessage, SendResult
from channels_app.adapters.errors import DeliveryError, Kind
from channels_app.models import Channel, Delivery, DeliveryState
from channels_app.services import create_channel
from conversations.models import ChannelType, Conversation, MessageStatus
from tests import builders
from tests.channels_app.outbox import Provider, in_real_transactions, now_due, raises, threads, work_once
from tests.fakes.telegram import TOKEN

# No jam ---------------------------------------------------------------------------------------------------


def test_R6_a_poisonous_message_stops_only_its_own_conversation_and_is_parked(
    ada: User, channel: Channel, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    def answer(message: OutboundMessage) -> None:
        if message.content == "poison":
            raise RuntimeError(f"https://api.telegram.org/bot{TOKEN}/sendMessage")

    provider.answer = answer
    here, there = threads(channel, 2)
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
    assert TOKEN not in caplog.text
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


def test_what_may_have_arrived_twice_is_sent_and_says_so(ada: User, thread: Conversation, provider: Provider) -> None:
    provider.answer = raises(DeliveryError("Silence.", kind=Kind.AMBIGUOUS))
    doubtful = builders.answers(ada, thread, "one")
    work_once()
    provider.answer = lambda message: None
    now_due()
    work_once()
    certain = builders.answers(ada, thread, "two")
    work_once()

    told = builders.api(ada).get(f"/api/v1/conversations/{thread.pk}/messages/").json()["results"]
    words = "It may have arrived twice: the provider did not say what became of the first try."
    errors = {one["id"]: (one["status"], one["error"]) for one in told}
    assert [errors[str(message.pk)] for message in (doubtful, certain)] == [("sent", words), ("sent", None)]
    assert builders.browser(ada).get(f"/inbox/{thread.pk}/").content.decode().count(words) == 1


def test_five_failures_in_a_row_hold_the_channel_for_a_minute_and_then_one_tries_alone(
    ada: User, channel: Channel, provider: Provider
) -> None:
    provider.answer = raises(DeliveryError("The provider is away."))
    for conversation in threads(channel, 6):
        builders.answers(ada, conversation, "one")
    assert [work_once(), work_once()] == [4, 2]

    channel.refresh_from_db()
    assert channel.failures >= 5
    assert timedelta(seconds=50) < channel.held_until - timezone.now() <= timedelta(seconds=60)
    Delivery.objects.update(due_at=timezone.now())
    assert work_once() == 0

    provider.answer = lambda message: None
    now_due()
    assert [work_once(), work_once(), work_once()] == [1, 4, 1]
    channel.refresh_from_db()
    assert (channel.failures, channel.held_until) == (0, None)


def test_a_provider_that_takes_everything_and_says_nothing_is_left_alone_too(
    ada: User, channel: Channel, provider: Provider
) -> None:
    provider.answer = raises(DeliveryError("Silence.", kind=Kind.AMBIGUOUS))
    for conversation in threads(channel, 9):
        builders.answers(ada, conversation, "one")

    tried = [work_once() for _round in range(5)]

    assert sum(tried) < 9
    channel.refresh_from_db()
    assert channel.held_until
    assert channel.held_until > timezone.now()


def test_one_channel_has_at_most_four_under_way_and_leaves_the_rest_to_others(
    ada: User, acme: Business, channel: Channel, provider: Provider
) -> None:
    other = create_channel(actor=ada, type=ChannelType.TELEGRAM, config={"bot_token": TOKEN})
    for conversation in [*threads(channel, 7), *threads(other, 1)]:
        builders.answers(ada, conversation, "one")

    claimed = deliveries.claim(16)

    assert len([row for row in claimed if row.channel_id == channel.pk]) == 4
    assert len([row for row in claimed if row.channel_id == other.pk]) == 1
    assert deliveries.claim(16) == []


def test_no_more_is_claimed_than_there_are_hands(ada: User, channel: Channel, provider: Provider) -> None:
    for conversation in threads(channel, 3):
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
def test_two_workers_never_share_a_row(ada: User, channel: Channel, provider: Provider) -> None:
    for conversation in threads(channel, 12):
        builders.answers(ada, conversation, "one")
    claimed: list[Delivery] = []
    together = threading.Barrier(4)

    def claim() -> None:
        try:
            together.wait(60)
            claimed.extend(deliveries.claim(16))
        finally:
            connections.close_all()

    workers = [threading.Thread(target=claim) for _ in range(4)]
    for thread_ in workers:
        thread_.start()
    for thread_ in workers:
        thread_.join()

    assert len(claimed) == len({row.pk for row in claimed}) == 4
