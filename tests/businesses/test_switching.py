"""One person in several workspaces: the session says which one every call means."""

import uuid
from typing import Any

import pytest

from accounts.models import User
from businesses.models import Business, Membership
from tests import builders

pytestmark = pytest.mark.django_db
SWITCH = "/api/v1/auth/business/switch"


@pytest.fixture
def umbrella(mallory: User, ben: User) -> Business:
    """Mallory's; Ben works there, too."""
    umbrella = mallory.memberships.get().business
    builders.member(umbrella, ben)
    return umbrella


def test_the_first_joined_is_current_until_another_is_chosen(
    ben: User, acme: Business, umbrella: Business, django_assert_num_queries: Any
) -> None:
    client, other = builders.api(ben), builders.api(ben)
    assert client.get("/api/v1/auth/me").json()["business"]["name"] == "Acme"
    answer = client.post(SWITCH, {"business_id": str(umbrella.pk)})
    assert (answer.status_code, answer.json()["business"]["name"], answer.json()["team_role"]) == (
        200,
        "Umbrella",
        "agent",
    )
    with django_assert_num_queries(1):
        assert client.get("/api/v1/auth/me").json()["business"]["name"] == "Umbrella"
    assert other.get("/api/v1/auth/me").json()["business"]["name"] == "Acme"


def test_a_workspace_of_others_is_like_one_that_does_not_exist(ben: User, acme: Business, mallory: User) -> None:
    client = builders.api(ben)
    foreign = client.post(SWITCH, {"business_id": str(mallory.memberships.get().business_id)})
    random = client.post(SWITCH, {"business_id": str(uuid.uuid4())})
    assert (foreign.status_code, foreign.content) == (random.status_code, random.content) == (403, foreign.content)
    assert client.post(SWITCH, {"business_id": "x"}).status_code == 422
    assert client.get("/api/v1/auth/me").json()["business"]["name"] == "Acme"


def test_B6_the_context_of_one_workspace_opens_nothing_of_the_other(
    ada: User, ben: User, acme: Business, umbrella: Business
) -> None:
    theirs, ours = builders.conversation(umbrella), builders.conversation(acme)
    client = builders.api(ben)
    assert client.get(f"/api/v1/conversations/{theirs.pk}").status_code == 404
    client.post(SWITCH, {"business_id": str(umbrella.pk)})
    assert client.get(f"/api/v1/conversations/{theirs.pk}").status_code == 200
    for method, path, body in (
        ("get", f"/api/v1/conversations/{ours.pk}", None),
        ("post", f"/api/v1/conversations/{ours.pk}/messages", {"content": "Hi"}),
        ("put", f"/api/v1/conversations/{ours.pk}/resolve", {}),
    ):
        assert getattr(client, method)(path, body).status_code == 404
    assert client.post("/api/v1/conversations/", {"business_id": str(acme.pk)}).status_code == 403
    assert [each["id"] for each in client.get("/api/v1/conversations/").json()] == [str(theirs.pk)]


def test_who_is_removed_from_the_current_one_is_back_in_the_first_joined(
    ben: User, acme: Business, umbrella: Business
) -> None:
    client = builders.api(ben)
    client.post(SWITCH, {"business_id": str(umbrella.pk)})
    Membership.objects.get(user=ben, business=umbrella).delete()
    assert client.get("/api/v1/auth/me").json()["business"]["name"] == "Acme"
    assert client.post(SWITCH, {"business_id": str(umbrella.pk)}).status_code == 403
