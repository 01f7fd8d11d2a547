"""Who is told of what; the list and reading it, over REST and as pages."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from businesses.models import Business, FeedEvent, Membership
from businesses.teams import create_team
from conversations.models import Conversation, HandoffReason, SenderType
from conversations.services.assigning import assign_conversation, claim_conversation
from conversations.services.following import set_following
from conversations.services.handling import resolve_conversation
from conversations.services.handoffs import flag_for_person
from conversations.services.merging import merge_conversations
from conversations.services.message_drafts import Draft
from conversations.services.messages import post_messages
from conversations.services.notes import write_note
from conversations.services.snoozing import snooze_conversation, wake_due
from pingback.realtime import rooms
from tests import builders
from tests.workflows.news import hear, is_told_anew, listed, told, told_an_hour_ago
from workflows import listening
from workflows.models import Notification
from workflows.notifications import purge

pytestmark = pytest.mark.django_db


def test_who_is_assigned_mentioned_or_waited_for_is_told_and_never_the_actor(
    ada: User, ben: User, acme: Business, mallory: User
) -> None:
    talk = builders.conversation(acme)
    assign_conversation(conversation=talk, actor=ada, agent_id=ben.pk)
    write_note(conversation=talk, author=ada, content="Look, @Ben and @Ada", mentions=[ben.pk, ada.pk])
    flag_for_person(conversation=builders.conversation(acme), reason=HandoffReason.USER_REQUESTED)
    assert told(ben) == ["assigned", "mentioned", "handoff"]
    assert told(ada) == ["handoff"]
    assert told(mallory) == []
    assert listed(ben)[-1]["text"] == "Ada assigned you the conversation with Cleo"
    assert listed(mallory) == []


def test_a_team_beside_the_same_person_is_no_news_to_that_person(ada: User, ben: User, acme: Business) -> None:
    talk = builders.conversation(acme)
    assign_conversation(conversation=talk, actor=ada, agent_id=ben.pk)
    night = create_team(actor=ada, name="Night")
    assign_conversation(conversation=talk, actor=ada, team_id=night.pk)
    assert told(ben) == ["assigned"]


def test_who_is_told_looks_again_in_every_tab_and_after_reading_too(
    ada: User, ben: User, acme: Business, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[Any] = []
    monkeypatch.setattr("pingback.realtime.publish._hand_over", heard.extend)
    with django_capture_on_commit_callbacks(execute=True):
        assign_conversation(conversation=builders.conversation(acme), actor=ada, agent_id=ben.pk)
        builders.api(ben).post("/api/v1/notifications/read", {"all": True})
        builders.api(ben).post("/api/v1/notifications/read", {"all": True})
    bens = rooms.member(Membership.objects.get(user=ben).pk)
    assert [each["room"] for each in heard if "notifications_changed" in each.get("packet", "")] == [bens, bens]
    assert builders.api(ben).get("/api/v1/notifications").json()["unread"] == 0


def test_what_waits_already_is_told_once(ada: User, acme: Business) -> None:
    talk = builders.conversation(acme)
    flag_for_person(conversation=talk, reason=HandoffReason.USER_REQUESTED)
    flag_for_person(conversation=talk, reason=HandoffReason.ERROR)
    assert told(ada) == ["handoff"]


def test_a_handoff_is_told_once_whatever_is_said_where_it_shows_too(ada: User, acme: Business) -> None:
    talk = builders.conversation(acme)
    other = builders.conversation(acme, customer=talk.customer)
    merge_conversations(conversation=other, into=talk, actor=ada)
    flag_for_person(conversation=talk, reason=HandoffReason.USER_REQUESTED)
    Notification.objects.all().delete()

    draft = Draft(conversation_id=other.pk, sender_type=SenderType.AGENT, content="One moment")
    post_messages([draft])

    assert "handoff" not in told(ada)


def test_what_a_customer_writes_is_news_to_who_has_or_follows_it_until_they_read_it(
    ada: User, ben: User, acme: Business
) -> None:
    talk = builders.conversation(acme)
    assign_conversation(conversation=talk, actor=ada, agent_id=ben.pk)
    set_following(conversation=talk, user=ada, follows=True)
    hear()
    Notification.objects.all().delete()

    builders.says(talk, "Still there?")
    builders.says(talk, "Hello?")
    hear()
    hear()

    assert (told(ben), told(ada)) == (["message"], ["message"])
    assert listed(ben)[0]["text"] == "Cleo wrote to you"
    builders.api(ben).post(f"/api/v1/conversations/{talk.pk}/read", {"seq": 2})
    assert [Notification.objects.unread().filter(user=user).count() for user in (ada, ben)] == [1, 1]
    builders.api(ben).post(f"/api/v1/conversations/{talk.pk}/read", {"seq": 3})
    assert [Notification.objects.unread().filter(user=user).count() for user in (ada, ben)] == [1, 0]
    builders.says(talk, "Well?")
    builders.api(ada).post(f"/api/v1/conversations/{talk.pk}/read", {"seq": 4})  # who looks at it hears nothing
    hear()
    assert (told(ben), told(ada)) == (["message", "message"], ["message"])


def test_what_is_unread_is_news_again_after_a_while_and_never_twice_in_the_list(ada: User, acme: Business) -> None:
    hear()
    talk = builders.conversation(acme)
    assign_conversation(conversation=talk, actor=ada, agent_id=ada.pk)
    hear()
    told_an_hour_ago()
    builders.says(talk, "Two")
    hear()
    assert is_told_anew()


def test_what_asks_for_anybody_is_over_once_it_is_taken_or_done(ada: User, ben: User, acme: Business) -> None:
    hear()
    new, handed, team = (builders.conversation(acme) for _ in range(3))
    hear()
    Notification.objects.filter(conversation__in=[handed, team]).delete()
    flag_for_person(conversation=handed, reason=HandoffReason.USER_REQUESTED)
    night = create_team(actor=ada, name="Night", member_ids=[Membership.objects.get(user=ben).pk])
    assign_conversation(conversation=team, actor=ada, team_id=night.pk)
    assert sorted(told(ben)) == ["handoff", "team", "unassigned"]
    hear()
    assert Notification.objects.unread().filter(user=ben).count() == 3

    resolve_conversation(conversation=new, actor=ada)
    claim_conversation(conversation=handed, user=ada)
    claim_conversation(conversation=team, user=ada)
    hear()

    assert not Notification.objects.unread().filter(user=ben).exists()


def test_the_end_of_a_snooze_is_news_to_whose_it_is(ada: User, ben: User, acme: Business) -> None:
    bens, nobodys = builders.conversation(acme), builders.conversation(acme)
    assign_conversation(conversation=bens, actor=ada, agent_id=ben.pk)
    for talk in (bens, nobodys):
        snooze_conversation(conversation=talk, until=timezone.now() + timedelta(hours=1), actor=ada)
    hear()
    Notification.objects.all().delete()
    Conversation.objects.update(snoozed_until=timezone.now())

    assert wake_due() == 2

    assert sorted(told(ben)) == ["woke", "woke"]
    assert told(ada) == ["woke"]


def test_work_given_to_a_team_is_news_to_its_members_where_no_person_has_it(
    ada: User, ben: User, acme: Business
) -> None:
    night = create_team(actor=ada, name="Night", member_ids=[Membership.objects.get(user=ben).pk])
    talk = builders.conversation(acme)
    assign_conversation(conversation=talk, actor=ada, team_id=night.pk)
    assert (told(ben), told(ada)) == (["team"], [])
    assert listed(ben)[0]["text"] == "Ada gave your team the conversation with Cleo"
    assign_conversation(conversation=builders.conversation(acme), actor=ada, team_id=night.pk, agent_id=ada.pk)
    assert told(ben) == ["team"]


def test_of_what_is_merged_they_hear_where_it_is_merged_into(ada: User, ben: User, acme: Business) -> None:
    gone = builders.conversation(acme)
    into = builders.conversation(acme, customer=gone.customer)
    assign_conversation(conversation=into, actor=ada, agent_id=ben.pk)
    merge_conversations(conversation=gone, into=into, actor=ada)
    hear()
    Notification.objects.all().delete()
    builders.says(gone, "Here, too")
    hear()
    assert list(Notification.objects.values_list("user", "conversation", "kind")) == [(ben.pk, into.pk, "message")]
    builders.api(ben).post(f"/api/v1/conversations/{gone.pk}/read", {"seq": 2})
    assert not Notification.objects.unread().exists()


def test_a_kind_that_one_does_not_want_is_not_listed_and_does_not_ring(ada: User, acme: Business) -> None:
    hear()
    builders.conversation(acme)
    hear()
    api, settings = builders.api(ada), "/api/v1/notifications/settings"
    assert [row["rings"] for row in listed(ada)] == [True]
    api.patch(settings, {"not_rung": ["unassigned"]})
    assert [row["rings"] for row in listed(ada)] == [False]
    api.patch(settings, {"not_rung": [], "quiet_from": "00:00", "quiet_until": "23:59:59.999999"})
    assert [row["rings"] for row in listed(ada)] == [False]
    api.patch(settings, {"not_shown": ["unassigned"]})
    assert listed(ada) == []
    assert api.get("/api/v1/notifications").json()["unread"] == 0


def test_many_messages_cost_no_more_than_one(ada: User, ben: User, acme: Business) -> None:
    talks = [builders.conversation(acme) for _each in range(3)]
    for talk in talks:
        assign_conversation(conversation=talk, actor=ada, agent_id=ben.pk)
    hear()
    costs = []
    for many in (1, 3):
        for talk in talks[:many]:
            builders.says(talk, "Hello?")
        with CaptureQueriesContext(connection) as asked:
            hear()
        costs.append(len(asked))
    assert costs[0] == costs[1]


def test_reading_some_or_all_and_nobody_elses(ada: User, ben: User, acme: Business, mallory: User) -> None:
    for _each in range(3):
        flag_for_person(conversation=builders.conversation(acme), reason=HandoffReason.ERROR)
    [first, *_rest] = listed(ben)
    read = "/api/v1/notifications/read"
    assert builders.api(mallory).post(read, {"ids": [first["id"]]}).json() == {"unread": 0}
    assert builders.api(ada).post(read, {"ids": [first["id"]]}).json() == {"unread": 3}
    assert builders.api(ben).post(read, {"ids": [first["id"]]}).json() == {"unread": 2}
    assert builders.api(ben).post(read, {"all": True}).json() == {"unread": 0}
    assert builders.api(ben).post(read, {}).status_code == 422
    assert Notification.objects.unread().filter(user=ada).count() == 3


@pytest.mark.parametrize("many", [1, 20])
def test_a_longer_list_costs_no_more(ada: User, acme: Business, django_assert_num_queries: Any, many: int) -> None:
    for _each in range(many):
        flag_for_person(conversation=builders.conversation(acme), reason=HandoffReason.ERROR)
    client = builders.api(ada)
    # Who calls, how they want to be told, notifications, how many are unread.
    with django_assert_num_queries(4):
        assert len(client.get("/api/v1/notifications").json()["results"]) == many


def test_what_is_three_months_old_goes_in_batches(ada: User, acme: Business) -> None:
    talks = [builders.conversation(acme) for _ in range(4)]
    for days, talk in zip((92, 91, 91, 1), talks, strict=True):
        with time_machine.travel(timezone.now() - timedelta(days=days)):
            flag_for_person(conversation=talk, reason=HandoffReason.USER_REQUESTED)
    assert [purge(most=2), purge(most=2), purge(most=2)] == [2, 1, 0]
    assert told(ada) == ["handoff"]


def test_the_centre_leads_to_the_conversation(ada: User, ben: User, acme: Business, client: Client) -> None:
    client.force_login(ben)
    assert "Nothing for you yet" in client.get("/notifications/").content.decode()
    talk = builders.conversation(acme)
    assign_conversation(conversation=talk, actor=ada, agent_id=ben.pk)
    assert "Ada assigned you the conversation with Cleo" in client.get("/notifications/").content.decode()
    one = Notification.objects.get(user=ben)
    assert str(talk.pk) in client.post(f"/notifications/{one.pk}/")["Location"]
    assert not Notification.objects.unread().exists()
    client.force_login(ada)
    assert client.post(f"/notifications/{one.pk}/").status_code == 404
    assert client.post("/notifications/read/").status_code == 302


def _their_customers_write(number: int) -> list[User]:
    """In so many workspaces, to the owner of each."""
    owners = [builders.person(f"Olga{uuid.uuid4().hex}") for _each in range(number)]
    for owner in owners:
        talk = builders.conversation(builders.workspace(owner, "Acme"))
        assign_conversation(conversation=talk, actor=owner, agent_id=owner.pk)
        hear()
        builders.says(talk, "Still there?")
    return owners


def test_many_workspaces_cost_no_more_than_one() -> None:
    hear()
    _their_customers_write(1)
    with CaptureQueriesContext(connection) as one:
        hear()
    owners = _their_customers_write(3)
    with CaptureQueriesContext(connection) as three:
        hear()
    assert len(three) <= len(one)
    assert [told(owner)[-1] for owner in owners] == ["message"] * 3


def test_a_workspace_whose_news_cannot_be_told_keeps_nobody_elses(
    ada: User, acme: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    hear()
    bad = builders.conversation(builders.workspace(builders.person("Olga"), "Bad"))
    builders.conversation(acme)
    news = listening._news

    def stumble(happened: Sequence[FeedEvent]) -> Any:
        if any(event.business_id == bad.business_id for event in happened):
            raise ValueError("not this one")
        return news(happened)

    monkeypatch.setattr(listening, "_news", stumble)
    hear()

    assert told(ada) == ["unassigned"]
    assert Notification.objects.count() == Notification.objects.filter(business=acme).count()
