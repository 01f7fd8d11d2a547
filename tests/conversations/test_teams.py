"""Conversations of a team: given to it, listed for it, taken by one of it."""

import uuid

import pytest

from accounts.models import User
from businesses.models import Business, FeedEvent, Team
from conversations.models import Conversation
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def billing(acme: Business) -> Team:
    return Team.objects.create(business=acme, name="Billing")


def test_a_team_has_a_conversation_until_one_of_it_takes_it(
    acme: Business, ada: User, ben: User, billing: Team
) -> None:
    theirs, taken, other = (builders.conversation(acme) for _ in range(3))
    client = builders.api(ada)
    for conversation in (theirs, taken):
        body = client.patch(f"/api/v1/conversations/{conversation.pk}", {"team_id": str(billing.pk)}).json()
        assert (body["team_id"], body["assignee_id"]) == (str(billing.pk), None)
    builders.api(ben).post(f"/api/v1/conversations/{taken.pk}/claim")

    def ids(query: str) -> set[str]:
        return {row["id"] for row in client.get(f"/api/v1/conversations/?{query}").json()}

    assert ids(f"team_id={billing.pk}") == {str(theirs.pk), str(taken.pk)}
    assert ids(f"team_id={billing.pk}&unassigned=true") == {str(theirs.pk)}
    assert ids(f"team_id={billing.pk}&assignee_id={ben.pk}") == {str(taken.pk)}
    assert ids("unassigned=true") == {str(theirs.pk), str(other.pk)}
    taken.refresh_from_db()
    assert (taken.team, taken.assignee) == (billing, ben)


def test_a_person_and_a_team_are_one_change(acme: Business, ada: User, ben: User, billing: Team) -> None:
    path = f"/api/v1/conversations/{builders.conversation(acme).pk}"
    builders.api(ada).patch(path, {"team_id": str(billing.pk), "assignee_id": str(ben.pk)})
    event = FeedEvent.objects.get(kind="conversation.assigned")
    assert (event.data["team_id"], event.data["assignee_id"]) == (str(billing.pk), str(ben.pk))
    builders.api(ada).patch(path, {"team_id": None})
    event = FeedEvent.objects.filter(kind="conversation.assigned").latest("seq")
    # He has it as before, and is not told again that it is his.
    assert (event.data["team_id"], event.data["assignee_id"], event.data["member_id"]) == (None, str(ben.pk), None)


def test_B3_a_foreign_team_is_like_nobodys_and_changes_nothing(acme: Business, ada: User, mallory: User) -> None:
    foreign = Team.objects.create(business=mallory.memberships.get().business, name="Theirs")
    path = f"/api/v1/conversations/{builders.conversation(acme).pk}"
    answers = [builders.api(ada).patch(path, {"team_id": str(team)}) for team in (foreign.pk, uuid.uuid4())]
    assert [(answer.status_code, answer.json()) for answer in answers] == [
        (400, {"detail": "There is no such team."})
    ] * 2
    assert builders.api(ada).get(f"/api/v1/conversations/?team_id={foreign.pk}").json() == []
    assert Conversation.objects.get().team is None


def test_agents_do_not_give_work_to_teams(acme: Business, ben: User, billing: Team) -> None:
    path = f"/api/v1/conversations/{builders.conversation(acme).pk}"
    assert builders.api(ben).patch(path, {"team_id": str(billing.pk)}).status_code == 403


def test_a_conversation_outlives_its_team(acme: Business, ada: User, billing: Team) -> None:
    conversation = builders.conversation(acme)
    builders.api(ada).patch(f"/api/v1/conversations/{conversation.pk}", {"team_id": str(billing.pk)})
    billing.delete()
    conversation.refresh_from_db()
    assert conversation.team is None
