"""Settings, API tokens."""

import re
from typing import Any

import pytest

from accounts.models import User
from businesses.models import ApiToken, Business
from tests import builders

pytestmark = pytest.mark.django_db

NEW = {"name": "CRM sync", "days": "30", "scopes": ["conversations:read", "team:read"]}


def test_a_token_is_made_shown_once_and_works(ada: User, acme: Business, sign_in: Any) -> None:
    client = sign_in(ada)
    assert "No token yet" in client.get("/settings/tokens/").content.decode()

    made = client.post("/settings/tokens/", NEW)

    assert made.status_code == 201
    [raw] = re.findall(r"pbt_[0-9a-f]{10}_[0-9a-f]{64}", made.content.decode())
    program = builders.api()
    program.credentials(HTTP_AUTHORIZATION=f"Bearer {raw}")
    assert program.get("/api/v1/conversations/").status_code == 200
    assert program.get("/api/v1/channels/").status_code == 403
    page = client.get("/settings/tokens/").content.decode()
    assert raw not in page
    assert "CRM sync" in page
    assert "conversations:read, team:read" in page
    token = ApiToken.objects.get()
    assert token.expires_at is not None
    assert (token.expires_at - token.created_at).days in {29, 30}


def test_what_is_missing_is_said_beside_it_and_what_was_chosen_stays(ada: User, acme: Business, sign_in: Any) -> None:
    client = sign_in(ada)

    page = client.post("/settings/tokens/", {"name": "CRM sync", "days": "30"})
    assert page.status_code == 422
    assert "Choose at least one thing" in page.content.decode()
    assert 'value="CRM sync"' in page.content.decode()

    page = client.post("/settings/tokens/", {**NEW, "name": ""})
    assert re.search(r'value="team:read"\s+checked', page.content.decode())
    assert not ApiToken.objects.exists()


def test_revoking_asks_first(ada: User, acme: Business, sign_in: Any) -> None:
    client = sign_in(ada)
    client.post("/settings/tokens/", {**NEW, "days": "0"})
    address = f"/settings/tokens/{ApiToken.objects.get().pk}/revoke"

    assert "Revoke CRM sync?" in client.get(address).content.decode()
    assert ApiToken.objects.exists()

    assert "is revoked" in client.post(address, follow=True).content.decode()
    assert not ApiToken.objects.exists()
    assert client.get(address).status_code == 404


def test_a_member_sees_the_own_and_strangers_find_nothing(
    ada: User, acme: Business, ben: User, mallory: User, sign_in: Any
) -> None:
    sign_in(ada).post("/settings/tokens/", NEW)
    sign_in(ben).post("/settings/tokens/", {**NEW, "name": "Script"})
    hers = ApiToken.objects.get(name="CRM sync")

    assert "<b>CRM sync" not in sign_in(ben).get("/settings/tokens/").content.decode()
    assert "Script" in sign_in(ada).get("/settings/tokens/").content.decode()
    for person in (ben, mallory):
        assert sign_in(person).post(f"/settings/tokens/{hers.pk}/revoke").status_code == 404
    assert sign_in(mallory).get("/settings/tokens/?cursor=nonsense", follow=True).status_code == 200


def test_the_page_costs_the_same_however_many(
    ada: User, acme: Business, sign_in: Any, django_assert_max_num_queries: Any
) -> None:
    client = sign_in(ada)
    for _ in range(12):
        client.post("/settings/tokens/", NEW)
    with django_assert_max_num_queries(9):
        client.get("/settings/tokens/")
