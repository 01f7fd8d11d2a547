"""The outermost layer: a request id on every answer, bodies counted while they are read, no pile of requests.

Below Django there is nothing that could do it: by the time a view runs, its body lies on the disk.
"""

import asyncio
import logging
import re
import tempfile
import uuid
from typing import Any

import orjson
from csp.utils import build_policy
from django.conf import settings
from django.template.loader import get_template

from channels_app.adapters.email import postal
from pingback import drain

# ASGI's own shapes: https://asgi.readthedocs.io/en/latest/specs/www.html
Scope = dict[str, Any]
Message = dict[str, Any]
log = logging.getLogger("pingback.limits")

_UPLOAD = re.compile(
    r"/api/v1/(conversations/[^/]+/upload|widget/[^/]+/upload|auth/me/avatar|customers/import)/?"
    r"|/inbox/[^/]+/(upload|reply)/|/settings/profile/picture|/(customers|knowledge)/import/"
)
_PIECE = 256 * 1024
# Of a body that comes in pieces; the rest waits on the disk.
_IN_MEMORY = 64 * 1024
# Bytes a second: the slowest line that we wait for, either way.
_PACE = 32 * 1024
# Browsers send some twenty, proxies add a few.
MAX_HEADERS = 200
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")


class BodyTooBig(Exception):
    pass


class Gone(Exception):
    """The caller went before the whole body was here."""


class Limits:
    def __init__(self, app: Any, short_way: Any = None) -> None:
        """short_way: made of an app; answers what it `takes` by its head, and is no request in flight until it hands
        one on to that app.
        """
        self.app = app
        self.short_way = short_way(self._with_a_place) if short_way else None
        self.in_flight = 0

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket" and drain.is_on:
            await send({"type": "websocket.close"})  # which answers 403: it comes in at another process
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answer = _Answer(send, scope)
        limit = _body_limit(scope["path"])
        if len(scope["headers"]) > MAX_HEADERS:
            await answer.refuse(431, "Too many headers.")
        elif _declared_length(scope) > limit:
            await answer.refuse(413, "The body is too big.")
        elif scope["path"] == "/healthz":
            await answer.json(200, {"status": "ok"})  # without a thread: busy is alive
        elif drain.is_on and (scope["path"] == "/readyz" or _begins_a_socket(scope)):
            await answer.busy()
        elif scope["path"].startswith("/socket.io/"):
            await self.app(scope, receive, answer.send)
        elif scope["path"] == "/readyz":  # a balancer's question is no load
            await self._whole(scope, receive, answer, limit, app=self.app)
        elif self.short_way and self.short_way.takes(scope):
            await self._whole(scope, receive, answer, limit, app=self.short_way)
        elif self.in_flight >= settings.REQUESTS_IN_FLIGHT:  # without reading the body
            await answer.busy()
        else:
            await self._whole(scope, receive, answer, limit, app=self._with_a_place)

    async def _whole(self, scope: Scope, receive: Any, answer: "_Answer", limit: int, *, app: Any) -> None:
        """The app is asked once the whole body is here: whoever sends one slowly, or never, takes nobody's place."""
        try:
            async with asyncio.timeout(_patience(limit)):
                scope, receive = await _with_its_body(scope, _counted(receive, limit))
        except BodyTooBig:
            await answer.refuse(413, "The body is too big.")
        except TimeoutError:
            await answer.refuse(408, "The body took too long.")
        except Gone:
            pass
        else:
            await self._in_time(scope, receive, answer, app=app)

    async def _in_time(self, scope: Scope, receive: Any, answer: "_Answer", *, app: Any) -> None:
        """A database that hangs, network and all, ends no statement: whoever waits for it is sent away by us.

        An answer that has begun may take its time. The thread that hangs cannot be cancelled: it goes on, unheard, and
        counts as in flight until it ends.
        """

        async def sending(message: Message) -> None:
            if not answer.has_begun:
                deadline.reschedule(None)
            await answer.send(message)

        request = asyncio.get_running_loop().create_task(app(scope, receive, sending))
        try:
            async with asyncio.timeout(settings.REQUEST_SECONDS) as deadline:
                await asyncio.shield(request)
        except TimeoutError:
            log.error("%s %s was not answered in %s s", scope["method"], scope["path"], settings.REQUEST_SECONDS)
            await answer.busy()
            answer.is_over = True

    async def _with_a_place(self, scope: Scope, receive: Any, send: Any) -> None:
        """In flight until the answer begins: how fast it is read is the reader's affair."""
        if self.in_flight >= settings.REQUESTS_IN_FLIGHT:
            await _write_busy(send, scope)
            return
        is_in_flight = True
        self.in_flight += 1

        def leave() -> None:
            nonlocal is_in_flight
            self.in_flight -= is_in_flight
            is_in_flight = False

        async def sending(message: Message) -> None:
            leave()
            await send(message)

        try:
            await self.app(scope, receive, sending)
        finally:
            leave()


class _Answer:
    """Adds the request id, and can answer in the app's place while nothing was said."""

    def __init__(self, send: Any, scope: Scope) -> None:
        self._send = send
        self._scope = scope
        self._request_id = _request_id(scope)
        self.has_begun = self.is_over = False

    async def send(self, message: Message) -> None:
        """Each piece in its time: from a reader who takes none, thread and connection of the app are taken back."""
        if self.is_over:
            return
        if message["type"] == "http.response.start":
            self.has_begun = True
            headers = [*message.get("headers", ()), (b"x-request-id", self._request_id)]
            if drain.is_on:  # the next request of this client goes elsewhere
                headers.append((b"connection", b"close"))
            message = {**message, "headers": headers}
        try:
            async with asyncio.timeout(_patience(len(message.get("body", b"")))):
                await self._send(message)
        except TimeoutError:
            self.is_over = True

    async def refuse(self, status: int, detail: str, *headers: tuple[bytes, bytes]) -> None:
        if not self.has_begun:
            # What is left of the body is not read.
            await self.json(status, {"detail": detail}, (b"connection", b"close"), *headers)

    async def busy(self) -> None:
        if not self.has_begun:
            await _write_busy(self.send, self._scope, (b"connection", b"close"))

    async def json(self, status: int, payload: dict[str, str], *headers: tuple[bytes, bytes]) -> None:
        await _write(self.send, status, b"application/json", orjson.dumps(payload), *headers)


async def _write_busy(send: Any, scope: Scope, *headers: tuple[bytes, bytes]) -> None:
    """503 and when to come back; whoever waits for a page reads it on one. Who would take a 5xx for our last word hears
    429."""
    headers = (*headers, (b"retry-after", b"1"))
    if not _wants_a_page(scope):
        status = 429 if postal.named_in({name.decode("latin-1"): "" for name, _value in scope["headers"]}) else 503
        await _write(send, status, b"application/json", orjson.dumps({"detail": "Try again"}), *headers)
        return
    page = get_template("503.html").render().encode()
    policy = (b"content-security-policy", build_policy().encode())
    await _write(send, 503, b"text/html; charset=utf-8", page, policy, *headers)


async def _write(send: Any, status: int, kind: bytes, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    fixed = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": [*fixed, *headers]})
    await send({"type": "http.response.body", "body": body})


async def _with_its_body(scope: Scope, receive: Any) -> tuple[Scope, Any]:
    """The request, to be read without waiting. A chunked body gets the length that it has: else Django takes it for
    empty.
    """
    message = await receive()
    is_whole = message["type"] == "http.request" and not message.get("more_body", False)
    if is_whole and not any(name == b"transfer-encoding" for name, _value in scope["headers"]):
        return scope, _once(message, receive)
    body = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  closed once it is read
    try:
        while True:
            if message["type"] != "http.request":
                raise Gone
            body.write(message.get("body", b""))
            if not message.get("more_body", False):
                break
            message = await receive()
    except BaseException:
        body.close()
        raise
    length = body.tell()
    body.seek(0)
    headers = [pair for pair in scope["headers"] if pair[0] not in {b"transfer-encoding", b"content-length"}]

    async def replaying() -> Message:
        if body.closed:
            return dict(await receive())
        piece = body.read(_PIECE)
        more = body.tell() < length
        if not more:
            body.close()
        return {"type": "http.request", "body": piece, "more_body": more}

    return {**scope, "headers": [*headers, (b"content-length", str(length).encode())]}, replaying


def _once(message: Message, receive: Any) -> Any:
    """This message, then whatever comes."""
    is_read = False

    async def reading() -> Message:
        nonlocal is_read
        if is_read:
            return dict(await receive())
        is_read = True
        return message

    return reading


def _counted(receive: Any, limit: int) -> Any:
    read = 0

    async def counting() -> Message:
        nonlocal read
        message: Message = await receive()
        if message["type"] == "http.request":
            read += len(message.get("body", b""))
            if read > limit:
                raise BodyTooBig
        return message

    return counting


def _patience(size: int) -> float:
    """Seconds for so many bytes to come or go."""
    return float(settings.REQUEST_SECONDS) + size / _PACE


def _begins_a_socket(scope: Scope) -> bool:
    return scope["path"].startswith("/socket.io/") and b"sid=" not in scope["query_string"]


def _wants_a_page(scope: Scope) -> bool:
    accepted = next((value for name, value in scope["headers"] if name == b"accept"), b"")
    return b"text/html" in accepted and not scope["path"].startswith("/api/")


def _request_id(scope: Scope) -> bytes:
    """A trusted proxy's, so that both logs name a request alike, else one of our own."""
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    if settings.TRUSTED_PROXIES and _REQUEST_ID.fullmatch(given):
        return bytes(given)
    return uuid.uuid4().hex.encode()


def _declared_length(scope: Scope) -> int:
    value = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(value) if value.isdigit() else 0


def _body_limit(path: str) -> int:
    if path.rstrip("/") in {"/api/v1/webhooks/email", "/api/v1/webhooks/email/mime"}:
        return settings.MAIL_BODY_BYTES
    if path.startswith("/api/v1/webhooks/"):
        return settings.WEBHOOK_BODY_BYTES
    # A file, and room for what stands around it.
    return settings.JSON_BODY_BYTES + (settings.UPLOAD_BYTES if _UPLOAD.fullmatch(path) else 0)
