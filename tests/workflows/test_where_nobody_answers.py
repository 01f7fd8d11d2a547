"""What customers write where no member is to answer: their team hears of it, else everybody."""

import pytest

from accounts.models import User
from businesses.members import remove_member
from businesses.models import Business, Membership
from businesses.teams import create_team
from conversations.models import Conversation, HandoffReason
from conversations.services.assigning import assign_conversation
from conversations.services.handling import mark_spam, resolve_conversation
from conversations.services.handoffs import flag_for_person
from tests import builders
from tests.workflows.news import hear, is_told_anew, listed, told, told_an_hour_ago
from theo.assistants import change_assistant
from workflows.models import Notification

pytestmark = pytest.mark.django_db


def test_a_new_conversation_is_news_until_somebody_has_it_and_not_where_theo_answers(
    ada: User, ben: User, acme: Business
) -> None:
    hear()
    talk = builders.conversation(acme)
    hear()
    assert (told(ada), told(ben)) == (["unassigned"], ["unassigned"])
    assign_conversation(conversation=talk, actor=ben, agent_id=ben.pk)
    hear()
    assert Notification.objects.unread().filter(user=ada).count() == 0
    change_assistant(actor=ada, mode="auto", auto_run=True)
    builders.conversation(acme)
    hear()
    assert told(ada) == ["unassigned"]


def news_of(user: User) -> list[str]:
    """What they are told of since they have read all the rest."""
    hear()
    kinds = list(Notification.objects.unread().filter(user=user).values_list("kind", flat=True))
    builders.api(user).post("/api/v1/notifications/read", {"all": True})
    return kinds


def looks(user: User, talk: Conversation) -> None:
    talk.refresh_from_db()
    builders.api(user).post(f"/api/v1/conversations/{talk.pk}/read", {"seq": talk.last_seq})


def test_a_customer_who_writes_again_in_what_was_resolved_and_nobody_has_is_news_to_everybody(
    ada: User, ben: User, acme: Business
) -> None:
    talk = builders.conversation(acme)
    hear()
    looks(ada, talk)
    looks(ben, talk)
    resolve_conversation(conversation=talk, actor=ada)
    assert (news_of(ada), news_of(ben)) == ([], [])

    builders.says(talk, "It broke again")

    assert (news_of(ada), news_of(ben)) == (["unassigned"], ["unassigned"])
    assert listed(ben)[0]["text"] == "Cleo wrote, and nobody has the conversation"


def test_what_was_looked_at_and_not_answered_is_news_again_with_the_next_line(
    ada: User, ben: User, acme: Business
) -> None:
    hear()
    talk = builders.conversation(acme)
    hear()
    looks(ben, talk)
    builders.says(talk, "Anybody?")
    hear()
    hear()
    assert told(ben) == ["unassigned", "unassigned"]
    assert told(ada) == ["unassigned"]  # unread still: it is there once
    builders.answers(ada, talk, "Yes")
    assert news_of(ben) == []


def test_what_nobody_looked_at_is_told_again_when_the_customer_writes_much_later(ada: User, acme: Business) -> None:
    hear()
    talk = builders.conversation(acme)
    hear()
    told_an_hour_ago()
    builders.says(talk, "Hello?")
    hear()
    assert is_told_anew()


def test_in_what_only_a_team_has_each_line_is_news_to_the_team_alone(ada: User, ben: User, acme: Business) -> None:
    talk = builders.conversation(acme)
    night = create_team(actor=ada, name="Night", member_ids=[Membership.objects.get(user=ben).pk])
    assign_conversation(conversation=talk, actor=ada, team_id=night.pk)
    news_of(ada)
    news_of(ben)
    builders.says(talk, "Anybody?")
    assert (news_of(ada), news_of(ben)) == ([], ["unassigned"])


def test_what_belongs_to_somebody_who_left_is_news_to_everybody_else(ada: User, ben: User, acme: Business) -> None:
    talk = builders.conversation(acme)
    assign_conversation(conversation=talk, actor=ada, agent_id=ben.pk)
    resolve_conversation(conversation=talk, actor=ben)
    remove_member(actor=ada, membership_id=Membership.objects.get(user=ben).pk)
    news_of(ada)
    builders.says(talk, "It broke again")
    hear()
    assert (told(ada)[-1:], told(ben)[-1:]) == (["unassigned"], ["assigned"])
    assert news_of(ada) == ["unassigned"]
    flag_for_person(conversation=talk, reason=HandoffReason.USER_REQUESTED)
    assert news_of(ada) == ["handoff"]


def test_where_theo_answers_only_what_waits_for_a_person_or_had_one_is_news(
    ada: User, ben: User, acme: Business
) -> None:
    change_assistant(actor=ada, mode="auto", auto_run=True)
    hear()
    talk = builders.conversation(acme)
    assert news_of(ada) == []
    flag_for_person(conversation=talk, reason=HandoffReason.USER_REQUESTED)
    assert news_of(ada) == ["handoff"]
    builders.says(talk, "Anybody?")
    assert news_of(ada) == ["unassigned"]
    hear()
    assert Notification.objects.unread().filter(user=ben).values_list("kind", flat=True).get() == "handoff"
    builders.answers(ada, talk, "Here I am")
    Conversation.objects.update(assignee=None)
    builders.says(talk, "Thanks, one more thing")
    assert news_of(ben) == ["unassigned"]


def test_spam_and_machines_that_answer_are_no_news(ada: User, acme: Business) -> None:
    spam, talk = builders.conversation(acme), builders.conversation(acme)
    mark_spam(conversation=spam, actor=ada)
    resolve_conversation(conversation=talk, actor=ada)
    news_of(ada)
    builders.says(spam, "Cheap watches")
    builders.says(talk, "I am out of office", automated=True)
    assert news_of(ada) == []
