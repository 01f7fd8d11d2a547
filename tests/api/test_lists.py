"""The inbox's lists over REST: the same conversations in the same order as on the pages, and how many they are."""

from datetime import timedelta
from itertools import chain
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from businesses.models import Business, Team
from channels_app.models import Channel
from conversations.lists import LISTS
from conversations.models import ChannelType, Conversation, HandoffReason, Priority, Tag
from conversations.saved_views.services import create_view
from conversations.services import handling
from conversations.services.assigning import assign_conversation
from conversations.services.following import set_following
from conversations.services.handoffs import flag_for_person
from conversations.services.notes import write_note
from conversations.services.priorities import set_priority
from conversations.services.snoozing import snooze_conversation
from conversations.services.tags import add_tag
from conversations.sorting import Sort
from tests import builders

pytestmark = pytest.mark.django_db
API = "/api/v1/conversations/"


def found(api: APIClient, **query: Any) -> list[str]:
    answer = api.get(API, query)
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()]


@pytest.fixture
def each_its_own(ada: User, ben: User, acme: Business) -> dict[str, Conversation]:
    """One for each thing that a list can be narrowed by, and one with nothing of it."""
    names = "plain", "mentioned", "followed", "tagged", "elsewhere", "given", "flagged", "asleep", "urgent", "read"
    rows = {name: builders.conversation(acme, content=name) for name in names}
    Conversation.objects.filter(pk=rows["elsewhere"].pk).update(
        channel=Channel.objects.create(business=acme, type=ChannelType.WHATSAPP), channel_type=ChannelType.WHATSAPP
    )
    write_note(conversation=rows["mentioned"], author=ben, content="@Ada?", mentions=[ada.pk])
    set_following(conversation=rows["followed"], user=ada, follows=True)
    add_tag(conversation=rows["tagged"], name="Refund", actor=ben)
    team = Team.objects.create(business=acme, name="Night")
    assign_conversation(conversation=rows["given"], agent_id=ben.pk, team_id=team.pk, actor=ada)
    flag_for_person(conversation=rows["flagged"], reason=HandoffReason.USER_REQUESTED)
    snooze_conversation(conversation=rows["asleep"], until=timezone.now() + timedelta(days=1), actor=ben)
    set_priority(conversation=rows["urgent"], priority=Priority.URGENT, actor=ben)
    handling.mark_read(conversation=rows["read"], user=ada, seq=1)
    return rows


def test_whatever_tells_conversations_apart_narrows_the_list(
    ada: User, ben: User, acme: Business, each_its_own: dict[str, Conversation]
) -> None:
    api = builders.api(ada)
    asked: list[tuple[str, dict[str, Any]]] = [
        ("mentioned", {"mentioned": "true"}),
        ("tagged", {"tag_id": Tag.objects.get().pk}),
        ("elsewhere", {"channel_id": Channel.objects.get(type=ChannelType.WHATSAPP).pk}),
        ("elsewhere", {"channel_type": "whatsapp"}),
        ("given", {"team_id": Team.objects.get().pk}),
        ("given", {"assignee_id": ben.pk, "unassigned": "false"}),
        ("flagged", {"handed_over": "true"}),
        ("asleep", {"snoozed": "true"}),
        ("urgent", {"priority": "urgent"}),
        ("read", {"unread": "false"}),
        ("followed", {"followed": "true", "mentioned": "false"}),
        ("tagged", {"list": "open", "tag_id": Tag.objects.get().pk, "unread": "true", "sort": "waiting"}),
    ]
    for name, query in asked:
        assert found(api, **query) == [str(each_its_own[name].pk)], query
    assert set(found(api, followed="true")) == {str(each_its_own[name].pk) for name in ("followed", "mentioned")}
    assert len(found(api, priority="none", snoozed="false")) == 8
    assert found(builders.api(ben), mentioned="true") == []
    assert found(api, unassigned="true", assignee_id=ben.pk) == []


def test_a_list_holds_the_same_in_every_order_as_its_page(
    ada: User, acme: Business, each_its_own: dict[str, Conversation]
) -> None:
    api = builders.api(ada)
    handling.resolve_conversation(conversation=each_its_own["mentioned"], actor=ada)
    handling.mark_spam(conversation=each_its_own["plain"], actor=ada)
    builders.answers(ada, each_its_own["read"], "Yes")
    view = create_view(actor=ada, name="New", filter={"all": [{"field": "unread", "op": "is", "value": "yes"}]})
    names = [*LISTS, f"tag-{Tag.objects.get().pk}", f"team-{Team.objects.get().pk}", f"view-{view.pk}"]
    names.append(f"channel-{Channel.objects.get(type=ChannelType.WHATSAPP).pk}")
    client = Client()
    client.force_login(ada)

    for name in names:
        for sort in Sort.values:
            page = client.get("/inbox/", {"list": name, "sort": sort})
            assert page.status_code == 200, (name, sort)
            shown = [str(row.pk) for row in page.context["rows"]]
            assert found(api, list=name, sort=sort) == shown, (name, sort)
            in_threes = [found(api, list=name, sort=sort, limit=3, page=number) for number in (1, 2, 3, 4)]
            assert [*chain(*in_threes)] == shown, (name, sort)
    assert found(api, view=view.pk) == found(api, list=f"view-{view.pk}") != []
    assert found(api, list="spam") == [str(each_its_own["plain"].pk)]
    assert found(api, list="mentions") == [str(each_its_own["mentioned"].pk)]


def test_what_is_no_list_order_or_id_is_refused_where_it_is_wrong(ada: User, acme: Business, mallory: User) -> None:
    foreign = Team.objects.create(business=mallory.memberships.get().business, name="Theirs")
    view = create_view(actor=ada, name="Open", filter={"all": [{"field": "status", "op": "is", "value": "open"}]})
    for query, name in (
        ({"list": "lost"}, "list"),
        ({"list": f"team-{foreign.pk}"}, "list"),
        ({"list": "tag-x"}, "list"),
        ({"sort": "best"}, "sort"),
        ({"tag_id": "x"}, "tag_id"),
        ({"unread": "maybe"}, "unread"),
        ({"priority": "huge"}, "priority"),
    ):
        answer = builders.api(ada).get(API, query)
        assert answer.status_code == 422, query
        assert answer.json()["detail"][0]["loc"] == ["query", name]
    assert builders.api(ada).get(API, {"list": "mine", "view": view.pk}).status_code == 422


def test_the_lists_say_how_much_is_in_them_and_how_much_is_unread(
    ada: User, ben: User, acme: Business, each_its_own: dict[str, Conversation]
) -> None:
    api = builders.api(ada)
    rows = api.get(f"{API}lists").json()["results"]

    by_name = {row["name"]: row for row in rows}
    assert {row["group"] for row in rows} == {"inbox", "teams", "tags", "channels"}
    assert by_name["open"] == {
        "name": "open",
        "title": "All open",
        "group": "inbox",
        "count": 9,
        "has_more": False,
        "unread": 8,
    }
    for name, row in by_name.items():
        assert row["count"] == len(found(api, list=name)), name
    assert by_name[f"tag-{Tag.objects.get().pk}"]["title"] == "Refund"
    assert {row["name"]: row["count"] for row in builders.api(ben).get(f"{API}lists").json()["results"]}["mine"] == 1


@pytest.mark.parametrize(
    "query", [{}, {"list": "mentions"}, {"unread": "true", "sort": "priority"}, {"followed": "true"}]
)
def test_a_list_asks_as_many_questions_whatever_there_is(ada: User, ben: User, acme: Business, query: Any) -> None:
    client = builders.api(ada)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(API, query).json()
        return len(queries)

    def one_more() -> None:
        row = builders.conversation(acme)
        add_tag(conversation=row, name="Refund", actor=ben)
        write_note(conversation=row, author=ben, content="@Ada?", mentions=[ada.pk])

    one_more()
    few = asked()
    for _ in range(9):
        one_more()
    assert asked() == few <= 5


def test_who_was_asked_for_finds_it_whatever_became_of_it_and_the_newest_first(
    ada: User, ben: User, acme: Business
) -> None:
    api = builders.api(ada)
    old, done, new = (builders.conversation(acme, content=name) for name in ("old", "done", "new"))
    for row in (new, done, old):
        write_note(conversation=row, author=ben, content="@Ada?", mentions=[ada.pk])
    handling.resolve_conversation(conversation=done, actor=ben)
    write_note(conversation=old, author=ben, content="And @Ben", mentions=[ben.pk])

    assert found(api, list="mentions") == [str(row.pk) for row in (old, done, new)]
    write_note(conversation=new, author=ben, content="@Ada again", mentions=[ada.pk])
    assert found(api, list="mentions") == [str(row.pk) for row in (new, old, done)]
    assert found(api, list="mentions", sort="newest", limit=1, page=3) == [str(done.pk)]
    assert found(api, list="mentions", sort="oldest")[-1] == str(done.pk)


def test_pages_of_mentions_meet_without_a_gap_or_a_double(ada: User, ben: User, acme: Business) -> None:
    asked = [builders.conversation(acme, content=str(number)) for number in range(53)]
    for row in asked:
        write_note(conversation=row, author=ben, content="@Ada?", mentions=[ada.pk])
    client = Client()
    client.force_login(ada)

    first = client.get("/inbox/?list=mentions")
    rest = client.get("/inbox/", {"list": "mentions", "cursor": first.context["next"]})

    assert [row.pk for page in (first, rest) for row in page.context["rows"]] == [row.pk for row in reversed(asked)]
    for wrong in ("0_x_" + str(asked[0].pk), "0_" + "9" * 40 + "_" + str(asked[0].pk), "1_7"):
        assert client.get("/inbox/", {"list": "mentions", "cursor": wrong}).status_code == (
            200 if "9" * 40 in wrong else 404
        )


def test_the_page_of_a_list_that_is_not_there_says_so(ada: User, acme: Business) -> None:
    client = Client()
    client.force_login(ada)
    for name in ("tag-nonexistent", "lost", "team-0193f3a0-0000-7000-8000-000000000007"):
        assert client.get("/inbox/", {"list": name}).status_code == 404
    assert client.get("/inbox/", {"list": ""}).context["listing"].name == "open"
