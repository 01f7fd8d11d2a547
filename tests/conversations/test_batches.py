"""Batches: many drafts in few statements, and one that cannot be stored falls out alone."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from businesses.models import Business, Membership
from conversations.events import happened
from conversations.models import Conversation, Customer, Message, SenderType
from conversations.services.message_drafts import Draft, reply_draft
from conversations.services.messages import Posted, post_each, post_messages
from conversations.wire import for_member
from foundation.errors import KeyReused
from tests import builders

pytestmark = pytest.mark.django_db


def from_cleo(conversation: Conversation, content: str = "x", **fields: Any) -> Draft:
    return Draft(conversation_id=conversation.pk, sender_type=SenderType.CUSTOMER, content=content, **fields)


def from_agent(agent: User, conversation: Conversation, content: str = "x", key: str = "") -> Draft:
    return reply_draft(
        business_id=conversation.business_id, conversation_id=conversation.pk, author=agent, content=content, key=key
    )


def outcomes(drafts: list[Draft]) -> list[str]:
    """The words that were stored, or the name of what was raised instead."""
    return [found.message.content if isinstance(found, Posted) else type(found).__name__ for found in post_each(drafts)]


def test_neighbours_hear_of_their_own_workspace_alone(acme: Business, mallory: User) -> None:
    umbrella = Membership.objects.get(user=mallory).business
    here, there = builders.conversation(acme), builders.conversation(umbrella)
    heard: dict[uuid.UUID, list[str]] = {}

    def listen(business_id: uuid.UUID, messages: list[Message], **_kwargs: Any) -> None:
        heard[business_id] = [message.content for message in messages]

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


def test_what_a_neighbour_cannot_bear_falls_out_alone(acme: Business) -> None:
    conversation = builders.conversation(acme)

    def choosy(messages: list[Message], **_kwargs: Any) -> None:
        if any(message.content == "poison" for message in messages):
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
