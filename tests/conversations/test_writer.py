"""The writer: what many send at once is stored in few transactions, in order, and nothing takes others with it."""

import asyncio
import random
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from businesses.models import Business, FeedEvent, MonthlyUsage
from conversations import events
from conversations.models import Conversation, Message, SenderType, Status
from conversations.services import writer
from conversations.services.message_drafts import Draft, reply_draft
from conversations.services.messages import Posted, post_each, post_messages
from foundation.errors import Forbidden, KeyReused, NotFound, PlanLimit, Unavailable
from tests import builders


def draft(conversation: Conversation, content: str = "x", **more: Any) -> Draft:
    return Draft(conversation_id=conversation.pk, sender_type=SenderType.CUSTOMER, content=content, **more)


def numbers(conversation: Conversation) -> list[tuple[int, str]]:
    return list(Message.objects.filter(conversation=conversation).order_by("seq").values_list("seq", "content"))


@contextmanager
def held_by_somebody(conversation: Conversation) -> Iterator[threading.Event]:
    """Another transaction has its row, until the event is set or the block ends."""
    let_go, has_it = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Conversation.objects.select_for_update().get(pk=conversation.pk)
            has_it.set()
            let_go.wait(20)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert has_it.wait(10)
        yield let_go
    finally:
        let_go.set()
        holder.join()


@pytest.fixture
def a_writer() -> Iterator[writer.Writer]:
    made = writer.Writer()
    yield made
    made.finish(seconds=10)


@pytest.mark.django_db
def test_one_batch_holds_conversations_of_several_workspaces(acme: Business, mallory: User) -> None:
    umbrella = Business.objects.get(name="Umbrella")
    here, there = builders.conversation(acme), builders.conversation(umbrella)
    before = {business.pk: business.feed_seq for business in Business.objects.all()}

    post_messages([draft(here, "a"), draft(there, "b"), draft(here, "c")])

    assert [numbers(conversation)[-1] for conversation in (here, there)] == [(3, "c"), (2, "b")]
    for business, count in ((acme, 2), (umbrella, 1)):
        rows = FeedEvent.objects.filter(business=business, seq__gt=before[business.pk]).order_by("seq")
        assert [row.seq - before[business.pk] for row in rows] == list(range(1, count + 1))


@pytest.mark.django_db
def test_a_batch_that_repeats_itself_stores_once(acme: Business) -> None:
    conversation = builders.conversation(acme)

    first, again = post_messages([draft(conversation, dedup_key="c:1"), draft(conversation, dedup_key="c:1")])

    assert (first.created, again.created) == (True, False)
    assert first.message.pk == again.message.pk
    assert len(numbers(conversation)) == 2


@pytest.mark.django_db(transaction=True)
def test_who_cannot_be_stored_falls_out_alone(acme: Business, ada: User, ben: User, mallory: User) -> None:
    conversation = builders.conversation(acme)
    umbrella = Business.objects.get(name="Umbrella")
    post_messages([draft(conversation, "old", dedup_key="c:old")])
    stranger = builders.person("Sam")

    outcomes = post_each(
        [
            draft(conversation, "1"),
            draft(conversation, "2", business_id=umbrella.pk),
            draft(conversation, "3"),
            draft(conversation, "4", dedup_key="c:old", fingerprint="other words"),
            reply_draft(business_id=acme.pk, conversation_id=conversation.pk, author=stranger, content="5"),
            draft(conversation, "6", customer_id=uuid.uuid4()),
            reply_draft(business_id=acme.pk, conversation_id=conversation.pk, author=ada, content="7"),
            draft(conversation, "8", dedup_key="k" * 301),  # the column takes 300
            Draft(conversation_id=uuid.uuid4(), sender_type=SenderType.CUSTOMER, content="9"),
            draft(conversation, "10"),
        ]
    )

    stored = [outcome.message.content for outcome in outcomes if isinstance(outcome, Posted)]
    assert [text for _seq, text in numbers(conversation)][2:] == stored
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds[:7] == [Posted, NotFound, Posted, KeyReused, Forbidden, NotFound, Posted]
    assert kinds[8:] == [NotFound, Posted]
    assert [seq for seq, _text in numbers(conversation)] == list(range(1, len(stored) + 3))


@pytest.mark.django_db(transaction=True)
def test_a_neighbour_that_fails_for_one_message_takes_only_that_one_back(acme: Business) -> None:
    conversation = builders.conversation(acme)

    def stumble(messages: list[Message], **more: Any) -> None:
        if any(message.content == "bad" for message in messages):
            raise ValueError("not this one")

    events.happened.connect(stumble)
    try:
        outcomes = post_each([draft(conversation, text) for text in ("a", "b", "bad", "c")])
    finally:
        events.happened.disconnect(stumble)

    assert [isinstance(outcome, Posted) for outcome in outcomes] == [True, True, False, True]
    assert numbers(conversation)[1:] == [(2, "a"), (3, "b"), (4, "c")]


@pytest.mark.django_db(transaction=True)
def test_a_plan_with_room_for_one_more_stores_one_of_two(acme: Business, ada: User) -> None:
    acme.plan.max_messages_per_month = 1
    acme.plan.save()
    conversation = builders.conversation(acme)
    replies = [
        reply_draft(business_id=acme.pk, conversation_id=conversation.pk, author=ada, content=text)
        for text in ("first", "second")
    ]

    outcomes = post_each([draft(conversation, "hello"), *replies])

    assert [type(outcome) for outcome in outcomes] == [Posted, Posted, PlanLimit]
    assert MonthlyUsage.objects.get(business=acme).agent_messages == 1


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_take_few_transactions_and_keep_each_senders_order(
    acme: Business, a_writer: writer.Writer
) -> None:
    conversations = [builders.conversation(acme) for _ in range(4)]

    async def send() -> list[Posted]:
        sent = [a_writer.post(draft(each, f"{number}")) for number in range(5) for each in conversations]
        return await asyncio.gather(*sent)

    posted = asyncio.run(send())

    assert len({item.message.pk for item in posted}) == 20
    for conversation in conversations:
        assert numbers(conversation)[1:] == [(number + 2, f"{number}") for number in range(5)]
    assert list(FeedEvent.objects.filter(business=acme).order_by("seq").values_list("seq", flat=True)) == list(
        range(1, FeedEvent.objects.filter(business=acme).count() + 1)
    )


@pytest.mark.django_db(transaction=True)
def test_twenty_who_each_wait_for_their_answer_go_together_again_and_again(
    acme: Business, a_writer: writer.Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is first, and alone in a batch, because the answer came to them first."""
    conversations = [builders.conversation(acme) for _ in range(4)]
    batches: list[int] = []
    store = writer._stored

    def stored(drafts: Sequence[Draft]) -> Sequence[Posted | Exception]:
        batches.append(len(drafts))
        return store(drafts)

    monkeypatch.setattr(writer, "_stored", stored)

    async def talk(conversation: Conversation) -> None:
        for number in range(3):
            await a_writer.post(draft(conversation, f"{number}"))

    async def talk_all() -> None:
        await asyncio.gather(*(talk(conversation) for conversation in conversations * 5))

    asyncio.run(talk_all())

    assert batches == [20, 20, 20]


@pytest.mark.django_db(transaction=True)
def test_one_alone_is_stored_though_another_loop_was_closed_before_it_heard(
    acme: Business, a_writer: writer.Writer
) -> None:
    conversation = builders.conversation(acme)

    async def send() -> "asyncio.Future[Posted]":
        return a_writer.post(draft(conversation))

    async def wait() -> None:
        await asyncio.wait_for(a_writer.post(draft(conversation)), 20)

    asyncio.run(send())
    asyncio.run(wait())
    a_writer.finish(seconds=10)

    assert len(numbers(conversation)) == 3


@pytest.mark.django_db(transaction=True)
def test_writers_of_several_processes_leave_no_gap(acme: Business, ada: User) -> None:
    conversation = builders.conversation(acme)
    writers = [writer.Writer() for _ in range(4)]  # each with a connection of its own, like a process

    def send(which: writer.Writer) -> None:
        async def run() -> None:
            for _ in range(5):
                customers = [which.post(draft(conversation)) for _ in range(5)]
                reply = reply_draft(
                    business_id=acme.pk, conversation_id=conversation.pk, author=ada, content="y", key=str(uuid.uuid4())
                )
                await asyncio.gather(*customers, which.post(reply))

        asyncio.run(run())
        which.finish(seconds=10)

    threads = [threading.Thread(target=send, args=(each,)) for each in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [seq for seq, _text in numbers(conversation)] == list(range(1, 1 + 1 + 4 * 30))
    feed = list(FeedEvent.objects.filter(business=acme).order_by("seq").values_list("seq", flat=True))
    assert feed == list(range(1, len(feed) + 1))


@pytest.mark.django_db(transaction=True)
def test_the_sender_is_told_after_the_commit(acme: Business, a_writer: writer.Writer) -> None:
    conversation = builders.conversation(acme)

    async def send() -> list[tuple[int, str]]:
        await a_writer.post(draft(conversation))
        return await asyncio.to_thread(seen)

    def seen() -> list[tuple[int, str]]:  # over another connection than the writer's
        try:
            return numbers(conversation)
        finally:
            connection.close()

    assert len(asyncio.run(send())) == 2


@pytest.mark.django_db(transaction=True)
def test_a_full_queue_says_busy_at_once_and_what_was_taken_is_stored(
    acme: Business, a_writer: writer.Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "MAX_WAITING", 3)
    conversation = builders.conversation(acme)
    gate, reached = threading.Event(), threading.Event()

    def hold(**more: Any) -> None:
        reached.set()
        gate.wait(20)

    async def send() -> tuple[list[Any], int]:
        first = a_writer.post(draft(conversation))
        await asyncio.to_thread(reached.wait, 20)  # it works on that one
        taken, refused = [first], 0
        for _ in range(10):
            try:
                taken.append(a_writer.post(draft(conversation)))
            except Unavailable:
                refused += 1
        gate.set()
        return await asyncio.gather(*taken), refused

    events.happened.connect(hold)
    try:
        taken, refused = asyncio.run(send())
    finally:
        events.happened.disconnect(hold)

    assert (len(taken), refused) == (4, 7)
    assert len(numbers(conversation)) == 5


@pytest.mark.django_db(transaction=True)
def test_what_was_taken_is_stored_though_the_sender_has_gone(acme: Business, a_writer: writer.Writer) -> None:
    conversation = builders.conversation(acme)

    async def send() -> None:
        a_writer.post(draft(conversation)).cancel()

    asyncio.run(send())
    a_writer.finish(seconds=10)

    assert len(numbers(conversation)) == 2


@pytest.mark.django_db
def test_a_batch_of_a_hundred_in_ten_conversations_costs_the_statements_of_one(acme: Business) -> None:
    conversations = [builders.conversation(acme) for _ in range(10)]

    with CaptureQueriesContext(connection) as one:
        post_messages([draft(conversations[0], dedup_key="c:1")])
    with CaptureQueriesContext(connection) as hundred:
        post_messages([draft(each, dedup_key=f"c:{each.pk}{n}") for each in conversations for n in range(10)])

    assert len(hundred) == len(one)


@pytest.mark.django_db
@pytest.mark.parametrize("first", ["an answer", "a question"])
def test_ten_conversations_that_change_cost_the_statements_of_one(acme: Business, ada: User, first: str) -> None:
    """Taken by who answers first, or opened again by a question; and everybody is told whose they are."""

    def drafts(amount: int) -> list[Draft]:
        made = [builders.conversation(acme) for _ in range(amount)]
        if first == "an answer":
            return [reply_draft(business_id=acme.pk, conversation_id=it.pk, author=ada, content="x") for it in made]
        Conversation.objects.filter(pk__in=[it.pk for it in made]).update(status=Status.RESOLVED)
        return [draft(it) for it in made]

    def statements(asked: list[Draft]) -> int:
        with CaptureQueriesContext(connection) as queries, TestCase.captureOnCommitCallbacks(execute=True):
            post_messages(asked)
        return len(queries)

    one = statements(drafts(1))
    assert statements(drafts(10)) <= one


@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs --services")
@pytest.mark.django_db(transaction=True)
def test_a_database_that_comes_back_is_found_again(acme: Business, a_writer: writer.Writer) -> None:
    conversation = builders.conversation(acme)

    async def send() -> Posted:
        return await a_writer.post(draft(conversation))

    asyncio.run(send())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    refused, deadline = 0, time.monotonic() + 15
    while len(numbers(conversation)) < 3:
        assert time.monotonic() < deadline
        try:
            asyncio.run(send())
        except Unavailable:
            refused += 1

    assert refused
    assert [seq for seq, _text in numbers(conversation)] == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_died_unnoticed_is_replaced(acme: Business, a_writer: writer.Writer) -> None:
    conversation = builders.conversation(acme)

    def die(**_kwargs: Any) -> None:
        connection.connection.close()

    async def send() -> Any:
        return (await asyncio.gather(a_writer.post(draft(conversation)), return_exceptions=True))[0]

    events.happened.connect(die)
    try:
        refused = asyncio.run(send())
    finally:
        events.happened.disconnect(die)

    assert isinstance(refused, Unavailable)
    assert asyncio.run(send()).message.seq == 2


@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs --services: SQLite locks no rows")
@pytest.mark.django_db(transaction=True)
def test_a_conversation_that_somebody_holds_keeps_nobody_else_waiting(
    acme: Business, mallory: User, a_writer: writer.Writer
) -> None:
    """And what is written there is stored once it is free, in the order it was written."""
    umbrella = Business.objects.get(name="Umbrella")
    held, free = builders.conversation(acme), builders.conversation(umbrella)

    async def write(let_go: threading.Event) -> None:
        waiting = [a_writer.post(draft(held, "1")), a_writer.post(draft(held, "2"))]
        for number in range(3):
            await asyncio.wait_for(a_writer.post(draft(free, f"{number}")), 10)
        assert not any(future.done() for future in waiting)
        let_go.set()
        await asyncio.wait_for(asyncio.gather(*waiting), 10)

    with held_by_somebody(held) as let_go:
        asyncio.run(write(let_go))
    assert [content for _seq, content in numbers(free)[1:]] == ["0", "1", "2"]
    assert [content for _seq, content in numbers(held)[1:]] == ["1", "2"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs --services: SQLite locks no rows")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("share", ["conversations", "workspaces"])
def test_batches_that_meet_never_wait_for_each_other_in_a_circle(acme: Business, mallory: User, share: str) -> None:
    others = [builders.workspace(builders.person(f"Olga{number}"), f"Olga {number}") for number in range(6)]
    lines = [[builders.conversation(business) for business in [acme, *others] for _ in range(3)] for _ in range(3)]
    if share == "conversations":
        lines = [lines[0]] * 3
    trouble: list[BaseException] = []

    def write(line: list[Conversation]) -> None:
        try:
            for _ in range(40):
                post_messages([draft(conversation) for conversation in random.sample(line, len(line))])
        except BaseException as error:
            trouble.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=[line]) for line in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert trouble == []


@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs --services: SQLite locks no rows")
@pytest.mark.django_db(transaction=True)
def test_a_conversation_that_is_never_let_go_answers_busy(
    acme: Business, a_writer: writer.Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "PATIENCE_SECONDS", 0.3)
    held = builders.conversation(acme)

    async def write() -> None:
        with pytest.raises(Unavailable):
            await asyncio.wait_for(a_writer.post(draft(held, "1")), 10)

    with held_by_somebody(held):
        asyncio.run(write())
    assert len(numbers(held)) == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.django_db(transaction=True)
def test_a_thread_that_died_is_replaced(
    acme: Business, a_writer: writer.Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = builders.conversation(acme)

    def die() -> list[Any]:
        raise SystemExit  # ends a thread without a word

    with monkeypatch.context() as patched:
        patched.setattr(a_writer, "_next_batch", die)
        a_writer._start()
        assert a_writer._thread
        a_writer._thread.join(10)

    async def write() -> None:
        await asyncio.wait_for(a_writer.post(draft(conversation, "1")), 10)

    asyncio.run(write())
    assert numbers(conversation)[-1] == (2, "1")
