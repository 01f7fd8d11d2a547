"""What hostile clients try: C2, C4 to C9 and the protocol lines of the socket attacks. R9."""

import contextlib
import json
import socket as sockets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.realtime.conftest import Connect, House, Owner, is_closed, new_id, polled
from tests.waiting import until

Raw = Callable[..., ClientConnection]
MEGABYTE = 1024 * 1024


def hello(raw: Raw, owner: Owner, **options: Any) -> ClientConnection:
    """A bare socket of a stranger, connected."""
    socket = raw(**options)
    socket.recv()
    socket.send("40" + json.dumps(owner.visitor))
    assert str(socket.recv()).startswith('40{"sid"')
    return socket


def is_alive(socket: ClientConnection) -> bool:
    socket.send('420["resume",{}]')
    return str(socket.recv(timeout=30)).startswith('430[{"error"')


BAD_PACKETS = [
    '42["connect",{"REMOTE_ADDR":"127.0.0.1"},{"business_id":"x"}]',
    '42["disconnect","x"]',
    '42["__proto__",{}]',
    '42["unknown"]',
    "42[7]",
    "42[{}]",
    "42[]",
    "42",
    "4",
    "4x",
    '4{"a":1}',
    "9",
    "x",
    "",
    "2probe",
    "5",
    "0{}",
    "40/admin,",
    '42/admin,["typing"]',
    '451-["typing",{"_placeholder":true,"num":0}]',
    '455000-["typing",{"_placeholder":true,"num":0}]',
    '465000-1["x"]',
    "430[]",
    "44{}",
    "40",
    '42["typing",' + "[" * 30_000 + "]" * 30_000 + "]",
    '42["typing",' + "9" * 50_000 + "]",
    b"4binary",
    b"",
]


@pytest.mark.parametrize("packet", BAD_PACKETS, ids=lambda packet: repr(packet[:24]))
def test_C2_C6_the_third_bad_packet_closes(raw: Raw, ada: Owner, packet: str | bytes) -> None:
    socket = hello(raw, ada)
    for _ in range(2):
        socket.send(packet)
    assert is_alive(socket)

    with contextlib.suppress(ConnectionClosed):
        socket.send(packet)

    assert is_closed(socket)


@pytest.mark.parametrize("packet", BAD_PACKETS[:1] + BAD_PACKETS[19:22], ids=lambda packet: repr(packet[:24]))
def test_C6_the_same_before_a_client_says_hello(raw: Raw, packet: str) -> None:
    socket = raw()
    socket.recv()
    with contextlib.suppress(ConnectionClosed):
        for _ in range(3):
            socket.send(packet)

    assert is_closed(socket, within=2.5)  # before it would be for its silence


def test_C2_forged_handlers_change_nothing(raw: Raw, talk: Connect, ada: Owner) -> None:
    agent = talk(ada.auth)
    socket = hello(raw, ada)
    socket.send('420["connect",{},{"business_id":"' + ada.business_id + '","token":"' + ada.token + '"}]')
    socket.send('421["disconnect"]')

    assert is_alive(socket)
    assert agent.heard == []


def test_refused_and_then_sending_events_is_closed(raw: Raw, ada: Owner) -> None:
    socket = raw()
    socket.recv()
    socket.send("40" + json.dumps({"business_id": new_id()}))
    with contextlib.suppress(ConnectionClosed):
        for _ in range(3):
            socket.send('42["client_message",{"content":"x"}]')

    assert is_closed(socket)


def test_C6_pongs_nobody_asked_for_cost_nothing(raw: Raw, house: House, ada: Owner) -> None:
    socket = hello(raw, ada)
    before = house.memory()
    for _ in range(1_000):
        socket.send("3")

    assert is_alive(socket)
    assert house.memory() - before < 8 * MEGABYTE


@pytest.mark.parametrize("size", [64 * 1024 + 1, MEGABYTE])
def test_C5_a_frame_that_is_too_big_closes(raw: Raw, ada: Owner, size: int) -> None:
    socket = hello(raw, ada)
    with contextlib.suppress(ConnectionClosed):
        socket.send('42["typing","' + "a" * (size - 14) + '"]')

    assert is_closed(socket)


# Polling ----------------------------------------------------------------------------------------------------


def polling(house: House, owner: Owner) -> str:
    """The id of a polling session of a stranger, connected."""
    sid = str(json.loads(polled(house)[1][1:])["sid"])
    polled(house, f"&sid={sid}", ("40" + json.dumps(owner.visitor)).encode())
    assert polled(house, f"&sid={sid}")[1].startswith("40")
    return sid


def test_C7_a_long_polling_body_is_refused(house: House, ada: Owner) -> None:
    sid = polling(house, ada)

    assert polled(house, f"&sid={sid}", b"4" * (64 * 1024 + 1))[0] == 413
    ten_at_once = b"\x1e".join([b'42["typing","' + b"a" * 10_000 + b'"]'] * 10)
    assert polled(house, f"&sid={sid}", ten_at_once)[0] == 413


def test_17_packets_in_one_body_end_the_session(house: House, ada: Owner) -> None:
    sid = polling(house, ada)

    assert polled(house, f"&sid={sid}", b"\x1e".join([b'42["resume",{}]'] * 17))[0] == 400
    assert polled(house, f"&sid={sid}", b'42["resume",{}]')[0] == 400


def test_C7_a_chunked_body_without_end_is_refused_while_it_is_read(house: House, ada: Owner) -> None:
    sid = polling(house, ada)
    before = house.memory()
    chunk = b"10000\r\n" + b"4" * 0x10000 + b"\r\n"
    with sockets.create_connection(("127.0.0.1", house.port), timeout=30) as line:
        line.sendall(
            f"POST /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            "Transfer-Encoding: chunked\r\n\r\n".encode()
        )
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 200 * MEGABYTE:
                line.sendall(chunk)
                sent += len(chunk)
        with contextlib.suppress(OSError):
            assert b"413" in line.recv(100)

    assert sent < 50 * MEGABYTE
    assert house.memory() - before < 20 * MEGABYTE


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"x", b"d=4x", b"4", b'4{"a":1}', b"b" + b"!" * 10], ids=repr)
def test_bodies_that_are_no_packets_are_survived(house: House, ada: Owner, body: bytes) -> None:
    sid = polling(house, ada)
    for _ in range(3):
        assert polled(house, f"&sid={sid}", body)[0] in {200, 400}
    assert polled(house, f"&sid={sid}", body)[0] == 400


def test_two_requests_that_poll_at_once_end_the_session(house: House, ada: Owner) -> None:
    sid = polling(house, ada)
    with ThreadPoolExecutor(2) as pool:  # whichever comes second; the other one is let go with the session
        statuses = sorted(status for status, _body in pool.map(lambda _number: polled(house, f"&sid={sid}"), range(2)))

    assert statuses == [200, 400]
    assert polled(house, f"&sid={sid}")[0] == 400


@pytest.mark.parametrize("query", ["&sid=nope", "&sid=", "&j=0&sid=x", "&transport=flash", "&EIO=3"])
def test_unknown_sessions_are_refused(house: House, query: str) -> None:
    assert polled(house, query, b"4")[0] == 400


def test_an_upgrade_that_never_ends_is_given_up(house: House, raw: Raw, ada: Owner) -> None:
    from websockets.sync.client import connect

    sid = polling(house, ada)
    url = f"ws://127.0.0.1:{house.port}/socket.io/?EIO=4&transport=websocket&sid={sid}"
    with connect(url, close_timeout=1) as first, connect(url, close_timeout=1) as second:
        assert is_closed(second, within=2.5)
        assert is_closed(first)
    polled(house, f"&sid={sid}", b'42["resume",{}]')


# Floods -----------------------------------------------------------------------------------------------------


def test_C8_a_flood_is_refused_and_then_cut(raw: Raw, talk: Connect, ada: Owner, mallory: Owner) -> None:
    other = talk(mallory.visitor)
    other.ask("client_message", {"content": "Hello?"})
    flooder = hello(raw, ada)
    slowest = 0.0

    def flood() -> None:
        with contextlib.suppress(ConnectionClosed):
            for number in range(20_000):
                flooder.send(f'42{number}["join_conversation",{{"conversation_id":"{new_id()}"}}]')

    thread = threading.Thread(target=flood)
    thread.start()
    for number in range(5):
        started = time.monotonic()
        other.ask("client_message", {"content": f"{number}"})
        slowest = max(slowest, time.monotonic() - started)
    answers = []
    with contextlib.suppress(ConnectionClosed):
        while True:
            answers.append(str(flooder.recv(timeout=30)))
    thread.join()

    assert any('"rate_limited"' in answer and '"retry_after"' in answer for answer in answers)
    assert len(answers) < 1_000
    assert slowest < 10  # on a busy machine; behind all of them it would be far more


def test_too_many_messages_are_refused_with_the_seconds_to_wait(talk: Connect, ada: Owner) -> None:
    cleo = talk(ada.visitor)
    answers = [cleo.ask("client_message", {"content": f"{number}"}) for number in range(60)]
    errors = [answer["error"] for answer in answers if "error" in answer]

    assert errors
    assert {error["code"] for error in errors} == {"rate_limited"}
    assert all(isinstance(error["retry_after"], int) and error["retry_after"] >= 1 for error in errors)


def test_ack_ids_may_be_used_again(raw: Raw, ada: Owner) -> None:
    socket = hello(raw, ada)
    for _ in range(3):
        assert is_alive(socket)


def test_a_client_joins_at_most_200_conversations(monkeypatch: pytest.MonkeyPatch) -> None:
    from typing import cast

    from conversations.models import Conversation
    from foundation.errors import Invalid
    from pingback.realtime import clients

    monkeypatch.setattr(clients, "MAX_JOINED", 2)
    client = clients.Client(sid="x", connection=cast(Any, None), business_id=cast(Any, None), throttle=cast(Any, None))
    first = Conversation()
    client.remember(first)
    client.remember(Conversation())
    client.remember(first)

    with pytest.raises(Invalid):
        client.remember(Conversation())


# Slow readers -----------------------------------------------------------------------------------------------


def stalled(house: House, owner: Owner) -> sockets.socket:
    """A connected websocket of a member that reads nothing any more, with small buffers."""
    line = sockets.socket()
    line.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    line.connect(("127.0.0.1", house.port))
    line.sendall(
        b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    until(lambda: b"101" in line.recv(4096))
    text = ("40" + json.dumps(owner.auth)).encode()
    line.sendall(b"\x81\xfe" + len(text).to_bytes(2, "big") + b"\0\0\0\0" + text)
    return line


def is_held(house: House, line: sockets.socket) -> bool:
    """Whether the server has not closed its end yet."""
    ends = f":{house.port:04X}", f":{line.getsockname()[1]:04X}"
    rows = [row.split()[1:4] for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    established = "01"
    return any((here[-5:], there[-5:]) == ends for here, there, state in rows if state == established)


def test_C9_R9_who_stops_reading_is_cut_and_holds_up_nobody(talk: Connect, house: House, ada: Owner) -> None:
    lines = [stalled(house, ada) for _ in range(5)]
    agent, cleo = talk(ada.auth), talk(ada.visitor)
    conversation_id = cleo.ask("client_message", {"content": "start"})["conversation_id"]
    before = house.memory()

    slowest = 0.0
    for _ in range(120):
        started = time.monotonic()
        agent.ask("agent_message", {"conversation_id": conversation_id, "content": "€" * 10_000})
        slowest = max(slowest, time.monotonic() - started)
    agent.hears("new_message", 121)

    def is_cut(line: sockets.socket) -> bool:
        """A reset, not the end of what was buffered: the server keeps nothing for it."""
        line.settimeout(0.2)
        try:
            while line.recv(1 << 20):
                pass
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False
        return True

    until(lambda: house.memory() - before < 64 * MEGABYTE)
    assert slowest < 10  # on a busy machine; behind all of them it would be far more
    # To read would be to take something; the kernel knows of the server's end without that.
    until(lambda: not any(is_held(house, line) for line in lines))
    assert all(is_cut(line) for line in lines)
