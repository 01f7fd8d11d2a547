"""Who is told of what; the list and reading it, over REST and as pages."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from businesses.models import Business, Membership
from businesses.teams import create_team
from conversations.models import HandoffReason
from conversations.services.assigning import assign_conversation
from conversations.services.handoffs import flag_for_person
from conversations.services.notes import write_note
from pingback.realtime import rooms
from tests import builders
from workflows.models import Notification

pytestmark = pytest.mark.django_db


def told(user: User) -> list[str]:
    return list(Notification.objects.filter(user=user).order_by("created_at").values_list("kind", flat=True))


def listed(user: User) -> list[dict[str, Any]]:
    return builders.api(user).get("/api/v1/notifications").json()["results"]


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
    with django_assert_num_queries(4):  # session, membership, notifications, how many are unread
        assert len(client.get("/api/v1/notifications").json()["results"]) == many


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
