"""B1 to B3 for conversations: what a neighbour's ids open, in paths, in bodies and in queries. Nothing."""

import uuid
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from businesses.models import Business, FeedEvent, Team
from conversations.models import Conversation, Customer, Message
from tests import builders

pytestmark = pytest.mark.django_db

ONE = "/api/v1/conversations/{conversation_id}"
BODIES: dict[str, Any] = {
    ONE: {"status": "pending"},
    f"{ONE}/messages": {"content": "Hi"},
    f"{ONE}/read": {"seq": 1},
}


def operations(client: Client) -> list[tuple[str, str]]:
    """Every operation of the schema that is about one conversation."""
    paths = client.get("/api/v1/schema/").json()["paths"]
    return [(method, path) for path, methods in paths.items() if "{conversation_id}" in path for method in methods]


def snapshot() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Conversation, Message, Customer, FeedEvent)]


def test_B1_every_conversation_operation_takes_a_neighbours_id_for_a_random_one(
    client: Client, acme: Business, ada: User, mallory: User
) -> None:
    theirs = builders.conversation(acme)
    found = operations(client)
    assert {("put", f"{ONE}/assign/{{agent_id}}"), ("post", f"{ONE}/claim")} <= set(found)
    before = snapshot()
    for method, path in found:
        answers = []
        for about in (theirs.pk, uuid.uuid4(), "nonsense"):
            address = path.replace("{conversation_id}", str(about)).replace("{agent_id}", str(mallory.pk))
            address += f"?agent_id={mallory.pk}" if path.startswith("/api/v1/team/assign") else ""
            body = None if method == "get" else BODIES.get(path, {})
            answer = getattr(builders.api(mallory), method)(address, body)
            answers.append((answer.status_code, answer.content))
        assert answers == [(404, b'{"detail":"Not found"}')] * 3, (method, path)
    assert snapshot() == before


def test_B2_a_neighbours_ids_in_a_body_are_like_random_ones(acme: Business, ada: User, mallory: User) -> None:
    umbrella = mallory.memberships.get().business
    builders.widget(mallory, "umbrella.com")
    foreign = {
        "business_id": umbrella.pk,
        "customer_id": builders.customer(umbrella).pk,
        "channel_id": umbrella.channels.get().pk,
    }
    client = builders.api(ada)
    before = snapshot()
    for name, theirs in foreign.items():
        answers = []
        for given in (theirs, uuid.uuid4()):
            body = {"business_id": str(acme.pk), name: str(given), "initial_message": "Hi"}
            answer = client.post("/api/v1/conversations/", body)
            answers.append((answer.status_code, answer.json()))
        assert answers[0] == answers[1], name
        assert answers[0][0] == (403 if name == "business_id" else 400), name
        assert set(answers[0][1]) == {"detail"}
    assert snapshot() == before


def test_B2_a_neighbours_ids_in_a_query_find_nothing(acme: Business, ada: User, mallory: User) -> None:
    umbrella = mallory.memberships.get().business
    builders.answers(mallory, builders.conversation(umbrella), "theirs")
    team = Team.objects.create(business=umbrella, name="Theirs")
    for query in (f"assignee_id={mallory.pk}", f"team_id={team.pk}", f"business_id={umbrella.pk}"):
        assert builders.api(ada).get(f"/api/v1/conversations/?{query}").json() == [], query


def test_B3_a_neighbours_agent_or_team_in_ones_own_conversation_changes_neither_side(
    acme: Business, ada: User, mallory: User
) -> None:
    own = builders.conversation(acme)
    team = Team.objects.create(business=mallory.memberships.get().business, name="Theirs")
    client = builders.api(ada)
    before = snapshot()
    for agent, group in ((mallory.pk, team.pk), (uuid.uuid4(), uuid.uuid4())):
        path = f"/api/v1/conversations/{own.pk}"
        answers = [
            client.put(f"{path}/assign/{agent}"),
            client.post(f"/api/v1/team/assign/{own.pk}?agent_id={agent}"),
            client.patch(path, {"assignee_id": str(agent)}),
            client.patch(path, {"team_id": str(group)}),
        ]
        assert [answer.status_code for answer in answers] == [400] * 4
        words = {answer.json()["detail"] for answer in answers}
        assert words == {"This is not an active member of your team.", "There is no such team."}
    assert snapshot() == before
