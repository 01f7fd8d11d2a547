"""Workspaces, roles, plans and the feed's number."""

from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from businesses import feed, plans, policy
from businesses.models import Business, FeedEvent, Membership, Plan, Role
from businesses.services import check_website, create_business, update_business
from foundation.errors import Forbidden, Invalid, PlanLimit, Unprocessable
from tests import builders
from tests.conversations.test_messages import together

pytestmark = pytest.mark.django_db

AGENTS = {
    policy.Action.HANDLE_CONVERSATIONS,
    policy.Action.WRITE_ARTICLES,
    policy.Action.SEE_REPORTS,
    policy.Action.USE_API_TOKENS,
}


def test_only_a_name_is_needed_and_the_maker_owns_it(ada: User) -> None:
    answer = builders.api(ada).post("/api/v1/auth/business/create", {"name": " Acme ", "website": None})
    assert answer.status_code == 200
    assert answer.json()["business"]["name"] == "Acme"
    assert answer.json()["team_role"] == "owner"
    assert Business.objects.get().plan.name == "Pro"


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": "  "}, {"name": "x" * 201}, {"name": 7}, {"name": "x", "website": "y" * 2_049}]
)
def test_a_workspace_needs_a_name_within_bounds(ada: User, body: Any) -> None:
    assert builders.api(ada).post("/api/v1/auth/business/create", body).status_code == 422
    assert not Business.objects.exists()


@pytest.mark.parametrize("website", ["javascript:alert(1)", "http://[bad", "data:text/html,x", "a b"])
def test_F3_a_website_is_a_web_address(ada: User, website: str) -> None:
    answer = builders.api(ada).post("/api/v1/auth/business/create", {"name": "Acme", "website": website})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "website"]
    for fine in ("acme.com", "https://acme.com/shop", "http://localhost:3000"):
        check_website(fine)


def test_a_zone_that_this_machine_does_not_know_breaks_no_page(ada: User, acme: Business, client: Any) -> None:
    Business.objects.update(time_zone="Moon/Base")
    client.force_login(ada)
    assert client.get("/settings/workspace/").status_code == 200


def test_a_second_workspace_is_refused(ada: User, acme: Business) -> None:
    assert builders.api(ada).post("/api/v1/auth/business/create", {"name": "Second"}).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_two_clicks_make_one_workspace(ada: User) -> None:
    results = together(*[lambda: create_business(owner=User.objects.get(pk=ada.pk), name="Acme")] * 3)
    assert sorted(type(result).__name__ for result in results) == ["Invalid", "Invalid", "Membership"]
    assert Business.objects.count() == 1


def test_a_removed_member_loses_the_workspace_at_the_next_request(acme: Business, ben: User) -> None:
    client = builders.api(ben)
    assert client.get("/api/v1/conversations/").status_code == 200
    Membership.objects.filter(user=ben).update(is_active=False)
    assert client.get("/api/v1/conversations/").status_code == 400
    assert client.get("/api/v1/auth/me").json()["business"] is None


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.OWNER, set(policy.Action)),
        (
            Role.ADMIN,
            {
                *AGENTS,
                policy.Action.ASSIGN,
                policy.Action.CHANGE_SHARED,
                policy.Action.MANAGE_TEAMS,
                policy.Action.MANAGE_ASSISTANT,
                policy.Action.DELETE_CONVERSATIONS,
                policy.Action.DELETE_CUSTOMERS,
            },
        ),
        (Role.AGENT, AGENTS),
    ],
)
def test_roles_may_what_the_contract_says(acme: Business, role: Role, allowed: set[policy.Action]) -> None:
    member = Membership(business=acme, role=role)
    assert {action for action in policy.Action if policy.may(member, action)} == allowed


def test_an_unknown_time_zone_and_a_blank_name_are_refused(ada: User, acme: Business, ben: User) -> None:
    assert update_business(actor=ada, time_zone="Europe/Lisbon").time_zone == "Europe/Lisbon"
    for changes in ({"time_zone": "Moon/Base"}, {"name": " "}):
        with pytest.raises(Unprocessable):
            update_business(actor=ada, **changes)
    with pytest.raises(Forbidden):
        update_business(actor=ben, name="Mine")


def test_the_owner_chooses_whether_who_answers_first_takes_it(acme: Business, ada: User, ben: User) -> None:
    path, talk = "/api/v1/business", builders.conversation(acme)
    assert builders.api(ben).get(path).json()["assign_on_reply"] is True
    assert builders.api(ben).patch(path, {"assign_on_reply": False}).status_code == 403
    changed = builders.api(ada).patch(path, {"assign_on_reply": False}).json()
    assert (changed["assign_on_reply"], changed["name"]) == (False, "Acme")
    builders.answers(ben, talk, "Hello")
    talk.refresh_from_db()
    assert talk.assignee is None

    page, form = "/settings/workspace/", {"name": "Acme", "time_zone": "UTC", "has_options": "True"}
    for sent, is_on in (
        ({**form, "assign_on_reply": "on"}, True),
        ({"name": "Acme", "time_zone": "UTC"}, True),  # of a page that has no such box yet
        (form, False),
    ):
        assert builders.browser(ada).post(page, sent).status_code == 302
        acme.refresh_from_db()
        assert acme.assign_on_reply is is_on
    assert 'name="has_options" value="True"' in builders.browser(ada).get(page).content.decode()


def test_plans_speak_the_contracts_words(acme: Business) -> None:
    acme.plan = Plan.objects.get(name="Free")
    with pytest.raises(PlanLimit) as locked:
        plans.check_channel_allowed(acme, web=False, current=0)
    assert {**locked.value.body, "message": ""} == {
        "error": "feature_locked",
        "plan": "Free",
        "feature": "integrations",
        "message": "",
    }
    with pytest.raises(PlanLimit) as full:
        plans.check_channel_allowed(acme, web=True, current=1)
    assert {**full.value.body, "message": ""} == {
        "error": "limit_exceeded",
        "plan": "Free",
        "feature": "channels",
        "current": 1,
        "limit": 1,
        "message": "",
    }


# The feed -------------------------------------------------------------------------------------------------


def test_feed_rows_get_the_next_numbers_in_the_order_given(acme: Business) -> None:
    feed.record(acme.pk, [feed.Event(kind="a", subject=acme), feed.Event(kind="b", subject=acme)])
    assert list(FeedEvent.objects.order_by("seq").values_list("seq", "kind")) == [(1, "a"), (2, "b")]
    acme.refresh_from_db()
    assert acme.feed_seq == 2


def test_a_change_that_is_taken_back_leaves_no_gap(acme: Business) -> None:
    def change_of_mind() -> None:
        with transaction.atomic():
            feed.record(acme.pk, [feed.Event(kind="lost", subject=acme)])
            raise Invalid("no")

    with pytest.raises(Invalid):
        change_of_mind()
    feed.record(acme.pk, [feed.Event(kind="kept", subject=acme)])
    assert list(FeedEvent.objects.values_list("seq", "kind")) == [(1, "kept")]


def test_workspaces_count_for_themselves(acme: Business, mallory: User) -> None:
    umbrella = mallory.memberships.get().business
    for business in (acme, umbrella, acme):
        feed.record(business.pk, [feed.Event(kind="x", subject=business)])
    assert list(FeedEvent.objects.filter(business=acme).values_list("seq", flat=True)) == [1, 2]
    assert list(FeedEvent.objects.filter(business=umbrella).values_list("seq", flat=True)) == [1]
