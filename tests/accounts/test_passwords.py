"""Changing a password, and getting back in without it."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client

from accounts import door, links, passwords
from accounts.models import AuthSession, MailLink, User
from accounts.services import end_sessions_of
from businesses.models import AuditEntry, Business
from foundation.errors import Invalid
from tests import builders

pytestmark = pytest.mark.django_db

NEW = "a-kettle-of-fish-7"
DEAD = b'{"detail":"This link does not work any more. Ask for a new one."}'
Commit = Callable[..., Any]


@pytest.fixture
def commit(django_capture_on_commit_callbacks: Any) -> Commit:
    return lambda: django_capture_on_commit_callbacks(execute=True)


def change(client: Any, current: str = builders.PASSWORD, new: str = NEW) -> Any:
    body = {"current_password": current, "new_password": new}
    return client.post("/api/v1/auth/password/change", body, content_type="application/json")


def mailed_token(user: User, commit: Commit) -> str:
    """Ask for a link as a person does, and take it out of the mail."""
    with commit():
        answer = builders.api().post("/api/v1/auth/password/forgot", {"email": user.email})
    assert answer.status_code == 200
    return re.findall(r"/password/reset/([\w-]+)", str(mail.outbox[-1].body))[0]


def reset(token: str, password: str = NEW) -> Any:
    return builders.api().post("/api/v1/auth/password/reset", {"token": token, "password": password})


def test_A6_a_new_password_ends_the_other_sessions_and_keeps_this_one(
    ada: User, acme: Business, commit: Commit
) -> None:
    here, other = builders.api(ada), builders.api(ada)
    browser = Client()
    browser.force_login(ada)

    with commit():
        answer = here.post("/api/v1/auth/password/change", {"current_password": builders.PASSWORD, "new_password": NEW})

    assert answer.json() == {"message": "Password changed"}
    assert here.get("/api/v1/auth/me").status_code == 200
    assert other.get("/api/v1/auth/me").status_code == 401
    assert browser.get("/api/v1/auth/me").status_code == 401
    assert AuthSession.objects.count() == 1
    assert builders.api().post("/api/v1/auth/login", {"email": ada.email, "password": NEW}).status_code == 200
    [entry] = AuditEntry.objects.filter(action="password.changed")
    assert (entry.business_id, entry.actor_id) == (acme.pk, ada.pk)
    assert NEW not in str(entry.data)
    assert [mail.to for mail in mail.outbox] == [[ada.email]]


def test_A6_the_sockets_of_the_other_sessions_are_cut(
    ada: User, acme: Business, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut: list[Any] = []
    monkeypatch.setattr("pingback.realtime.publish.session_ended", cut.append)
    here, other = builders.api(ada), AuthSession.objects.create(user=ada)

    with commit():
        here.post("/api/v1/auth/password/change", {"current_password": builders.PASSWORD, "new_password": NEW})

    assert cut == [other.pk]


def test_a_browser_that_changed_the_password_stays_signed_in(ada: User, acme: Business) -> None:
    page = Client()
    page.force_login(ada)
    through_api = Client()
    through_api.force_login(ada)

    answer = page.post("/settings/security/password", {"current_password": builders.PASSWORD, "new_password": NEW})

    assert (answer.status_code, answer["Location"]) == (302, "/settings/security/")
    assert "Password changed" in page.get("/settings/security/").content.decode()
    assert through_api.get("/inbox/").status_code == 302

    again = Client()
    ada.refresh_from_db()
    again.force_login(ada)
    assert change(again, NEW, "third-time-lucky-3").status_code == 200
    assert again.get("/api/v1/auth/me").status_code == 200
    assert again.get("/inbox/").status_code == 200


def test_the_wrong_current_password_changes_nothing(ada: User, acme: Business) -> None:
    answer = builders.api(ada).post(
        "/api/v1/auth/password/change", {"current_password": "not hers", "new_password": NEW}
    )
    assert (answer.status_code, answer.json()) == (400, {"detail": "This is not your current password."})
    ada.refresh_from_db()
    assert ada.check_password(builders.PASSWORD)


def test_a_stolen_session_guesses_the_password_ten_times_and_no_more(ada: User) -> None:
    client = builders.api(ada)
    body = {"current_password": "not hers", "new_password": NEW}
    for _ in range(10):
        assert client.post("/api/v1/auth/password/change", body).status_code == 400

    answer = client.post("/api/v1/auth/password/change", {**body, "current_password": builders.PASSWORD})

    assert answer.status_code == 429
    assert answer.json()["error"] == "rate_limited"
    assert answer["Retry-After"] == str(answer.json()["retry_after"])


@pytest.mark.parametrize("password", ["x" * 1_000_000, "seven77", "\0" * 8, "password", "x" * 129], ids=len)
def test_A13_a_password_that_is_not_acceptable_is_never_hashed(
    ada: User, commit: Commit, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = mailed_token(ada, commit)
    client = builders.api(ada)
    hashed: list[str] = []
    for place in ("accounts.passwords.make_password", "django.contrib.auth.base_user.make_password"):
        monkeypatch.setattr(place, hashed.append)

    register = builders.api().post(
        "/api/v1/auth/register", {"email": "new@example.com", "full_name": "New", "password": password}
    )
    changed = client.post(
        "/api/v1/auth/password/change", {"current_password": builders.PASSWORD, "new_password": password}
    )
    answers = [register, changed, reset(token, password)]

    expected = 413 if len(password) > 512 * 1024 else 422
    assert [answer.status_code for answer in answers] == [expected] * 3
    assert hashed == []
    ada.refresh_from_db()
    assert ada.check_password(builders.PASSWORD)


def test_A9_a_reset_link_works_once_and_ends_every_session(ada: User, acme: Business, commit: Commit) -> None:
    client, token = builders.api(ada), mailed_token(ada, commit)

    assert reset(token).json() == {"message": "Password set. Log in with it."}

    assert client.get("/api/v1/auth/me").status_code == 401
    assert builders.api().post("/api/v1/auth/login", {"email": ada.email, "password": NEW}).status_code == 200
    assert AuditEntry.objects.filter(action="password.changed").count() == 1
    second = reset(token, "another-password-1")
    assert (second.status_code, second.content) == (400, DEAD)
    ada.refresh_from_db()
    assert ada.check_password(NEW)


def test_A9_unknown_used_late_and_replaced_links_get_the_same_words(ada: User, commit: Commit) -> None:
    replaced = mailed_token(ada, commit)
    late = mailed_token(ada, commit)
    with time_machine.travel(MailLink.objects.get().expires_at + timedelta(seconds=1), tick=False):
        answers = [reset(late)]
    answers += [reset(replaced), reset("unknown"), reset("x" * 43)]
    MailLink.objects.update(purpose=MailLink.Purpose.VERIFY)
    answers.append(reset(late))

    assert {(answer.status_code, answer.content) for answer in answers} == {(400, DEAD)}
    ada.refresh_from_db()
    assert ada.check_password(builders.PASSWORD)


def test_A9_a_link_is_dead_once_the_password_was_changed_or_the_address_is_another(ada: User, commit: Commit) -> None:
    before = mailed_token(ada, commit)
    builders.api(ada).post("/api/v1/auth/password/change", {"current_password": builders.PASSWORD, "new_password": NEW})
    assert reset(before).content == DEAD

    elsewhere = mailed_token(ada, commit)
    User.objects.filter(pk=ada.pk).update(email="ada@elsewhere.example")
    assert reset(elsewhere).content == DEAD


@pytest.mark.django_db(transaction=True)
def test_A9_of_eight_uses_of_one_link_at_once_one_counts(ada: User) -> None:
    token = links.make(ada, MailLink.Purpose.RESET, "reset").rpartition("/")[2]
    outcomes: list[str] = []

    def try_it(number: int) -> None:
        try:
            passwords.reset(token=token, password=f"{NEW}-{number}")
            outcomes.append("set")
        except Invalid as refusal:
            outcomes.append(refusal.detail)
        finally:
            connection.close()

    threads = [threading.Thread(target=try_it, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == sorted(["set"] + ["This link does not work any more. Ask for a new one."] * 7)


def test_a_password_that_is_refused_does_not_use_the_link_up(ada: User, commit: Commit) -> None:
    token = mailed_token(ada, commit)
    assert reset(token, "password").status_code == 422
    assert reset(token).status_code == 200


def test_nobody_learns_from_forgot_who_has_an_account(ada: User, commit: Commit) -> None:
    disabled = builders.person("Dora")
    User.objects.filter(pk=disabled.pk).update(is_active=False)

    with commit():
        answers = [
            builders.api().post("/api/v1/auth/password/forgot", {"email": email})
            for email in ("ADA@example.com ", "nobody@example.com", disabled.email, "not an address")
        ]

    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
    assert [message.to for message in mail.outbox] == [["ada@example.com"]]


def test_an_account_gets_three_mails_an_hour_and_the_answer_stays_the_same(ada: User, commit: Commit) -> None:
    for _ in range(5):
        with commit():
            assert builders.api().post("/api/v1/auth/password/forgot", {"email": ada.email}).status_code == 200
    assert len(mail.outbox) == 3


def test_one_address_asks_thirty_times_an_hour(ada: User, settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    client = builders.api()
    body = {"email": "nobody@example.com"}
    statuses = [
        client.post("/api/v1/auth/password/forgot", body, HTTP_X_FORWARDED_FOR="203.0.113.9").status_code
        for _ in range(31)
    ]
    assert statuses == [200] * 30 + [429]


def test_the_link_stands_on_our_address_and_is_stored_hashed(ada: User, commit: Commit, settings: Any) -> None:
    with commit():
        builders.api().post("/api/v1/auth/password/forgot", {"email": ada.email}, HTTP_HOST="localhost")
    [address] = re.findall(r"https?://\S+/password/reset/[\w-]+", str(mail.outbox[-1].body))
    assert address.startswith(settings.PUBLIC_BASE_URL)
    token = address.rpartition("/")[2]
    assert len(token) == 43
    assert token not in str(MailLink.objects.values_list().get())


def test_the_pages_lead_through_it_and_looking_uses_nothing_up(ada: User, commit: Commit) -> None:
    browser = Client()
    assert 'href="/password/forgot"' in browser.get("/login").content.decode()
    with commit():
        sent = browser.post("/password/forgot", {"email": ada.email}).content.decode()
        assert browser.post("/password/forgot", {"email": "nobody@example.com"}).status_code == 200
    assert "Look into your mail" in sent
    [address] = re.findall(r"(/password/reset/[\w-]+)", str(mail.outbox[-1].body))

    for _ in range(2):
        page = browser.get(address)
        assert (page.status_code, page["Referrer-Policy"]) == (200, "strict-origin")
    refused = browser.post(address, {"password": "password"})
    assert (refused.status_code, "too common" in refused.content.decode()) == (422, True)

    assert browser.post(address, {"password": NEW})["Location"] == "/login"
    assert "Your new password is set" in browser.get("/login").content.decode()
    assert browser.post("/login", {"email": ada.email, "password": NEW}).status_code == 302
    dead = Client().get(address)
    assert (dead.status_code, dead["Referrer-Policy"]) == (400, "strict-origin")
    assert "This link does not work any more." in dead.content.decode()


def test_a_mailed_link_is_cut_short_in_the_log() -> None:
    from pingback.logs import masked_text

    assert masked_text("at /password/reset/canary-1234 now") == "at /password/reset/*** now"
    assert "canary" not in masked_text("/verify-email/canary-1234")


def test_security_needs_a_sign_in_and_no_workspace(ada: User) -> None:
    assert Client().get("/settings/security/")["Location"] == "/login?next=/settings/security/"
    browser = Client()
    browser.force_login(ada)
    page = browser.get("/settings/security/").content.decode()
    assert "Change password" in page
    assert 'href="/settings/channels/"' not in page


def test_a_wrong_current_password_is_said_on_the_page(ada: User) -> None:
    browser = Client()
    browser.force_login(ada)
    page = browser.post("/settings/security/password", {"current_password": "not hers", "new_password": NEW})
    assert page.status_code == 400
    assert "This is not your current password." in page.content.decode()
    assert NEW not in page.content.decode()


@pytest.mark.parametrize("change", [{"password": "!"}, {"is_active": False}], ids=["new password", "switched off"])
def test_A6_a_login_that_began_with_the_old_password_opens_nothing_after_the_new_one(
    ada: User, acme: Business, change: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    admit = door.admit

    def meanwhile(user: User, **answers: Any) -> None:
        admit(user, **answers)
        User.objects.filter(pk=user.pk).update(**change)
        end_sessions_of(user)

    monkeypatch.setattr("accounts.door.admit", meanwhile)
    login = {"email": ada.email, "password": builders.PASSWORD}
    answer = builders.api().post("/api/v1/auth/login", login)
    User.objects.filter(pk=ada.pk).update(password=ada.password, is_active=True)
    browser = Client()
    page = browser.post("/login", login)

    assert (answer.status_code, page.status_code) == (401, 401)
    assert "has just changed" in page.content.decode()
    assert not AuthSession.objects.exists()
    assert "_auth_user_id" not in browser.session
