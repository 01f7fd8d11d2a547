"""What goes out to one connection: at once while the peer keeps up, then in order, then no further. Promises 5."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.conf import LazySettings
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame as LibraryFrame
from websockets.frames import Opcode

from pingback.realtime import connection as bounds
from pingback.realtime import server
from pingback.realtime.connection import Connection
from pingback.realtime.engine import Engine
from pingback.realtime.handshake import Identity
from pingback.realtime.origins import Origin
from pingback.realtime.packets import Frame
from pingback.realtime.websocket import Protocol, text_frame
from tests.realtime.conftest import new_id


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 200_000])
def test_our_frames_are_the_ones_that_the_library_makes(size: int) -> None:
    text = b"a" * size

    assert text_frame(text) == LibraryFrame(Opcode.TEXT, text).serialize(mask=False)


@pytest.fixture
async def written() -> list[bytes]:
    return []


@pytest.fixture
async def protocol(written: list[bytes]) -> Protocol:
    """One that has shaken hands, over a transport that takes everything."""
    made: Any = Protocol.__new__(Protocol)
    made.loop, made.close_sent = asyncio.get_running_loop(), False
    made.transport = SimpleNamespace(write=written.append, is_closing=lambda: False)
    return cast(Protocol, made)


async def test_what_one_peer_hears_in_a_turn_is_written_in_one_piece(protocol: Protocol, written: list[bytes]) -> None:
    def answer() -> None:
        protocol.write(b"ack")

    protocol.write(b"event,")
    asyncio.get_running_loop().call_soon(answer)  # what follows from it
    assert written == []
    await soon(lambda: written)
    protocol.write(b"next")
    await soon(lambda: len(written) == 2)

    assert written == [b"event,ack", b"next"]


async def test_what_is_sent_meanwhile_comes_behind(
    protocol: Protocol, written: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def send(_protocol: Any, message: dict[str, Any]) -> None:
        written.append(message["text"])

    monkeypatch.setattr(WebSocketsSansIOProtocol, "send", send)
    protocol.write(b"first")
    await protocol.send({"type": "websocket.send", "text": b"second"})

    assert written == [b"first", b"second"]


async def test_much_for_one_peer_does_not_wait_for_the_turn_to_end(protocol: Protocol, written: list[bytes]) -> None:
    for _ in range(3):
        protocol.write(b"a" * 30_000)

    assert [len(piece) for piece in written] == [90_000]


class Peer:
    """A websocket that takes a frame only when `reads` is set."""

    def __init__(self) -> None:
        self.reads, self.got, self.is_closed = asyncio.Event(), list[str](), False

    async def send(self, text: str) -> None:
        await self.reads.wait()
        self.got.append(text)

    async def close(self) -> None:
        self.is_closed = True


@pytest.fixture
async def peer() -> Peer:
    return Peer()


@pytest.fixture
async def connection(peer: Peer) -> Connection:
    made = Connection(Engine(async_mode="asgi"), "sid", origin=Origin.NONE, address=None)
    made._websocket = peer
    made.server.sockets["sid"] = made
    made.server._per_address[None] += 1
    return made


async def soon(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


def numbered(count: int) -> list[Frame]:
    return [Frame(str(number)) for number in range(count)]


async def test_who_falls_behind_gets_everything_in_order(connection: Connection, peer: Peer) -> None:
    for frame in numbered(100):
        connection.push(frame)
    assert peer.got == []

    peer.reads.set()
    await soon(lambda: len(peer.got) == 100)
    connection.push(Frame("last"))
    await soon(lambda: len(peer.got) == 101)

    assert peer.got == [f"4{number}" for number in range(100)] + ["4last"]
    assert connection._backlog is None
    assert connection._unread_timer is None


async def test_C9_who_is_too_many_packets_behind_is_cut(connection: Connection, peer: Peer) -> None:
    for frame in numbered(bounds.MAX_UNREAD_PACKETS + 50):
        connection.push(frame)

    await soon(lambda: peer.is_closed)
    assert connection.closed
    assert connection._backlog is None
    assert "sid" not in connection.server.sockets


async def test_C9_who_is_too_many_bytes_behind_is_cut(connection: Connection, peer: Peer) -> None:
    for _ in range(20):
        connection.push(Frame("a" * 60_000))

    await soon(lambda: peer.is_closed)


async def test_C9_who_takes_nothing_for_too_long_is_cut(
    connection: Connection, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "MAX_UNREAD_SECONDS", 0.05)
    connection.push(Frame("once"))

    await soon(lambda: peer.is_closed)


async def test_a_polite_end_comes_after_what_was_said_before(connection: Connection, peer: Peer) -> None:
    for frame in numbered(3):
        connection.push(frame)
    connection.finish()
    peer.reads.set()

    await soon(lambda: peer.is_closed)

    assert peer.got == ["40", "41", "42", "1"]


async def test_a_peer_that_answers_no_ping_is_let_go(connection: Connection, peer: Peer) -> None:
    connection.server.ping_interval = connection.server.ping_timeout = 0.02
    peer.reads.set()
    connection.schedule_ping()

    await soon(lambda: peer.is_closed)

    assert peer.got == ["2", "1"]


def test_a_cap_of_0_is_none(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    somebody = cast(Any, SimpleNamespace(pk=new_id()))
    member = Identity(business_id=cast(Any, None), feed_seq=0, membership=somebody)
    monkeypatch.setattr(server.sockets, "count", lambda room: 20)
    assert server._has_too_many(member)

    settings.CONNECTIONS_PER_USER = 0

    assert not server._has_too_many(member)
