"""What is tried on every operation alike: fields and query keys that nobody asked for, secrets, shared caches.

B7 to B10 and I2 of the attack list. Generated from the schema, the models and the addresses.
"""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User
from businesses.models import Business, FeedEvent, Membership, Role
from channels_app.connect_fields import ConnectForm
from channels_app.connect_forms import CONNECT_FORMS
from channels_app.models import Channel
from conversations import feed, wire
from conversations.models import Message
from tests import builders
from tests.api.operations import Operation, operations_of
from tests.api.test_isolation import (  # noqa: F401  fixtures
    APART,
    PUBLIC,
    call,
    ids,
    language_model,
    payment_is_set_up,
)
from tests.pages.conftest import sign_in  # noqa: F401  the fixture
from tests.tenants import OURS, our_models, rows_of

pytestmark = pytest.mark.django_db
API = "/api/v1"


def signed_in_operations(client: Client) -> list[Operation]:
    """What deletes comes last."""
    found = [operation for operation in operations_of(client) if operation.key not in APART | PUBLIC]
    return sorted(found, key=lambda operation: operation.method == "delete")


def everything() -> str:
    """All columns of all rows, as text."""
    return "\n".join(f"{model._meta.label}: {row}" for model in our_models() for row in model._default_manager.values())


# B7 -----------------------------------------------------------------------------------------------------------

PLANTED_ID = "01b2c3d4-0000-7000-8000-00000000b700"
PLANTED: dict[str, Any] = {
    "role": "owner",
    "id": PLANTED_ID,
    "pk": PLANTED_ID,
    "is_verified": True,
    "is_staff": True,
    "is_superuser": True,
    "seq": 987654,
    "sender_type": "customer",
    "sender_id": PLANTED_ID,
    "created_at": "2001-02-03T04:05:06Z",
}


def planted_for(operation: Operation, foreign: Business) -> dict[str, Any]:
    """Everything that is none of the operation's own fields."""
    everything = {**PLANTED, "business_id": str(foreign.pk), "business": str(foreign.pk)}
    return {name: value for name, value in everything.items() if name not in operation.body}


def test_B7_fields_that_nobody_asked_for_are_ignored(
    client: Client,
    ada: User,
    acme: Business,
    mallory: User,
    ids: dict[str, str],  # noqa: F811
    subtests: pytest.Subtests,
) -> None:
    umbrella = mallory.memberships.get().business
    before = rows_of(umbrella)
    old_messages = set(Message.objects.values_list("pk", flat=True))
    tried = 0
    for operation in signed_in_operations(client):
        if operation.method not in {"post", "put", "patch"}:
            continue
        tried += 1
        with subtests.test(f"{operation.method} {operation.path}"):
            answer = call(ada, operation.key, ids, acme, more=planted_for(operation, umbrella))
            assert answer.status_code in {200, 201}, answer.content
            assert PLANTED_ID not in answer.content.decode()
            assert "2001-02-03" not in answer.content.decode()
    assert tried > 15
    stored = everything()
    for trace in (PLANTED_ID, "datetime.datetime(2001, 2, 3", "2001-02-03T", ": 987654"):
        assert trace not in stored, trace
    assert rows_of(umbrella) == before
    assert not User.objects.filter(models.Q(is_staff=True) | models.Q(is_superuser=True)).exists()
    assert Membership.objects.filter(role=Role.OWNER).count() == 2
    written = Message.objects.exclude(pk__in=old_messages)
    assert {(message.sender_type, message.sender_id) for message in written} == {("agent", ada.pk)}


def test_B7_nor_when_an_account_and_a_workspace_are_made(settings: Any, mallory: User) -> None:
    settings.REQUIRE_VERIFIED_EMAIL = True
    foreign = {"business_id": str(mallory.memberships.get().business_id), "feed_seq": 5, "plan": 1, "plan_id": 1}
    body = {"email": "ada@example.com", "full_name": "Ada", "password": builders.PASSWORD}
    assert builders.api().post(f"{API}/auth/register", {**body, **PLANTED, **foreign}).status_code == 200
    ada = User.objects.get(email="ada@example.com")
    assert (ada.is_verified, ada.is_staff, ada.is_superuser) == (False, False, False)
    assert str(ada.pk) != PLANTED_ID

    User.objects.filter(pk=ada.pk).update(is_verified=True)
    made = builders.api(ada).post(f"{API}/auth/business/create", {"name": "Acme", **PLANTED, **foreign})
    assert made.status_code == 200
    acme = Business.objects.get(name="Acme")
    assert made.json()["business"]["id"] == str(acme.pk) != PLANTED_ID
    assert (acme.plan.name, acme.feed_seq, acme.created_at.year > 2001) == ("Pro", 0, True)


# B8 -----------------------------------------------------------------------------------------------------------

CANARY = "canary7f3a9b2c1d"
SAMPLE = {"text": "x1", "email": "help@acme.com", "number": 587, "checkbox": True}


def filled(form: ConnectForm) -> dict[str, Any]:
    return {
        field.name: f"{CANARY}-{field.name}" if field.secret else field.default or SAMPLE[field.kind]
        for field in form.fields
    }


def test_B8_secrets_of_channels_are_masked_for_everybody_and_in_every_place(
    client: Client,
    ada: User,
    acme: Business,
    caplog: pytest.LogCaptureFixture,
    sign_in: Any,  # noqa: F811
) -> None:
    caplog.set_level("DEBUG")
    owner, shown, tried = builders.api(ada), [], 0
    for form in CONNECT_FORMS.values():
        made = owner.post(f"{API}/channels/", {"type": form.type, "config": filled(form)})
        assert made.status_code == 201, (form.type, made.content)
        tried += len(form.secrets)
        address = f"{API}/channels/{made.json()['id']}"
        changed = owner.patch(address, {"config": made.json()["config"]})
        refused = owner.patch(address, {"config": {**filled(form), **{name: [CANARY] for name in form.secrets}}})
        shown += [made.content, changed.content, refused.content]
    assert tried >= 5
    people = [ada]
    for role in (Role.ADMIN, Role.AGENT):
        people.append(builders.person(f"A{role}"))
        builders.member(acme, people[-1], role)
    root = User.objects.create_superuser("root@example.com", builders.PASSWORD, full_name="Olga")
    operator = Client()
    operator.force_login(root)
    for person in people:
        pages = sign_in(person)
        shown += [builders.api(person).get(f"{API}/channels/").content]
        shown += [pages.get(f"/settings/channels/{channel.pk}/").content for channel in Channel.objects.all()]
        shown += [pages.get("/settings/audit/").content]
    for model, model_admin in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        shown.append(operator.get(reverse(f"{name}_changelist")).content)
        for row in model._default_manager.all()[:5]:
            if model_admin.has_view_permission(operator.get("/admin/").wsgi_request):
                shown.append(operator.get(reverse(f"{name}_change", args=[row.pk])).content)
    for text in [*(part.decode() for part in shown), caplog.text, everything()]:
        assert CANARY not in text
    assert "••••" in shown[0].decode() + shown[3].decode() + shown[6].decode()


# B9 -----------------------------------------------------------------------------------------------------------

SENSITIVE = re.compile(r"password|secret|hash|digest|fingerprint|dedup|jti|credential|^key$|^token$|google_sub|sealed")


def hidden_values() -> set[str]:
    """Whatever columns named like secrets hold, in every table."""
    found: set[str] = set()

    def add(value: Any) -> None:
        if isinstance(value, dict | list):
            for part in value.values() if isinstance(value, dict) else value:
                add(part)
        elif isinstance(value, bytes | memoryview):
            found.add(bytes(value).hex())
        elif isinstance(value, str) and len(value) >= 16:
            found.add(value)

    for model in our_models():
        names = [field.name for field in model._meta.fields if SENSITIVE.search(field.name)]
        names = [name for name in names if not isinstance(model._meta.get_field(name), models.BooleanField)]
        for row in model._default_manager.values(*names) if names else []:
            for value in row.values():
                add(value)
    return found


def test_B9_no_answer_and_no_event_holds_a_key_a_hash_or_a_token(
    client: Client,
    ada: User,
    acme: Business,
    ids: dict[str, str],  # noqa: F811
    subtests: pytest.Subtests,
) -> None:
    received = builders.visitor_writes(acme, "Hello?", client_message_id=str(uuid.uuid4()))
    own = f"{API}/conversations/{received.conversation.pk}/messages"
    builders.api(ada).post(own, {"content": "Hi"}, headers={"Idempotency-Key": "a-key-of-mine-0123456789"})
    builders.api(ada).post(
        f"{API}/channels/",
        {"type": "whatsapp", "config": {"phone_number_id": "1", "access_token": "a-long-access-token-of-acme"}},
    )
    answers = {}
    for operation in signed_in_operations(client):
        answers[operation.key] = call(ada, operation.key, ids, acme).content.decode()
        for about in (received.conversation.pk, acme.channels.latest("created_at").pk):
            if "_id}" in operation.path and operation.method == "get":
                replaced = {name: str(about) for name in ids}
                answers[operation.key] += call(ada, operation.key, replaced, acme).content.decode()
    events = feed.payloads_of(list(FeedEvent.objects.filter(business=acme).order_by("seq")))
    messages = list(Message.objects.select_related("sender", "conversation__customer"))
    answers["events", ""] = str(events) + str([wire.for_visitor(message) for message in messages])

    hidden = hidden_values()
    assert received.message.dedup_key in hidden
    assert User.objects.get(pk=ada.pk).password in hidden
    assert len(hidden) > 10
    for (method, path), text in answers.items():
        with subtests.test(f"{method} {path}"):
            assert [value for value in hidden if value in text] == []
            assert not re.search(r"\bv1\.[\w-]{40,}\.[\w-]+", text), "a visitor key"
            if not path.startswith((f"{API}/auth/refresh", f"{API}/auth/socket-ticket", f"{API}/auth/login")):
                assert not re.search(r"\beyJ[\w-]+\.eyJ[\w-]+\.", text), "a token"


# B10 ----------------------------------------------------------------------------------------------------------

KEYS = [
    ("order_by", "password"),
    ("ordering", "-password"),
    ("sort", "business__memberships__user__password"),
    ("business__name", "Acme"),
    ("business_id", PLANTED_ID),
    ("memberships__user__password__startswith", "argon2"),
    ("customer__email__contains", "@"),
    ("config__access_token__startswith", "a"),
    ("data__from", "agent"),
    ("id__in", PLANTED_ID),
    ("pk", PLANTED_ID),
    ("status__ne", "open"),
    ("status__isnull", "x"),
    ("$where", "1"),
    ("filter[id]", "1"),
    ("fields", "password"),
    ("_order", "1' OR '1'='1"),
]


LOOKUPS = ("__startswith", "__in", "__contains", "__isnull", "__regex", "__business__name")
# Asking for them signs in first, which is a new row of theirs.
MOVING = ("/audit-log", "/auth/sessions")


def test_B10_no_key_of_a_query_reaches_the_database(
    client: Client,
    ada: User,
    acme: Business,
    ids: dict[str, str],  # noqa: F811
    subtests: pytest.Subtests,
) -> None:
    builders.conversation(acme)
    tried = 0
    for operation in signed_in_operations(client):
        if operation.method != "get":
            continue
        lookups = {name + lookup: "^.*$" for name in operation.query for lookup in LOOKUPS}
        foreign = {key: value for key, value in KEYS if key not in operation.query} | lookups
        tried += len(foreign)
        with subtests.test(operation.path):
            plain = call(ada, operation.key, ids, acme)
            answer = call(ada, operation.key, ids, acme, query=foreign)
            assert plain.status_code == 200, plain.content
            if answer.status_code != 422:
                assert answer.status_code == 200, answer.content
                assert operation.path.endswith(MOVING) or answer.json() == plain.json()
    assert tried > 200


def test_B10_no_source_spreads_what_was_asked_into_a_query() -> None:
    """`filter(**request.GET)` and its like: maps from asked to columns are written out."""
    spread = re.compile(
        r"\b(?:filter|exclude|order_by|get|annotate|values|update|create)\("
        r"[^()]*\*\*?(?:self\.)?(?:request\.|query\.|data\.|form\.)\w+"
    )
    for path in sorted(Path(project.BASE_DIR).glob("*/**/*.py")):
        if path.relative_to(project.BASE_DIR).parts[0] in OURS:
            assert not spread.search(path.read_text()), path


# I2 -----------------------------------------------------------------------------------------------------------


def test_I2_no_cache_keeps_an_answer_and_two_people_share_none(
    client: Client,
    ada: User,
    acme: Business,
    mallory: User,
    ids: dict[str, str],  # noqa: F811
    subtests: pytest.Subtests,
) -> None:
    theirs = {str(acme.pk), str(ada.pk), *ids.values()}
    for operation in signed_in_operations(client):
        if operation.method != "get":
            continue
        with subtests.test(operation.path):
            first = call(ada, operation.key, ids, acme)
            second = call(mallory, operation.key, ids, acme)
            assert first.status_code == 200
            for answer in (first, second):
                assert answer["Cache-Control"] == "no-store"
            assert not [mark for mark in theirs if mark in second.content.decode()]


def pages() -> Iterator[str]:
    """Every address of ours that takes no argument, but for the API's and the operator's."""

    def walk(patterns: list[Any], prefix: str) -> Iterator[str]:
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                if not route.startswith(("api/", f"{project.ADMIN_PATH}/")):
                    yield from walk(pattern.url_patterns, route)
            elif isinstance(pattern, URLPattern) and "<" not in route and "^" not in route:
                yield f"/{route}"

    return walk(get_resolver().url_patterns, "")


def test_I2_no_page_is_kept_either(ada: User, acme: Business, sign_in: Any, subtests: pytest.Subtests) -> None:  # noqa: F811
    reader = sign_in(ada)
    builders.widget(ada)
    found = list(pages())
    assert {"/inbox/", "/settings/audit/", "/settings/plan/", "/settings/workspace/"} <= set(found)
    alike = {"/widget.js", "/widget/panel.js", "/widget/greeting.js", "/widget/preview/frame", "/favicon.ico"}
    alike |= {"/service-worker.js", "/manifest.webmanifest", "/offline/"}
    for address in found:
        if address not in alike:
            with subtests.test(address):
                assert "no-store" in reader.get(address)["Cache-Control"]
