"""Signing in with Google, against an issuer of our own with its own keys over real HTTP."""

import threading
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import google
from accounts.models import AuthSession, User
from businesses.models import AuditEntry
from foundation.errors import NotSignedIn
from tests import builders
from tests.accounts import issuer as issuers
from tests.accounts.issuer import Issuer

pytestmark = pytest.mark.django_db

REFUSED = "Google’s word for you is not valid. Try again."


def post(token: str) -> Any:
    return builders.api().post("/api/v1/auth/google", {"id_token": token})


def test_a_new_person_gets_an_account_and_a_token_that_works(issuer: Issuer) -> None:
    answer = post(issuer.token())

    assert (answer.status_code, answer.json()["token_type"]) == (200, "bearer")
    client = builders.api()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access_token']}")
    user = client.get("/api/v1/auth/me").json()["user"]
    assert {**user, "id": None} == {
        "id": None,
        "email": "greta@example.com",
        "full_name": "Greta Garbo",
        "is_verified": True,
        "is_google_account": True,
        "avatar_url": "https://lh3.googleusercontent.com/a/greta=s96-c",
    }
    assert not User.objects.get().has_usable_password()


def test_the_same_person_comes_back_to_the_same_account_whatever_google_calls_them_now(issuer: Issuer) -> None:
    post(issuer.token())
    answer = post(issuer.token(email="greta.g@example.com", iss=issuer.url.removeprefix("http://")))
    assert answer.status_code == 200
    assert User.objects.count() == 1
    assert AuthSession.objects.count() == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "somebody-else.apps.googleusercontent.com"},
        {"aud": [issuers.CLIENT_ID, "somebody-else"]},
        {"aud": ...},
        {"iss": "https://accounts.google.com.evil.example"},
        {"iss": ...},
        {"exp": 1_700_000_000},  # of 2023
        {"exp": ...},
        {"exp": "soon"},
        {"iat": 4_000_000_000},  # of 2096
        {"iat": ...},
        {"nbf": 4_000_000_000},
        {"sub": ...},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
        {"sub": "nul\0"},
        {"email": ...},
        {"email": "not an address"},
        {"email": ["greta@example.com"]},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": ...},
        {"key": "second"},
        {"key": "second", "kid": "first"},
        {"kid": "../first"},
    ],
    ids=str,
)
def test_A16_a_token_that_is_not_good_opens_nothing(issuer: Issuer, changes: dict[str, Any]) -> None:
    answer = post(issuer.token(**changes))
    assert (answer.status_code, answer.json()) == (401, {"detail": REFUSED})
    assert answer["WWW-Authenticate"] == "Bearer"
    assert not User.objects.exists()


def test_A16_only_googles_own_signature_counts(issuer: Issuer) -> None:
    good = issuer.token()
    head, body, signature = good.split(".")
    bare = jwt.encode(issuer.claims(), None, "none", headers={"kid": "first"})
    for token in (
        issuer.token_by_public_key(),
        bare,
        f"{bare}{signature}",
        f"{head}.{body}.",
        f"{head}.{body}.{signature[:-4]}AAAA",
        jwt.encode(issuer.claims(), "x" * 32, "HS256", headers={"kid": "first"}),
        "x" * 4000,
        "a.b.c",
        "..",
    ):
        assert post(token).status_code == 401, token
    assert post("x" * 6000).status_code == 422
    assert not User.objects.exists()
    assert post(good).status_code == 200


def test_A16_an_id_token_is_good_once_however_its_signature_is_spelled(issuer: Issuer) -> None:
    token = issuer.token()
    assert post(token).status_code == 200
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet.index(token[-1])
    twin = token[:-1] + alphabet[last ^ 1]  # the two lowest bits of the last sign are padding
    assert jwt.utils.base64url_decode(token.split(".")[2]) == jwt.utils.base64url_decode(twin.split(".")[2])
    for replayed in (token, twin):
        answer = post(replayed)
        assert (answer.status_code, answer.json()["detail"]) == (401, REFUSED)
    assert AuthSession.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_A16_of_eight_uses_of_one_token_at_once_one_counts(issuer: Issuer) -> None:
    token = issuer.token()
    outcomes: list[str] = []

    def use() -> None:
        try:
            google.sign_in_with(id_token=token)
            outcomes.append("in")
        except NotSignedIn:
            outcomes.append("out")
        finally:
            connection.close()

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["in"] + ["out"] * 7


@pytest.mark.django_db(transaction=True)
def test_two_first_sign_ins_at_once_make_one_account(issuer: Issuer) -> None:
    tokens = [issuer.token() for _ in range(4)]
    found: list[Any] = []

    def use(token: str) -> None:
        try:
            found.append(google.sign_in_with(id_token=token).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=use, args=(token,)) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert set(found) == set(User.objects.values_list("pk", flat=True))


@pytest.mark.parametrize("verified", [True, False])
def test_A16_an_account_with_a_password_is_never_linked_by_its_e_mail(issuer: Issuer, verified: bool) -> None:
    greta = builders.person("Greta")
    User.objects.update(is_verified=verified)

    answer = post(issuer.token(email="GRETA@example.com"))

    assert answer.status_code == 401
    assert "has an account with a password" in answer.json()["detail"]
    greta.refresh_from_db()
    assert (greta.google_sub, greta.is_google_account, greta.check_password(builders.PASSWORD)) == (None, False, True)
    assert not AuthSession.objects.exists()
    assert AuditEntry.objects.filter(action="session.failed").exists()


def test_a_disabled_person_stays_out(issuer: Issuer) -> None:
    post(issuer.token())
    User.objects.update(is_active=False)
    assert post(issuer.token()).status_code == 401


@pytest.mark.parametrize(
    "picture", ["http://example.com/a.png", "javascript:alert(1)", "data:image/png;base64,", 7, ...]
)
def test_a_picture_counts_by_https_alone(issuer: Issuer, picture: Any) -> None:
    assert post(issuer.token(picture=picture)).status_code == 200
    assert User.objects.get().avatar_url == ""


@pytest.mark.parametrize("name", [..., "", "   ", 7, "nul\0", "x" * 500])
def test_somebody_without_a_good_name_is_called_by_the_address(issuer: Issuer, name: Any) -> None:
    assert post(issuer.token(name=name)).status_code == 200
    assert User.objects.get().full_name == ("x" * 200 if name == "x" * 500 else "greta")


def test_without_a_client_id_there_is_no_such_door(client: Client) -> None:
    answer = post("a.b.c")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Sign-in with Google is not set up on this server."})
    assert client.get("/login/google").status_code == 404
    assert client.post("/login/google/back").status_code == 404
    assert "Google" not in client.get("/login").content.decode()


def test_keys_are_kept_for_as_long_as_the_issuer_says(issuer: Issuer) -> None:
    issuer.cache_control = "public, max-age=600"
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        assert [post(issuer.token()).status_code for _ in range(3)] == [200] * 3
    assert issuer.fetches == 1
    with time_machine.travel(start + timedelta(seconds=601), tick=False):
        assert post(issuer.token()).status_code == 200
    assert issuer.fetches == 2


def test_an_unknown_key_is_looked_for_once_a_minute_and_a_new_one_found(issuer: Issuer) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        assert post(issuer.token()).status_code == 200
        assert [post(issuer.token(key="second")).status_code for _ in range(5)] == [401] * 5
        assert issuer.fetches == 1
    issuer.published = ["first", "second"]
    with time_machine.travel(start + timedelta(seconds=61), tick=False):
        assert post(issuer.token(key="second")).status_code == 200
    assert issuer.fetches == 2


def test_when_google_is_away_the_old_keys_do_and_without_any_it_is_said(issuer: Issuer) -> None:
    issuer.status = 500
    answer = post(issuer.token())
    assert (answer.status_code, answer["Retry-After"]) == (503, "1")
    assert not User.objects.exists()
    assert [post(issuer.token()).status_code for _ in range(5)] == [503] * 5
    assert issuer.fetches == 1  # without keys, too, a token makes us call but now and then
    issuer.status = 200
    start = timezone.now() + timedelta(seconds=61)
    with time_machine.travel(start, tick=False):
        assert post(issuer.token()).status_code == 200
    issuer.status = 500
    with time_machine.travel(start + timedelta(hours=2), tick=False):
        assert post(issuer.token()).status_code == 200
