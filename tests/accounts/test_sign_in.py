"""Registering, logging in and out, and what a token is worth."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from accounts.models import AuthSession, User
from tests import builders

pytestmark = pytest.mark.django_db


def test_capitals_and_look_alikes_make_no_second_account(ada: User) -> None:
    for email in ("ADA@example.com", "ａda@example.com", " ada@EXAMPLE.com"):
        answer = builders.api().post(
            "/api/v1/auth/register", {"email": email, "full_name": "Ada", "password": builders.PASSWORD}
        )
        assert answer.status_code in {400, 422}, email
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "not an address"),
        ("email", None),
        ("email", "you@" + ("\u2121" * 20 + ".") * 5 + "com"),  # 254 at most, and 312 once spelled out
        ("email", 7),
        ("full_name", "   "),
        ("full_name", "x" * 201),
        ("password", "short"),
        ("password", "password"),
        ("password", "x" * 129),
        ("password", "nul\0nul\0nul"),
        ("password", "x" * 400_000),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_stored(field: str, value: Any) -> None:
    body = {"email": "you@example.com", "full_name": "You", "password": builders.PASSWORD, field: value}

    answer = builders.api().post("/api/v1/auth/register", body)

    assert answer.status_code == 422
    [flaw] = answer.json()["detail"]
    assert flaw["loc"] in (["body", field], ["body"])
    assert set(flaw) == {"loc", "msg", "type"}
    assert not User.objects.exists()


def test_unknown_wrong_and_disabled_are_alike(ada: User) -> None:
    disabled = builders.person("Dora")
    User.objects.filter(pk=disabled.pk).update(is_active=False)
    answers = [
        builders.api().post("/api/v1/auth/login", {"email": email, "password": password})
        for email, password in [
            ("nobody@example.com", builders.PASSWORD),
            (ada.email, "not-the-password"),
            (disabled.email, builders.PASSWORD),
        ]
    ]

    assert {(answer.status_code, answer.content, answer["WWW-Authenticate"]) for answer in answers} == {
        (401, b'{"detail":"Wrong e-mail or password."}', "Bearer")
    }


def test_a_token_dies_when_it_is_logged_out(ada: User) -> None:
    client = builders.api(ada)
    assert client.get("/api/v1/auth/me").status_code == 200

    assert client.post("/api/v1/auth/logout").json() == {"message": "Logged out"}

    answer = client.get("/api/v1/auth/me")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")


def test_a_token_dies_with_its_user(ada: User) -> None:
    client = builders.api(ada)
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert client.get("/api/v1/auth/me").status_code == 401


def test_A3_a_session_ends_after_fourteen_silent_days_and_in_any_case_after_thirty(ada: User) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        client = builders.api(ada)
    with time_machine.travel(start + timedelta(days=13), tick=False):
        assert client.get("/api/v1/auth/me").status_code == 200
    with time_machine.travel(start + timedelta(days=26), tick=False):
        assert client.get("/api/v1/auth/me").status_code == 200
    with time_machine.travel(start + timedelta(days=30, seconds=1), tick=False):
        assert client.get("/api/v1/auth/me").status_code == 401

    with time_machine.travel(start, tick=False):
        idle = builders.api(ada)
    with time_machine.travel(start + timedelta(days=14, seconds=1), tick=False):
        assert idle.get("/api/v1/auth/me").status_code == 401


def test_passwords_are_kept_as_argon2id() -> None:
    assert settings.PASSWORD_HASHERS  # the suite swaps it for speed; the house's own is asserted from its source
    from importlib import reload

    from pingback import settings as house

    assert reload(house).PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")


def test_the_pages_cookie_obeys_the_same_session_row(ada: User, client: Any) -> None:
    client.force_login(ada)
    assert client.get("/api/v1/auth/me").status_code == 200

    AuthSession.objects.filter(user=ada).delete()

    assert client.get("/api/v1/auth/me").status_code == 401


def test_A15_a_cookie_without_its_csrf_token_changes_nothing(ada: User) -> None:
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    answer = client.post("/api/v1/auth/business/create", {"name": "Acme"}, content_type="application/json")
    assert answer.status_code == 403
    assert not ada.memberships.exists()
