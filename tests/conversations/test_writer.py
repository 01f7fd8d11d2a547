"""The writer: what many send at once is stored in few transactions, in order, and nothing takes others with it."""

import asyncio
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, ProgrammingError, connection, transaction

from accounts.models import User
from businesses.models import Business, FeedEvent
from conversations import events
from conversations.models import Conversation
from conversations.services import writer
from conversations.services.message_drafts import Draft, reply_draft
from conversations.services.messages import Posted
from foundation.errors import Unavailable
from tests import builders
from tests.conversations.test_batches import from_cleo, numbers


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


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_take_few_transactions_and_keep_each_senders_order(
    acme: Business, a_writer: writer.Writer
) -> None:
    conversations = [builders.conversation(acme) for _ in range(4)]

    async def send() -> list[Posted]:
        sent = [a_writer.post(from_cleo(each, f"{number}")) for number in range(5) for each in conversations]
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
            await a_writer.post(from_cleo(conversation, f"{number}"))

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
        return a_writer.post(from_cleo(conversation))

    async def wait() -> None:
        await asyncio.wait_for(a_writer.post(from_cleo(conversation)), 20)

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
                customers = [which.post(from_cleo(conversation)) for _ in range(5)]
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
        await a_writer.post(from_cleo(conversation))
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
        first = a_writer.post(from_cleo(conversation))
        await asyncio.to_thread(reached.wait, 20)  # it works on that one
        taken, refused = [first], 0
        for _ in range(10):
            try:
                taken.append(a_writer.post(from_cleo(conversation)))
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
        a_writer.post(from_cleo(conversation)).cancel()

    asyncio.run(send())
    a_writer.finish(seconds=10)

    assert len(numbers(conversation)) == 2


@pytest.mark.parametrize("error", [OperationalError("the disk is full"), ProgrammingError("there is no such column")])
@pytest.mark.django_db(transaction=True)
def test_what_the_database_has_against_messages_is_in_the_log_once(
    acme: Business, a_writer: writer.Writer, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    """Their senders hear no more than that they may try again."""
    conversation = builders.conversation(acme)

    def fail(**_kwargs: Any) -> None:
        raise error

    async def send() -> list[Any]:
        sent = [a_writer.post(from_cleo(conversation, f"{number}")) for number in range(2)]
        return await asyncio.gather(*sent, return_exceptions=True)

    events.happened.connect(fail)
    try:
        outcomes = asyncio.run(send())
    finally:
        events.happened.disconnect(fail)

    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 2
    assert [record.getMessage() for record in caplog.records] == [f"2 messages were not stored: {error}"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs --services")
@pytest.mark.django_db(transaction=True)
def test_a_database_that_comes_back_is_found_again(acme: Business, a_writer: writer.Writer) -> None:
    conversation = builders.conversation(acme)

    async def send() -> Posted:
        return await a_writer.post(from_cleo(conversation))

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
        return (await asyncio.gather(a_writer.post(from_cleo(conversation)), return_exceptions=True))[0]

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
        waiting = [a_writer.post(from_cleo(held, "1")), a_writer.post(from_cleo(held, "2"))]
        for number in range(3):
            await asyncio.wait_for(a_writer.post(from_cleo(free, f"{number}")), 10)
        assert not any(future.done() for future in waiting)
        let_go.set()
        await asyncio.wait_for(asyncio.gather(*waiting), 10)

    with held_by_somebody(held) as let_go:
        asyncio.run(write(let_go))
    assert [content for _seq, content in numbers(free)[1:]] == ["0", "1", "2"]
    assert [content for _seq, content in numbers(held)[1:]] == ["1", "2"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs --services: SQLite locks no rows")
@pytest.mark.django_db(transaction=True)
def test_a_conversation_that_is_never_let_go_answers_busy(
    acme: Business, a_writer: writer.Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "PATIENCE_SECONDS", 0.3)
    held = builders.conversation(acme)

    async def write() -> None:
        with pytest.raises(Unavailable):
            await asyncio.wait_for(a_writer.post(from_cleo(held, "1")), 10)

    with held_by_somebody(held):
        asyncio.run(write())
    assert len(numbers(held)) == 1


@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs --services: SQLite locks no rows")
@pytest.mark.django_db(transaction=True)
def test_at_the_end_what_somebody_holds_is_tried_again_now_and_then_not_all_the_time(
    acme: Business, a_writer: writer.Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "PATIENCE_SECONDS", 1.0)
    monkeypatch.setattr(writer, "TRIED_AGAIN_SECONDS", 0.2)
    held, tries, store = builders.conversation(acme), [], writer._stored

    def stored(drafts: Sequence[Draft]) -> Sequence[Posted | Exception]:
        tries.append(len(drafts))
        return store(drafts)

    monkeypatch.setattr(writer, "_stored", stored)

    async def write() -> None:
        posted = a_writer.post(from_cleo(held, "1"))
        await asyncio.to_thread(a_writer.finish, seconds=20)
        with pytest.raises(Unavailable):
            await posted

    with held_by_somebody(held):
        asyncio.run(write())
    assert 1 <= len(tries) <= 7


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
        await asyncio.wait_for(a_writer.post(from_cleo(conversation, "1")), 10)

    asyncio.run(write())
    assert numbers(conversation)[-1] == (2, "1")
