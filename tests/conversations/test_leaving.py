"""What somebody who leaves the team leaves behind."""

from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from businesses.members import remove_member
from businesses.models import Business, FeedEvent, Membership
from conversations.models import Conversation
from conversations.services import handling, leaving
from conversations.services.assigning import assign_conversation
from tests import builders

pytestmark = pytest.mark.django_db


def assigned(acme: Business, ada: User, ben: User, count: int = 1) -> list[Conversation]:
    conversations = [builders.conversation(acme) for _ in range(count)]
    for conversation in conversations:
        assign_conversation(conversation=conversation, agent_id=ben.pk, actor=ada)
    return conversations


def test_what_is_open_or_parked_becomes_free_and_what_is_done_keeps_its_name(
    acme: Business, ada: User, ben: User, published: list[FeedEvent], django_capture_on_commit_callbacks: Any
) -> None:
    waiting, parked, done, hers = assigned(acme, ada, ben, 4)
    handling.park_conversation(conversation=parked, actor=ben)
    handling.resolve_conversation(conversation=done, actor=ben)
    assign_conversation(conversation=hers, agent_id=ada.pk, actor=ada)

    with django_capture_on_commit_callbacks(execute=True):
        remove_member(actor=ada, membership_id=Membership.objects.get(user=ben).pk)

    assert [Conversation.objects.get(pk=row.pk).assignee for row in (waiting, parked, done, hers)] == [
        None,
        None,
        ben,
        ada,
    ]
    told = [event for event in published if event.kind == "conversation.assigned"]
    assert {event.conversation_id for event in told} == {waiting.pk, parked.pk}
    assert {(event.actor_id, event.data["assignee_id"]) for event in told} == {(ada.pk, None)}


def test_many_go_in_batches_with_the_same_few_statements(
    acme: Business,
    ada: User,
    ben: User,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: Any,
) -> None:
    monkeypatch.setattr(leaving, "BATCH", 4)
    assigned(acme, ada, ben, 9)
    Membership.objects.filter(user=ben).delete()
    # which workspace; savepoint, ids locked, freed, read again, feed number, feed rows (PostgreSQL: with the number),
    # release
    for left in (4, 4):
        with django_assert_num_queries(8 if connection.vendor == "postgresql" else 9):
            assert leaving.sweep() == left
    assert (leaving.sweep(), leaving.sweep()) == (1, 0)
    assert not Conversation.objects.exclude(assignee=None).exists()


@pytest.mark.parametrize("how", ["switched off", "account disabled"])
def test_the_hourly_look_finds_whoever_is_no_longer_there(acme: Business, ada: User, ben: User, how: str) -> None:
    [conversation] = assigned(acme, ada, ben)
    assert leaving.sweep() == 0
    if how == "switched off":
        Membership.objects.filter(user=ben).update(is_active=False)
    else:
        User.objects.filter(pk=ben.pk).update(is_active=False)
    assert leaving.sweep() == 1
    conversation.refresh_from_db()
    assert conversation.assignee is None


def test_a_member_elsewhere_is_not_a_member_here(acme: Business, ada: User, ben: User, mallory: User) -> None:
    [conversation] = assigned(acme, ada, ben)
    Membership.objects.filter(user=ben).update(business=mallory.memberships.get().business)
    assert leaving.sweep() == 1
    conversation.refresh_from_db()
    assert conversation.assignee is None
