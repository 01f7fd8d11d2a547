"""Signing in with Google, against an issuer of our own with its own keys over real HTTP."""

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import google
from accounts.models import AuthSession, User
from businesses.models import AuditEntry, Business
from foundation.errors import NotSignedIn
from tests import builders
from tests.accounts import issuer as issuers
from tests.accounts.issuer import Issuer

pytestmark = pytest.mark.django_db

REFUSED = "Google’s word for you is not valid. Try again."


@pytest.fixture
def issuer(settings: Any) -> Iterator[Issuer]:
    google.key_set.forget()
    with issuers.running() as issuer:
        settings.GOOGLE_CLIENT_ID = issuers.CLIENT_ID
        settings.GOOGLE_AUTH_URL = f"{issuer.url}/auth"
        settings.GOOGLE_KEYS_URL = f"{issuer.url}/keys"
        settings.GOOGLE_ISSUERS = [issuer.url, issuer.url.removeprefix("http://")]
        settings.OUTBOUND_ALLOW = ["127.0.0.1"]
        yield issuer


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


# Our pages ------------------------------------------------------------------------------------------------


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
