"""Changing the e-mail address that one signs in with, over REST and on the pages."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import User
from businesses.models import AuditEntry, Business
from tests import builders

pytestmark = pytest.mark.django_db

NEW = "ada.lovelace@example.org"
DEAD = {"detail": "This link does not work any more. Ask for a new one."}


@pytest.fixture
def ask(ada: User, django_capture_on_commit_callbacks: Any) -> Callable[..., Any]:
    def ask(email: str = NEW, user: User = ada) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return builders.api(user).post("/api/v1/auth/email/change", {"email": email})

    return ask


@pytest.fixture
def confirm(django_capture_on_commit_callbacks: Any) -> Callable[[str], Any]:
    def confirm(token: str) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return builders.api().post("/api/v1/auth/email/confirm", {"token": token})

    return confirm


def token() -> str:
    return re.findall(r"/new-address/([\w-]+)", str(mail.outbox[-1].body))[0]


def test_the_new_address_counts_once_its_link_is_followed_and_the_old_one_is_told(
    ask: Any, confirm: Any, ada: User, acme: Business
) -> None:
    assert ask("  Ada.Lovelace@Example.org ").json() == {"message": "A link is on its way to the new address."}
    assert [each.to for each in mail.outbox] == [[NEW]]
    ada.refresh_from_db()
    assert ada.email == "ada@example.com"

    value = token()
    assert confirm(value).json() == {"message": "E-mail changed"}

    ada.refresh_from_db()
    assert ada.email == NEW
    assert mail.outbox[-1].to == ["ada@example.com"]
    assert NEW in str(mail.outbox[-1].body)
    log_in = builders.api().post("/api/v1/auth/login", {"email": NEW, "password": builders.PASSWORD})
    assert log_in.status_code == 200
    [entry] = AuditEntry.objects.filter(action="email.changed", business_id=acme.pk)
    assert entry.data == {"from": "ada@example.com", "to": NEW}
    assert (confirm(value).status_code, confirm(value).json()) == (400, DEAD)


def test_only_the_newest_link_counts_and_only_for_an_hour(ask: Any, confirm: Any, ada: User) -> None:
    ask("first@example.org")
    first = token()
    ask()
    assert confirm(first).json() == DEAD
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert confirm(token()).json() == DEAD
    assert confirm(token()).status_code == 200


def test_whose_address_it_is_is_told_to_nobody_but_its_reader(ask: Any, confirm: Any, ada: User, ben: User) -> None:
    assert ask(ben.email).json() == {"message": "A link is on its way to the new address."}
    assert mail.outbox[-1].to == [ben.email]
    assert confirm(token()).json() == {"detail": "Another account has this address."}
    ada.refresh_from_db()
    assert ada.email == "ada@example.com"


@pytest.mark.parametrize(
    ("email", "status"), [("ada@example.com", 400), ("no address", 422), ("", 422), ("a" * 250 + "@x.org", 422)]
)
def test_what_is_no_new_address_is_refused(ask: Any, email: str, status: int) -> None:
    assert ask(email).status_code == status
    assert mail.outbox == []


def test_a_fourth_mail_in_an_hour_is_refused(ask: Any, settings: Any) -> None:
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "CHANGE_EMAIL": (3, 3600)}
    assert [ask(f"{name}@example.org").status_code for name in "abcd"] == [200, 200, 200, 429]


def test_on_the_pages_it_is_a_form_a_mail_and_a_question(
    ada: User, acme: Business, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    client.force_login(ada)
    assert b"/settings/profile/email" in client.get("/settings/profile/").content
    assert client.post("/settings/profile/email", {"email": "nothing"}).status_code == 422
    with django_capture_on_commit_callbacks(execute=True):
        assert NEW.encode() in client.post("/settings/profile/email", {"email": NEW}).content
    address = f"/new-address/{token()}"
    assert NEW.encode() in client.get(address).content
    ada.refresh_from_db()
    assert ada.email == "ada@example.com"
    assert client.post(address)["Location"] == "/settings/profile/"
    assert NEW.encode() in client.get("/settings/profile/").content
    assert client.get(address).status_code == 400
