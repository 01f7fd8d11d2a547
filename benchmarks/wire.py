"""The load generator's client: Socket.IO over a WebSocket, spoken by hand.

It must cost much less than the server that it measures, so it knows only what the benchmarks need, masks with zeros
(which leaves the payload as it is), and looks no further into a packet than its first bytes.
"""

import asyncio
import json
import zlib
from collections.abc import Callable
from typing import Any, cast

HEARD = b'["new_message"'
REFUSED = b'[{"error"'
OPENING_SECONDS = 30


class Refused(Exception):
    """The server does not let this client in, or hung up."""


class Socket(asyncio.Protocol):
    """One connected client.

    heard: how many `new_message` came in.
    on_ack: called with the number of an ack, and whether it is an error.
    """

    def __init__(self, request: bytes, auth: bytes | None) -> None:
        self.heard = 0
        self.on_ack: Callable[[int, bool], None] = lambda number, is_error: None
        self.on_heard: Callable[[], None] | None = None
        self.last_error = b""
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_open = False
        self._request, self._auth = request, auth
        self._rest = b""
        self._is_upgraded = False
        self._inflate: Any = None
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self._request)

    def connection_lost(self, error: Exception | None) -> None:
        self.is_open = False
        if not self.opened.done():
            self.opened.set_exception(Refused(f"closed: {error}"))

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data, self._rest = self._rest + data, b""
        at = 0
        if not self._is_upgraded:
            at = data.find(b"\r\n\r\n") + 4
            if at < 4:
                self._rest = data
                return
            if b" 101 " not in data[:20]:
                self._refuse(data[:200])
                return
            self._is_upgraded = True
            self._upgraded()
        end = len(data)
        while end - at >= 2:
            size, start = data[at + 1], at + 2
            if size == 126:
                start += 2
                size = int.from_bytes(data[at + 2 : start], "big") if start <= end else end
            elif size == 127:
                start += 8
                size = int.from_bytes(data[at + 2 : start], "big") if start <= end else end
            if start + size > end:
                break
            head = data[at]
            if head == 0x81:
                self._take(data, start, start + size)
            elif head == 0xC1:
                text = self._inflated(data[start : start + size])
                self._take(text, 0, len(text))
            elif head & 0x0F == 8:
                self._refuse(b"closed " + data[start : start + size])
                return
            elif head & 0x0F == 9:
                self._frame(0x8A, data[start : start + size])
            at = start + size
        if at < end:
            self._rest = data[at:]

    def _upgraded(self) -> None:
        if self._auth is None:
            self._enter()

    def parts(self, event: str, conversation_id: str, text: str, name: str) -> tuple[str, ...]:
        """A message that asks for an ack, cut where its number goes."""
        sent = f'"conversation_id":"{conversation_id}","content":"{text}","client_message_id":"{name}-'
        return "42", f'["{event}",{{{sent}', '"}]'

    def _take(self, data: bytes, start: int, end: int) -> None:
        kind = data[start : start + 2]
        if kind == b"42":
            if data.startswith(HEARD, start + 2):
                self.heard += 1
                if self.on_heard:
                    self.on_heard()
        elif kind == b"43":
            bracket = data.index(b"[", start)
            is_error = data.startswith(REFUSED, bracket)
            if is_error:
                self.last_error = data[bracket:end]
            self.on_ack(int(data[start + 2 : bracket]), is_error)
        elif kind == b"2":  # Engine.IO's ping
            self.send(b"3")
        elif kind == b"0{":
            self.send(b"40" + (self._auth or b""))
        elif kind == b"40":
            self._enter()
        elif kind == b"44":
            self._refuse(data[start:end])

    def _enter(self) -> None:
        self.is_open = True
        if not self.opened.done():
            self.opened.set_result(None)

    def _refuse(self, why: bytes) -> None:
        if not self.opened.done():
            self.opened.set_exception(Refused(why.decode(errors="replace")))
        self.last_error = why
        self.transport.close()

    def _inflated(self, data: bytes) -> bytes:
        if self._inflate is None:
            self._inflate = zlib.decompressobj(-15)
        return cast(bytes, self._inflate.decompress(data + b"\x00\x00\xff\xff"))

    def send(self, text: bytes) -> None:
        """One text frame."""
        self._frame(0x81, text)

    def _frame(self, head: int, data: bytes) -> None:
        size = len(data)
        if size < 126:
            start = bytes((head, 0x80 | size, 0, 0, 0, 0))
        else:
            start = bytes((head, 0xFE, size >> 8, size & 0xFF, 0, 0, 0, 0))
        self.transport.write(start + data)

    def close(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


def packet(event: str, payload: object, number: int | None = None) -> bytes:
    """A Socket.IO event; with a number it asks for an ack."""
    text = json.dumps([event, payload], separators=(",", ":"))
    return f"42{'' if number is None else number}{text}".encode()


async def connect(
    port: int,
    auth: Any,
    *,
    path: str = "/socket.io/?EIO=4&transport=websocket",
    offers_deflate: bool = False,
    headers: str = "",
    kind: Callable[[bytes, Any], Socket] | None = None,
) -> Socket:
    """A client that the server has let in. auth: what its CONNECT carries.

    None: the same packets over a bare WebSocket, without Engine.IO's opening. kind: who speaks something else.
    Raises Refused.
    """
    lines = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    )
    if offers_deflate:
        lines += "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
    told = None if auth is None else json.dumps(auth, separators=(",", ":")).encode()
    request = f"{lines}{headers}\r\n".encode()
    loop = asyncio.get_running_loop()
    _transport, socket = await loop.create_connection(
        lambda: kind(request, auth) if kind else Socket(request, told), "127.0.0.1", port
    )
    try:
        async with asyncio.timeout(OPENING_SECONDS):
            await socket.opened
    except BaseException:
        socket.close()
        raise
    return socket


async def connect_all(port: int, auths: list[Any], *, at_once: int = 50, **options: Any) -> list[Socket]:
    """All of them, in order, so many at a time."""
    gate = asyncio.Semaphore(at_once)

    async def one(auth: object) -> Socket:
        async with gate:
            return await connect(port, auth, **options)

    return list(await asyncio.gather(*(one(auth) for auth in auths)))
