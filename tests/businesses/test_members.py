"""Members over the API: listing, taking in, roles and removal (contract/api.md 6)."""

import uuid
from typing import Any

import pytest
from django.core import mail

from accounts.models import User
from businesses.members import add_member, remove_member
from businesses.models import AuditEntry, Business, Membership, Plan, Role
from businesses.signals import member_removed
from foundation.errors import Refused
from tests import builders
from tests.conversations.test_messages import together

pytestmark = pytest.mark.django_db

RANDOM = str(uuid.uuid4())


def invite(user: User, email: str, **query: str) -> Any:
    address = f"/api/v1/team/invite?email={email}" + "".join(f"&{name}={value}" for name, value in query.items())
    return builders.api(user).post(address)


def member_of(user: User) -> Membership:
    return Membership.objects.get(user=user)


def test_the_list_is_a_bare_array_with_the_owner_and_pages(ada: User, ben: User, acme: Business) -> None:
    client = builders.api(ben)
    members = client.get("/api/v1/team/members").json()
    assert [(each["email"], each["role"], each["is_active"]) for each in members] == [
        ("ada@example.com", "owner", True),
        ("ben@example.com", "agent", True),
    ]
    assert set(members[0]) == {"id", "user_id", "email", "name", "role", "status", "is_active", "invited_at"}
    assert members[1]["user_id"] == str(ben.pk)
    assert members[1]["id"] == str(member_of(ben).pk)
    assert members[0]["invited_at"].endswith("Z")
    assert [each["name"] for each in client.get("/api/v1/team/members?limit=1&page=2").json()] == ["Ben"]
    assert client.get("/api/v1/team/members?limit=0").status_code == 422


def test_a_longer_list_costs_no_more_queries(ada: User, acme: Business, django_assert_num_queries: Any) -> None:
    client = builders.api(ada)
    for number in range(8):
        builders.member(acme, builders.person(f"Agent{number}"))
    with django_assert_num_queries(2):
        assert len(client.get("/api/v1/team/members").json()) == 9


def test_the_owner_takes_in_who_has_an_account_at_once(
    ada: User, acme: Business, django_capture_on_commit_callbacks: Any
) -> None:
    dora = builders.person("Dora")

    with django_capture_on_commit_callbacks(execute=True):
        answer = invite(ada, "Dora@Example.com", role="admin")

    assert answer.status_code == 200
    assert answer.json() == {
        "message": "Admin dora@example.com invited successfully",
        "team_member_id": str(member_of(dora).pk),
    }
    assert builders.api(dora).get("/api/v1/auth/me").json()["team_role"] == "admin"
    assert [(entry.action, entry.target_name) for entry in AuditEntry.objects.filter(action="member.added")] == [
        ("member.added", "dora@example.com")
    ]
    [sent] = mail.outbox
    assert (sent.to, sent.subject) == (["dora@example.com"], "Ada added you to Acme")
    assert "/inbox/" in sent.body
    assert invite(ada, "dora@example.com").json() == {"detail": "This person is a member already."}


@pytest.mark.parametrize("role", ["owner", "root", ""])
def test_B5_nobody_is_invited_as_owner(ada: User, acme: Business, role: str) -> None:
    dora = builders.person("Dora")
    assert invite(ada, dora.email, role=role).status_code in {400, 422}
    assert not Membership.objects.filter(user=dora).exists()


def test_what_is_wrong_with_an_invitation_is_said_in_the_contracts_words(ada: User, acme: Business) -> None:
    assert invite(ada, "nobody@example.com").status_code == 404
    assert invite(ada, "ada@example.com").status_code == 400
    missing = builders.api(ada).post("/api/v1/team/invite")
    assert (missing.status_code, missing.json()["detail"][0]["loc"]) == (422, ["query", "email"])
    assert invite(ada, "no address").status_code == 422
    assert invite(builders.person("Dora"), "ada@example.com").status_code == 400


def test_B4_who_may_not_invite_learns_of_no_account(ben: User, acme: Business) -> None:
    known, unknown = invite(ben, "ada@example.com"), invite(ben, "nobody@example.com")
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert known.status_code == 403


def test_a_full_plan_takes_no_more_agents_and_the_owner_is_none(ada: User, acme: Business) -> None:
    Business.objects.update(plan=Plan.objects.get(name="Mini"))
    for name in ("Dora", "Eve", "Finn"):
        builders.person(name)
    assert invite(ada, "dora@example.com").status_code == 200
    assert invite(ada, "eve@example.com").status_code == 200
    full = invite(ada, "finn@example.com")
    assert full.status_code == 402
    assert {**full.json(), "message": ""} == {
        "error": "limit_exceeded",
        "plan": "Mini",
        "feature": "agents",
        "current": 2,
        "limit": 2,
        "message": "",
    }


@pytest.mark.django_db(transaction=True)
def test_two_take_the_last_seat_and_one_gets_it(ada: User, acme: Business) -> None:
    Plan.objects.filter(name="Pro").update(max_agents=1)

    people = [builders.person(name) for name in ("Dora", "Eve")]
    works = [lambda who=who: add_member(actor=User.objects.get(pk=ada.pk), email=who.email) for who in people]
    assert sorted(type(result).__name__ for result in together(*works)) == ["Membership", "PlanLimit"]


def test_a_workspace_invites_so_often_an_hour(ada: User, acme: Business, settings: Any) -> None:
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "INVITE": (2, 3600)}
    assert [invite(ada, "nobody@example.com").status_code for _ in range(3)] == [404, 404, 429]


def test_a_removed_member_is_out_at_once_keeps_the_account_and_can_come_back(
    ada: User, ben: User, acme: Business, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    cut: list[Any] = []
    monkeypatch.setattr("pingback.realtime.publish.membership_ended", cut.append)
    told: list[Any] = []

    def hear(business_id: Any, user: User, **_signal: Any) -> None:
        told.append((business_id, user.pk))

    member_removed.connect(hear)
    client, membership = builders.api(ben), member_of(ben)
    conversation = builders.conversation(acme)

    with django_capture_on_commit_callbacks(execute=True):
        answer = builders.api(ada).delete(f"/api/v1/team/members/{membership.pk}")

    assert (answer.status_code, answer.json()) == (200, {"message": "Member removed"})
    assert cut == [membership.pk]
    assert told == [(acme.pk, ben.pk)]
    assert client.get(f"/api/v1/conversations/{conversation.pk}").status_code == 400
    assert client.get("/api/v1/auth/me").json()["team_role"] is None
    [entry] = AuditEntry.objects.filter(action="member.removed")
    assert (entry.actor_name, entry.target_name, entry.data) == (ada.email, ben.email, {"role": "agent"})
    assert builders.api(ada).delete(f"/api/v1/team/members/{membership.pk}").status_code == 404
    assert invite(ada, ben.email).status_code == 200
    assert client.get(f"/api/v1/conversations/{conversation.pk}").status_code == 200


def test_who_leaves_is_out_at_once_and_the_owner_cannot(
    ada: User, ben: User, acme: Business, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    cut: list[Any] = []
    monkeypatch.setattr("pingback.realtime.publish.membership_ended", cut.append)
    client, membership = builders.api(ben), member_of(ben)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post("/api/v1/team/leave")
    assert (answer.status_code, answer.json()) == (200, {"message": "You left the workspace."})
    assert cut == [membership.pk]
    assert client.get("/api/v1/auth/me").json()["team_role"] is None
    assert client.post("/api/v1/team/leave").status_code == 400
    [entry] = AuditEntry.objects.filter(action="member.left")
    assert (entry.actor_name, entry.business_id) == (ben.email, acme.pk)

    answer = builders.api(ada).post("/api/v1/team/leave")
    assert (answer.status_code, answer.json()) == (400, {"detail": "The owner of a workspace cannot leave it."})


def test_B5_the_owner_is_neither_removed_nor_demoted_and_nobody_promotes_himself(
    ada: User, ben: User, acme: Business
) -> None:
    owners = f"/api/v1/team/members/{member_of(ada).pk}"
    bens = f"/api/v1/team/members/{member_of(ben).pk}"
    assert builders.api(ada).delete(owners).status_code == 400
    assert builders.api(ada).patch(owners, {"role": "agent"}).status_code == 400
    assert builders.api(ada).patch(bens, {"role": "owner"}).status_code == 400
    for role in ("admin", "owner"):
        assert builders.api(ben).patch(bens, {"role": role}).status_code == 403
    assert [member_of(user).role for user in (ada, ben)] == ["owner", "agent"]


def test_B4_an_admin_invites_removes_and_changes_nobody(ada: User, ben: User, acme: Business) -> None:
    bens = f"/api/v1/team/members/{member_of(ben).pk}"
    Membership.objects.filter(user=ben).update(role=Role.ADMIN)
    client = builders.api(ben)
    builders.person("Dora")
    assert client.delete(bens).status_code == 403
    assert client.delete(f"/api/v1/team/members/{RANDOM}").status_code == 403
    assert invite(ben, "dora@example.com").status_code == 403
    assert Membership.objects.count() == 2


def test_a_role_counts_from_the_next_request_on_and_is_written_down_once(ada: User, ben: User, acme: Business) -> None:
    client, bens = builders.api(ada), f"/api/v1/team/members/{member_of(ben).pk}"
    assert client.patch(bens, {"role": "admin"}).json()["role"] == "admin"
    assert client.patch(bens, {"role": "admin"}).status_code == 200
    assert builders.api(ben).get("/api/v1/auth/me").json()["team_role"] == "admin"
    [entry] = AuditEntry.objects.filter(action="member.role_changed")
    assert entry.data == {"from": "agent", "to": "admin"}


def test_B1_a_member_of_elsewhere_is_like_a_random_one(ben: User, mallory: User, acme: Business) -> None:
    client = builders.api(mallory)
    for method in ("delete", "patch"):
        foreign, random = (
            getattr(client, method)(f"/api/v1/team/members/{each}", {"role": "admin"})
            for each in (member_of(ben).pk, RANDOM)
        )
        assert (foreign.status_code, foreign.content) == (random.status_code, random.content) == (404, foreign.content)
    assert member_of(ben).role == "agent"


@pytest.mark.django_db(transaction=True)
def test_two_who_remove_the_same_member_remove_one(ada: User, ben: User, acme: Business) -> None:
    membership_id = member_of(ben).pk
    results = together(*[lambda: remove_member(actor=User.objects.get(pk=ada.pk), membership_id=membership_id)] * 2)
    assert [isinstance(result, Refused) for result in results].count(True) == 1
    assert AuditEntry.objects.filter(action="member.removed").count() == 1


@pytest.mark.parametrize("role", ["", "boss", "owner", "x" * 300])
def test_a_role_that_nobody_is_given_is_a_bad_role(ada: User, acme: Business, role: str) -> None:
    builders.person("Dora")
    answer = invite(ada, "dora@example.com", role=role)
    assert (answer.status_code, answer.json()) == (400, {"detail": "Choose agent or admin."})
