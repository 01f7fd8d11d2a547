"""The audit log: what was done is written down together with it, once, in words, and for good."""

import ast
import string
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib import admin
from django.db import transaction
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts import events, services
from accounts.models import AuthSession, User
from accounts.operators import ToldAdmin
from businesses import audit
from businesses.audit_words import ACTIONS
from businesses.models import AuditEntry, Business, Plan
from businesses.services import update_business
from channels_app.models import Channel
from channels_app.services import create_channel, delete_channel, update_channel
from conversations.models import ChannelType
from tests import builders
from widgets.models import Widget
from widgets.services import create_widget, delete_widget, update_widget

pytestmark = pytest.mark.django_db

CANARY = "canary-7f3a9b2c1d"
WHATSAPP = {"phone_number_id": "1065403522", "access_token": CANARY, "verify_token": f"{CANARY}-verify"}


@pytest.fixture
def channel(ada: User, acme: Business) -> Channel:
    return create_channel(actor=ada, type=ChannelType.WHATSAPP, config=WHATSAPP)


@pytest.fixture
def widget(ada: User, acme: Business) -> Widget:
    return builders.widget(ada)


Things = dict[str, Any]
# What is done, the one row that it leaves, and what that row says besides who and when.
DONE: list[tuple[str, Callable[[Things], Any], str, dict[str, Any]]] = [
    ("sign in", lambda it: services.open_session(user=it["ada"]), "session.started", {}),
    (
        "wrong password",
        lambda it: services.check_password(email=it["ada"].email, password=CANARY),
        "session.failed",
        {},
    ),
    (
        "nobody's password",
        lambda it: services.check_password(email="nobody@example.com", password=CANARY),
        "session.failed",
        {},
    ),
    ("sign out", lambda it: services.end_session(it["session"].pk), "session.ended", {}),
    (
        "ended by another",
        lambda it: services.end_session(it["session"].pk, actor=it["ben"]),
        "session.revoked",
        {},
    ),
    (
        "register",
        lambda it: services.register(email="new@example.com", full_name="New", password=f"{CANARY}-new"),
        "account.registered",
        {},
    ),
    (
        "workspace",
        lambda it: update_business(actor=it["ada"], name="Acme Ltd", website=""),
        "workspace.changed",
        {"fields": ["name"]},
    ),
    (
        "new channel",
        lambda it: create_channel(
            actor=it["ada"], type=ChannelType.WHATSAPP, config=WHATSAPP | {"phone_number_id": "2"}
        ),
        "channel.created",
        {"type": "whatsapp"},
    ),
    (
        "new secret",
        lambda it: update_channel(
            actor=it["ada"], channel=it["channel"], config={**WHATSAPP, "access_token": f"{CANARY}-two"}
        ),
        "channel.changed",
        {"type": "whatsapp", "fields": ["credentials"]},
    ),
    (
        "channel off",
        lambda it: update_channel(actor=it["ada"], channel=it["channel"], is_active=False),
        "channel.changed",
        {"type": "whatsapp", "fields": ["is_active"]},
    ),
    (
        "no channel",
        lambda it: delete_channel(actor=it["ada"], channel=it["channel"]),
        "channel.deleted",
        {"type": "whatsapp"},
    ),
    ("new widget", lambda it: create_widget(actor=it["ada"], domain="acme.org"), "widget.created", {}),
    (
        "widget",
        lambda it: update_widget(actor=it["ada"], widget=it["widget"], name="Shop", domain="acme.com"),
        "widget.changed",
        {"fields": ["name"]},
    ),
    ("no widget", lambda it: delete_widget(actor=it["ada"], widget=it["widget"]), "widget.deleted", {}),
]


@pytest.mark.parametrize(("what", "do", "action", "data"), DONE, ids=[row[0] for row in DONE])
def test_each_thing_done_leaves_one_row_with_its_facts_and_no_secret(
    what: str,
    do: Callable[[Things], Any],
    action: str,
    data: dict[str, Any],
    ada: User,
    ben: User,
    channel: Channel,
    widget: Widget,
) -> None:
    session = services.open_session(user=ada)
    before = set(AuditEntry.objects.values_list("pk", flat=True))

    do({"ada": ada, "ben": ben, "channel": channel, "widget": widget, "session": session})

    row = AuditEntry.objects.exclude(pk__in=before).get()
    assert (row.action, row.data) == (action, data)
    assert CANARY not in str(AuditEntry.objects.values_list())


def test_what_changes_nothing_leaves_no_row(ada: User, acme: Business, channel: Channel, widget: Widget) -> None:
    before = AuditEntry.objects.count()

    update_business(actor=ada, name="Acme")
    update_channel(actor=ada, channel=channel, config=WHATSAPP, is_active=True)
    update_widget(actor=ada, widget=widget, domain="acme.com")
    services.end_session(acme.pk)

    assert AuditEntry.objects.count() == before


def test_a_change_that_is_taken_back_takes_its_row_with_it(ada: User, acme: Business) -> None:
    before = AuditEntry.objects.count()

    with transaction.atomic():
        update_business(actor=ada, name="Acme Ltd")
        transaction.set_rollback(True)

    assert AuditEntry.objects.count() == before


def test_a_row_says_who_from_where_with_which_session_and_browser(acme: Business, ada: User) -> None:
    client = builders.api(ada)
    client.post("/api/v1/widget/create", {"domain": "acme.com"}, headers={"User-Agent": "Lynx"}, REMOTE_ADDR="10.1.2.3")

    row = AuditEntry.objects.get(action="widget.created")
    session = AuthSession.objects.get(user=ada)
    assert (row.business_id, row.actor_id, row.actor_name) == (acme.pk, ada.pk, ada.email)
    assert (row.session_id, row.address, row.user_agent) == (session.pk, "10.1.2.3", "Lynx")
    assert (row.target_type, row.target_name) == ("widget", "acme.com")


def test_what_a_program_does_names_its_token_and_never_shows_it(acme: Business, ada: User) -> None:
    body = {"name": "Importer", "scopes": ["write"]}
    raw = builders.api(ada).post("/api/v1/api-tokens", body).json()["token"]
    program = builders.api()
    program.credentials(HTTP_AUTHORIZATION=f"Bearer {raw}")

    assert program.post("/api/v1/widget/create", {"domain": "acme.com"}).status_code in {200, 201}

    row = AuditEntry.objects.get(action="widget.created")
    assert (row.actor_id, row.session_id, row.data) == (ada.pk, None, {"api_token": "Importer"})
    assert raw not in str(AuditEntry.objects.values_list())


def test_what_happens_to_an_account_is_seen_by_every_workspace_of_the_person(acme: Business, ben: User) -> None:
    other = builders.workspace(builders.person("Olga"), "Other")
    builders.member(other, ben)

    events.tell("password.changed", user=ben)

    rows = AuditEntry.objects.filter(action="password.changed")
    assert {row.business_id for row in rows} == {acme.pk, other.pk}


def test_whoever_failed_to_sign_in_is_not_taken_for_the_person(acme: Business, ada: User) -> None:
    services.check_password(email=ada.email, password="wrong")
    services.check_password(email="nobody@example.com", password="wrong")

    theirs, nobodys = AuditEntry.objects.filter(action="session.failed").order_by("created_at")
    assert (theirs.business_id, theirs.actor_id, theirs.target_name) == (acme.pk, None, ada.email)
    assert (nobodys.business_id, nobodys.actor_id, nobodys.target_name) == (None, None, "nobody@example.com")


# For good ---------------------------------------------------------------------------------------------------


def test_no_code_changes_or_deletes_a_row(acme: Business) -> None:
    row = AuditEntry.objects.get(action="workspace.created")
    row.actor_name = "somebody else"
    everything = AuditEntry.objects.all()
    for attempt in (
        row.save,
        row.delete,
        everything.delete,
        lambda: AuditEntry.objects.update(actor_name=""),
        lambda: AuditEntry.objects.bulk_update([row], ["actor_name"]),
        lambda: everything.filter(pk=row.pk).update(actor_name=""),
    ):
        with pytest.raises(TypeError):
            attempt()
    acme.delete()
    assert AuditEntry.objects.get(pk=row.pk).actor_name == "ada@example.com"
    assert not hasattr(AuditEntry.objects, "delete")
    assert not AuditEntry._meta.related_objects
    assert not [field for field in AuditEntry._meta.fields if field.is_relation]


def test_no_source_reaches_past_the_guard() -> None:
    table = AuditEntry._meta.db_table
    for path, text in _sources():
        if "migrations" in path.parts:
            assert table not in text.lower() or "AddField" in text or "CreateModel" in text, path
            continue
        assert table not in text, path
        if path.name not in {"audit.py", "querysets.py"}:
            assert "_raw_delete" not in text, path
            assert ".purge(before" not in text, path


def test_rows_are_kept_400_days_and_then_purged_in_batches(acme: Business) -> None:
    now = timezone.now()
    with time_machine.travel(now - timedelta(days=401), tick=False):
        for _ in range(5):
            audit.record("workspace.changed", business_id=acme.pk, actor=None, fields=["name"])
    with time_machine.travel(now - timedelta(days=399), tick=False):
        audit.record("workspace.changed", business_id=acme.pk, actor=None, fields=["website"])

    assert [audit.purge(most=3), audit.purge(most=3), audit.purge(most=3)] == [3, 2, 0]
    assert AuditEntry.objects.get(action="workspace.changed").data == {"fields": ["website"]}


# Words ------------------------------------------------------------------------------------------------------


def test_every_action_that_the_sources_record_has_its_words() -> None:
    unknown = {action for path, text in _sources() for action in _recorded(text)} - set(ACTIONS)
    assert unknown == set()


def test_sentences_have_simple_gaps_only() -> None:
    for kind in ACTIONS.values():
        for _text, name, spec, conversion in string.Formatter().parse(str(kind.sentence)):
            assert name is None or name.isidentifier()
            assert not spec
            assert not conversion


def _sources() -> list[tuple[Path, str]]:
    apps = ["foundation", "accounts", "businesses", "conversations", "channels_app", "widgets", "reports", "pingback"]
    root = Path(settings.BASE_DIR)
    return [(path, path.read_text()) for app in apps for path in sorted((root / app).rglob("*.py"))]


def _recorded(text: str) -> set[str]:
    """First arguments of `audit.record(...)` and `events.tell(...)`, however they are imported."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[0]
        if called in {"record", "tell", "_record", "_tell"} and isinstance(first, ast.Constant):
            found |= {first.value} if isinstance(first.value, str) and "." in first.value else set()
    return found


# Operators --------------------------------------------------------------------------------------------------


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root@example.com", builders.PASSWORD, full_name="Olga"))
    return client


def test_every_admin_that_can_change_something_tells_of_it(rf: RequestFactory) -> None:
    request = rf.get("/admin/")
    request.user = User(email="root@example.com", is_staff=True, is_superuser=True)
    for model, model_admin in admin.site._registry.items():
        may = [getattr(model_admin, f"has_{verb}_permission")(request) for verb in ("add", "change", "delete")]
        if any(may) and model is not AuthSession:  # ending one tells by itself
            assert isinstance(model_admin, ToldAdmin), model


def test_what_an_operator_does_to_a_member_is_in_the_workspaces_log(operator: Client, ben: User) -> None:
    membership = ben.memberships.get()
    address = reverse("admin:businesses_membership_change", args=[membership.pk])
    body = {"business": membership.business_id, "user": ben.pk, "role": "admin", "status": "offline", "is_active": "on"}
    assert operator.post(address, body).status_code == 302
    assert operator.post(address, body).status_code == 302  # nothing changed
    operator.post(reverse("admin:businesses_membership_delete", args=[membership.pk]), {"post": "yes"})

    changed, deleted = AuditEntry.objects.filter(action__startswith="operator.").order_by("created_at")
    assert (changed.action, changed.data) == ("operator.changed", {"kind": "member", "fields": ["Role"]})
    assert deleted.action == "operator.deleted"
    for row in (changed, deleted):
        assert (row.business_id, row.actor_name) == (membership.business_id, "root@example.com")
        assert row.target_name == "ben@example.com in Acme"


def test_what_an_operator_does_to_a_person_is_in_the_log_of_each_workspace(operator: Client, ben: User) -> None:
    password = {"password1": f"{CANARY}-7", "password2": f"{CANARY}-7", "usable_password": "true"}
    builders.token(ben)
    operator.post(reverse("admin:auth_user_password_change", args=[ben.pk]), password)

    rows = AuditEntry.objects.filter(actor_name="root@example.com", business_id=ben.memberships.get().business_id)
    assert {row.action for row in rows} == {"operator.changed", "session.revoked"}
    assert {row.target_name for row in rows} == {"ben@example.com"}
    assert CANARY not in str(AuditEntry.objects.values_list())


def test_many_deleted_at_once_leave_a_row_each(operator: Client, acme: Business) -> None:
    for name in ("Gold", "Silver"):
        Plan.objects.create(name=name)
    chosen = Plan.objects.filter(name__in=["Gold", "Silver"]).values_list("pk", flat=True)
    body = {"action": "delete_selected", "_selected_action": list(chosen), "post": "yes"}
    operator.post(reverse("admin:businesses_plan_changelist"), body)

    rows = AuditEntry.objects.filter(action="operator.deleted")
    assert {(row.target_name, row.business_id) for row in rows} == {("Gold", None), ("Silver", None)}


def test_from_where_somebody_signs_in_is_for_the_workspace_they_are_in_alone(acme: Business, ben: User) -> None:
    """An owner adds whom they like; that must not tell them where the person lives."""
    curious = builders.workspace(builders.person("Olga"), "Other")
    builders.member(curious, ben)
    login = {"email": ben.email, "password": builders.PASSWORD}
    browser = {"REMOTE_ADDR": "192.0.2.7", "HTTP_USER_AGENT": "Firefox"}

    builders.api().post("/api/v1/auth/login", login, **browser)
    builders.api().post("/api/v1/auth/login", {**login, "password": "wrong-lane-10"}, **browser)

    for action in ("session.started", "session.failed"):
        home, other = (AuditEntry.objects.get(action=action, business_id=each.pk) for each in (acme, curious))
        assert (home.address, home.user_agent) == ("192.0.2.7", "Firefox")
        assert (other.address, other.user_agent, other.session_id) == (None, "", None)
