"""POST /conversations/{id}/messages, the short way: no thread, no middleware and no view for what is ordinary.

Ordinary is a small JSON body with words in it, sent with a token. Who calls is looked up for all that call at the
moment in one question; then the writer stores the message among all the others. What is not ordinary (a cookie, an
Origin, files, a body or a token that needs to be told what is wrong with it) goes to Django as it came: the view there
can do all of it. So what is refused here is refused there, in the same words.
"""

import contextvars
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import APIException, PermissionDenied, ValidationError

from accounts.models import AuthSession, User
from businesses.api_tokens import api_tokens_of, is_api_token
from businesses.callers import sessions_of
from businesses.models import ApiToken
from businesses.policy import Action, require
from conversations.api.views import REPLAY, Messages, payload_of
from conversations.services import writer
from conversations.services.message_drafts import MAX_CONTENT, reply_draft
from conversations.services.objections import Moved
from foundation.api import idempotency_key
from foundation.errors import Refused
from foundation.ids import parse_id
from pingback.api.errors import Outcome, refusal_of
from pingback.api.parsers import json_object
from pingback.api.renderers import JSONRenderer
from pingback.realtime import db

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PATH = re.compile(r"/api/v1/conversations/([^/]+)/messages/?")
# These requests have no place of their own among the requests in flight: so much of each is kept at most.
MAX_BODY = 32 * 1024
LEFT_TO_THE_VIEW = {"attachments", "seen_seq", "force", "quoted_seq"}
LEFT_TO_DJANGO = {"HTTP_COOKIE", "HTTP_ORIGIN"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that is ordinary. key: "" = none."""

    token: str
    conversation_id: UUID
    content: str
    key: str
    is_secure: bool


@dataclass(frozen=True, slots=True)
class Call:
    """As much of a request as the view's permissions look at."""

    user: User
    auth: AuthSession | ApiToken
    method: str = "POST"


class CreateMessage:
    def __init__(self, django: App) -> None:
        """django: answers everything."""
        self.django = django
        # Made before anybody waits: middleware looks at files when it begins.
        self._manners = {is_secure: _manners(is_secure) for is_secure in (False, True)}

    @staticmethod
    def takes(scope: Scope) -> bool:
        """By its head. A body of unknown length may be of any."""
        if scope["method"] != "POST" or not PATH.fullmatch(scope["path"]):
            return False
        lengths = [value for name, value in scope["headers"] if name in {b"content-length", b"transfer-encoding"}]
        return len(lengths) == 1 and lengths[0].isdigit() and int(lengths[0]) <= MAX_BODY

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _whole(receive)
        if body is None:
            return
        asked = _ordinary(scope, body)
        outcome = await _outcome(asked, scope["path"]) if asked else None
        if asked is None or outcome is None:
            await self.django(scope, _again(body, receive), send)
            return
        content = JSONRenderer().render(outcome.body)
        headers = [*self._manners[asked.is_secure], (b"content-length", str(len(content)).encode())]
        headers += [(name.lower().encode(), value.encode()) for name, value in outcome.headers.items()]
        await send({"type": "http.response.start", "status": outcome.status, "headers": headers})
        await send({"type": "http.response.body", "body": content})


def _ordinary(scope: Scope, body: bytes) -> Asked | None:
    """None: something about it is for Django to look at."""
    path = PATH.fullmatch(scope["path"])
    if path is None or scope["query_string"] or scope.get("root_path"):
        return None
    request = ASGIRequest(scope, BytesIO())
    if request.content_type != "application/json" or request.META.keys() & LEFT_TO_DJANGO:
        return None
    scheme, _space, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    conversation_id, is_secure = parse_id(path[1]), request.is_secure()
    if scheme.lower() != "bearer" or conversation_id is None or (settings.SECURE_SSL_REDIRECT and not is_secure):
        return None
    try:
        request.get_host()
        fields, key = json_object(body), idempotency_key(request)
    except (DisallowedHost, ValidationError, Refused):
        return None
    content = fields.get("content")
    if (
        not isinstance(content, str)
        or not content.strip()
        or len(content) > MAX_CONTENT
        or fields.keys() & LEFT_TO_THE_VIEW
    ):
        return None
    return Asked(token=token.strip(), conversation_id=conversation_id, content=content, key=key, is_secure=is_secure)


async def _outcome(asked: Asked, path: str) -> Outcome | None:
    """None: the token, or where it belongs, is for Django to look at."""
    try:
        caller = await callers.ask(asked.token)
        if caller is None:
            return None
        draft = reply_draft(
            business_id=require(caller, Action.HANDLE_CONVERSATIONS).business_id,
            conversation_id=asked.conversation_id,
            author=caller,
            content=asked.content,
            key=asked.key,
        )
        posted = await writer.post(draft)
    except Moved:
        return None  # the view knows where it belongs
    except Exception as error:
        return refusal_of(error, path=path)
    return Outcome(201, payload_of(posted)) if posted.created else Outcome(200, payload_of(posted), REPLAY)


# Who calls ----------------------------------------------------------------------------------------------------


def look_up(tokens: Sequence[str]) -> list[User | Exception | None]:
    """Whom each of these tokens signs in, with a membership that is at hand; why the view's permissions refuse."""
    of_programs = {token for token in tokens if is_api_token(token)}
    sessions = sessions_of({*tokens} - of_programs)
    programs = api_tokens_of(of_programs)
    return [_caller(sessions.get(token) or programs.get(token)) for token in tokens]


def _caller(auth: AuthSession | ApiToken | None) -> User | Exception | None:
    if auth is None:
        return None
    call, view = Call(auth.user if isinstance(auth, AuthSession) else auth.membership.user, auth), Messages()
    try:
        for permission in view.permission_classes:
            if not permission().has_permission(call, view):
                return PermissionDenied()
    except (Refused, APIException) as refusal:
        return refusal
    return call.user


callers = db.Together(look_up, most_waiting=writer.MAX_WAITING)


# What is around it --------------------------------------------------------------------------------------------


class _Nothing(BaseHandler):
    """Django with its middleware, and nothing behind it."""

    def _get_response(self, request: HttpRequest) -> HttpResponse:
        view = Messages()
        view.setup(request)
        return HttpResponse(content_type=JSONRenderer.media_type, headers={"Allow": ", ".join(view.allowed_methods)})


def _manners(is_secure: bool) -> list[tuple[bytes, bytes]]:
    """The headers that middleware and view put on every answer of this path, found by asking them once."""
    scope = {
        "type": "http",
        "method": "POST",
        "scheme": "https" if is_secure else "http",
        "path": "/api/v1/conversations/x/messages",
        "query_string": b"",
        "headers": [(b"host", settings.PUBLIC_HOST.encode())],
    }
    handler = _Nothing()
    handler.load_middleware()
    # In a context of its own: what it activates there (a language, an asker) ends with it.
    response = contextvars.copy_context().run(handler.get_response, ASGIRequest(scope, BytesIO()))
    return [(name.lower().encode(), value.encode()) for name, value in response.items()]


async def _whole(receive: Receive) -> bytes | None:
    """The body; None when its sender has gone. Limits has counted it."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _again(body: bytes, receive: Receive) -> Receive:
    """The request from its start, for whoever reads it next."""
    is_read = False

    async def reading() -> Message:
        nonlocal is_read
        if is_read:
            return await receive()
        is_read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return reading
