"""Batches: many drafts in few statements, and one that cannot be stored falls out alone."""

import random
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from businesses.models import Business, FeedEvent, Membership, MonthlyUsage
from conversations.events import Change, happened
from conversations.models import Conversation, Customer, Message, SenderType, Status
from conversations.services.message_drafts import Draft, reply_draft
from conversations.services.messages import Posted, post_each, post_messages
from conversations.services.uploads import keep_upload
from conversations.wire import for_member
from foundation.errors import Forbidden, KeyReused, NotFound, PlanLimit
from tests import builders

pytestmark = pytest.mark.django_db


def from_cleo(conversation: Conversation, content: str = "x", **fields: Any) -> Draft:
    return Draft(conversation_id=conversation.pk, sender_type=SenderType.CUSTOMER, content=content, **fields)


def from_agent(agent: User, conversation: Conversation, content: str = "x", key: str = "") -> Draft:
    return reply_draft(
        business_id=conversation.business_id, conversation_id=conversation.pk, author=agent, content=content, key=key
    )


def numbers(conversation: Conversation) -> list[tuple[int, str]]:
    return list(Message.objects.filter(conversation=conversation).order_by("seq").values_list("seq", "content"))


def outcomes(drafts: list[Draft]) -> list[str]:
    """The words that were stored, or the name of what was raised instead."""
    return [found.message.content if isinstance(found, Posted) else type(found).__name__ for found in post_each(drafts)]


def test_neighbours_hear_of_their_own_workspace_alone(acme: Business, mallory: User) -> None:
    umbrella = Membership.objects.get(user=mallory).business
    here, there = builders.conversation(acme), builders.conversation(umbrella)
    heard: dict[uuid.UUID, list[str]] = {}

    def listen(changes: dict[uuid.UUID, Change], **_kwargs: Any) -> None:
        heard.update({one: [message.content for message in change.messages] for one, change in changes.items()})

    with neighbour(listen):
        post_messages([from_cleo(here, "a"), from_cleo(there, "b"), from_cleo(here, "c")])

    assert heard == {acme.pk: ["a", "c"], umbrella.pk: ["b"]}


def test_a_batch_costs_no_more_statements_than_one_message_however_many_workspaces_it_is_of() -> None:
    owners = [builders.person(f"Ada{number}") for number in range(8)]
    seats = [(owner, builders.conversation(builders.workspace(owner, f"Acme {owner}"))) for owner in owners]
    for owner, conversation in seats:
        builders.answers(owner, conversation, "Mine.")

    def statements(many: int) -> int:
        drafts = [from_cleo(conversation, dedup_key=f"c:{uuid.uuid4()}") for _owner, conversation in seats[:many]]
        drafts += [from_agent(owner, conversation, key=uuid.uuid4().hex) for owner, conversation in seats[:many]]
        with CaptureQueriesContext(connection) as asked:
            post_messages(drafts)
        return len([query for query in asked if connection.vendor == "postgresql" or not _is_of_a_row(query["sql"])])

    assert statements(8) == statements(1)


def test_who_was_seen_a_moment_ago_is_not_looked_up_again(
    acme: Business, django_capture_on_commit_callbacks: Any
) -> None:
    conversation = builders.conversation(acme)
    Customer.objects.update(last_seen_at=None)

    table = Customer._meta.db_table

    def looked_up() -> list[str]:
        with CaptureQueriesContext(connection) as asked, django_capture_on_commit_callbacks(execute=True):
            post_messages([from_cleo(conversation)])
        return [
            query["sql"] for query in asked if f'FROM "{table}"' in query["sql"] or f'UPDATE "{table}"' in query["sql"]
        ]

    assert looked_up()
    assert not looked_up()


def _is_of_a_row(sql: str) -> bool:
    """SQLite counts and numbers workspace by workspace: there no other writer waits meanwhile."""
    return "feed_seq = feed_seq" in sql or "ON CONFLICT" in sql


@contextmanager
def neighbour(listen: Callable[..., None]) -> Iterator[None]:
    happened.connect(listen)
    try:
        yield
    finally:
        happened.disconnect(listen)


def test_a_key_with_other_words_falls_out_alone(acme: Business, ada: User) -> None:
    conversation = builders.conversation(acme)

    found = outcomes(
        [
            from_agent(ada, conversation, "first", key="k"),
            from_agent(ada, conversation, "other", key="k"),
            from_agent(ada, conversation, "last", key="l"),
        ]
    )

    assert found == ["first", KeyReused.__name__, "last"]


def test_what_a_constraint_refuses_falls_out_alone(acme: Business) -> None:
    sound, broken = builders.conversation(acme), builders.conversation(acme)
    Conversation.objects.filter(pk=broken.pk).update(last_seq=0)  # the next number is taken

    found = outcomes([from_cleo(sound, "a"), from_cleo(broken), from_cleo(sound, "b"), from_cleo(sound, "c")])

    assert found == ["a", IntegrityError.__name__, "b", "c"]
    assert list(sound.messages.order_by("seq").values_list("seq", flat=True)) == [1, 2, 3, 4]


def test_a_file_that_is_not_there_to_send_is_refused_alone_before_anything_is_stored(acme: Business, ada: User) -> None:
    conversation = builders.conversation(acme)
    file = keep_upload(agent=ada, conversation=conversation, file=SimpleUploadedFile("a.txt", b"a", "text/plain"))
    sound = [from_cleo(conversation, f"{number}") for number in range(8)]
    lacking = replace(from_agent(ada, conversation, "lacking"), attachments=(uuid.uuid4(),))
    sends = replace(from_agent(ada, conversation, "sends"), attachments=(file.pk,))

    with CaptureQueriesContext(connection) as queries:
        found = outcomes([*sound[:4], lacking, *sound[4:], sends])

    assert found == ["0", "1", "2", "3", "Unprocessable", "4", "5", "6", "7", "sends"]
    assert sum("SAVEPOINT" in query["sql"] and "RELEASE" not in query["sql"] for query in queries) == 1
    assert conversation.messages.get(content="sends").attachments[0]["id"] == str(file.pk)


def test_a_file_that_two_of_a_batch_name_goes_with_the_first(acme: Business, ada: User) -> None:
    conversation = builders.conversation(acme)
    file = keep_upload(agent=ada, conversation=conversation, file=SimpleUploadedFile("a.txt", b"a", "text/plain"))
    first = replace(from_agent(ada, conversation, "first", key="k"), attachments=(file.pk,))

    found = outcomes([first, first, replace(first, content="second", dedup_key=None)])

    assert found == ["first", "first", "Unprocessable"]


def test_what_a_neighbour_cannot_bear_falls_out_alone(acme: Business) -> None:
    conversation = builders.conversation(acme)

    def choosy(changes: dict[uuid.UUID, Change], **_kwargs: Any) -> None:
        if any(message.content == "poison" for message in changes[acme.pk].messages):
            raise RuntimeError("I cannot write my row")

    with neighbour(choosy):
        found = outcomes([from_cleo(conversation, word) for word in ("a", "poison", "b", "poison", "c")])

    assert found == ["a", "RuntimeError", "b", "RuntimeError", "c"]
    assert list(conversation.messages.values_list("content", flat=True)) == ["Hello?", "a", "b", "c"]


def test_a_repeat_is_shown_without_a_question_more(acme: Business, ada: User, django_assert_num_queries: Any) -> None:
    """The event loop shows it, which may ask no database."""
    conversation = builders.conversation(acme)
    draft = from_agent(ada, conversation, key="k")
    [first] = post_each([draft])
    assert isinstance(first, Posted)

    [again] = post_each([draft])

    assert isinstance(again, Posted)
    with django_assert_num_queries(0):
        assert for_member(again.message) == for_member(first.message)


def test_one_batch_holds_conversations_of_several_workspaces(acme: Business, mallory: User) -> None:
    umbrella = Business.objects.get(name="Umbrella")
    here, there = builders.conversation(acme), builders.conversation(umbrella)
    before = {business.pk: business.feed_seq for business in Business.objects.all()}

    post_messages([from_cleo(here, "a"), from_cleo(there, "b"), from_cleo(here, "c")])

    assert [numbers(conversation)[-1] for conversation in (here, there)] == [(3, "c"), (2, "b")]
    for business, count in ((acme, 2), (umbrella, 1)):
        rows = FeedEvent.objects.filter(business=business, seq__gt=before[business.pk]).order_by("seq")
        assert [row.seq - before[business.pk] for row in rows] == list(range(1, count + 1))


def test_a_batch_that_repeats_itself_stores_once(acme: Business) -> None:
    conversation = builders.conversation(acme)

    first, again = post_messages([from_cleo(conversation, dedup_key="c:1"), from_cleo(conversation, dedup_key="c:1")])

    assert (first.created, again.created) == (True, False)
    assert first.message.pk == again.message.pk
    assert len(numbers(conversation)) == 2


@pytest.mark.django_db(transaction=True)
def test_who_cannot_be_stored_falls_out_alone(acme: Business, ada: User, ben: User, mallory: User) -> None:
    conversation = builders.conversation(acme)
    umbrella = Business.objects.get(name="Umbrella")
    post_messages([from_cleo(conversation, "old", dedup_key="c:old")])
    stranger = builders.person("Sam")

    outcomes = post_each(
        [
            from_cleo(conversation, "1"),
            from_cleo(conversation, "2", business_id=umbrella.pk),
            from_cleo(conversation, "3"),
            from_cleo(conversation, "4", dedup_key="c:old", fingerprint="other words"),
            reply_draft(business_id=acme.pk, conversation_id=conversation.pk, author=stranger, content="5"),
            from_cleo(conversation, "6", customer_id=uuid.uuid4()),
            reply_draft(business_id=acme.pk, conversation_id=conversation.pk, author=ada, content="7"),
            from_cleo(conversation, "8", dedup_key="k" * 301),  # the column takes 300
            Draft(conversation_id=uuid.uuid4(), sender_type=SenderType.CUSTOMER, content="9"),
            from_cleo(conversation, "10"),
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

    def stumble(changes: dict[uuid.UUID, Change], **more: Any) -> None:
        if any(message.content == "bad" for message in changes[acme.pk].messages):
            raise ValueError("not this one")

    with neighbour(stumble):
        stored = post_each([from_cleo(conversation, text) for text in ("a", "b", "bad", "c")])

    assert [isinstance(each, Posted) for each in stored] == [True, True, False, True]
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

    outcomes = post_each([from_cleo(conversation, "hello"), *replies])

    assert [type(outcome) for outcome in outcomes] == [Posted, Posted, PlanLimit]
    assert MonthlyUsage.objects.get(business=acme).agent_messages == 1


def test_who_has_used_up_the_month_costs_the_others_of_the_batch_nothing(acme: Business, ada: User) -> None:
    acme.plan.max_messages_per_month = 2
    acme.plan.save()
    conversation = builders.conversation(acme)
    [first] = post_messages([from_agent(ada, conversation, "first", key="1")])

    with CaptureQueriesContext(connection) as queries:
        found = post_each(
            [
                from_cleo(conversation, "a"),
                *(from_agent(ada, conversation, word, key=word) for word in ("second", "third", "second", "fourth")),
                from_agent(ada, conversation, "first", key="1"),
                from_cleo(conversation, "b"),
            ]
        )

    kinds = [type(outcome) for outcome in found]
    assert kinds == [Posted, Posted, PlanLimit, Posted, PlanLimit, Posted, Posted]
    assert isinstance(found[2], PlanLimit)
    assert (found[2].status, found[2].body["current"], found[2].body["limit"]) == (429, 2, 2)
    assert isinstance(found[5], Posted)
    assert found[5].message.pk == first.message.pk
    assert sum("SAVEPOINT" in query["sql"] and "RELEASE" not in query["sql"] for query in queries) == 1
    assert MonthlyUsage.objects.get(business=acme).agent_messages == 2


def test_a_batch_of_a_hundred_in_ten_conversations_costs_the_statements_of_one(acme: Business) -> None:
    conversations = [builders.conversation(acme) for _ in range(10)]

    with CaptureQueriesContext(connection) as one:
        post_messages([from_cleo(conversations[0], dedup_key="c:1")])
    with CaptureQueriesContext(connection) as hundred:
        post_messages([from_cleo(each, dedup_key=f"c:{each.pk}{n}") for each in conversations for n in range(10)])

    assert len(hundred) == len(one)


@pytest.mark.parametrize("first", ["an answer", "a question"])
def test_ten_conversations_that_change_cost_the_statements_of_one(acme: Business, ada: User, first: str) -> None:
    """Taken by who answers first, or opened again by a question; and everybody is told whose they are."""

    def drafts(amount: int) -> list[Draft]:
        made = [builders.conversation(acme) for _ in range(amount)]
        if first == "an answer":
            return [reply_draft(business_id=acme.pk, conversation_id=it.pk, author=ada, content="x") for it in made]
        Conversation.objects.filter(pk__in=[it.pk for it in made]).update(status=Status.RESOLVED, assignee=ada)
        return [from_cleo(it) for it in made]

    def statements(asked: list[Draft]) -> int:
        with CaptureQueriesContext(connection) as queries, TestCase.captureOnCommitCallbacks(execute=True):
            post_messages(asked)
        return len(queries)

    one = statements(drafts(1))
    assert statements(drafts(10)) <= one


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
                post_messages([from_cleo(conversation) for conversation in random.sample(line, len(line))])
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
