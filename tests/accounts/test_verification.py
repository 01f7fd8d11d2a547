"""The operator's option that people confirm their e-mail before anything else."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client

from accounts import verification
from accounts.models import MailLink, User
from accounts.services import new_account, register, store
from businesses.models import AuditEntry, Business, Role
from tests import builders

pytestmark = pytest.mark.django_db

HELD = {"detail": "Confirm your e-mail first: follow the link that we mailed to you."}
DEAD = b'{"detail":"This link does not work any more. Ask for a new one."}'
NORA = {"email": "nora@example.com", "full_name": "Nora Hale", "password": builders.PASSWORD}
Commit = Callable[..., Any]


@pytest.fixture
def commit(django_capture_on_commit_callbacks: Any) -> Commit:
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def required(settings: Any) -> None:
    settings.REQUIRE_VERIFIED_EMAIL = True


@pytest.fixture
def nora(required: None, commit: Commit) -> User:
    with commit():
        return register(**NORA)


def token() -> str:
    return re.findall(r"/verify-email/([\w-]+)", str(mail.outbox[-1].body))[0]


def confirm(value: str) -> Any:
    return builders.api().post("/api/v1/auth/verify-email", {"token": value})


def test_without_the_option_everybody_counts_as_verified_and_gets_no_mail(db: None, commit: Commit) -> None:
    with commit():
        answer = builders.api().post("/api/v1/auth/register", NORA)
    assert answer.status_code == 200
    assert User.objects.get().is_verified
    assert mail.outbox == []


def test_until_confirmed_the_api_says_why_it_does_nothing(nora: User) -> None:
    client = builders.api(nora)
    assert client.get("/api/v1/auth/me").json()["user"]["is_verified"] is False
    for method, path in (("post", "/api/v1/auth/business/create"), ("get", "/api/v1/conversations/")):
        answer = getattr(client, method)(path)
        assert (answer.status_code, answer.json()) == (403, HELD)

    assert confirm(token()).json() == {"message": "E-mail confirmed"}

    assert client.post("/api/v1/auth/business/create", {"name": "Acme"}).status_code == 200
    assert AuditEntry.objects.filter(action="email.verified", actor_id=nora.pk).count() == 1


def test_somebody_held_may_still_log_out(nora: User) -> None:
    assert builders.api(nora).post("/api/v1/auth/logout").status_code == 200


def test_a_member_who_is_held_gets_no_socket(acme: Business, nora: User) -> None:
    from socketio.exceptions import ConnectionRefusedError

    from pingback.realtime.handshake import Identity, identify_all, read
    from pingback.realtime.origins import Origin

    builders.member(acme, nora, Role.AGENT)
    asked = read({"business_id": str(acme.pk), "token": builders.token(nora)}, {"headers": []}, Origin.NONE)
    [refused] = identify_all([asked])
    assert isinstance(refused, ConnectionRefusedError)
    verification.confirm(nora)
    [let_in] = identify_all([asked])
    assert isinstance(let_in, Identity)
    assert let_in.membership is not None


def test_A9_a_verification_link_works_once_for_an_hour_and_only_the_newest(nora: User, commit: Commit) -> None:
    replaced = token()
    with commit():
        assert builders.api(nora).post("/api/v1/auth/verify-email/resend").status_code == 200
    newest = token()
    with time_machine.travel(MailLink.objects.get().expires_at + timedelta(seconds=1), tick=False):
        answers = [confirm(newest)]
    answers += [confirm(replaced), confirm("unknown")]
    assert not User.objects.get().is_verified
    assert confirm(newest).status_code == 200
    answers.append(confirm(newest))
    assert {(answer.status_code, answer.content) for answer in answers} == {(400, DEAD)}


def test_a_link_proves_the_address_that_it_was_sent_to_and_no_later_one(nora: User) -> None:
    User.objects.update(email="somebody-else@example.com")
    assert confirm(token()).content == DEAD


def test_three_more_mails_an_hour_and_none_once_confirmed(nora: User) -> None:
    client = builders.api(nora)
    statuses = [client.post("/api/v1/auth/verify-email/resend").status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    verification.confirm(nora)
    assert client.post("/api/v1/auth/verify-email/resend").json() == {"detail": "This e-mail is already confirmed."}


def test_pages_lead_to_the_mail_and_on_from_there(required: None, commit: Commit) -> None:
    browser = Client()
    with commit():
        assert browser.post("/signup", NORA).status_code == 302
    for address in ("/onboarding", "/inbox/", "/settings/security/", "/"):
        assert browser.get(address)["Location"] == "/check-mail"
    page = browser.get("/check-mail").content.decode()
    assert "We sent a link to nora@example.com" in page
    with commit():
        assert browser.post("/check-mail")["Location"] == "/check-mail"
    assert len(mail.outbox) == 2
    address = f"/verify-email/{token()}"

    for _ in range(2):
        looked = Client().get(address)
        assert (looked.status_code, looked["Referrer-Policy"]) == (200, "strict-origin")
    assert browser.post(address)["Location"] == "/"

    assert browser.get("/onboarding").status_code == 200
    assert browser.get(address).status_code == 400
    assert browser.get("/check-mail")["Location"] == "/"


def test_a_mailed_new_password_proves_the_address_as_well(nora: User, commit: Commit) -> None:
    with commit():
        builders.api().post("/api/v1/auth/password/forgot", {"email": nora.email})
    [reset] = re.findall(r"/password/reset/([\w-]+)", str(mail.outbox[-1].body))
    builders.api().post("/api/v1/auth/password/reset", {"token": reset, "password": "a-kettle-of-fish-7"})
    nora.refresh_from_db()
    assert nora.is_verified


def test_who_follows_an_invitation_need_not_confirm_again(required: None, commit: Commit) -> None:
    with commit():
        assert store(new_account(**NORA, proven=True)).is_verified
    assert mail.outbox == []


@pytest.mark.parametrize(
    "email",
    ["NORA@bücher.example", "nora@xn--bcher-kva.example", "nora@BÜCHER.example", "ｎora@bücher。example"],
)
def test_an_address_with_umlauts_has_one_spelling(db: None, email: str) -> None:
    register(**{**NORA, "email": "nora@bücher.example"})
    answer = builders.api().post("/api/v1/auth/register", {**NORA, "email": email})
    assert answer.status_code in {400, 422}
    assert User.objects.count() == 1


def test_a_letter_from_another_script_makes_no_look_alike(ada: User) -> None:
    answer = builders.api().post("/api/v1/auth/register", {**NORA, "email": "аda@example.com"})  # Cyrillic a
    assert answer.status_code == 422
    assert User.objects.count() == 1
