"""Saved views: what they hold, who has them, and what a filter cannot be."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from businesses.models import Business, Role, Team
from conversations import lists, sidebar, sorting
from conversations.models import ChannelType, Conversation, Priority, Status, Tag
from conversations.saved_views import services
from conversations.saved_views.filters import checked
from conversations.saved_views.services import Count, counts, create_view, matching
from conversations.services import handling
from conversations.services.assigning import assign_conversation
from conversations.services.tags import add_tag
from conversations.sorting import Part, Sort
from foundation.errors import Unprocessable
from foundation.prepared import Prepared
from tests import builders

pytestmark = pytest.mark.django_db
OPEN = {"field": "status", "op": "is", "value": "open"}


def meant(user: User, asked: dict[str, Any]) -> set[Any]:
    return set(matching(user, checked(user, asked)).values_list("pk", flat=True))


def is_(field: str, value: Any, op: str = "is") -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


def test_conditions_hold_together_or_one_by_one_with_a_group_inside(ada: User, ben: User, acme: Business) -> None:
    mine = builders.conversation(acme, type=ChannelType.EMAIL)
    assign_conversation(conversation=mine, agent_id=ada.pk, actor=ada)
    bens = builders.conversation(acme)
    assign_conversation(conversation=bens, agent_id=ben.pk, actor=ada)
    nobodys = builders.conversation(acme, type=ChannelType.SMS)
    done = builders.conversation(acme)
    handling.resolve_conversation(conversation=done, actor=ada)

    assert meant(ada, {"all": [OPEN]}) == {mine.pk, bens.pk, nobodys.pk}
    assert meant(ada, {"all": [is_("status", "open", "is_not")]}) == {done.pk}
    assert meant(ada, {"all": [OPEN, is_("assignee", "me")]}) == {mine.pk}
    assert meant(ben, {"all": [OPEN, is_("assignee", "me")]}) == {bens.pk}
    assert meant(ada, {"all": [OPEN, is_("assignee", "none")]}) == {nobodys.pk}
    assert meant(ada, {"any": [is_("assignee", str(ben.pk)), is_("channel_type", "sms")]}) == {bens.pk, nobodys.pk}
    group = {"any": [is_("assignee", "me"), is_("channel_type", "sms")]}
    assert meant(ada, {"all": [OPEN, group]}) == {mine.pk, nobodys.pk}
    assert meant(ada, {"any": [is_("status", "resolved"), {"all": [OPEN, is_("channel_type", "email")]}]}) == {
        done.pk,
        mine.pk,
    }


def test_every_field_asks_what_it_says(ada: User, acme: Business) -> None:
    night = Team.objects.create(business=acme, name="Night")
    hart = builders.conversation(acme, customer=builders.customer(acme, "Cleo Hart", email="cleo@hart.example"))
    other = builders.conversation(acme, customer=builders.customer(acme, "Dora"))
    assign_conversation(conversation=other, team_id=night.pk, actor=ada)
    builders.answers(ada, other, "Done")
    Conversation.objects.filter(pk=hart.pk).update(
        waiting_since=timezone.now() - timedelta(hours=2), created_at=timezone.now() - timedelta(days=90)
    )
    handling.mark_read(conversation=other, user=ada, seq=2)
    day = (timezone.localdate() - timedelta(days=30)).isoformat()

    add_tag(conversation=hart, name="Refund", actor=ada)
    Conversation.objects.filter(pk=hart.pk).update(priority=Priority.HIGH)
    refund = str(Tag.objects.get().pk)
    for asked in (
        is_("tag", refund),
        is_("priority", "high"),
        is_("priority", "normal", "at_least"),
        is_("customer", "hart", "contains"),
        is_("customer", "dora", "contains_not"),
        is_("team", str(night.pk), "is_not"),
        is_("team", "none"),
        is_("waiting", 60, "longer"),
        is_("unread", "yes"),
        is_("created", day, "before"),
    ):
        assert meant(ada, {"all": [asked]}) == {hart.pk}, asked
    assert meant(ada, {"all": [is_("waiting", 180, "longer")]}) == set()
    assert meant(ada, {"all": [is_("waiting", 180, "shorter")]}) == {hart.pk}
    assert meant(ada, {"all": [is_("created", day, "after"), is_("updated", day, "after")]}) == {other.pk}
    assert meant(ada, {"all": [is_("handed_over", "no"), is_("unread", "no"), is_("tag", refund, "is_not")]}) == {
        other.pk
    }


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ([], []),
        ({"all": []}, ["all"]),
        ({"all": [OPEN], "any": [OPEN]}, []),
        ({"none": [OPEN]}, []),
        ({"all": [OPEN] * 21}, ["all"]),
        ({"all": [{"any": [OPEN] * 20}, OPEN]}, []),
        ({"all": [{"any": [OPEN]}, {"any": [OPEN]}]}, ["all", "1"]),
        ({"all": [{"any": [{"all": [OPEN]}]}]}, ["all", "0", "any", "0"]),
        ({"all": [{**OPEN, "more": 1}]}, ["all", "0"]),
        ({"all": [is_("business_id", "x")]}, ["all", "0", "field"]),
        ({"all": [is_("status__in", "open")]}, ["all", "0", "field"]),
        ({"all": [is_("status", "open", "gt")]}, ["all", "0", "op"]),
        ({"all": [is_("status", "lost")]}, ["all", "0", "value"]),
        ({"all": [is_("status", ["open"])]}, ["all", "0", "value"]),
        ({"all": [is_("assignee", "0193f3a0-0000-7000-8000-000000000007")]}, ["all", "0", "value"]),
        ({"all": [is_("customer", "x" * 201, "contains")]}, ["all", "0", "value"]),
        ({"all": [is_("customer", "a\0b", "contains")]}, ["all", "0", "value"]),
        ({"all": [is_("waiting", -1, "longer")]}, ["all", "0", "value"]),
        ({"all": [is_("waiting", True, "longer")]}, ["all", "0", "value"]),
        ({"all": [is_("created", "2026-02-31", "before")]}, ["all", "0", "value"]),
    ],
)
def test_a_filter_that_is_none_is_refused_where_it_is_wrong(
    ada: User, acme: Business, asked: Any, path: list[str]
) -> None:
    with pytest.raises(Unprocessable) as refusal:
        checked(ada, asked)
    assert refusal.value.loc == ["body", "filter", *path]


def test_a_view_is_its_makers_until_it_is_shared(ada: User, ben: User, acme: Business, mallory: User) -> None:
    clients = {user: builders.api(user) for user in (ada, ben, mallory)}
    builders.conversation(acme)
    body = {"name": "Mine", "filter": {"all": [OPEN]}, "sort": "waiting"}
    made = clients[ben].post("/api/v1/views", body)
    assert made.status_code == 201
    view = made.json()
    assert {**view, "id": "", "created_at": ""} == {
        "id": "",
        "name": "Mine",
        "shared": False,
        "filter": {"all": [OPEN]},
        "sort": "waiting",
        "count": 1,
        "has_more": False,
        "owner_id": str(ben.pk),
        "created_at": "",
    }
    address, listed = f"/api/v1/views/{view['id']}", f"/api/v1/conversations/?view={view['id']}"
    assert clients[ben].get(listed).json()[0]["status"] == "open"
    assert clients[ada].get("/api/v1/views").json() == {"results": [], "next": None}
    assert clients[ada].patch(address, {"name": "Hers"}).status_code == 404
    assert clients[ada].get(listed).status_code == 400

    assert clients[ben].patch(address, {"shared": True}).json()["shared"] is True

    assert clients[ada].get(listed).status_code == 200
    assert clients[ada].patch(address, {"name": "Ours"}).json()["name"] == "Ours"  # she owns the workspace
    carl = builders.person("Carl")
    builders.member(acme, carl, Role.AGENT)
    assert builders.api(carl).patch(address, {"name": "His"}).status_code == 403
    for method, path in (("patch", address), ("delete", address), ("get", listed)):
        assert getattr(clients[mallory], method)(path).status_code in {404, 400}
    assert clients[ben].delete(address).json() == {"message": "View deleted"}
    assert clients[ben].get(listed).status_code == 400
    for name in (" ", "Late\0"):
        assert clients[ben].post("/api/v1/views", {**body, "name": name}).status_code == 422
    assert clients[ben].post("/api/v1/views", {**body, "filter": {"all": [is_("x", "y")]}}).json()["detail"][0][
        "loc"
    ] == [*("body", "filter", "all", "0", "field")]


def test_views_are_counted_in_one_question_however_many(ada: User, acme: Business) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            sidebar.groups_of(ada)
        return len(queries)

    builders.conversation(acme)
    views = [create_view(actor=ada, name="One", filter={"all": [OPEN]})]
    sidebar.groups_of(ada)  # what is alike for everybody is counted once
    one = asked()
    views += [
        create_view(actor=ada, name=str(number), filter={"any": [OPEN, is_("unread", "yes")]}) for number in range(9)
    ]
    assert asked() == one
    assert counts(ada, [view.filter for view in views]) == [Count(1, more=False)] * 10


@pytest.mark.parametrize("costly", [is_("unread", "yes"), is_("customer", "cleo", "contains")])
def test_what_looks_at_other_rows_looks_at_so_many_of_the_newest(
    ada: User, acme: Business, costly: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "MOST_LOOKED_AT", 2)
    for _ in range(3):
        builders.conversation(acme, customer=builders.customer(acme, "Cleo"))
    handling.resolve_conversation(conversation=builders.conversation(acme), actor=ada)
    nested = {"any": [is_("status", "resolved"), costly]}

    narrow, wide, little = counts(ada, [{"all": [OPEN, costly]}, nested, {"all": [OPEN]}])

    assert narrow == Count(2, more=True)
    assert wide == Count(2, more=True)
    assert little == Count(3, more=False)
    Conversation.objects.filter(status=Status.OPEN).order_by("pk")[0].delete()
    assert counts(ada, [{"all": [OPEN, costly]}]) == [Count(2, more=False)]


@pytest.mark.parametrize("sort", Sort.values)
def test_pages_of_every_order_meet_without_a_gap_or_a_double(ada: User, acme: Business, sort: str) -> None:
    made = [builders.conversation(acme) for _ in range(7)]
    for each in made[2:5]:
        builders.answers(ada, each, "Soon")  # nobody waits there

    def page_of(*, cursor: str | None, limit: int) -> tuple[list[Conversation], str | None]:
        def read(part: Part, where: dict[str, Any]) -> list[Conversation]:
            return Prepared(part.of(Conversation.objects.visible_to(ada))[: limit + 1])(**where)

        return sorting.page_of(read, Sort(sort), cursor=cursor, limit=limit)

    whole, _end = page_of(cursor=None, limit=50)
    seen: list[Any] = []
    cursor = None
    while not seen or cursor:
        page, cursor = page_of(cursor=cursor, limit=2)
        seen += page
    assert [row.pk for row in seen] == [row.pk for row in whole]
    assert len({row.pk for row in seen}) == 7
    for wrong in ("", "7_x", "0_2026_x", "0_0001-01-01T00:00:00+00:00_x", "0_nonsense_" + str(acme.pk)):
        if wrong:
            with pytest.raises(Unprocessable):
                page_of(cursor=wrong, limit=2)


def test_who_waits_longest_comes_first_until_somebody_answers(ada: User, acme: Business) -> None:
    first, second = builders.conversation(acme), builders.conversation(acme)
    began = Conversation.objects.get(pk=first.pk).waiting_since
    builders.says(first, "Hello??")
    assert Conversation.objects.get(pk=first.pk).waiting_since == began
    waiting = lists.Place(listing=lists.LISTS["open"], sort=Sort.WAITING)
    assert [row.pk for row in lists.rows_of(ada, waiting, cursor=None)[0]] == [first.pk, second.pk]
    builders.answers(ada, first, "Here")
    assert Conversation.objects.get(pk=first.pk).waiting_since is None
    assert [row.pk for row in lists.rows_of(ada, waiting, cursor=None)[0]] == [second.pk, first.pk]


def test_a_view_is_built_in_a_form_that_works_by_itself(ada: User, acme: Business) -> None:
    client = Client()
    client.post("/login", {"email": ada.email, "password": builders.PASSWORD})
    builders.conversation(acme, type=ChannelType.SMS)
    line = {"place": ["outer"], "field": ["status"], "op": ["is"], "value": [Status.OPEN]}
    form = {"name": "Texts", "match": "all", "inner_match": "any", "sort": "oldest", **line}
    assert client.get("/inbox/views/new/").status_code == 200
    more = client.post("/inbox/views/new/", {**form, "add": "inner"})
    assert [each.place for each in more.context["draft"].lines] == ["outer", "inner"]
    both = {
        "place": ["outer", "inner"],
        "field": ["status", "channel_type"],
        "op": ["is", "is"],
        "value": ["open", "pigeon"],
    }
    wrong = client.post("/inbox/views/new/", {**form, **both})
    assert wrong.status_code == 422
    assert [each.flaw for each in wrong.context["draft"].lines] == ["", "There is no such choice."]
    both["value"] = ["open", "sms"]
    assert client.post("/inbox/views/count/", {**form, **both}).json()["count"] == 1
    assert client.post("/inbox/views/count/", {"match": "all"}).json()["count"] is None

    saved = client.post("/inbox/views/new/", {**form, **both})

    page = client.get(saved["Location"])
    assert [row.channel_type for row in page.context["rows"]] == ["sms"]
    assert page.context["sort"] == "oldest"
    assert "Texts" in page.content.decode()
    view = page.context["listing"].view
    assert view.filter == {"all": [OPEN, {"any": [is_("channel_type", "sms")]}]}
    again = client.get(f"/inbox/views/{view.pk}/")
    assert [each.value for each in again.context["draft"].lines] == ["open", "sms"]
    fewer = client.post(f"/inbox/views/{view.pk}/", {**form, **both, "remove": "1"})
    assert len(fewer.context["draft"].lines) == 1
    assert client.post(f"/inbox/views/{view.pk}/delete/")["Location"] == "/inbox/"
    assert client.get(saved["Location"]).status_code == 404
