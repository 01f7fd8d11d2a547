"""What comes in over one connection: a whole frame at once, and all of it as the library hears it."""

import asyncio
import os
import random
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode

from pingback.realtime.websocket import Protocol

HELLO = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
MOST = 64 * 1024


def frame(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True)


def text(data: bytes) -> bytes:
    return frame(Opcode.TEXT, data)


def split(data: bytes) -> list[bytes]:
    """Into pieces as a network may make them: often a frame by itself, sometimes a byte."""
    pieces = []
    while data:
        size = random.choice([1, 2, 5, 7, 8, 100, len(data)])
        pieces.append(data[:size])
        data = data[size:]
    return pieces


class Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self._is_closing = False

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        self._is_closing = True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


async def heard_by(kind: type[WebSocketsSansIOProtocol], pieces: list[bytes]) -> tuple[list[Any], list[bytes]]:
    """What the application is given, and what the peer is."""
    heard: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while True:
            heard.append(await receive())
            if heard[-1]["type"] == "websocket.disconnect":
                return

    config = Config(application, ws_max_size=MOST, ws_per_message_deflate=False, ws_ping_interval=None, log_config=None)
    config.load()
    transport = Transport()
    protocol = kind(config=config, server_state=ServerState(), app_state={})
    protocol.connection_made(transport)
    protocol.data_received(HELLO)
    while not transport.written:
        await asyncio.sleep(0)
    for piece in pieces:
        if not transport.is_closing():
            protocol.data_received(piece)
    for _ in range(20):
        await asyncio.sleep(0)
    protocol.connection_lost(None)
    while not heard or heard[-1]["type"] != "websocket.disconnect":
        await asyncio.sleep(0)
    return heard, transport.written[1:]


TALKS = {
    "texts of every size": [text(os.urandom(size // 2).hex().encode()) for size in (0, 10, 124, 126, 128, 5_000, MOST)],
    "a text that says its short length in eight bytes": [
        text(b"a"),
        b"\x81\xff" + (119).to_bytes(8, "big") + bytes(4) + b"b" * 119,
        text(b"c"),
    ],
    "a text in parts, with a ping inside": [
        frame(Opcode.TEXT, b"a", fin=False),
        frame(Opcode.PING, b"?"),
        frame(Opcode.CONT, b"b", fin=False),
        frame(Opcode.CONT, b"c"),
        text(b"d"),
    ],
    "a text where the rest of another one must come": [frame(Opcode.TEXT, b"a", fin=False), text(b"b"), text(b"c")],
    "bytes, then a text": [frame(Opcode.BINARY, b"a"), text(b"b")],
    "what is too long": [text(b"a"), text(b"b" * (MOST + 1)), text(b"c")],
    "what is not masked": [text(b"a"), Frame(Opcode.TEXT, b"b").serialize(mask=False), text(b"c")],
    "what is not UTF-8": [text(b"a"), text(b"\xff"), text(b"c")],
    "a farewell, and a text behind it": [text(b"a"), frame(Opcode.CLOSE, b"\x03\xe8"), text(b"b")],
}


@pytest.mark.parametrize("talk", TALKS.values(), ids=TALKS)
async def test_whatever_comes_in_whatever_pieces_is_heard_as_the_library_hears_it(talk: list[bytes]) -> None:
    for pieces in (talk, [b"".join(talk)], *(split(b"".join(talk)) for _ in range(20))):
        assert await heard_by(Protocol, pieces) == await heard_by(WebSocketsSansIOProtocol, pieces)


async def test_a_whole_text_is_not_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    take_apart = WebSocketsSansIOProtocol.data_received

    def data_received(self: WebSocketsSansIOProtocol, data: bytes) -> None:
        asked.append(data)
        take_apart(self, data)

    monkeypatch.setattr(WebSocketsSansIOProtocol, "data_received", data_received)
    heard, _written = await heard_by(Protocol, [text(b"a"), text(b"b" * 300)])

    assert asked == [HELLO]
    assert [event.get("text") for event in heard[:-1]] == ["a", "b" * 300]
