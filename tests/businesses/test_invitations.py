"""Invitations by mail: sent, seen, accepted once, withdrawn, late, and for the one who was invited only."""

import hashlib
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import User
from businesses import invitations
from businesses.models import AuditEntry, Business, Invitation, Membership, Plan
from foundation import throttles
from foundation.errors import Invalid
from foundation.models import Count
from tests import builders
from tests.conversations.test_messages import together

pytestmark = pytest.mark.django_db

LIST, ACCEPT = "/api/v1/team/invitations", "/api/v1/team/invitations/accept"
DEAD = {"detail": "This invitation does not work any more. Ask for a new one."}


@pytest.fixture
def mailed(ada: User, acme: Business, django_capture_on_commit_callbacks: Any) -> Any:
    """`mailed("dora@example.com")`: Ada invites; the token from the mail."""

    def send(email: str, **fields: Any) -> str:
        with django_capture_on_commit_callbacks(execute=True):
            answer = builders.api(ada).post(LIST, {"email": email, **fields})
        assert answer.status_code == 201, answer.content
        return token_of(mail.outbox[-1])

    return send


def token_of(message: Any) -> str:
    [text] = set(re.findall(r"/invitation/([\w-]{40,})", message.body))
    [html] = set(re.findall(r"/invitation/([\w-]{40,})", message.alternatives[0][0]))
    assert text == html
    return text


def join(user: User, token: str) -> Any:
    return builders.api(user).post(ACCEPT, {"token": token})


def test_an_invitation_is_mailed_listed_and_accepted_once(mailed: Any, ada: User, acme: Business) -> None:
    token = mailed("Dora@Example.com", role="admin")
    assert mail.outbox[-1].subject == "Ada invites you to Acme"
    listed = builders.api(ada).get(LIST).json()
    assert listed["next"] is None
    [one] = listed["results"]
    assert (set(one), one["email"], one["role"]) == (
        {"id", "email", "role", "expires_at", "created_at"},
        "dora@example.com",
        "admin",
    )
    assert token not in str(Invitation.objects.values_list())
    dora = builders.person("Dora")

    answer = join(dora, token)

    assert answer.status_code == 200
    assert (answer.json()["business"]["name"], answer.json()["team_role"]) == ("Acme", "admin")
    assert builders.api(ada).get(LIST).json()["results"] == []
    assert (join(dora, token).status_code, join(dora, token).json()) == (400, DEAD)
    actions = AuditEntry.objects.filter(business_id=acme.pk, action__contains="i").values_list("action", flat=True)
    assert {"invitation.sent", "member.joined"} <= set(actions)


def test_wrong_withdrawn_replaced_and_late_links_get_the_same_words(
    mailed: Any, ada: User, acme: Business, django_capture_on_commit_callbacks: Any
) -> None:
    dora, client = builders.person("Dora"), builders.api(ada)
    first = mailed("dora@example.com")
    one = Invitation.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(f"{LIST}/{one.pk}/resend").status_code == 200
    second = token_of(mail.outbox[-1])
    assert join(dora, first).json() == join(dora, "x" * 43).json() == DEAD
    with time_machine.travel(timezone.now() + timedelta(days=7, seconds=1)):
        assert join(dora, second).json() == DEAD
        assert Client().get(f"/invitation/{second}").status_code == 400
    assert client.delete(f"{LIST}/{one.pk}").json() == {"message": "Invitation withdrawn"}
    assert join(dora, second).json() == DEAD
    assert client.delete(f"{LIST}/{one.pk}").status_code == 404
    assert not Membership.objects.filter(user=dora).exists()


def test_somebody_else_cannot_accept_and_uses_nothing_up(mailed: Any, ada: User, acme: Business) -> None:
    token = mailed("dora@example.com")
    mallory = builders.person("Mallory")
    assert join(mallory, token).status_code == 403
    assert join(builders.person("Dora"), token).status_code == 200


def test_an_open_invitation_is_not_doubled_and_a_late_one_is_replaced(mailed: Any, ada: User, acme: Business) -> None:
    mailed("dora@example.com")
    again = builders.api(ada).post(LIST, {"email": "dora@example.com"})
    assert again.status_code == 400
    Invitation.objects.update(expires_at=timezone.now())
    mailed("dora@example.com")
    assert Invitation.objects.count() == 1
    assert builders.api(ada).post(LIST, {"email": "ada@example.com"}).status_code == 400
    assert builders.api(ada).post(LIST, {"email": "eve@example.com", "role": "owner"}).status_code == 400
    assert builders.api(ada).post(LIST, {"email": "no address"}).status_code == 422


def test_an_open_invitation_holds_a_seat_and_a_smaller_plan_is_noticed_at_the_door(
    mailed: Any, ada: User, acme: Business
) -> None:
    Business.objects.update(plan=Plan.objects.get(name="Mini"))
    tokens = [mailed(f"{name}@example.com") for name in ("dora", "eve")]
    full = builders.api(ada).post(LIST, {"email": "finn@example.com"})
    assert (full.status_code, full.json()["feature"], full.json()["current"]) == (402, "agents", 2)
    assert join(builders.person("Dora"), tokens[0]).status_code == 200
    Business.objects.update(plan=Plan.objects.get(name="Free"))
    assert join(builders.person("Eve"), tokens[1]).status_code == 402
    assert Membership.objects.count() == 2


def test_taking_in_directly_ends_the_invitation(mailed: Any, ada: User, acme: Business) -> None:
    token = mailed("dora@example.com")
    dora = builders.person("Dora")
    assert builders.api(ada).post("/api/v1/team/invite?email=dora@example.com").status_code == 200
    assert join(dora, token).json() == DEAD


def test_a_workspace_sends_so_many_an_hour(ada: User, acme: Business, settings: Any) -> None:
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "INVITE": (1, 3600)}
    client = builders.api(ada)
    assert client.post(LIST, {"email": "dora@example.com"}).status_code == 201
    assert client.post(LIST, {"email": "eve@example.com"}).status_code == 429
    assert client.post(f"{LIST}/{Invitation.objects.get().pk}/resend").status_code == 429


def test_the_mail_proves_the_address(mailed: Any, ada: User, acme: Business, settings: Any) -> None:
    token = mailed("dora@example.com")
    settings.REQUIRE_VERIFIED_EMAIL = True
    dora = builders.person("Dora")
    assert not dora.is_verified
    assert join(dora, token).status_code == 200
    assert User.objects.get(pk=dora.pk).is_verified


@pytest.mark.django_db(transaction=True)
def test_two_clicks_join_once(ada: User, acme: Business) -> None:
    dora = builders.person("Dora")
    invitations.invite(actor=ada, email=dora.email)
    Invitation.objects.update(digest=hashlib.sha256(b"known").hexdigest())
    results = together(*[lambda: invitations.accept(user=User.objects.get(pk=dora.pk), token="known")] * 3)
    assert sorted(isinstance(result, Invalid) for result in results) == [False, True, True]
    assert Membership.objects.filter(user=dora).count() == 1


# The page -----------------------------------------------------------------------------------------------------


def test_somebody_without_an_account_signs_up_on_the_page_with_that_address(
    mailed: Any, acme: Business, settings: Any
) -> None:
    settings.REQUIRE_VERIFIED_EMAIL = True
    client, page = Client(), f"/invitation/{mailed('dora@example.com')}"
    shown = client.get(page)
    assert shown.headers["Referrer-Policy"] == "strict-origin"
    assert "Join Acme" in shown.content.decode()
    assert client.post(page, {"full_name": "Dora", "password": "short"}).status_code == 422
    body = {"full_name": "Dora", "password": builders.PASSWORD, "email": "mallory@example.com"}
    assert client.post(page, body)["Location"] == "/inbox/"
    dora = User.objects.get(email="dora@example.com")
    assert dora.is_verified
    assert client.get("/inbox/").context["business"] == acme
    assert Client().get(page).status_code == 400


def test_a_plan_that_is_full_leaves_no_half_made_account(mailed: Any, acme: Business) -> None:
    page = f"/invitation/{mailed('dora@example.com')}"
    Business.objects.update(plan=Plan.objects.get(name="Free"))
    client = Client(REMOTE_ADDR="192.0.2.1")
    assert client.post(page, {"full_name": "Dora", "password": builders.PASSWORD}).status_code == 400
    assert not User.objects.filter(email="dora@example.com").exists()
    assert Count.objects.get(key=throttles._key("REGISTER", "192.0.2.1")).amount == 1, "what was tried has been tried"


def test_somebody_with_an_account_logs_in_and_joins(mailed: Any, acme: Business, mallory: User) -> None:
    client, page = Client(), f"/invitation/{mailed('mallory@example.com')}"
    shown = client.get(page).content.decode()
    assert "Log in to join" in shown
    assert client.post(page, {"full_name": "X", "password": builders.PASSWORD}).status_code == 200
    body = {"email": mallory.email, "password": builders.PASSWORD, "next": page}
    assert client.post("/login", body)["Location"] == page
    assert "signed in as mallory@example.com" in client.get(page).content.decode()
    assert client.post(page)["Location"] == "/inbox/"
    assert client.get("/inbox/").context["business"] == acme


def test_who_is_signed_in_as_somebody_else_is_told(mailed: Any, ada: User, acme: Business) -> None:
    client, page = Client(), f"/invitation/{mailed('dora@example.com')}"
    client.post("/login", {"email": ada.email, "password": builders.PASSWORD})
    for answer in (client.get(page), client.post(page)):
        assert answer.status_code == 403
        assert "you are signed in as ada@example.com" in answer.content.decode()
    assert Invitation.objects.exists()
