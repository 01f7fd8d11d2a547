"""API tokens: what they open, in whose name, where, and until when. Each operation of the schema, by scope."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services import open_session
from accounts.tokens import issue_access_token
from businesses.members import remove_member
from businesses.models import ApiToken, AuditEntry, Business, Membership, Role
from businesses.scopes import SCOPES, grants
from tests import builders

pytestmark = pytest.mark.django_db

PATH = "/api/v1/api-tokens"


def with_token(raw: str) -> Any:
    client = builders.api()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {raw}")
    return client


def make(client: Any, *scopes: str, **fields: Any) -> Any:
    return client.post(PATH, {"name": "CRM sync", "scopes": list(scopes or ["read"]), **fields})


def raw_token(user: User, *scopes: str) -> str:
    return str(make(builders.api(user), *scopes).json()["token"])


# Each operation, by scope ---------------------------------------------------------------------------------------


@pytest.fixture
def operations(client: Client) -> dict[tuple[str, str], dict[str, list[str]] | None]:
    """Of all that are not public: the scope that the schema names, None when it is closed to API tokens."""
    paths = client.get("/api/v1/schema/").json()["paths"]
    found = {}
    for path, methods in paths.items():
        for method, operation in methods.items():
            ways = [way for way in operation.get("security", []) if way]
            if ways:
                found[method, path] = next((way for way in ways if "ApiToken" in way), None)
    return found


def answer_of(client: Any, operation: tuple[str, str]) -> Any:
    method, path = operation
    parts = [part for part in path.split("/") if part.startswith("{")]
    address = path.format(**{part[1:-1]: str(uuid.uuid4()) for part in parts})
    return getattr(client, method)(address, None if method == "get" else {})


def is_refused_for_its_scope(answer: Any) -> bool:
    return answer.status_code == 403 and "API token" in answer.json()["detail"]


def test_each_operation_opens_to_its_own_scope_and_to_no_other(
    ada: User, acme: Business, operations: dict[tuple[str, str], Any]
) -> None:
    builders.conversation(acme)
    clients = {scope: with_token(raw_token(ada, scope)) for scope in SCOPES}
    opened = set()
    for operation, way in operations.items():
        needed = None if way is None else "".join(way["ApiToken"]) or "me:read"
        for scope, client in clients.items():
            answer = answer_of(client, operation)
            assert answer.status_code < 500, (operation, scope)
            if answer.status_code == 401:  # answers no Bearer but a person's
                assert needed is None, (operation, scope)
                continue
            allowed = needed is not None and grants([scope], needed)
            assert is_refused_for_its_scope(answer) is not allowed, (operation, scope, answer.content)
            if allowed:
                opened.add(scope)
    assert opened == set(SCOPES), "a scope that opens nothing is a promise that nobody keeps"


def test_what_concerns_the_person_is_closed_to_api_tokens(operations: dict[tuple[str, str], Any]) -> None:
    mine = ("/api/v1/auth/", "/api/v1/api-tokens", "/api/v1/audit-log", "/api/v1/billing")
    for (method, path), way in operations.items():
        if path.startswith(mine) and (method, path) != ("get", "/api/v1/auth/me"):
            assert way is None, (method, path)


def test_reading_conversations_writes_none(ada: User, acme: Business) -> None:
    client = with_token(raw_token(ada, "conversations:read"))
    assert client.get("/api/v1/conversations/").status_code == 200

    answer = client.post("/api/v1/conversations/", {"business_id": str(acme.pk)})

    assert (answer.status_code, answer.json()) == (
        403,
        {"detail": "This API token lacks the scope conversations:write."},
    )


# In whose name, and where ---------------------------------------------------------------------------------------


def test_it_acts_as_its_person_with_the_role_of_the_moment(ada: User, acme: Business, ben: User) -> None:
    raw = raw_token(ben, "read", "write")
    created = with_token(raw).post("/api/v1/conversations/", {"business_id": str(acme.pk), "initial_message": "Hi"})
    assert created.status_code == 201
    assert created.json()["messages"][0]["sender_id"] == str(ben.pk)
    invite = "/api/v1/team/invite?email=eve@example.com&role=agent"
    assert with_token(raw).post(invite).status_code == 403

    Membership.objects.filter(user=ada).update(role=Role.ADMIN)
    Membership.objects.filter(user=ben).update(role=Role.OWNER)

    assert with_token(raw).post(invite).status_code == 404  # who is no user yet


def test_B6_it_stays_in_its_workspace_wherever_the_person_is(ada: User, acme: Business, mallory: User) -> None:
    umbrella = mallory.memberships.get().business
    builders.member(umbrella, ada, Role.ADMIN)
    builders.conversation(umbrella)
    raw = raw_token(ada, "read")
    session = open_session(user=ada)
    session.current_business_id = umbrella.pk
    session.save()
    person = with_token(issue_access_token(session))
    assert person.get("/api/v1/auth/me").json()["business"]["id"] == str(umbrella.pk)

    assert with_token(raw).get("/api/v1/auth/me").json()["business"]["id"] == str(acme.pk)
    assert with_token(raw).get("/api/v1/conversations/").json() == []
    switched = person.get(PATH).json()["results"]
    assert switched == [], "the list is the current workspace's"


# Until when -----------------------------------------------------------------------------------------------------


def test_it_is_shown_once_and_stored_as_a_digest(ada: User, acme: Business) -> None:
    client = builders.api(ada)
    answer = make(client, "write", "read", "read", expires_at="2031-01-01T00:00:00Z")

    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == {"id", "name", "scopes", "prefix", "expires_at", "last_used_at", "created_at", "token"}
    assert body["scopes"] == ["read", "write"]
    assert body["token"].startswith(body["prefix"] + "_")
    assert (body["expires_at"], body["last_used_at"]) == ("2031-01-01T00:00:00Z", None)
    listed = client.get(PATH).json()
    assert listed == {"results": [{name: value for name, value in body.items() if name != "token"}], "next": None}
    row = ApiToken.objects.values().get()
    assert body["token"] not in str(row)
    assert body["token"].rpartition("_")[2] not in str(list(AuditEntry.objects.values()))


def test_it_ends_at_its_time_with_its_revocation_and_with_its_person(ada: User, acme: Business, ben: User) -> None:
    soon = timezone.now() + timedelta(hours=1)
    expiring = make(builders.api(ada), "read", expires_at=soon.isoformat()).json()["token"]
    revoked = make(builders.api(ada)).json()
    of_ben, disabled = raw_token(ben), raw_token(ada)
    assert with_token(expiring).get("/api/v1/auth/me").status_code == 200

    assert builders.api(ada).delete(f"{PATH}/{revoked['id']}").status_code == 200
    remove_member(actor=ada, membership_id=Membership.objects.get(user=ben).pk)
    builders.member(acme, ben)  # back again, with nothing of what he had

    answer = with_token(revoked["token"]).get("/api/v1/auth/me")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert with_token(of_ben).get("/api/v1/auth/me").status_code == 401
    with time_machine.travel(soon + timedelta(seconds=1), tick=False):
        assert with_token(expiring).get("/api/v1/auth/me").status_code == 401
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert with_token(disabled).get("/api/v1/auth/me").status_code == 401


def test_a_member_who_was_switched_off_does_not_find_the_tokens_again(ada: User, acme: Business, ben: User) -> None:
    from businesses.members import let_go

    raw, member = raw_token(ben), Membership.objects.get(user=ben)
    member.is_active = False
    member.save()
    let_go(member, actor=ada)
    member.is_active = True
    member.save()

    assert with_token(raw).get("/api/v1/auth/me").status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw[:-1] + ("0" if raw[-1] != "0" else "1"),
        lambda raw: raw[:-1],
        lambda raw: raw + "0",
        lambda raw: raw.upper(),
        lambda raw: "pbt_" + "0" * 10 + raw[14:],
        lambda raw: raw.replace("_", "-"),
        lambda raw: "pbt_",
        lambda raw: "pbt_" + "x" * 100_000,
        lambda raw: "pbt_\N{SNOWMAN}" + raw,
    ],
)
def test_A2_what_is_nearly_a_token_is_none(ada: User, acme: Business, change: Any) -> None:
    raw = raw_token(ada)
    client = builders.api()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {change(raw)}".encode().decode("latin-1"))
    assert client.get("/api/v1/auth/me").status_code == 401


def test_when_it_was_used_is_written_down_now_and_then(ada: User, acme: Business) -> None:
    raw, start = raw_token(ada), timezone.now()
    for minutes, moved in ((0, True), (4, False), (6, True)):
        before = ApiToken.objects.get().last_used_at
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            with_token(raw).get("/api/v1/auth/me")
        assert (ApiToken.objects.get().last_used_at != before) is moved, minutes


# Making, listing, revoking --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "  "),
        ("name", "x" * 101),
        ("scopes", []),
        ("scopes", ["everything"]),
        ("scopes", ["conversations:*"]),
        ("scopes", "read"),
        ("expires_at", "2020-01-01T00:00:00Z"),
        ("expires_at", "tomorrow"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(ada: User, acme: Business, field: str, value: Any) -> None:
    answer = builders.api(ada).post(PATH, {"name": "CRM", "scopes": ["read"], field: value})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][:2] == ["body", field]
    assert not ApiToken.objects.exists()


def test_the_owner_sees_and_revokes_all_a_member_the_own(ada: User, acme: Business, ben: User, mallory: User) -> None:
    make(builders.api(ada)), make(builders.api(ben)), make(builders.api(mallory))
    [hers, his, foreign] = ApiToken.objects.order_by("created_at")

    assert len(builders.api(ada).get(PATH).json()["results"]) == 2
    assert [row["id"] for row in builders.api(ben).get(PATH).json()["results"]] == [str(his.pk)]
    for token_id in (hers.pk, foreign.pk, uuid.uuid4(), "none"):
        answer = builders.api(ben).delete(f"{PATH}/{token_id}")
        assert (answer.status_code, answer.content) == (404, b'{"detail":"Not found"}')
    assert builders.api(ada).delete(f"{PATH}/{his.pk}").status_code == 200
    assert AuditEntry.objects.filter(action="token.revoked", business_id=acme.pk).count() == 1
    assert AuditEntry.objects.filter(action="token.created", business_id=acme.pk).count() == 2


def test_fifty_are_enough(ada: User, acme: Business) -> None:
    client = builders.api(ada)
    for _ in range(50):
        assert make(client).status_code == 201
    assert make(client).status_code == 400


def test_the_list_pages_and_costs_the_same_however_long(
    ada: User, acme: Business, django_assert_num_queries: Any
) -> None:
    client = builders.api(ada)
    for _ in range(12):
        make(client)
    with django_assert_num_queries(2):
        page = client.get(f"{PATH}?limit=10").json()
    assert len(page["results"]) == 10
    rest = client.get(PATH, {"limit": 10, "cursor": page["next"]}).json()
    assert len(rest["results"]) == 2
    assert rest["next"] is None


def test_a_call_with_a_token_costs_one_query_before_its_own(
    ada: User, acme: Business, django_assert_num_queries: Any
) -> None:
    client = with_token(raw_token(ada))
    client.get("/api/v1/auth/me")
    with django_assert_num_queries(1):
        client.get("/api/v1/auth/me")
