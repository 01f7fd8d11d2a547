"""Who is responsible for a conversation: given by managers, taken by whoever is free, told once."""

import threading
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from businesses.models import Business, FeedEvent, Membership
from businesses.teams import create_team, delete_team
from conversations.models import Conversation, HandoffReason
from conversations.services.assigning import assign_conversation, claim_conversation, release_conversation
from conversations.services.handoffs import flag_for_person
from foundation.errors import Conflict, Forbidden, Invalid
from pingback.realtime import rooms
from tests import builders


@pytest.mark.django_db
def test_assigning_is_kept_in_the_feed_and_told_to_each_once(
    acme: Business, ada: User, ben: User, published: list[FeedEvent], django_capture_on_commit_callbacks: Any
) -> None:
    conversation = builders.conversation(acme)

    with django_capture_on_commit_callbacks(execute=True):
        assert assign_conversation(conversation=conversation, agent_id=ben.pk, actor=ada).changed

    conversation.refresh_from_db()
    assert conversation.assignee == ben
    [event] = published
    assert (event.kind, event.actor_id) == ("conversation.assigned", ada.pk)
    assert FeedEvent.objects.get(seq=event.seq).data["assignee_id"] == str(ben.pk)
    told = [(room, name) for room, name, _payload in rooms.audience(event)]
    assert told == [
        (rooms.business(acme.pk), "conversation_updated"),
        (rooms.customer(conversation.customer_id), "conversation_updated"),  # type: ignore[arg-type]
        (rooms.member(Membership.objects.get(user=ben).pk), "conversation_assigned"),
    ]
    assert rooms.audience(event)[-1][2] == {"conversation_id": str(conversation.pk), "assigned_by": str(ada.pk)}


@pytest.mark.django_db
def test_the_same_again_tells_nobody(acme: Business, ada: User, ben: User) -> None:
    conversation = builders.conversation(acme)
    assign_conversation(conversation=conversation, agent_id=ben.pk, actor=ada)
    told = FeedEvent.objects.count()
    assert not assign_conversation(conversation=conversation, agent_id=ben.pk, actor=ada).changed
    assert FeedEvent.objects.count() == told


@pytest.mark.django_db
def test_nobody_may_be_responsible_and_nobody_hears_of_an_assignment(
    acme: Business, ada: User, ben: User, published: list[FeedEvent], django_capture_on_commit_callbacks: Any
) -> None:
    conversation = builders.conversation(acme)
    assign_conversation(conversation=conversation, agent_id=ben.pk, actor=ada)
    with django_capture_on_commit_callbacks(execute=True):
        assign_conversation(conversation=conversation, agent_id=None, actor=ada)
    conversation.refresh_from_db()
    assert conversation.assignee is None
    assert "conversation_assigned" not in [name for _room, name, _payload in rooms.audience(published[-1])]


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["stranger", "left", "disabled"])
def test_only_active_members_are_given_work(acme: Business, ada: User, ben: User, mallory: User, who: str) -> None:
    conversation = builders.conversation(acme)
    if who == "left":
        Membership.objects.filter(user=ben).update(is_active=False)
    elif who == "disabled":
        User.objects.filter(pk=ben.pk).update(is_active=False)
    agent = mallory if who == "stranger" else ben

    with pytest.raises(Invalid):
        assign_conversation(conversation=conversation, agent_id=agent.pk, actor=ada)

    conversation.refresh_from_db()
    assert conversation.assignee is None


@pytest.mark.django_db
def test_the_first_answer_is_an_assignment_too(
    acme: Business, ben: User, published: list[FeedEvent], django_capture_on_commit_callbacks: Any
) -> None:
    conversation = builders.conversation(acme)
    with django_capture_on_commit_callbacks(execute=True):
        builders.answers(ben, conversation, "On it")
    assert [event.kind for event in published] == ["message.created", "conversation.assigned"]
    mine = rooms.member(Membership.objects.get(user=ben).pk)
    assert [name for room, name, _payload in rooms.audience(published[-1]) if room == mine] == ["conversation_assigned"]


@pytest.mark.django_db
def test_a_claim_takes_what_nobody_has_and_nothing_else(acme: Business, ada: User, ben: User) -> None:
    conversation = builders.conversation(acme)
    assert claim_conversation(conversation=conversation, user=ben).changed
    assert not claim_conversation(conversation=conversation, user=ben).changed
    with pytest.raises(Conflict):
        claim_conversation(conversation=conversation, user=ada)
    Membership.objects.filter(user=ben).update(is_active=False)
    with pytest.raises(Forbidden):
        claim_conversation(conversation=builders.conversation(acme), user=ben)


def test_who_was_promised_a_person_waits_for_one_again_once_it_is_given_back(
    acme: Business, ada: User, ben: User
) -> None:
    unanswered, answered = builders.conversation(acme), builders.conversation(acme)
    for talk in (unanswered, answered):
        flag_for_person(conversation=talk, reason=HandoffReason.LOW_CONFIDENCE)
        claim_conversation(conversation=talk, user=ben)
    builders.answers(ben, answered, "Hello")

    for talk in (unanswered, answered):
        release_conversation(conversation=talk, user=ben)
        talk.refresh_from_db()

    assert (unanswered.assignee, unanswered.handoff_reason) == (None, HandoffReason.LOW_CONFIDENCE)
    assert unanswered.handoff_at
    assert (answered.assignee, answered.handoff_reason, answered.handoff_at) == (None, "", None)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_claim_at_once_exactly_one_wins(acme: Business) -> None:
    conversation = builders.conversation(acme)
    people = [builders.person(f"Agent{number}") for number in range(6)]
    for person in people:
        builders.member(acme, person)
    start, won, lost = threading.Barrier(len(people)), [], []

    def claim(person: User) -> None:
        try:
            start.wait()
            claim_conversation(conversation=conversation, user=person)
            won.append(person)
        except Conflict:
            lost.append(person)
        finally:
            connection.close()

    threads = [threading.Thread(target=claim, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(won), len(lost)) == (1, 5)
    assert Conversation.objects.get().assignee == won[0]
    assert FeedEvent.objects.filter(kind="conversation.assigned").count() == 1


@pytest.mark.django_db
def test_whoever_has_a_deleted_teams_conversation_open_hears_that_it_has_none(
    acme: Business, ada: User, published: list[FeedEvent], django_capture_on_commit_callbacks: Any
) -> None:
    team = create_team(actor=ada, name="Night")
    conversation = builders.conversation(acme)
    assign_conversation(conversation=conversation, actor=ada, team_id=team.pk)
    before = Conversation.objects.get().updated_at
    published.clear()

    with django_capture_on_commit_callbacks(execute=True):
        delete_team(actor=ada, team_id=team.pk)

    now = Conversation.objects.get()
    assert (now.team, now.updated_at > before) == (None, True)
    assert [(event.kind, event.conversation_id) for event in published] == [("conversation.assigned", now.pk)]
