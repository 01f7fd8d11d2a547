"""Messages: in one order, once, and with the state that they bring."""

import threading
import uuid
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from businesses.models import Business, FeedEvent, Membership
from conversations.models import ChannelType, Conversation, Message, MessageStatus, SenderType, Status
from conversations.selectors import messages_after
from conversations.services import opening
from conversations.services.handling import close_conversation, mark_read, resolve_conversation
from conversations.services.message_drafts import Draft
from conversations.services.messages import post_messages, send_reply, set_message_status
from foundation.errors import Forbidden, KeyReused, Unprocessable
from tests import builders


@pytest.mark.django_db
def test_messages_are_numbered_from_one_without_gaps(acme: Business, ada: User) -> None:
    conversation = builders.conversation(acme, content="one")
    builders.answers(ada, conversation, "two")
    builders.says(conversation, "three")

    rows = Message.objects.filter(conversation=conversation).values_list("seq", "content")
    assert list(rows) == [(1, "one"), (2, "two"), (3, "three")]


@pytest.mark.django_db
def test_a_list_of_messages_is_stored_in_the_order_given(acme: Business) -> None:
    here, there = builders.conversation(acme), builders.conversation(acme)
    drafts = [
        Draft(conversation_id=conversation.pk, sender_type=SenderType.CUSTOMER, content=text)
        for conversation, text in [(here, "a"), (there, "x"), (here, "b"), (there, "y")]
    ]

    posted = post_messages(drafts)

    assert [(item.message.conversation_id, item.message.seq) for item in posted] == [
        (here.pk, 2),
        (there.pk, 2),
        (here.pk, 3),
        (there.pk, 3),
    ]


@pytest.mark.django_db
def test_a_list_costs_no_more_statements_than_one(acme: Business, django_assert_num_queries: Any) -> None:
    conversation = builders.conversation(acme)

    def post(many: int) -> list[Draft]:
        return [
            Draft(
                conversation_id=conversation.pk,
                sender_type=SenderType.CUSTOMER,
                content="x",
                dedup_key=f"c:{uuid.uuid4()}",
            )
            for _ in range(many)
        ]

    # savepoint, lock, known keys, messages, conversation, feed number, feed rows (PostgreSQL: with the number), release
    statements = 7 if connection.vendor == "postgresql" else 8
    with django_assert_num_queries(statements):
        post_messages(post(1))
    with django_assert_num_queries(statements):
        post_messages(post(20))


@pytest.mark.django_db
def test_a_customer_writing_again_reopens_what_was_done(acme: Business, ada: User) -> None:
    for finish in (resolve_conversation, close_conversation):
        conversation = builders.conversation(acme)
        finish(conversation=conversation, actor=ada)

        builders.says(conversation, "One more thing")

        conversation.refresh_from_db()
        assert (conversation.status, conversation.resolved_at, conversation.closed_at) == (Status.OPEN, None, None)


@pytest.mark.django_db
def test_the_first_answer_is_the_response_and_takes_the_conversation(acme: Business, ada: User, ben: User) -> None:
    conversation = builders.conversation(acme)
    first = builders.answers(ben, conversation, "On it")
    builders.answers(ada, conversation, "Me too")

    conversation.refresh_from_db()
    assert conversation.first_response_at == first.created_at
    assert conversation.assignee == ben


@pytest.mark.django_db
def test_a_workspace_may_leave_answered_conversations_unassigned(acme: Business, ben: User) -> None:
    Business.objects.filter(pk=acme.pk).update(assign_on_reply=False)
    conversation = builders.conversation(acme)
    builders.answers(ben, conversation, "On it")
    conversation.refresh_from_db()
    assert conversation.assignee is None


@pytest.mark.django_db
def test_who_was_just_removed_writes_nothing_and_is_given_nothing(acme: Business, ben: User) -> None:
    """The request was let in while they were a member: what counts is the moment of writing."""
    conversation = builders.conversation(acme)
    Membership.objects.filter(user=ben).delete()

    with pytest.raises(Forbidden):
        builders.answers(ben, conversation, "One last word")
    with pytest.raises(Forbidden):
        opened_by(ben, acme, "Hello!")

    conversation.refresh_from_db()
    assert (conversation.last_seq, conversation.assignee) == (1, None)
    assert Conversation.objects.count() == 1


def opened_by(agent: User, business: Business, content: str = "") -> Conversation:
    type = ChannelType.WIDGET
    return opening.open_conversation(
        business_id=business.pk, channel_type=type, opened_by=agent, content=content
    ).conversation


@pytest.mark.django_db
def test_the_first_agent_to_write_takes_a_conversation_that_was_opened_without_a_word(
    ada: User, acme: Business, ben: User
) -> None:
    conversation = opening.open_conversation(
        business_id=acme.pk, channel_type=ChannelType.WIDGET, opened_by=ada
    ).conversation

    builders.answers(ben, conversation, "Mine.")
    builders.answers(ada, conversation, "Yours.")

    conversation.refresh_from_db()
    assert conversation.assignee == ben


@pytest.mark.django_db
def test_who_opens_a_conversation_with_a_message_has_not_taken_it(ada: User, acme: Business) -> None:
    opened = opening.open_conversation(
        business_id=acme.pk, channel_type=ChannelType.WIDGET, opened_by=ada, content="Hello!"
    )

    assert opened.conversation.assignee is None


def test_the_same_key_gives_the_first_message_and_tells_nobody_again(acme: Business, ada: User) -> None:
    conversation = builders.conversation(acme)
    first = send_reply(conversation=conversation, author=ada, content="Hi", key="k")
    told = FeedEvent.objects.count()

    again = send_reply(conversation=conversation, author=ada, content="Hi", key="k")

    assert (again.message, again.created) == (first.message, False)
    assert FeedEvent.objects.count() == told
    with pytest.raises(KeyReused):
        send_reply(conversation=conversation, author=ada, content="Other", key="k")
    with pytest.raises(KeyReused):
        send_reply(conversation=builders.conversation(acme), author=ada, content="Hi", key="k")
    for key in ("x" * 129, "a\0b", "\ud800"):
        with pytest.raises(Unprocessable):
            send_reply(conversation=conversation, author=ada, content="Hi", key=key)
    assert conversation.messages.count() == 2


@pytest.mark.django_db
def test_one_persons_keys_never_meet_anothers(acme: Business, ada: User, ben: User) -> None:
    conversation = builders.conversation(acme)
    for author in (ada, ben):
        assert send_reply(conversation=conversation, author=author, content="Hi", key="k").created


@pytest.mark.django_db
@pytest.mark.parametrize("content", ["", "  \n", "x" * 10_001, "a\0b", "\ud800"])
def test_a_text_out_of_bounds_stores_nothing(acme: Business, content: str) -> None:
    conversation = builders.conversation(acme)
    with pytest.raises(Unprocessable):
        builders.says(conversation, content)
    assert conversation.messages.count() == 1


@pytest.mark.django_db
def test_a_neighbour_that_cannot_write_its_rows_takes_the_message_back(acme: Business) -> None:
    from conversations.events import happened

    conversation = builders.conversation(acme)

    def refuse(**kwargs: Any) -> None:
        raise RuntimeError("no room for a delivery")

    happened.connect(refuse)
    try:
        with pytest.raises(RuntimeError):
            builders.says(conversation, "lost?")
    finally:
        happened.disconnect(refuse)
    conversation.refresh_from_db()
    assert (conversation.last_seq, conversation.messages.count()) == (1, 1)


@pytest.mark.django_db
def test_a_publisher_that_fails_takes_nothing_back(
    acme: Business, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.FEED_PUBLISHER = "tests.conversations.test_messages.sleeping_bus"
    conversation = builders.conversation(acme)
    with django_capture_on_commit_callbacks(execute=True):
        builders.says(conversation, "kept")
    assert conversation.messages.count() == 2


def sleeping_bus(rows: list[FeedEvent]) -> None:
    raise ConnectionError("nobody is listening")


@pytest.mark.django_db
def test_the_feed_tells_what_happened_in_order_and_holds_no_words(
    acme: Business, ada: User, django_capture_on_commit_callbacks: Any, published: list[FeedEvent]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        conversation = builders.conversation(acme, content="secret words")
    with django_capture_on_commit_callbacks(execute=True):
        builders.answers(ada, conversation, "other words")
    with django_capture_on_commit_callbacks(execute=True):
        resolve_conversation(conversation=conversation, actor=ada)

    rows = FeedEvent.objects.filter(business=acme).order_by("seq")
    assert [(row.seq, row.kind) for row in rows] == [
        (1, "conversation.created"),
        (2, "message.created"),
        (3, "message.created"),
        (4, "conversation.assigned"),
        (5, "conversation.updated"),
    ]
    assert [row.seq for row in published] == [1, 2, 3, 4, 5]
    assert all(row.subject is not None for row in published)
    assert "words" not in str([row.data for row in rows])


@pytest.mark.django_db
def test_reading_moves_forward_only_and_moves_nothing_else(acme: Business, ada: User) -> None:
    conversation = builders.conversation(acme)
    builders.says(conversation, "two")
    before = Conversation.objects.get(pk=conversation.pk).updated_at
    conversation.refresh_from_db()

    assert mark_read(conversation=conversation, user=ada, seq=99) == 0
    assert mark_read(conversation=conversation, user=ada, seq=1) == 0

    row = Conversation.objects.visible_to(ada).with_unread(ada).get()
    assert (row.unread, row.updated_at) == (0, before)


@pytest.mark.django_db
def test_unread_counts_what_the_customer_wrote_since(acme: Business, ada: User, ben: User) -> None:
    conversation = builders.conversation(acme)
    builders.says(conversation, "two")
    mark_read(conversation=conversation, user=ada, seq=1)
    builders.answers(ben, conversation, "three")

    def unread(user: User) -> int:
        return Conversation.objects.visible_to(user).with_unread(user).get().unread

    assert (unread(ada), unread(ben)) == (1, 2)


@pytest.mark.django_db
def test_S1_another_workspaces_conversation_does_not_exist(acme: Business, ada: User, mallory: User) -> None:
    builders.conversation(acme)
    assert Conversation.objects.visible_to(ada).count() == 1
    assert Message.objects.visible_to(ada).count() == 1
    assert Conversation.objects.visible_to(mallory).count() == 0
    assert Message.objects.visible_to(mallory).count() == 0


def together(*jobs: Any) -> list[Any]:
    """Run jobs in threads that start at once; what each gave, or the exception."""
    gate, results = threading.Barrier(len(jobs)), [None] * len(jobs)

    def run(place: int, job: Any) -> None:
        gate.wait()
        try:
            results[place] = job()
        except Exception as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
def test_R2_writers_at_once_leave_no_gap_in_messages_or_feed(acme: Business, ada: User) -> None:
    conversations = [builders.conversation(acme) for _ in range(3)]

    def writer(number: int) -> Any:
        def write() -> None:
            for count in range(10):
                target = conversations[(number + count) % 3]
                builders.says(target, f"{number}-{count}") if number % 2 else builders.answers(ada, target, "x")

        return write

    results = together(*[writer(number) for number in range(6)])

    assert results == [None] * 6
    for conversation in conversations:
        seqs = list(conversation.messages.order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(1, len(seqs) + 1))
        conversation.refresh_from_db()
        assert conversation.last_seq == len(seqs)
    feed = list(FeedEvent.objects.filter(business=acme).order_by("seq").values_list("seq", flat=True))
    acme.refresh_from_db()
    assert feed == list(range(1, acme.feed_seq + 1))
    assert Message.objects.count() == 63


@pytest.mark.django_db
def test_what_became_of_a_message_is_told(acme: Business, ada: User) -> None:
    message = builders.answers(ada, builders.conversation(acme), "Hi")
    set_message_status(message_id=message.pk, status=MessageStatus.FAILED, error="Not sent.")
    message.refresh_from_db()
    assert (message.status, message.error) == ("failed", "Not sent.")
    assert FeedEvent.objects.order_by("seq").last().kind == "message.updated"  # type: ignore[union-attr]


@pytest.mark.django_db(transaction=True)
def test_R4_the_same_send_five_times_at_once_is_one_message(acme: Business, ada: User) -> None:
    conversation = builders.conversation(acme)

    def send() -> Any:
        return send_reply(conversation=conversation, author=ada, content="Hi", key="same")

    results = together(*[send] * 5)

    assert len({posted.message.pk for posted in results}) == 1
    assert sorted(posted.created for posted in results) == [False, False, False, False, True]
    assert conversation.messages.count() == 2


@pytest.mark.django_db
def test_a_key_that_is_taken_while_we_look_leaves_no_empty_conversation(
    acme: Business, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    look = opening._opened_by_key

    def too_early(key: str, fingerprint: str) -> Any:
        asked.append(key)
        return look(key, fingerprint) if len(asked) > 1 else None

    first = builders.conversation(acme, content="Hi", dedup_key="w:x:1", fingerprint="f")
    monkeypatch.setattr(opening, "_opened_by_key", too_early)

    again = builders.conversation(acme, content="Hi", dedup_key="w:x:1", fingerprint="f")

    assert again == first
    assert Conversation.objects.count() == 1


@pytest.mark.django_db
def test_of_long_messages_no_more_are_read_than_fit_and_one(acme: Business, django_assert_num_queries: Any) -> None:
    conversation = builders.conversation(acme, content="0123456789")
    for _ in range(4):
        builders.says(conversation, "0123456789")

    def after(seq: int, *, limit: int, characters: int) -> list[int]:
        with django_assert_num_queries(2):
            return [each.seq for each in messages_after(conversation, seq, limit=limit, characters=characters)]

    assert after(0, limit=10, characters=20) == [1, 2, 3]
    assert after(0, limit=2, characters=20) == [1, 2]
    assert after(1, limit=10, characters=5) == [2]
    assert after(3, limit=10, characters=20) == [4, 5]
