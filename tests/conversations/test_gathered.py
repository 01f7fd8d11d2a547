"""The workspace's lock, on which every message waits, is taken last, whatever a transaction is made of."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from businesses.models import Business, FeedEvent, MonthlyUsage
from channels_app.adapters.base import SendResult
from channels_app.deliveries import _sent
from channels_app.models import Channel, Delivery, DeliveryState
from channels_app.services import create_channel, update_channel
from conversations import events
from conversations.models import ChannelType, HandoffReason, Priority, ScheduledMessage, Status
from conversations.saved_views.services import create_view
from conversations.services.customers import change_customer
from conversations.services.later import send_due, send_later
from conversations.services.locking import lock_members
from conversations.services.macro_runs import run_macro
from conversations.services.macros import create_macro
from conversations.services.messages import post_messages, send_reply
from conversations.services.priorities import set_priority
from conversations.services.tags import add_tag
from tests import builders
from tests.channels_app.test_intake import writes
from tests.conversations.test_batches import from_cleo
from theo.articles import create_article
from theo.assistants import change_assistant
from theo.replying import hand_over

needs_services = pytest.mark.skipif(connection.vendor != "postgresql", reason="needs --services: SQLite locks no rows")
IS_OPEN = {"field": "status", "op": "is", "value": "open"}


def kinds(business: Business) -> list[str]:
    return list(FeedEvent.objects.filter(business=business).order_by("seq").values_list("kind", flat=True))


def a_macro(acme: Business, ada: User) -> Callable[[], object]:
    conversation = builders.conversation(acme)
    macro = create_macro(
        business=acme,
        author=ada,
        name="Refund",
        content="Done.",
        tags=["New"],
        priority=Priority.LOW,
        status=Status.RESOLVED,
    )
    return lambda: run_macro(macro=macro, conversation=conversation, actor=ada, seen_seq=1)


def a_new_tag(acme: Business, ada: User) -> Callable[[], object]:
    conversation = builders.conversation(acme)
    return lambda: add_tag(conversation=conversation, name="New", actor=ada)


def a_planned_reply(acme: Business, ada: User) -> Callable[[], object]:
    conversation, soon = builders.conversation(acme), timezone.now() + timedelta(hours=1)
    send_later(conversation=conversation, author=ada, content="Soon", send_at=soon, seen_seq=1)
    ScheduledMessage.objects.update(send_at=timezone.now())
    return send_due


def a_visitor_with_a_name(acme: Business, ada: User) -> Callable[[], object]:
    builders.widget(ada)
    visitor = builders.visitor_writes(acme).visitor
    return lambda: builders.visitor_writes(acme, "And?", visitor=visitor, claims={"name": "Cleo"})


def a_providers_message(acme: Business, ada: User) -> Callable[[], object]:
    channel = Channel.objects.create(business=acme, type=ChannelType.WHATSAPP)
    return lambda: writes(channel, "Hello?", number="15550001")


def a_handover(acme: Business, ada: User) -> Callable[[], object]:
    conversation = builders.conversation(acme)
    return lambda: hand_over(conversation, 1, HandoffReason.LOW_CONFIDENCE)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "prepare",
    [a_macro, a_new_tag, a_planned_reply, a_visitor_with_a_name, a_providers_message, a_handover],
    ids=lambda prepare: prepare.__name__,
)
def test_nothing_but_the_feeds_own_rows_follows_the_workspaces_lock(
    acme: Business, ada: User, prepare: Callable[[Business, User], Callable[[], object]]
) -> None:
    act = prepare(acme, ada)

    said: list[str] = []

    def note(execute: Callable[..., object], sql: str, *rest: object) -> object:
        said.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        act()

    [locked] = [place for place, sql in enumerate(said) if "feed_seq = feed_seq" in sql]
    end = max(place for place, sql in enumerate(said) if sql.startswith("RELEASE SAVEPOINT"))
    after = [sql for sql in said[locked + 1 : end] if FeedEvent._meta.db_table not in sql]
    assert [sql for sql in after if not sql.startswith("RELEASE SAVEPOINT")] == []


@pytest.mark.django_db(transaction=True)
def test_what_is_gathered_has_its_numbers_in_order_and_what_is_taken_back_has_none(acme: Business, ada: User) -> None:
    conversation = builders.conversation(acme)
    before = kinds(acme)

    with events.gathered():
        send_reply(conversation=conversation, author=ada, content="First.")
        with suppress(ValueError), transaction.atomic():
            send_reply(conversation=conversation, author=ada, content="Never.")
            raise ValueError
        with events.gathered():
            set_priority(conversation=conversation, priority=Priority.HIGH, actor=ada)
        assert kinds(acme) == before
    post_messages([from_cleo(conversation)])

    assert kinds(acme)[len(before) :] == [
        "message.created",
        "conversation.assigned",
        "conversation.updated",
        "message.created",
    ]
    assert MonthlyUsage.objects.get(business=acme).agent_messages == 1
    assert list(FeedEvent.objects.filter(business=acme).order_by("seq").values_list("seq", flat=True)) == list(
        range(1, len(kinds(acme)) + 1)
    )


@pytest.mark.django_db(transaction=True)
def test_what_fails_leaves_nothing_to_tell_to_the_next(acme: Business, ada: User) -> None:
    conversation = builders.conversation(acme)
    before = kinds(acme)

    with suppress(ValueError), events.gathered():
        send_reply(conversation=conversation, author=ada, content="Never.")
        raise ValueError
    post_messages([from_cleo(conversation)])

    assert kinds(acme)[len(before) :] == ["message.created"]


# Who waits for whom ---------------------------------------------------------------------------------------


@contextmanager
def meanwhile(act: Callable[[], object]) -> Iterator[None]:
    """Somebody does this, and their transaction has not ended while the block runs."""
    done, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                act()
                done.set()
                let_go.wait(60)
        finally:
            connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert done.wait(60)
        yield
    finally:
        let_go.set()
        holder.join()


@needs_services
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "act",
    [
        lambda ada, acme: create_view(actor=ada, name="Mine", filter={"all": [IS_OPEN]}),
        lambda ada, acme: create_article(business=acme, title="Refunds", content="Within a month."),
        lambda ada, acme: change_assistant(actor=ada, threshold=0.9),
        lambda ada, acme: create_channel(actor=ada, type=ChannelType.SMS, config={}),
    ],
    ids=["view", "article", "assistant", "channel"],
)
def test_no_message_waits_for_who_counts_before_adding(
    acme: Business, ada: User, act: Callable[[User, Business], object]
) -> None:
    conversation = builders.conversation(acme)

    with meanwhile(lambda: act(ada, acme)), connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '5s'")
        try:
            [posted] = post_messages([from_cleo(conversation)])
        finally:
            cursor.execute("RESET lock_timeout")

    assert posted.created


def in_turns(*acts: Callable[[int], object], times: int = 40) -> list[BaseException]:
    """Each in a thread of its own, over and over, all at the same time; what was raised."""
    trouble: list[BaseException] = []
    start = threading.Barrier(len(acts), timeout=60)

    def repeat(act: Callable[[int], object]) -> None:
        try:
            for number in range(times):
                start.wait()
                act(number)
        except BaseException as error:
            trouble.append(error)
            start.abort()
        finally:
            connection.close()

    threads = [threading.Thread(target=repeat, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return trouble


@needs_services
@pytest.mark.django_db(transaction=True)
def test_what_a_member_writes_waits_for_nothing_else_that_the_member_writes(acme: Business, ada: User) -> None:
    conversation = builders.conversation(acme)

    with meanwhile(lambda: lock_members([(acme.pk, ada.pk)])()), connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '5s'")
        try:
            send_reply(conversation=conversation, author=ada, content="x")
        finally:
            cursor.execute("RESET lock_timeout")


@needs_services
@pytest.mark.django_db(transaction=True)
def test_changing_a_channel_and_what_goes_out_over_it_never_wait_in_a_circle(acme: Business, ada: User) -> None:
    channel = create_channel(actor=ada, type=ChannelType.SMS, config={})
    conversation = builders.conversation(acme, type=ChannelType.SMS, channel=channel)

    def send(_number: int) -> None:
        send_reply(conversation=conversation, author=ada, content="x")
        for delivery in Delivery.objects.filter(state=DeliveryState.QUEUED).select_related("channel", "message"):
            _sent(delivery, SendResult(external_ids=()))

    def change(_number: int) -> None:
        update_channel(actor=ada, channel=channel, is_active=True)

    assert in_turns(send, change) == []
    assert not Delivery.objects.filter(state=DeliveryState.QUEUED).exists()


@needs_services
@pytest.mark.django_db(transaction=True)
def test_a_visitor_who_says_a_name_and_an_agent_who_corrects_it_never_wait_in_a_circle(
    acme: Business, ada: User
) -> None:
    builders.widget(ada)
    visitor = builders.visitor_writes(acme).visitor

    def says(number: int) -> None:
        builders.visitor_writes(acme, "x", visitor=visitor, claims={"name": f"Cleo {number}"})

    def corrects(number: int) -> None:
        change_customer(customer=visitor.customer, name=f"Cleo M. {number}")

    assert in_turns(says, corrects) == []
