"""A15: the cookie of our pages is worth nothing in somebody else's page."""

import uuid
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from businesses.models import Business
from tests import builders

pytestmark = pytest.mark.django_db

SENT = [
    {},
    {"content_type": "text/plain"},
    {"content_type": "application/x-www-form-urlencoded"},
    {"headers": {"Origin": "https://evil.example"}},
    {"headers": {"Origin": "null"}},
    {"headers": {"Origin": "https://evil.example", "X-CSRFToken": "token"}},
    {"headers": {"Origin": "https://evil.example"}, "content_type": "text/plain"},
]


@pytest.fixture
def browser(ada: User, acme: Business) -> Client:
    """Signed in through the page, as browsers are, with a CSRF cookie."""
    client = Client(enforce_csrf_checks=True)
    client.get("/login")
    body = {"email": ada.email, "password": builders.PASSWORD}
    answer = client.post("/login", {**body, "csrfmiddlewaretoken": token(client)})
    assert answer.status_code == 302
    return client


def token(client: Client) -> str:
    return client.cookies[settings.CSRF_COOKIE_NAME].value


def given(how: dict[str, Any], client: Client) -> dict[str, Any]:
    """The header `token` stands for the browser's own token: a foreign origin is refused even with it."""
    headers = {name: token(client) if value == "token" else value for name, value in how.get("headers", {}).items()}
    return {"content_type": "application/json", **how, "headers": headers}


@pytest.mark.parametrize("how", SENT, ids=str)
def test_A15_no_operation_of_the_api_obeys_a_cookie_from_elsewhere(browser: Client, how: dict[str, Any]) -> None:
    paths = browser.get("/api/v1/schema/").json()["paths"]
    asked = 0
    for path, operations in paths.items():
        for method, operation in operations.items():
            schemes = {name for scheme in operation.get("security", []) for name in scheme}
            if method == "get" or not schemes:
                continue
            address = path
            for parameter in operation.get("parameters", []):
                address = address.replace("{%s}" % parameter["name"], str(uuid.uuid4()))  # noqa: UP031
            answer = getattr(browser, method)(address, '{"name": "Umbrella"}', **given(how, browser))
            expected = 403 if "SessionCookie" in schemes else 401
            assert answer.status_code == expected, (method, path, answer.content)
            asked += 1
    assert asked > 20
    assert browser.get("/api/v1/auth/me").json()["business"]["name"] == "Acme"


@pytest.mark.parametrize("how", SENT, ids=str)
@pytest.mark.parametrize(
    "address",
    [
        "/login",
        "/signup",
        "/logout",
        "/theme",
        "/password/forgot",
        "/password/reset/token",
        "/check-mail",
        "/verify-email/token",
        "/login/google/back",
        "/settings/security/password",
        "/settings/security/google/disconnect",
        "/settings/workspace/",
        "/settings/widget/new/",
    ],
)
def test_A15_no_page_obeys_a_form_from_elsewhere(browser: Client, address: str, how: dict[str, Any]) -> None:
    assert browser.post(address, "name=Umbrella", **given(how, browser)).status_code == 403


def test_A15_a_page_of_ours_is_obeyed_with_its_token_and_never_by_plain_text(browser: Client) -> None:
    headers = {"X-CSRFToken": token(browser)}
    body = '{"name": "Umbrella"}'
    plain = browser.post("/api/v1/auth/business/create", body, content_type="text/plain", headers=headers)
    assert plain.status_code == 403
    right = browser.post("/api/v1/auth/logout", content_type="application/json", headers=headers)
    assert right.status_code == 200
