"""The server of all connections: our subclass of python-engineio 4.15's.

It says why; tests/realtime/test_library.py holds what it relies on.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import engineio
import orjson
from django.conf import settings
from django.db import Error
from engineio import packet as packets

from foundation.errors import Refused
from foundation.throttles import limited
from pingback.realtime import origins
from pingback.realtime.connection import Connection
from pingback.realtime.origins import Origin
from pingback.realtime.packets import MAX_BYTES

log = logging.getLogger("pingback.realtime")

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Engine(engineio.AsyncServer):
    """The library's server, which by itself reads bodies of any size, compares origins without asking a database,
    takes any number of connections, and makes sockets of a class that it does not let us choose.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._per_address: Counter[str | None] = Counter()  # None: of those that have no limit
        self._tasks: set[asyncio.Task[None]] = set()

    async def handle_request(self, scope: dict[str, Any], receive: Receive, send: Send) -> Any:
        """Count the body while it is read, and let in only pages that may speak to us."""
        try:
            origin = await origins.origin_of(scope)
        except (Refused, Error):
            log.exception("Cannot tell whose page it is")
            return await _refuse(scope, receive, send, 503, "Try again")
        if origin is Origin.FOREIGN:
            return await _refuse(scope, receive, send, 403, "origin_not_allowed")
        if scope["type"] == "http" and scope["method"] == "POST":
            body = await _bounded_body(receive)
            if body is None:
                return await _refuse(scope, receive, send, 413, "The body is too big.")
            receive = _replay(body)
        scope["pingback.origin"] = origin
        return await super().handle_request(scope, receive, send)

    async def _handle_connect(self, environ: dict[str, Any], transport: str, jsonp_index: int | None = None) -> Any:
        """As the library's, with our Connection and with the cap per address."""
        scope = environ["asgi.scope"]
        address = origins.address_of(scope)
        if self._is_full(address):
            return self._too_many()
        connection = Connection(self, self.generate_id(), origin=scope["pingback.origin"], address=address)
        self.sockets[connection.sid] = connection
        self._per_address[limited(address)] += 1
        connection.push(
            packets.Packet(
                packets.OPEN,
                {
                    "sid": connection.sid,
                    "upgrades": self._upgrades(connection.sid, transport),
                    "pingTimeout": int(self.ping_timeout * 1000),
                    "pingInterval": int(self.ping_interval * 1000),
                    "maxPayload": self.max_http_buffer_size,
                },
            )
        )
        await self._trigger_event("connect", connection.sid, environ, run_async=False)
        connection.schedule_ping()
        if transport == "websocket":
            try:
                return await connection.handle_get_request(environ)
            finally:
                await connection.close(wait=False, abort=True)
        connection.connected = True
        return self._ok(await connection.poll())

    def forget(self, connection: Connection) -> None:
        """Its id opens nothing any more, and it no longer counts for its address."""
        self.sockets.pop(connection.sid, None)
        address = limited(connection.address)
        self._per_address[address] -= 1
        if not self._per_address[address]:
            del self._per_address[address]

    def background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """The loop itself holds tasks only weakly."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _cors_headers(self, environ: dict[str, Any]) -> list[tuple[str, str]]:
        """The library's, which has checked nothing but echoes the origin that we let in; never with credentials."""
        private = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"), ("Vary", "Origin")]
        return [*super()._cors_headers(environ), *private]

    def _is_full(self, address: str | None) -> bool:
        """Loopback and unknown peers are skipped: many people may stand behind them."""
        if not settings.THROTTLES or (whose := limited(address)) is None:
            return False
        return 0 < settings.CONNECTIONS_PER_ADDRESS <= self._per_address[whose]

    def _too_many(self) -> dict[str, Any]:
        return {
            "status": "429 TOO MANY REQUESTS",
            "headers": [("Content-Type", "application/json"), ("Retry-After", "10")],
            "response": orjson.dumps({"detail": "too_many_connections"}),
        }


async def _bounded_body(receive: Receive) -> bytes | None:
    """The whole body, or None as soon as it is too long, whatever it said about its length."""
    parts: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] != "http.request":
            return b""
        parts.append(event.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BYTES:
            return None
        if not event.get("more_body"):
            return b"".join(parts)


def _replay(body: bytes) -> Receive:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _refuse(scope: dict[str, Any], receive: Receive, send: Send, status: int, detail: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close"})  # before it is accepted: 403
        return
    body = orjson.dumps({"detail": detail})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
