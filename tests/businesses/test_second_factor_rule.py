"""A workspace that asks everybody for a second factor."""

from typing import Any

import pytest
from django.test import Client

from accounts.factors import second_factor
from accounts.models import User
from businesses.models import AuditEntry, Business, Role
from businesses.second_factor import is_missing, set_rule
from foundation.errors import Forbidden
from tests import builders

pytestmark = pytest.mark.django_db

REFUSAL = {
    "detail": "This workspace asks for a second factor. Add one in Settings, Security.",
    "error": "second_factor_setup_required",
}


@pytest.fixture
def strict(acme: Business, ada: User) -> Business:
    builders.with_app(ada)
    return set_rule(actor=ada, required=True)


def page_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def test_the_owner_turns_it_on_only_with_a_factor_of_her_own(acme: Business, ada: User) -> None:
    browser = page_of(ada)
    refused = browser.post("/settings/workspace/second-factor", {"required": "true"}, follow=True)
    acme.refresh_from_db()
    assert "Add a second factor of your own first" in refused.content.decode()
    assert not acme.second_factor_required

    builders.with_app(ada)
    browser.post("/settings/workspace/second-factor", {"required": "true"})
    acme.refresh_from_db()
    assert acme.second_factor_required
    browser.post("/settings/workspace/second-factor", {"required": "true"})
    browser.post("/settings/workspace/second-factor", {"required": "false"})
    acme.refresh_from_db()
    assert not acme.second_factor_required
    written = AuditEntry.objects.filter(action__startswith="second_factor.").order_by("created_at")
    assert [row.action for row in written] == ["second_factor.demanded", "second_factor.released"]


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AGENT])
def test_B4_the_rule_is_the_owners(acme: Business, role: Role) -> None:
    abe = builders.person("Abe")
    builders.member(acme, abe, role)
    builders.with_app(abe)
    with pytest.raises(Forbidden):
        set_rule(actor=abe, required=True)
    assert "Require it" not in page_of(abe).get("/settings/workspace/").content.decode()


def test_a_member_without_a_factor_is_refused_by_the_api_until_there_is_one(strict: Business, ben: User) -> None:
    client = builders.api(ben)
    answer = client.get("/api/v1/conversations/")
    assert (answer.status_code, answer.json()) == (403, REFUSAL)
    for address in ("/api/v1/auth/me", "/api/v1/auth/factors", "/api/v1/auth/sessions"):
        assert client.get(address).status_code == 200, address

    secret = client.post("/api/v1/auth/factors/totp").json()["secret"]
    confirmed = client.post("/api/v1/auth/factors/totp/confirm", {"code": builders.code_of(secret)})

    assert confirmed.status_code == 200
    assert client.get("/api/v1/conversations/").status_code == 200


def test_every_operation_of_the_workspace_obeys(strict: Business, ben: User, client: Client) -> None:
    """Whatever the schema gains: it is closed, unless its view says otherwise."""
    api = builders.api(ben)
    own = ("/api/v1/auth/", "/api/v1/schema/", "/api/v1/widget/{widget_id}")
    for path, methods in client.get("/api/v1/schema/").json()["paths"].items():
        if path.startswith(own) or "/team/invitations/accept" in path:
            continue
        for method in methods:
            ids = {name: str(strict.pk) for name in ("conversation_id", "channel_id", "widget_id", "agent_id")}
            answer = getattr(api, method)(path.format_map(_Any(ids)), {} if method != "get" else None)
            assert (answer.status_code, answer.json()) == (403, REFUSAL), (method, path)


class _Any(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "01a2139e-ba4a-7d65-b6b2-7affc88c5f9e"


def test_their_pages_are_security_alone_with_a_notice(strict: Business, ben: User) -> None:
    browser = page_of(ben)
    for address in ("/", "/inbox/", "/settings/workspace/", "/settings/channels/", "/settings/widget/"):
        assert browser.get(address)["Location"] == "/settings/security/", address
    fragment = browser.get("/inbox/", headers={"X-Requested-With": "fetch"})
    assert (fragment.status_code, fragment.json()) == (403, REFUSAL)
    page = browser.get("/settings/security/").content.decode()
    assert "Acme asks everybody for a second factor" in page
    assert "/settings/channels/" not in page.split("<main")[1]

    builders.with_app(ben)
    assert browser.get("/inbox/").status_code == 200
    assert "asks everybody" not in browser.get("/settings/security/").content.decode()
    second_factor.remove_app(ben, password=builders.PASSWORD)
    assert browser.get("/inbox/").status_code == 302
    assert browser.post("/logout").status_code == 302


def test_the_rule_holds_in_its_own_workspace_only(strict: Business, mallory: User) -> None:
    assert builders.api(mallory).get("/api/v1/conversations/").status_code == 200


def test_where_there_is_no_rule_nothing_is_asked(ben: User, django_assert_num_queries: Any) -> None:
    membership = ben.memberships.select_related("business").get()
    with django_assert_num_queries(0):
        assert not is_missing(membership)


def test_A7_sockets_of_members_without_a_factor_are_cut_and_no_others(
    acme: Business,
    ada: User,
    ben: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    cut: list[Any] = []
    monkeypatch.setattr("pingback.realtime.publish._cut", lambda room, reason: cut.append((room, reason)))
    builders.with_app(ada)

    with django_capture_on_commit_callbacks(execute=True):
        set_rule(actor=ada, required=True)

    assert cut == [(f"member_{ben.memberships.get().pk}", "second_factor_setup_required")]


# Operators --------------------------------------------------------------------------------------------------


def test_an_operator_with_a_factor_needs_it_for_django_admin(db: None) -> None:
    operator = User.objects.create_superuser("root@example.com", builders.PASSWORD, full_name="Olga")
    secret, _codes = builders.with_app(operator)
    browser = Client()

    assert browser.get("/admin/")["Location"] == "/admin/login/?next=/admin/"
    assert browser.get("/admin/login/?next=/admin/")["Location"] == "/login?next=%2Fadmin%2F"
    form = {"username": "root@example.com", "password": builders.PASSWORD}
    assert browser.post("/admin/login/", form).status_code == 405
    step = browser.post("/login", {"email": operator.email, "password": builders.PASSWORD, "next": "/admin/"})
    assert step["Location"] == "/login/second-step"
    assert browser.get("/admin/").status_code == 302
    assert browser.post("/login/second-step", {"code": builders.code_of(secret)})["Location"] == "/admin/"
    assert browser.get("/admin/").status_code == 200


def test_who_is_no_operator_is_told_so_instead_of_being_led_in_circles(ada: User, acme: Business) -> None:
    assert page_of(ada).get("/admin/", follow=True).status_code == 403
