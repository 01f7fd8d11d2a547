"""contract/quickstart.txt, step by step: the requests as written there, the answers field for field."""

import re
from typing import Any

import pytest

from tests import builders

pytestmark = pytest.mark.django_db

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def register() -> str:
    body = {"email": "you@example.com", "full_name": "Ada Lovelace", "password": "supersecret123"}
    answer = builders.api().post("/api/v1/auth/register", body)
    assert answer.status_code == 200, answer.content
    assert set(answer.json()) == {"access_token", "token_type"}
    assert answer.json()["token_type"] == "bearer"
    return str(answer.json()["access_token"])


def bearer(token: str) -> Any:
    client = builders.api()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def test_the_quickstart_gives_its_own_answers() -> None:
    register()

    login = builders.api().post("/api/v1/auth/login", {"email": "you@example.com", "password": "supersecret123"})
    assert login.status_code == 200
    client = bearer(login.json()["access_token"])

    created = client.post(
        "/api/v1/auth/business/create",
        {
            "name": "Acme Support",
            "website": "https://acme.com",
            "industry": "E-commerce",
            "team_size": "1-10",
            "goal": "Improve customer response time",
        },
    ).json()
    assert UUID.fullmatch(created["user"].pop("id"))
    assert UUID.fullmatch(created["business"]["id"])
    assert TIME.fullmatch(created["business"].pop("created_at"))
    business_id = created["business"].pop("id")
    assert created == {
        "user": {
            "email": "you@example.com",
            "full_name": "Ada Lovelace",
            "is_verified": True,
            "is_google_account": False,
            "avatar_url": None,
        },
        "business": {
            "name": "Acme Support",
            "website": "https://acme.com",
            "industry": "E-commerce",
            "team_size": "1-10",
            "goal": "Improve customer response time",
        },
        "onboarding_complete": True,
        "team_role": "owner",
    }

    widget = client.post(
        "/api/v1/widget/create",
        {
            "domain": "acme.com",
            "name": "Acme Support",
            "welcome_heading": "Hi there!",
            "welcome_tagline": "Ask us anything — we usually reply in minutes.",
            "primary_color": "#7650FF",
        },
    )
    assert widget.status_code == 201
    assert widget.json()["domain"] == "acme.com"
    assert f'data-widget-id="{widget.json()["id"]}"' in widget.json()["embed_code"]

    started = client.post(
        "/api/v1/conversations/",
        {"business_id": business_id, "initial_message": "Hello, I need help with my order."},
    )
    assert started.status_code == 201
    conversation = started.json()
    assert UUID.fullmatch(conversation["id"])
    assert TIME.fullmatch(conversation["created_at"])
    assert conversation["business_id"] == business_id
    assert conversation["status"] == "open"
    assert conversation["channel_type"] == "widget"
    assert conversation["channel_id"] is not None
    assert conversation["assignee_id"] is None
    assert conversation["first_response_at"] == conversation["created_at"]
    [message] = conversation["messages"]
    assert UUID.fullmatch(message["id"])
    assert TIME.fullmatch(message["created_at"])
    assert message["sender_type"] == "agent"
    assert message["content"] == "Hello, I need help with my order."
    assert message["attachments"] == []


def test_a_workspace_without_any_channel_can_still_start_a_conversation() -> None:
    client = bearer(register())
    business_id = client.post("/api/v1/auth/business/create", {"name": "Acme"}).json()["business"]["id"]

    conversation = client.post("/api/v1/conversations/", {"business_id": business_id}).json()

    assert (conversation["channel_type"], conversation["channel_id"]) == ("widget", None)
    assert conversation["messages"] == []


def test_me_is_the_session_envelope_before_and_after_onboarding() -> None:
    client = bearer(register())
    before = client.get("/api/v1/auth/me").json()
    assert (before["business"], before["onboarding_complete"], before["team_role"]) == (None, False, None)

    client.post("/api/v1/auth/business/create", {"name": "Acme"})

    after = client.get("/api/v1/auth/me/").json()
    assert after["business"]["name"] == "Acme"
    assert after["business"]["website"] is None
    assert (after["onboarding_complete"], after["team_role"]) == (True, "owner")
