"""Bad input gets the statuses and bodies of the promises, and stores nothing."""

import uuid
from typing import Any

import pytest

from accounts.models import User
from businesses.models import Business
from conversations.models import Conversation, Message
from tests import builders

pytestmark = pytest.mark.django_db

RANDOM = str(uuid.uuid4())


@pytest.fixture
def conversation(acme: Business) -> Conversation:
    return builders.conversation(acme)


OPERATIONS = [
    ("get", "/api/v1/conversations/{id}"),
    ("patch", "/api/v1/conversations/{id}"),
    ("get", "/api/v1/conversations/{id}/messages"),
    ("post", "/api/v1/conversations/{id}/messages"),
    ("post", "/api/v1/conversations/{id}/read"),
    ("post", "/api/v1/conversations/{id}/upload"),
    ("put", "/api/v1/conversations/{id}/resolve"),
    ("put", "/api/v1/conversations/{id}/close"),
]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_S1_a_foreign_an_unknown_and_a_malformed_id_are_alike(
    conversation: Conversation, mallory: User, method: str, path: str
) -> None:
    client = builders.api(mallory)
    answers = [
        getattr(client, method)(path.format(id=text), {"content": "x", "status": "open", "seq": 1})
        for text in (str(conversation.pk), RANDOM, "1", "1 OR 1=1", conversation.pk.hex, f"{{{RANDOM}}}")
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, b'{"detail":"Not found"}')}
    assert Message.objects.count() == 1


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_without_a_token_nothing_answers(conversation: Conversation, method: str, path: str) -> None:
    answer = getattr(builders.api(), method)(path.format(id=conversation.pk), {"content": "x"})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert set(answer.json()) == {"detail"}


def test_a_person_without_a_workspace_is_told_to_make_one(conversation: Conversation) -> None:
    client = builders.api(builders.person("Nell"))
    for method, path in [("get", "/api/v1/conversations/"), *OPERATIONS]:
        assert getattr(client, method)(path.format(id=conversation.pk), {}).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"\xff\xfe",
        b'{"content": "\\u0000"}',
        b'{"content": "\\ud800"}',
        b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}",
        b'{"a": ' + b"[" * 100_000,
        b'{"content": ' + b"1" * 5_000 + b"}",
    ],
    ids=lambda body: body[:24],
)
def test_a_malformed_body_is_a_422_that_echoes_nothing(ada: User, conversation: Conversation, body: bytes) -> None:
    answer = builders.api(ada).post(
        f"/api/v1/conversations/{conversation.pk}/messages", body, content_type="application/json"
    )
    assert answer.status_code == 422
    for flaw in answer.json()["detail"]:
        assert set(flaw) == {"loc", "msg", "type"}
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "content"),
        ({"content": ""}, "content"),
        ({"content": " \n "}, "content"),
        ({"content": None}, "content"),
        ({"content": 7}, "content"),
        ({"content": "x" * 10_001}, "content"),
        ({"content": "x", "attachments": "no list"}, "attachments"),
        ({"content": "x", "attachments": [{"url": "https://evil.example/x"}]}, "attachments"),
    ],
)
def test_a_bad_field_is_named(ada: User, conversation: Conversation, body: Any, field: str) -> None:
    answer = builders.api(ada).post(f"/api/v1/conversations/{conversation.pk}/messages", body)
    assert answer.status_code == 422
    assert [flaw["loc"][:2] for flaw in answer.json()["detail"]] == [["body", field]]
    assert Message.objects.count() == 1


def test_the_longest_allowed_text_is_stored_as_it_is(ada: User, conversation: Conversation) -> None:
    content = "  " + "é" * 9_998
    answer = builders.api(ada).post(f"/api/v1/conversations/{conversation.pk}/messages", {"content": content})
    assert answer.status_code == 201
    assert answer.json()["content"] == content


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=",
        "page=0",
        "page=x",
        "page=9999999999",
        "status=done",
        "status=",
        "assignee_id=7",
    ],
)
def test_a_bad_query_is_a_422(ada: User, acme: Business, query: str) -> None:
    answer = builders.api(ada).get(f"/api/v1/conversations/?{query}")
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", query.split("=")[0]]


def test_a_refusal_never_echoes_what_was_sent(ada: User, conversation: Conversation) -> None:
    client = builders.api(ada)
    answers = [
        client.get("/api/v1/conversations/?status=canary-1"),
        client.patch(f"/api/v1/conversations/{conversation.pk}", {"status": "canary-1"}),
        client.post("/api/v1/channels/", {"type": "canary-1", "config": {}}),
        client.post("/api/v1/conversations/", {"business_id": "canary-1"}),
        client.post("/api/v1/conversations/", b"{}", content_type="text/canary-1"),
    ]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 422, 415]
    assert not [answer.content for answer in answers if b"canary" in answer.content]


def test_B10_query_keys_never_reach_the_database(ada: User, acme: Business) -> None:
    builders.conversation(acme)
    answer = builders.api(ada).get("/api/v1/conversations/?business__name=x&order_by=id&customer__email__contains=a")
    assert len(answer.json()) == 1


def test_methods_media_types_and_sizes_have_their_statuses(ada: User, acme: Business) -> None:
    client = builders.api(ada)
    assert client.delete("/api/v1/conversations/").status_code == 405
    assert client.post("/api/v1/conversations/", "x", content_type="text/plain").status_code == 415
    big = b'{"initial_message": "' + b"x" * 600_000 + b'"}'
    assert client.post("/api/v1/conversations/", big, content_type="application/json").status_code == 413
    answer = client.get("/api/v1/nothing")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not found"})


def test_B2_foreign_ids_in_bodies_are_refused(ada: User, acme: Business, mallory: User) -> None:
    umbrella = mallory.memberships.get().business
    theirs = builders.customer(umbrella)
    client = builders.api(ada)

    def start(**fields: Any) -> int:
        return client.post("/api/v1/conversations/", {"business_id": str(acme.pk)} | fields).status_code

    assert start(business_id=str(umbrella.pk)) == 403
    assert start(business_id=RANDOM) == 403
    assert start(business_id="x") == 422
    assert start(customer_id=str(theirs.pk)) == 400
    assert start(customer_id=RANDOM) == 400
    assert start(channel_id=RANDOM) == 400
    assert not Conversation.objects.exists()


def test_B7_only_named_fields_can_be_set(ada: User, acme: Business, conversation: Conversation) -> None:
    answer = (
        builders.api(ada)
        .post(
            f"/api/v1/conversations/{conversation.pk}/messages",
            {"content": "Hi", "sender_type": "customer", "sender_id": RANDOM, "seq": 99, "id": RANDOM},
        )
        .json()
    )
    assert (answer["sender_type"], answer["sender_id"], answer["seq"]) == ("agent", str(ada.pk), 2)
    assert answer["id"] != RANDOM


def test_every_path_answers_with_and_without_the_final_slash(ada: User, conversation: Conversation) -> None:
    client = builders.api(ada)
    for path in (
        "/api/v1/conversations",
        f"/api/v1/conversations/{conversation.pk}",
        "/api/v1/auth/me",
        "/api/v1/channels",
    ):
        assert client.get(path).status_code == 200, path
        assert client.get(path + "/").status_code == 200, path


# Idempotency ----------------------------------------------------------------------------------------------


def test_the_same_idempotency_key_twice_stores_one_message(ada: User, conversation: Conversation) -> None:
    client = builders.api(ada)
    path = f"/api/v1/conversations/{conversation.pk}/messages"

    first = client.post(path, {"content": "Hi"}, headers={"Idempotency-Key": "a key"})
    again = client.post(path, {"content": "Hi"}, headers={"Idempotency-Key": "a key"})
    other = client.post(path, {"content": "Hello"}, headers={"Idempotency-Key": "a key"})

    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 422)
    assert again["Idempotent-Replay"] == "true"
    assert again.json() == first.json()
    assert other.json()["detail"][0]["loc"] == ["header", "Idempotency-Key"]
    assert conversation.messages.count() == 2


def test_the_same_key_opens_one_conversation(ada: User, acme: Business) -> None:
    client = builders.api(ada)
    body = {"business_id": str(acme.pk), "initial_message": "Hello"}

    first = client.post("/api/v1/conversations/", body, headers={"Idempotency-Key": "k"})
    again = client.post("/api/v1/conversations/", body, headers={"Idempotency-Key": "k"})

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert Conversation.objects.count() == 1


@pytest.mark.parametrize("key", ["", "x" * 129, "tab\there", "é"])
def test_a_key_out_of_bounds_is_refused(ada: User, conversation: Conversation, key: str) -> None:
    answer = builders.api(ada).post(
        f"/api/v1/conversations/{conversation.pk}/messages", {"content": "Hi"}, headers={"Idempotency-Key": key}
    )
    assert answer.status_code == 422
    assert conversation.messages.count() == 1
