"""Our pages lead to Google and back, connect an account, and ask for the second factor after it."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import AuthSession, User
from businesses.models import AuditEntry, Business
from tests import builders
from tests.accounts.issuer import Issuer

pytestmark = pytest.mark.django_db

REFUSED = "Google’s word for you is not valid. Try again."


def post(token: str) -> Any:
    return builders.api().post("/api/v1/auth/google", {"id_token": token})


def led_to_google(browser: Client, query: str = "") -> dict[str, str]:
    answer = browser.get(f"/login/google{query}")
    assert answer.status_code == 302
    return {name: values[0] for name, values in parse_qs(urlsplit(answer["Location"]).query).items()}


def come_back(browser: Client, token: str, state: str) -> Any:
    return browser.post("/login/google/back", {"id_token": token, "state": state})


def test_the_page_leads_to_google_and_back_to_where_one_was(issuer: Issuer, settings: Any) -> None:
    browser = Client()
    assert (
        "/login/google?next=%2Fsettings%2Fsecurity%2F"
        in browser.get("/login?next=/settings/security/").content.decode()
    )
    asked = led_to_google(browser, "?next=/settings/security/")
    assert asked["response_type"] == "id_token"
    assert asked["redirect_uri"] == f"{settings.PUBLIC_BASE_URL}/login/google/back"
    assert len(asked["nonce"]) == len(asked["state"]) == 43
    assert browser.get("/login/google/back").status_code == 200

    answer = come_back(browser, issuer.token(nonce=asked["nonce"]), asked["state"])

    assert (answer.status_code, answer["Location"]) == (302, "/settings/security/")
    assert "Greta Garbo" in browser.get("/settings/security/").content.decode()


def test_nobody_is_led_elsewhere_afterwards(issuer: Issuer) -> None:
    browser = Client()
    asked = led_to_google(browser, "?next=https://evil.example/")
    assert come_back(browser, issuer.token(nonce=asked["nonce"]), asked["state"])["Location"] == "/"


def test_A16_a_nonce_belongs_to_one_browser_and_is_good_once(issuer: Issuer) -> None:
    browser, other = Client(), Client()
    asked, others = led_to_google(browser), led_to_google(other)
    for token, state in (
        (issuer.token(nonce=asked["nonce"]), others["state"]),  # a token that was caught elsewhere
        (issuer.token(), led_to_google(other)["state"]),
        (issuer.token(nonce="guessed"), led_to_google(other)["state"]),
        (issuer.token(nonce=["x"]), led_to_google(other)["state"]),
    ):
        assert come_back(other, token, state)["Location"] == "/login"
        assert not AuthSession.objects.exists()

    assert come_back(browser, "a.b.c", asked["state"])["Location"] == "/login"
    replayed = come_back(browser, issuer.token(nonce=asked["nonce"]), asked["state"])
    assert replayed["Location"] == "/login"
    assert not AuthSession.objects.exists()
    assert "Try again" in browser.get("/login").content.decode()


def test_an_answer_without_a_question_or_too_late_is_refused(issuer: Issuer) -> None:
    browser = Client()
    assert come_back(browser, issuer.token(), "")["Location"] == "/login"
    asked = led_to_google(browser)
    assert come_back(browser, issuer.token(nonce=asked["nonce"]), "forged")["Location"] == "/login"
    asked = led_to_google(browser)
    with time_machine.travel(timezone.now() + timedelta(seconds=601), tick=False):
        assert come_back(browser, issuer.token(nonce=asked["nonce"]), asked["state"])["Location"] == "/login"
    assert not User.objects.exists()


def test_somebody_signed_in_connects_google_and_is_told(
    issuer: Issuer, ada: User, acme: Business, django_capture_on_commit_callbacks: Any
) -> None:
    browser = Client()
    browser.force_login(ada)
    assert "Connect Google" in browser.get("/settings/security/").content.decode()
    asked = led_to_google(browser)

    with django_capture_on_commit_callbacks(execute=True):
        answer = come_back(browser, issuer.token(nonce=asked["nonce"]), asked["state"])

    assert answer["Location"] == "/settings/security/"
    assert "Disconnect Google" in browser.get("/settings/security/").content.decode()
    assert post(issuer.token()).status_code == 200
    assert User.objects.get().is_google_account is False
    assert AuditEntry.objects.filter(action="google.connected", business_id=acme.pk).exists()
    assert [message.to for message in mail.outbox] == [[ada.email]]
    assert "greta@example.com" in str(mail.outbox[0].body)

    browser.post("/settings/security/google/disconnect")

    ada.refresh_from_db()
    assert ada.google_sub is None
    assert post(issuer.token(email=ada.email)).status_code == 401


def test_a_google_account_opens_one_account_and_who_has_no_password_keeps_it(
    issuer: Issuer, ada: User, acme: Business
) -> None:
    post(issuer.token())
    browser = Client()
    browser.force_login(ada)
    asked = led_to_google(browser)
    come_back(browser, issuer.token(nonce=asked["nonce"]), asked["state"])
    assert "already belongs to another account" in browser.get("/settings/security/").content.decode()
    ada.refresh_from_db()
    assert ada.google_sub is None

    greta = User.objects.get(email="greta@example.com")
    browser.force_login(greta)
    page = browser.get("/settings/security/").content.decode()
    assert "Send me a link" in page
    assert "Disconnect Google" not in page
    browser.post("/settings/security/google/disconnect")
    greta.refresh_from_db()
    assert greta.google_sub is not None


def test_an_answer_meant_for_signing_in_connects_nobody_who_signed_in_meanwhile(issuer: Issuer, ada: User) -> None:
    browser = Client()
    asked = led_to_google(browser)
    flow = browser.session["google"]
    browser.force_login(ada)
    session = browser.session
    session["google"] = flow
    session.save()
    come_back(browser, issuer.token(nonce=asked["nonce"]), asked["state"])
    ada.refresh_from_db()
    assert ada.google_sub is None


def test_who_came_by_google_sets_a_password_by_mail(issuer: Issuer, django_capture_on_commit_callbacks: Any) -> None:
    client = builders.api()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {post(issuer.token()).json()['access_token']}")
    body = {"current_password": "anything at all", "new_password": "a-kettle-of-fish-7"}
    assert client.post("/api/v1/auth/password/change", body).status_code == 400
    assert builders.api().post("/api/v1/auth/login", {"email": "greta@example.com", "password": "!"}).status_code == 401

    with django_capture_on_commit_callbacks(execute=True):
        client.post("/api/v1/auth/password/forgot", {"email": "greta@example.com"})
    [token] = re.findall(r"/password/reset/([\w-]+)", str(mail.outbox[0].body))
    client.post("/api/v1/auth/password/reset", {"token": token, "password": "a-kettle-of-fish-7"})

    login = {"email": "greta@example.com", "password": "a-kettle-of-fish-7"}
    assert builders.api().post("/api/v1/auth/login", login).status_code == 200


# The second factor ------------------------------------------------------------------------------------------


def test_googles_word_alone_opens_no_session_for_somebody_with_a_second_factor(issuer: Issuer) -> None:
    post(issuer.token())
    _secret, codes = builders.with_app(User.objects.get())
    AuthSession.objects.all().delete()
    token = issuer.token(jti="again")
    api = builders.api()

    first = post(token)
    assert (first.status_code, first.json()["error"]) == (401, "second_factor_required")
    assert not AuthSession.objects.exists()
    right = api.post("/api/v1/auth/google", {"id_token": token, "code": codes[0]})
    assert right.status_code == 200
    replayed = api.post("/api/v1/auth/google", {"id_token": token, "code": codes[1]})
    assert (replayed.status_code, replayed.json()["detail"]) == (401, REFUSED)


def test_the_pages_ask_for_the_second_step_after_google_too(issuer: Issuer) -> None:
    post(issuer.token())
    _secret, codes = builders.with_app(User.objects.get())
    browser = Client()
    asked = led_to_google(browser, "?next=/settings/security/")

    answer = come_back(browser, issuer.token(nonce=asked["nonce"]), asked["state"])

    assert answer["Location"] == "/login/second-step"
    assert browser.get("/settings/security/").status_code == 302
    assert browser.post("/login/second-step", {"code": codes[0]})["Location"] == "/settings/security/"


def test_who_only_looks_leaves_a_small_row_for_ten_minutes(
    issuer: Issuer, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Client(REMOTE_ADDR="192.0.2.1")
    browser.get("/login/google?next=/" + "a" * 5000)
    [row] = Session.objects.all()
    assert row.expire_date <= timezone.now() + timedelta(seconds=600)
    assert browser.session["google"]["next"] == ""

    browser.post("/login", {"email": ada.email, "password": builders.PASSWORD})
    assert Session.objects.get().expire_date > timezone.now() + timedelta(days=1), "signed in as long as anybody"

    monkeypatch.setitem(settings.THROTTLE_RATES, "PASSKEY", (3, 900))
    answers = [Client(REMOTE_ADDR="192.0.2.2").get("/login/google") for _ in range(4)]
    assert [answer["Location"] == "/login" for answer in answers] == [False, False, False, True]
