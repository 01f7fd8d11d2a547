"""What adds a door that outlives the session asks again who this is, once the sign-in is a while ago."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import address, google, links
from accounts.factors import passkeys, second_factor
from accounts.fresh import NotFresh
from accounts.models import Authenticator, AuthSession, MailLink, Passkey, User
from accounts.passwords import reset
from businesses.api_tokens import create_api_token
from businesses.models import ApiToken, Business
from tests import builders

pytestmark = pytest.mark.django_db

SITE = passkeys.Site("localhost", "http://localhost")
TOKEN = {"name": "CRM", "scopes": ["read"]}
DOORS: dict[str, Callable[[User], Any]] = {
    "app": second_factor.start_app,
    "first code": lambda user: second_factor.confirm_app(user, "000000"),
    "passkey options": lambda user: passkeys.creation_options(user, SITE, b"x" * 32),
    "passkey": lambda user: passkeys.add(user, SITE, challenge=b"x" * 32, credential="{}", name=""),
    "google": lambda user: google.connect(user=user, id_token="x", nonce="x"),
    "address": lambda user: address.ask_for_change(user=user, email="new@example.com"),
    "api token": lambda user: create_api_token(actor=user, name="CRM", scopes_wanted=["read"]),
}


def grow_old(user: User, *, minutes: int = 16) -> None:
    AuthSession.objects.filter(user=user).update(created_at=timezone.now() - timedelta(minutes=minutes))


@pytest.fixture
def browser(ada: User, acme: Business) -> Client:
    browser = Client()
    browser.force_login(ada)
    return browser


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_an_old_session_adds_no_door(ada: User, acme: Business, door: Callable[[User], Any]) -> None:
    builders.token(ada)
    grow_old(ada)
    ada.auth_session = AuthSession.objects.get(user=ada)
    with pytest.raises(NotFresh):
        door(ada)


def test_the_api_says_so_and_a_new_login_does(ada: User, acme: Business) -> None:
    client = builders.api(ada)
    grow_old(ada, minutes=14)
    assert client.post("/api/v1/auth/factors/totp").status_code == 200
    grow_old(ada)

    answers = [
        client.post("/api/v1/auth/factors/totp"),
        client.post("/api/v1/auth/factors/totp/confirm", {"code": "000000"}),
        client.post("/api/v1/api-tokens", TOKEN),
    ]

    assert [answer.status_code for answer in answers] == [403] * 3
    assert {answer.content for answer in answers} == {
        b'{"detail":"Log in again first: this needs a sign-in of the last 15 minutes.",'
        b'"error":"fresh_sign_in_required"}'
    }
    client.post("/api/v1/auth/refresh")
    assert client.post("/api/v1/api-tokens", TOKEN).status_code == 403, "a new token is no new sign-in"
    assert not ApiToken.objects.exists()
    assert builders.api(ada).post("/api/v1/api-tokens", TOKEN).status_code == 201


@pytest.mark.parametrize(
    ("address", "body", "then"),
    [
        ("/settings/security/app/start", {}, "/settings/security/"),
        ("/settings/tokens/", {**TOKEN, "days": "30"}, "/settings/tokens/"),
    ],
)
def test_pages_ask_once_more_and_lead_back(
    browser: Client, ada: User, address: str, body: dict[str, Any], then: str
) -> None:
    grow_old(ada)
    asked = browser.post(address, body)
    assert asked.status_code == 302
    assert asked["Location"].startswith("/settings/security/prove?next=")
    assert "Is it still you?" in browser.get(asked["Location"]).content.decode()

    assert browser.post(asked["Location"], {"proof": "not hers"}).status_code == 400
    assert browser.post(address, body)["Location"] == asked["Location"]
    answer = browser.post(asked["Location"], {"proof": builders.PASSWORD})

    assert (answer.status_code, answer["Location"]) == (302, then)
    browser.post(address, body)
    assert Authenticator.objects.exists() or ApiToken.objects.exists()


def test_the_proof_is_this_sessions_alone_and_leads_nowhere_else(browser: Client, ada: User) -> None:
    other = builders.api(ada)
    grow_old(ada)
    answer = browser.post("/settings/security/prove?next=https://evil.example/", {"proof": builders.PASSWORD})
    assert answer["Location"] == "/"
    assert other.post("/api/v1/api-tokens", TOKEN).status_code == 403


def test_google_and_passkeys_are_asked_for_on_their_pages(browser: Client, ada: User, settings: Any) -> None:
    settings.GOOGLE_CLIENT_ID = "x"
    assert browser.get("/login/google")["Location"].startswith(settings.GOOGLE_AUTH_URL)
    grow_old(ada)
    asked = browser.get("/login/google")["Location"]
    assert asked == "/settings/security/prove?next=%2Flogin%2Fgoogle"
    assert browser.post(asked, {"proof": builders.PASSWORD})["Location"] == "/login/google"
    assert browser.get("/login/google")["Location"].startswith(settings.GOOGLE_AUTH_URL)


def test_who_has_nothing_to_show_logs_in_again(browser: Client, ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(password="!none")
    ada.refresh_from_db()
    browser.force_login(ada)
    assert "You sign in with Google" in browser.get("/settings/security/prove").content.decode()


def test_a_new_api_token_is_told_by_mail(ada: User, acme: Business, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = builders.api(ada).post("/api/v1/api-tokens", TOKEN)
    [sent] = mail.outbox
    assert (sent.to, sent.subject) == ([ada.email], "A new API token for Acme")
    assert "CRM" in sent.body
    assert answer.json()["token"] not in str(sent.message())


def test_the_mail_of_a_new_password_names_the_doors_that_stay(
    ada: User, acme: Business, django_capture_on_commit_callbacks: Any
) -> None:
    builders.with_app(ada)
    Passkey.objects.create(user=ada, name="Blue key", rp_id="localhost", credential_id="x", public_key=b"x")
    User.objects.filter(pk=ada.pk).update(google_sub="1")
    token = links.make(ada, MailLink.Purpose.RESET, "reset").rpartition("/")[2]
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        reset(token=token, password="a-kettle-of-fish-7")
    [sent] = mail.outbox
    for door in ("authenticator app", "passkey “Blue key”", "your Google account"):
        assert f"- {door}\n" in sent.body
