"""POST /conversations/{id}/messages by both of its ways, through the real ASGI layers: nobody can tell them apart."""

import asyncio
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from django.core.asgi import get_asgi_application
from django.utils import timezone

from accounts.models import AuthSession, User
from accounts.services import end_session
from businesses.callers import sessions_of
from businesses.members import remove_member
from businesses.models import ApiToken, Business, Membership, Plan
from businesses.selectors import membership_of
from conversations.models import Conversation, Message
from conversations.services import writer
from pingback.api import create_message, throttles
from pingback.api.create_message import CreateMessage
from pingback.limits import Limits
from tests import builders

pytestmark = pytest.mark.django_db(transaction=True)

# Different each time, whichever way it went.
OWN_EACH = {"id", "seq", "created_at", "client_message_id", "conversation_id"}
OWN_HEADERS = {"x-request-id", "content-length"}


@dataclass(frozen=True)
class Asked:
    path: str
    body: bytes = b'{"content": "Hello"}'
    headers: dict[str, str] = field(default_factory=dict)
    scheme: str = "http"
    query: bytes = b""

    @property
    def scope(self) -> dict[str, Any]:
        headers = {"host": "127.0.0.1", "content-type": "application/json", "content-length": str(len(self.body))}
        headers |= {name.lower(): value for name, value in self.headers.items()}
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": self.scheme,
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": self.query,
            "headers": [(name.encode(), value.encode("latin1")) for name, value in headers.items() if value],
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 8000),
        }


@dataclass
class Told:
    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def alike(self) -> tuple[Any, ...]:
        """What must not depend on the way."""
        body = self.body if self.raw else None
        if isinstance(body, dict):
            body = {name: "" if name in OWN_EACH else value for name, value in body.items()}
        return self.status, body, {name: value for name, value in self.headers.items() if name not in OWN_HEADERS}


class House:
    """Both ways into one Django. by_django: how many requests reached it."""

    def __init__(self) -> None:
        django = get_asgi_application()
        self.by_django = 0

        async def counted(scope: Any, receive: Any, send: Any) -> None:
            self.by_django += 1
            await django(scope, receive, send)

        self.short, self.long = Limits(counted, short_way=CreateMessage), Limits(counted)

    def post(self, asked: Asked, *, at_length: bool = False) -> Told:
        return asyncio.run(_told(self.long if at_length else self.short, asked))

    def post_all(self, asked: list[Asked]) -> list[Told]:
        """At once."""

        async def all_told() -> list[Told]:
            return await asyncio.gather(*(_told(self.short, each) for each in asked))

        return asyncio.run(all_told())


async def _told(app: Any, asked: Asked) -> Told:
    sent: list[dict[str, Any]] = []
    received = [{"type": "http.request", "body": asked.body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if not received:
            await asyncio.Event().wait()
        return received.pop()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(asked.scope, receive, send)
    headers = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return Told(sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:]))


@pytest.fixture
def house() -> Iterator[House]:
    throttles.here.forget()
    yield House()
    writer.finish(seconds=30)


@pytest.fixture
def conversation(acme: Business) -> Conversation:
    return builders.conversation(acme)


def to(conversation: Conversation | str, user: User | str, **fields: Any) -> Asked:
    """user: or the text of a token."""
    token = user if isinstance(user, str) else builders.token(user)
    about = conversation.pk if isinstance(conversation, Conversation) else conversation
    headers = {"Authorization": f"Bearer {token}", **fields.pop("headers", {})}
    return Asked(f"/api/v1/conversations/{about}/messages", headers=headers, **fields)


def program(user: User, *scopes: str) -> str:
    """The text of an API token."""
    return str(builders.api(user).post("/api/v1/api-tokens", {"name": "CRM", "scopes": [*scopes]}).json()["token"])


# The two ways ---------------------------------------------------------------------------------------------------


def test_both_ways_answer_alike_and_only_what_is_ordinary_goes_the_short_one(
    house: House, conversation: Conversation, ada: User, ben: User, mallory: User, acme: Business, settings: Any
) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://crm.example"]
    old, dead = builders.token(ada), builders.token(ada)
    AuthSession.objects.filter(pk=ada.auth_sessions.order_by("created_at").first().pk).update(jti="changed")
    end_session(ada.auth_sessions.order_by("-created_at").first().pk)
    writes, reads, late = program(ada, "write"), program(ada, "conversations:read"), program(ada, "write")
    ApiToken.objects.filter(prefix=late.split("_")[1]).update(expires_at=timezone.now())
    nell, gone = builders.person("Nell"), builders.person("Gil")
    remove_member(actor=ada, membership_id=builders.member(acme, gone).pk)
    token = builders.token(ada)
    file = {"attachments": [str(uuid.uuid4())], "content": "Look"}

    def written(body: Any = None, **headers: str) -> Asked:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        raw = body if isinstance(body, bytes) else json.dumps(body or {"content": "Hello"}).encode()
        return to(conversation, token, body=raw, headers=sent)

    ordinary = {
        "words": written(),
        "words and what nobody asked for": written({"content": "Hi", "seq": 9, "sender_id": str(ben.pk)}),
        "words beyond ASCII": written({"content": "Grüße 👋\n"}),
        "an agent's": to(conversation, ben),
        "a program's": to(conversation, writes),
        "with a final slash": replace(written(), path=f"/api/v1/conversations/{conversation.pk}/messages/"),
        "with a key": written(Idempotency_Key="first"),
        "with the same key": written(Idempotency_Key="first"),
        "with the same key and other words": written({"content": "Bye"}, Idempotency_Key="first"),
        "in capitals": written(AUTHORIZATION=f"BEARER  {token}", Content_Type="application/JSON; charset=utf-8"),
        "a stranger's": to(conversation, mallory),
        "about nothing that is there": to(str(uuid.uuid4()), token),
        "by a program that may only read": to(conversation, reads),
        "by somebody without a workspace": to(conversation, nell),
        "by somebody who was removed": to(conversation, gone),
    }
    others = {
        "about what is no id": to("1", token),
        "about no path of ours": replace(written(), path=f"/api/v1/conversations/{conversation.pk}/messages//"),
        "without a token": written(Authorization=""),
        "with a word for a token": written(Authorization="Bearer nonsense"),
        "with another scheme": written(Authorization=f"Token {token}"),
        "with a token whose session is over": to(conversation, dead),
        "with a token that was changed for another": to(conversation, old),
        "with a token that is over": to(conversation, late),
        "with a cookie": written(Cookie="theme=dark"),
        "from a page elsewhere": written(Origin="https://crm.example"),
        "from a page that is not let in": written(Origin="https://evil.example"),
        "with a file that is not there": written(file),
        "with no files": written({"content": "Hi", "attachments": []}),
        "without words": written({"content": " "}),
        "without content": written({"text": "Hi"}),
        "with a number": written({"content": 7}),
        "too long": written({"content": "x" * 10_001}),
        "longer than what is kept": written({"content": "x", "more": "x" * 40_000}),
        "with a NUL": written(b'{"content": "a\\u0000"}'),
        "half a character": written(b'{"content": "\\ud800"}'),
        "no JSON": written(b"{"),
        "a list": written(b"[]"),
        "nothing": written(b""),
        "deep": written(b'{"content": "Hi", "a": ' + b"[" * 40 + b"]" * 40 + b"}"),
        "of another type": written(Content_Type="text/plain"),
        "of no type": written(Content_Type=""),
        "without a length": written(Content_Length=""),
        "with a key out of bounds": written(Idempotency_Key="x" * 129),
        "for another host": written(Host="evil.example"),
        "with a query": replace(written(), query=b"a=1"),
    }
    for name, asked in {**ordinary, **others}.items():
        before = house.by_django
        short, by_short = house.post(asked), house.by_django - before
        at_length = house.post(replace(asked, headers=_with_a_key_of_its_own(asked)), at_length=True)

        assert short.alike == at_length.alike, name
        assert by_short == (name in others), name
        assert len(short.headers["x-request-id"]) == 32, name
        assert short.status < 500, name
    assert Message.objects.get(dedup_key=f"api:{ada.pk}:first").content == "Hello"


def _with_a_key_of_its_own(asked: Asked) -> dict[str, str]:
    """The way at length must not repeat what the short one did."""
    return {name: f"{value}-" if name == "Idempotency-Key" else value for name, value in asked.headers.items()}


def test_under_https_both_ways_lead_there_and_bind_the_browser(
    house: House, conversation: Conversation, ada: User, settings: Any
) -> None:
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 3600
    house = House()
    asked = to(conversation, ada)

    for scheme, status in (("http", 301), ("https", 201)):
        short, at_length = (house.post(replace(asked, scheme=scheme), at_length=way) for way in (False, True))
        assert short.status == status
        assert short.alike == at_length.alike
    assert short.headers["strict-transport-security"] == "max-age=3600"


def test_the_rules_of_the_house_hold_by_the_short_way_too(
    house: House, conversation: Conversation, ada: User, acme: Business, settings: Any
) -> None:
    asked = to(conversation, ada)
    for setting, model, change in (
        (True, User, {"is_verified": False}),
        (False, Business, {"second_factor_required": True}),
        (False, Plan, {"max_messages_per_month": 0}),
    ):
        settings.REQUIRE_VERIFIED_EMAIL = setting
        model.objects.update(**change)
        short, at_length = house.post(asked), house.post(asked, at_length=True)
        assert short.status in {403, 429}
        assert short.alike == at_length.alike
        model.objects.update(**{name: None if name.startswith("max") else not value for name, value in change.items()})
    assert house.by_django == 3
    assert house.post(asked).status == 201


# What changes counts at the next request -------------------------------------------------------------------------


def test_who_was_let_in_a_moment_ago_is_not_when_that_has_ended(
    house: House, conversation: Conversation, ada: User, ben: User, acme: Business
) -> None:
    asked, program_of_ben = to(conversation, ben), to(conversation, program(ben, "write"))
    assert [house.post(each).status for each in (asked, program_of_ben)] == [201, 201]

    end_session(AuthSession.objects.filter(user=ben).order_by("created_at").first().pk)
    assert (house.post(asked).status, house.post(program_of_ben).status) == (401, 201)

    asked = to(conversation, ben)
    assert house.post(asked).status == 201
    remove_member(actor=ada, membership_id=Membership.objects.get(user=ben, business=acme).pk)
    assert (house.post(asked).status, house.post(program_of_ben).status) == (400, 401)

    asked = to(conversation, ada)
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert house.post(asked).status == 401
    assert house.by_django == 3, "what is wrong with a token is Django's to say"


def test_the_workspace_is_the_one_that_the_session_was_switched_to(
    house: House, conversation: Conversation, ada: User, mallory: User
) -> None:
    umbrella = mallory.memberships.get().business
    builders.member(umbrella, ada)
    theirs, token = builders.conversation(umbrella), builders.token(ada)
    assert [house.post(to(each, token)).status for each in (conversation, theirs)] == [201, 404]

    AuthSession.objects.filter(user=ada).update(current_business_id=umbrella.pk)
    assert [house.post(to(each, token)).status for each in (conversation, theirs)] == [404, 201]


# Many at once ----------------------------------------------------------------------------------------------------


def test_two_hundred_at_once_are_stored_in_one_order_with_two_requests_in_flight(
    house: House, conversation: Conversation, ada: User, ben: User, settings: Any
) -> None:
    settings.REQUESTS_IN_FLIGHT = 2
    tokens = [builders.token(ada), builders.token(ben), program(ada, "write")]
    asked = [to(conversation, tokens[number % 3], headers={"Idempotency-Key": f"{number}"}) for number in range(200)]

    answers = house.post_all(asked)

    assert {answer.status for answer in answers} == {201}
    assert sorted(answer.body["seq"] for answer in answers) == list(range(2, 202))
    assert conversation.messages.count() == 201
    assert house.by_django == 0


def test_who_calls_is_one_question_for_each_kind_of_token(
    conversation: Conversation, ada: User, ben: User, mallory: User, django_assert_num_queries: Any
) -> None:
    tokens = [builders.token(user) for user in (ada, ben, mallory, ada)] + [program(ada, "write")] * 2
    create_message.look_up(tokens)  # which writes down that the program's was used
    with django_assert_num_queries(2):
        found = create_message.look_up([*tokens, "nonsense", f"{tokens[-1]}0"])
    assert found == [ada, ben, mallory, ada, ada, ada, None, None]


@pytest.mark.parametrize(
    "full", [(create_message.callers, "_most_waiting"), (writer, "MAX_WAITING")], ids=["of callers", "of messages"]
)
def test_beyond_what_may_wait_the_answer_is_a_503_and_not_a_pile(
    house: House, conversation: Conversation, ada: User, monkeypatch: pytest.MonkeyPatch, full: Any
) -> None:
    asked = to(conversation, ada)
    monkeypatch.setattr(*full, 0)

    told = house.post(asked)

    assert (told.status, told.body, told.headers["retry-after"]) == (503, {"detail": "Try again"}, "1")
    assert told.headers["cache-control"] == "no-store"
    assert conversation.messages.count() == 1


def test_each_request_takes_one_token_from_the_buckets_whichever_way_it_goes(
    house: House, conversation: Conversation, ada: User, settings: Any
) -> None:
    settings.THROTTLE_BUCKETS = {**settings.THROTTLE_BUCKETS, "API": (0.001, 4)}
    throttles.here.forget()
    asked = to(conversation, ada)
    at_length = replace(asked, body=b'{"content": ""}')

    statuses = [house.post(each).status for each in (asked, at_length, asked, at_length, asked, at_length)]

    assert statuses == [201, 422, 201, 422, 429, 429]
    short, long = house.post(asked), house.post(asked, at_length=True)
    assert (short.status, set(short.body)) == (429, {"detail", "error", "retry_after"})
    assert short.headers["retry-after"] == str(short.body["retry_after"])
    assert set(short.headers) - OWN_HEADERS == set(long.headers) - OWN_HEADERS


async def test_who_goes_away_in_the_middle_of_the_body_has_said_nothing() -> None:
    sent: list[Any] = []
    pieces = [{"type": "http.request", "body": b'{"content"', "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> Any:
        return pieces.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    async def django(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("There is nothing to answer.")

    asked = Asked("/api/v1/conversations/x/messages", body=b'{"content": "Hi"}')
    await Limits(django, short_way=CreateMessage)(asked.scope, receive, send)
    assert sent == []


def test_a_workspace_with_business_hours_is_like_any_other(ada: User, acme: Business) -> None:
    """What its row keeps as JSON is read, too, when all who call are looked up at once."""
    Business.objects.filter(pk=acme.pk).update(hours={"mon": [["09:00", "17:00"]]})

    (found,) = sessions_of([builders.token(ada)]).values()

    membership = membership_of(found.user)
    assert membership
    assert membership.business.hours == {"mon": [["09:00", "17:00"]]}
