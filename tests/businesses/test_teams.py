"""Teams: made and changed by owner and admins, read by all, of members of the workspace only."""

import uuid
from typing import Any

import pytest

from accounts.models import User
from businesses.models import Business, Membership, Role, Team
from tests import builders

pytestmark = pytest.mark.django_db
TEAMS = "/api/v1/teams"


def id_of(user: User) -> str:
    return str(Membership.objects.get(user=user).pk)


def test_a_team_is_made_changed_listed_and_deleted(ada: User, ben: User, acme: Business) -> None:
    client = builders.api(ada)
    made = client.post(TEAMS, {"name": " Night ", "member_ids": [id_of(ben)]})
    assert made.status_code == 201
    team = made.json()
    assert (set(team), team["name"], team["member_ids"]) == (
        {"id", "name", "member_ids", "created_at"},
        "Night",
        [id_of(ben)],
    )
    assert builders.api(ben).get(TEAMS).json() == {"results": [team], "next": None}
    changed = client.patch(f"{TEAMS}/{team['id']}", {"member_ids": [id_of(ada), id_of(ben)]}).json()
    assert (changed["name"], set(changed["member_ids"])) == ("Night", {id_of(ada), id_of(ben)})
    assert client.patch(f"{TEAMS}/{team['id']}", {"name": "Late"}).json()["member_ids"] == changed["member_ids"]
    assert client.delete(f"{TEAMS}/{team['id']}").json() == {"message": "Team deleted"}
    assert client.delete(f"{TEAMS}/{team['id']}").status_code == 404


def test_names_are_there_once_whatever_their_capitals(ada: User, acme: Business, mallory: User) -> None:
    client = builders.api(ada)
    other = client.post(TEAMS, {"name": "Day"}).json()
    assert client.post(TEAMS, {"name": "Night"}).status_code == 201
    assert client.post(TEAMS, {"name": "NIGHT"}).json() == {"detail": "There is a team of this name."}
    assert client.patch(f"{TEAMS}/{other['id']}", {"name": "night"}).status_code == 400
    assert client.post(TEAMS, {"name": " "}).status_code == 422
    assert builders.api(mallory).post(TEAMS, {"name": "Night"}).status_code == 201


def test_B2_a_member_of_elsewhere_is_refused_like_a_random_one(ada: User, acme: Business, mallory: User) -> None:
    client = builders.api(ada)
    foreign, random = (
        client.post(TEAMS, {"name": "Night", "member_ids": [each]}) for each in (id_of(mallory), str(uuid.uuid4()))
    )
    assert (foreign.status_code, foreign.content) == (random.status_code, random.content) == (400, foreign.content)
    assert not Team.objects.exists()


def test_an_agent_reads_and_an_admin_manages(ben: User, acme: Business) -> None:
    client = builders.api(ben)
    assert client.post(TEAMS, {"name": "Night"}).status_code == 403
    Membership.objects.filter(user=ben).update(role=Role.ADMIN)
    assert client.post(TEAMS, {"name": "Night"}).status_code == 201


def test_who_is_removed_is_in_no_team_and_a_longer_list_costs_the_same(
    ada: User, ben: User, acme: Business, django_assert_num_queries: Any
) -> None:
    client = builders.api(ada)
    for number in range(5):
        client.post(TEAMS, {"name": f"Team {number}", "member_ids": [id_of(ada), id_of(ben)]})
    client.delete(f"/api/v1/team/members/{id_of(ben)}")
    with django_assert_num_queries(3):
        teams = client.get(TEAMS).json()["results"]
    assert [team["member_ids"] for team in teams] == [[id_of(ada)]] * 5
    page = client.get(f"{TEAMS}?limit=3").json()
    assert len(client.get(f"{TEAMS}?limit=3&cursor={page['next']}").json()["results"]) == 2
