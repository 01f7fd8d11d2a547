"""S1: every operation of the schema, by every role, with own, foreign and random ids.

A new endpoint is in the table as soon as it is in the schema; what only the owner may do is listed here.
"""

import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import User
from businesses.invitations import invite
from businesses.members import remove_member
from businesses.models import Business, Role
from businesses.teams import create_team
from conversations.saved_views.services import create_view
from conversations.services.assigning import assign_conversation
from conversations.services.canned_responses import create_response as canned
from conversations.services.later import send_later
from conversations.services.macros import create_macro
from conversations.services.notes import write_note
from conversations.services.tags import create_tag
from tests import builders, corpus
from tests.api.things import (
    article_of,
    draft_of,
    failed_event,
    import_of,
    known_over_two_channels,
    looked_at,
    question_of,
)
from theo.port import Completion
from widgets.identity import add_secret

pytestmark = pytest.mark.django_db

OWNER_ONLY = {
    ("get", "/api/v1/audit-log"),
    ("get", "/api/v1/billing/checkout-url"),
    ("patch", "/api/v1/business"),
    ("put", "/api/v1/business/hours"),
    ("post", "/api/v1/channels/"),
    ("patch", "/api/v1/channels/{channel_id}"),
    ("delete", "/api/v1/channels/{channel_id}"),
    ("post", "/api/v1/channels/{channel_id}/test"),
    ("post", "/api/v1/channels/{channel_id}/events/{event_id}/replay"),
    ("post", "/api/v1/widget/create"),
    ("put", "/api/v1/widget/update/{widget_id}"),
    ("delete", "/api/v1/widget/delete/{widget_id}"),
    ("get", "/api/v1/widget/{widget_id}/identity-secrets"),
    ("post", "/api/v1/widget/{widget_id}/identity-secrets"),
    ("delete", "/api/v1/widget/{widget_id}/identity-secrets/{secret_id}"),
    ("post", "/api/v1/team/invite"),
    ("patch", "/api/v1/team/members/{member_id}"),
    ("delete", "/api/v1/team/members/{member_id}"),
    ("get", "/api/v1/team/invitations"),
    ("post", "/api/v1/team/invitations"),
    ("delete", "/api/v1/team/invitations/{invitation_id}"),
    ("post", "/api/v1/team/invitations/{invitation_id}/resend"),
}
PUBLIC = {
    ("post", "/api/v1/auth/register"),
    ("post", "/api/v1/auth/login"),
    ("post", "/api/v1/auth/password/forgot"),
    ("post", "/api/v1/auth/password/reset"),
    ("post", "/api/v1/auth/verify-email"),
    ("post", "/api/v1/auth/email/confirm"),
    ("get", "/api/v1/widget/{widget_id}"),
    ("get", "/api/v1/widget/{widget_id}/availability"),
    ("get", "/api/v1/widget/{widget_id}/channels"),
    ("get", "/api/v1/widget/{widget_id}/conversations"),
    ("get", "/api/v1/widget/{widget_id}/articles"),
    ("get", "/api/v1/widget/{widget_id}/articles/{article_id}"),
    ("get", "/api/v1/schema/"),
}
TOMORROW = timezone.now() + timedelta(days=1)
OPEN_ONES = {"all": [{"field": "status", "op": "is", "value": "open"}]}
PUSHED = {
    "endpoint": "https://push.example.com/1",
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
}
BODIES: dict[str, Any] = {
    "/api/v1/api-tokens": {"name": "CRM", "scopes": ["read"]},
    "/api/v1/auth/email/change": {"email": "ada-new@example.com"},
    "/api/v1/auth/password/change": {"current_password": builders.PASSWORD, "new_password": builders.PASSWORD},
    "/api/v1/kb/help-centre": {"is_open": True},
    "/api/v1/business": {"assign_on_reply": False},
    "/api/v1/business/hours": {"hours": {"monday": [["09:00", "17:00"]]}, "reply_time": "day"},
    "/api/v1/channels/": {"type": "webchat", "config": {}},
    "/api/v1/channels/{channel_id}": {"is_active": True},
    "/api/v1/widget/create": {"domain": "acme.org"},
    "/api/v1/widget/update/{widget_id}": {"name": "Shop"},
    "/api/v1/conversations/bulk": {"ids": ["0193f3a0-0000-7000-8000-000000000007"], "action": "resolve"},
    "/api/v1/conversations/{conversation_id}": {"status": "pending"},
    "/api/v1/conversations/{conversation_id}/messages": {"content": "Hi"},
    "/api/v1/conversations/{conversation_id}/messages/{message_id}": {"content": "Hello"},
    "/api/v1/conversations/{conversation_id}/notes": {"content": "Ask Ben"},
    "/api/v1/conversations/{conversation_id}/notes/{note_id}": {"content": "Ask Ada"},
    "/api/v1/conversations/{conversation_id}/scheduled": {"content": "Later", "send_at": TOMORROW.isoformat()},
    "/api/v1/conversations/{conversation_id}/tags": {"tags": ["Billing"]},
    "/api/v1/customers": {"name": "Cleo"},
    "/api/v1/customers/export": {"sort": "created_at"},
    "/api/v1/customers/import": {"csv": "name,email\nGrace,grace@example.com\n"},
    "/api/v1/customers/{customer_id}": {"name": "Cleo Marsh"},
    "/api/v1/kb/articles": {"title": "Returns", "content": "Within 30 days."},
    "/api/v1/kb/articles/{article_id}": {"content": "Within 60 days."},
    "/api/v1/kb/articles/{article_id}/examples": {"question": "When does it come?"},
    "/api/v1/ai/playground": {"question": "When does it come?"},
    "/api/v1/kb/imports": {"url": "https://acme.com/sitemap.xml"},
    "/api/v1/conversations/{conversation_id}/rewrite": {"content": "Hello Cleo", "wish": "shorter"},
    "/api/v1/conversations/{conversation_id}/draft": {"content": "Hello Cl"},
    "/api/v1/canned-responses": {"shortcut": "hi", "content": "Hello {first_name}"},
    "/api/v1/canned-responses/{response_id}": {"content": "Hello"},
    "/api/v1/notifications/read": {"all": True},
    "/api/v1/notifications/settings": {"not_pushed": ["assigned"]},
    "/api/v1/notifications/subscriptions": PUSHED,
    "/api/v1/macros": {"name": "Refund", "tags": ["Refund"]},
    "/api/v1/macros/{macro_id}": {"status": "resolved"},
    "/api/v1/tags": {"name": "Refund"},
    "/api/v1/tags/{tag_id}": {"color": "red"},
    "/api/v1/conversations/{conversation_id}/read": {"seq": 1},
    "/api/v1/conversations/{conversation_id}/upload": {"file": "a.png"},
    "/api/v1/auth/me/avatar": {"file": "a.png"},
    "/api/v1/team/members/{member_id}": {"role": "admin"},
    "/api/v1/team/status": {"status": "away"},
    "/api/v1/team/invitations": {"email": "finn@example.com"},
    "/api/v1/teams": {"name": "Night"},
    "/api/v1/views": {"name": "Open", "filter": OPEN_ONES},
    "/api/v1/views/{view_id}": {"name": "Ours"},
    "/api/v1/teams/{team_id}": {"name": "Late"},
}
# What a path takes beside its ids.
QUERIES = {
    "/api/v1/billing/checkout-url": "?plan=pro",
    "/api/v1/team/assign/{conversation_id}": "?agent_id={agent_id}",
    "/api/v1/search": "?q=hello",
    "/api/v1/team/invite": "?email=dora@example.com",
}
# For owners and admins.
MANAGERS_ONLY = {
    ("delete", "/api/v1/conversations/{conversation_id}"),
    ("delete", "/api/v1/customers/{customer_id}"),
    ("put", "/api/v1/conversations/{conversation_id}/assign/{agent_id}"),
    ("post", "/api/v1/team/assign/{conversation_id}"),
    ("patch", "/api/v1/ai/settings"),
    ("post", "/api/v1/ai/settings/test"),
    ("patch", "/api/v1/kb/help-centre"),
    ("post", "/api/v1/kb/reindex"),
    ("post", "/api/v1/teams"),
    ("patch", "/api/v1/teams/{team_id}"),
    ("delete", "/api/v1/teams/{team_id}"),
}
# For owners and admins, and whoever made the thing.
MAKERS_ONLY = {
    ("patch", "/api/v1/canned-responses/{response_id}"),
    ("delete", "/api/v1/canned-responses/{response_id}"),
    ("patch", "/api/v1/macros/{macro_id}"),
    ("delete", "/api/v1/macros/{macro_id}"),
    ("patch", "/api/v1/views/{view_id}"),
    ("delete", "/api/v1/views/{view_id}"),
}
# For whoever wrote it.
AUTHORS_ONLY = {
    ("patch", "/api/v1/conversations/{conversation_id}/notes/{note_id}"),
    ("delete", "/api/v1/conversations/{conversation_id}/notes/{note_id}"),
    ("patch", "/api/v1/conversations/{conversation_id}/messages/{message_id}"),
    ("delete", "/api/v1/conversations/{conversation_id}/messages/{message_id}"),
    ("delete", "/api/v1/conversations/{conversation_id}/scheduled/{scheduled_id}"),
}
# They end the session, need what was mailed, or need a person without a workspace: their own tests say what they do.
APART = {
    ("post", "/api/v1/auth/google"),
    ("post", "/api/v1/auth/logout"),
    ("post", "/api/v1/team/leave"),
    ("delete", "/api/v1/auth/sessions/{session_id}"),
    # A browser's own.
    ("delete", "/api/v1/notifications/subscriptions/{subscription_id}"),
    ("post", "/api/v1/notifications/subscriptions/{subscription_id}/test"),
    # It needs a message that failed.
    ("post", "/api/v1/conversations/{conversation_id}/messages/{message_id}/retry"),
    # It needs an answer of Theo's.
    ("post", "/api/v1/conversations/{conversation_id}/messages/{message_id}/wrong"),
    # It needs a channel that has signs, and a provider that answers.
    ("put", "/api/v1/conversations/{conversation_id}/messages/{message_id}/reaction"),
    # It needs a channel that has templates.
    ("post", "/api/v1/conversations/{conversation_id}/template"),
    # They need a second factor at hand.
    ("post", "/api/v1/auth/factors/totp/confirm"),
    ("delete", "/api/v1/auth/factors/totp"),
    ("post", "/api/v1/auth/factors/recovery-codes"),
    ("delete", "/api/v1/api-tokens/{token_id}"),
    ("post", "/api/v1/auth/verify-email/resend"),
    ("post", "/api/v1/auth/business/create"),
    ("post", "/api/v1/team/invitations/accept"),
    ("post", "/api/v1/widget/{widget_id}/conversations/{conversation_id}/messages/{message_id}/feedback"),
    ("post", "/api/v1/widget/{widget_id}/conversations/{conversation_id}/rating"),
    ("post", "/api/v1/widget/{widget_id}/conversations/{conversation_id}/transcript"),
    ("post", "/api/v1/widget/{widget_id}/upload"),
}


@pytest.fixture(autouse=True)
def payment_is_set_up(settings: Any) -> None:
    settings.CHECKOUT_URL = "https://pay.example.com/?plan={plan}&workspace={business_id}"


@pytest.fixture
def ids(ada: User, acme: Business) -> dict[str, str]:
    widget = builders.widget(ada)
    builders.person("Dora")
    conversation = builders.conversation(acme)
    draft_of(conversation)
    message = builders.answers(ada, conversation, "Hi")
    assign_conversation(conversation=conversation, agent_id=None, actor=ada)  # there for whoever claims it
    return {
        "conversation_id": str(conversation.pk),
        "other_conversation_id": str(builders.conversation(acme, customer=conversation.customer).pk),
        "message_id": str(message.pk),
        "scheduled_id": str(
            send_later(conversation=conversation, author=ada, content="Soon", send_at=TOMORROW).scheduled.pk
        ),
        "macro_id": str(create_macro(business=acme, author=ada, name="Bye", status="closed").pk),
        "note_id": str(write_note(conversation=conversation, author=ada, content="Ask Ben").note.pk),
        "article_id": article_of(ada, acme),
        "import_id": import_of(acme),
        "question_id": str(question_of(acme)),
        "response_id": str(canned(business=acme, author=ada, shortcut="bye", content="Bye.", shared=True).pk),
        "other_tag_id": str(create_tag(business=acme, name="Tardy", actor=ada).pk),
        "tag_id": str(create_tag(business=acme, name="Late", actor=ada).pk),
        "widget_id": str(widget.pk),
        "secret_id": str(add_secret(actor=ada, widget=widget)[0].pk),
        "channel_id": str(acme.channels.get(type="widget").pk),
        "event_id": str(failed_event(acme.channels.get(type="widget")).pk),
        "identity_id": str(known_over_two_channels(ada, conversation.customer)),
        "view_id": str(create_view(actor=ada, name="Ours", shared=True, filter=OPEN_ONES).pk),
        "customer_import_id": looked_at(ada),
        "customer_id": str(conversation.customer_id),
        "other_customer_id": str(builders.customer(acme, "Dora").pk),
        "team_id": str(create_team(actor=ada, name="Day").pk),
        "invitation_id": str(invite(actor=ada, email="gil@example.com").pk),
        "member_id": str(builders.member(acme, builders.person("Eve")).pk),
    }


@pytest.fixture(autouse=True)
def language_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who may ask it is told apart before: without one nobody is answered."""
    said = Completion(text="Hello.", tokens=1, is_whole=True)
    monkeypatch.setattr("theo.helping.ask", lambda *_args, **_kwargs: said)


@pytest.fixture
def operations(client: Client) -> list[tuple[str, str]]:
    paths = client.get("/api/v1/schema/").json()["paths"]
    found = [(method, path) for path, methods in paths.items() for method in methods]
    assert {*OWNER_ONLY, *MANAGERS_ONLY, *APART, *PUBLIC} - {("get", "/api/v1/schema/")} <= set(found)
    return [operation for operation in found if operation not in APART]


def call(
    user: User | None,
    operation: tuple[str, str],
    ids: dict[str, str],
    business: Business,
    *,
    query: dict[str, str] | None = None,
    more: dict[str, Any] | None = None,
) -> Any:
    """query, more: put into the query and into the body, beside or in place of what is there."""
    method, path = operation
    body = BODIES.get(path, {})
    if path in {"/api/v1/conversations/", "/api/v1/auth/business/switch"} and method == "post":
        body = {"business_id": str(business.pk)}
    if path == "/api/v1/tags/{tag_id}/merge":
        body = {"other_id": ids["other_tag_id"]}
    if path == "/api/v1/conversations/{conversation_id}/merge":
        body = {"other_id": ids["other_conversation_id"]}
    if path == "/api/v1/customers/{customer_id}/merge":
        body = {"other_id": ids["other_customer_id"]}
    if path == "/api/v1/ai/reply":
        body = {"conversation_id": ids["conversation_id"]}
    body = {**body, **(more or {})}
    # Whoever calls is the agent that it is about: one of theirs, as far as they have a team.
    agent_id = user.pk if user else uuid.uuid4()
    address = (path + QUERIES.get(path, "")).format(**{"agent_id": agent_id, **ids})
    if query:
        address += ("&" if "?" in address else "?") + urlencode(query)  # of two, the last one counts
    sent: dict[str, Any] = {"data": None if method == "get" else body}
    if "file" in body and method == "post":
        sent = {"data": {**body, "file": SimpleUploadedFile("a.png", corpus.picture())}, "format": "multipart"}
    answer = getattr(builders.api(user), method)(address, **sent)
    if not answer.streaming:
        return answer
    whole = HttpResponse(builders.downloaded(answer), status=answer.status_code, headers=answer.headers)
    whole.request = answer.request  # type: ignore[attr-defined]
    return whole


def in_turn(operation: tuple[str, str], ids: dict[str, str]) -> dict[str, str]:
    """The ids for a call after all before it: a merge is undone at the conversation that was merged."""
    if operation == ("delete", "/api/v1/conversations/{conversation_id}/merge"):
        return {**ids, "conversation_id": ids["other_conversation_id"]}
    return ids


def turn(operation: tuple[str, str]) -> tuple[bool, int]:
    """What deletes comes last, and of that the parts before the whole."""
    method, path = operation
    deletes = method == "delete"
    return deletes, -path.count("/") if deletes else 0


def stranger_who_is(role: Role | None, mallory: User, acme: Business) -> User:
    """Of another workspace, in each role; None = who was a member here, and is in no workspace now."""
    if role == Role.OWNER:
        return mallory
    person = builders.person("Sid")
    if role is None:
        remove_member(actor=acme.memberships.get(role=Role.OWNER).user, membership_id=builders.member(acme, person).pk)
    else:
        builders.member(mallory.memberships.get().business, person, role)
    return person


def refusal_of(operation: tuple[str, str], role: Role | None) -> int:
    """What the role gets for an id that is not of its workspace."""
    if role is None:
        return 400
    if operation in OWNER_ONLY and role != Role.OWNER:
        return 403
    return 403 if operation in MANAGERS_ONLY and role == Role.AGENT else 404


@pytest.mark.parametrize("role", [*Role, None], ids=str)
def test_S1_a_strangers_id_is_like_a_random_one(
    operations: list[tuple[str, str]], ids: dict[str, str], acme: Business, mallory: User, role: Role | None
) -> None:
    nobodys = {name: str(uuid.uuid4()) for name in ids}
    stranger = stranger_who_is(role, mallory, acme)
    for operation in operations:
        if "{" not in operation[1] or operation in PUBLIC:
            continue
        foreign, random = call(stranger, operation, ids, acme), call(stranger, operation, nobodys, acme)
        assert foreign.status_code == refusal_of(operation, role), (operation, foreign.content)
        assert (random.status_code, random.content) == (foreign.status_code, foreign.content), operation
        if foreign.status_code == 404:
            assert foreign.content == b'{"detail":"Not found"}', operation


def test_without_a_token_only_what_is_public_answers(
    operations: list[tuple[str, str]], ids: dict[str, str], acme: Business
) -> None:
    for operation in operations:
        answer = call(None, operation, ids, acme)
        if operation in PUBLIC:
            assert answer.status_code in {200, 422}, operation
        else:
            assert answer.status_code == 401, operation
            assert answer["WWW-Authenticate"] == "Bearer", operation


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AGENT])
def test_B4_what_is_the_owners_is_refused_to_others_and_nothing_else(
    operations: list[tuple[str, str]], ids: dict[str, str], acme: Business, role: Role
) -> None:
    member = builders.person("Abe")
    builders.member(acme, member, role)
    for operation in sorted(operations, key=turn):
        answer = call(member, operation, in_turn(operation, ids), acme)
        if operation in OWNER_ONLY | AUTHORS_ONLY or (operation in MANAGERS_ONLY | MAKERS_ONLY and role == Role.AGENT):
            assert (answer.status_code, set(answer.json())) == (403, {"detail"}), operation
        else:
            assert answer.status_code in {200, 201, 422 if operation in PUBLIC else 200}, (operation, answer.content)


def test_the_owner_may_do_everything(
    operations: list[tuple[str, str]], ids: dict[str, str], acme: Business, ada: User
) -> None:
    for operation in sorted(operations, key=turn):
        answer = call(ada, operation, in_turn(operation, ids), acme)
        assert answer.status_code in {200, 201, 422 if operation in PUBLIC else 200}, (operation, answer.content)
