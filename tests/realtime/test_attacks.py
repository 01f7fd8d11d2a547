"""Attacks on open sockets that need many packets, many sockets or much patience: C3 to C6, C8 to C11, A7, A11.

The single bad packets are in test_abuse.py, who may come in is in test_handshake.py, how sockets end in test_ends.py.
"""

import contextlib
import json
import shutil
import socket as sockets
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.realtime.conftest import Connect, House, Owner, is_closed, new_id, polled, sign_up
from tests.realtime.test_abuse import MEGABYTE, Raw, hello, is_alive, polling
from tests.waiting import until

# What a flood may leave behind in a server: the allocator's slack, not what was sent.
SLACK = 24 * MEGABYTE


@pytest.fixture
def unharmed(talk: Connect, house: House, ada: Owner) -> Iterator[None]:
    """Whatever the test does: the server's memory stays where it was, and it still answers."""
    bystander = talk(ada.visitor)
    bystander.ask("client_message", {"content": "Before"})
    before = house.memory()
    yield
    until(lambda: house.memory() - before < SLACK)
    assert bystander.ask("client_message", {"content": "After"})["message"]["seq"] == 2
    assert "Traceback" not in house.log.read_text()


# Packets ----------------------------------------------------------------------------------------------------


def test_C5_a_message_in_many_small_frames_is_counted_whole(raw: Raw, ada: Owner, unharmed: None) -> None:
    socket = hello(raw, ada, compression=None)
    with contextlib.suppress(ConnectionClosed):
        socket.send("a" * 1_000 for _ in range(10_000))

    assert is_closed(socket)


@pytest.mark.parametrize("size", [64 * 1024 + 1, 20 * MEGABYTE])
def test_C5_a_small_frame_that_unpacks_to_a_big_one_closes(raw: Raw, ada: Owner, size: int, unharmed: None) -> None:
    socket = hello(raw, ada, compression="deflate")
    with contextlib.suppress(ConnectionClosed):
        socket.send("4" * size)

    assert is_closed(socket)


def test_C7_ten_packets_of_64_KiB_in_one_poll_are_refused(house: House, ada: Owner, unharmed: None) -> None:
    sid = polling(house, ada)
    body = b"\x1e".join([b'42["typing","' + b"a" * (64 * 1024 - 15) + b'"]'] * 10)
    head = (
        f"POST /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    for _ in range(20):
        answer = b""
        with sockets.create_connection(("127.0.0.1", house.port), timeout=30) as line, contextlib.suppress(OSError):
            line.sendall(head.encode())
            line.sendall(body)  # fails when the server has hung up on it
            answer = line.recv(100)
        assert answer == b"" or b" 413 " in answer

    assert polled(house, f"&sid={sid}", b'420["resume",{}]')[0] == 200
    assert polled(house, f"&sid={sid}")[1].startswith('430[{"error"')


def test_C6_binary_announced_on_hundreds_of_sockets_is_not_waited_for(
    house: House, raw: Raw, ada: Owner, unharmed: None
) -> None:
    for kind in ("45", "46"):
        for _ in range(50):
            socket = hello(raw, ada)
            with contextlib.suppress(ConnectionClosed):
                for _packet in range(3):
                    socket.send(kind + '5000-["typing",{"_placeholder":true,"num":0}]')
                    socket.send(b"x" * 60_000)
            assert is_closed(socket)


def test_two_namespaces_are_one_too_many(raw: Raw, ada: Owner) -> None:
    socket = hello(raw, ada)
    socket.send("40/admin," + json.dumps(ada.auth))
    socket.send('42/admin,7["resume",{"cursor":0}]')

    assert is_alive(socket)  # and no answer to either came before this one


# Rooms ------------------------------------------------------------------------------------------------------


def test_a_member_joins_by_the_id_of_its_own_conversations_and_by_nothing_else(
    talk: Connect, ada: Owner, mallory: Owner
) -> None:
    cleo = talk(ada.visitor)
    hers = cleo.ask("client_message", {"content": "Hello?"})["conversation_id"]
    attacker = talk(mallory.auth)

    for wanted, code in [
        (hers, "not_found"),
        (ada.business_id, "not_found"),
        (f"business_{ada.business_id}", "invalid"),
        (f"conversation_{hers}", "invalid"),
        ([hers], "invalid"),
        ({"in": [hers]}, "invalid"),
        (f"{hers}' OR '1'='1", "invalid"),
        ("*", "invalid"),
        (True, "invalid"),
        (10**15, "invalid"),
    ]:
        assert attacker.ask("join_conversation", {"conversation_id": wanted})["error"]["code"] == code, wanted
    cleo.ask("client_message", {"content": "Anybody?"})
    cleo.ask("typing", {"conversation_id": hers, "is_typing": True})
    cleo.hears("new_message", 2)
    assert attacker.heard == []


def test_C8_10000_joins_of_conversations_that_nobody_has(raw: Raw, ada: Owner, unharmed: None) -> None:
    refused = 0
    for _ in range(10):
        socket = hello(raw, ada)
        with contextlib.suppress(ConnectionClosed):
            for number in range(1_000):
                socket.send(f'42{number}["join_conversation",{{"conversation_id":"{new_id()}"}}]')
        with contextlib.suppress(ConnectionClosed):
            while True:
                answer = str(socket.recv(timeout=30))
                assert '"error"' in answer or answer in {"1", "2", "41"}, answer
                refused += '"error"' in answer
        assert is_closed(socket)

    assert refused < 10 * 600


def test_C10_a_visitor_marks_and_types_nothing_in_a_foreign_conversation(talk: Connect, raw: Raw, ada: Owner) -> None:
    cleo, agent = talk(ada.visitor), talk(ada.auth)
    hers = cleo.ask("client_message", {"content": "Hello?"})["conversation_id"]
    answer = agent.ask("agent_message", {"conversation_id": hers, "content": "Hi!"})["message"]["id"]
    agent.ask("join_conversation", {"conversation_id": hers})
    stranger = talk(ada.visitor)
    stranger.ask("client_message", {"content": "I am somebody else"})
    for event in ("mark_read", "mark_delivered"):
        assert stranger.ask(event, {"message_id": answer})["error"]["code"] == "not_found"
    for event in ("typing", "leave_conversation", "close_conversation"):
        socket = hello(raw, ada)
        socket.send("420" + json.dumps([event, {"conversation_id": hers, "is_typing": True}]))
        assert is_alive(socket) or event in {"typing", "leave_conversation"}

    cleo.ask("client_message", {"content": "Anybody?"})
    agent.hears("new_message", 4)
    cleo.hears("new_message", 3)
    for talker in (agent, cleo):
        assert not {event for event, _payload in talker.heard} & {"typing", "delivered", "read"}


# Keys -------------------------------------------------------------------------------------------------------


def test_A11_of_200_guessed_keys_ten_are_looked_at(raw: Raw, house: House, ada: Owner, unharmed: None) -> None:
    elsewhere = {"X-Forwarded-For": "198.51.100.77"}
    answers = []
    for number in range(200):
        with contextlib.closing(raw(additional_headers=elsewhere, compression=None)) as socket:
            socket.recv()
            socket.send("40" + json.dumps({**ada.visitor, "visitor_key": f"v1.{new_id()}.{number}"}))
            answers.append(str(socket.recv()))

    welcomed = [answer for answer in answers if answer.startswith("40")]
    assert 1 <= len(welcomed) <= 10
    assert set(answers) - set(welcomed) == {'44{"message":"too_many_connections"}'}


def test_C11_a_key_that_was_not_used_for_180_days_opens_nothing(talk: Connect, house: House, ada: Owner) -> None:
    first = talk(ada.visitor).ask("client_message", {"content": "Hello?"})
    house.shell(
        "from datetime import timedelta; from django.utils import timezone; from widgets.models import Visitor\n"
        f"Visitor.objects.filter(business_id='{ada.business_id}')"
        ".update(last_seen_at=timezone.now() - timedelta(days=180, seconds=1))"
    )
    late = talk({**ada.visitor, "visitor_key": first["visitor_key"]})

    mine = {"conversation_id": first["conversation_id"], "seq": 0}
    assert late.ask("resume", mine)["error"]["code"] == "not_found"
    again = late.ask("client_message", {"content": "Hi", "visitor_key": first["visitor_key"]})
    assert again["conversation_id"] != first["conversation_id"]


def test_a_ticket_that_is_a_minute_old_opens_nothing(talk: Connect, house: House, ada: Owner) -> None:
    late = house.shell(
        "from datetime import timedelta; from accounts import tickets; from accounts.models import AuthSession\n"
        "tickets.LIFETIME = timedelta(seconds=-1)\n"
        f"print(tickets.issue_ticket(AuthSession.objects.filter(user_id='{ada.user_id}').first()))"
    )

    assert talk({**ada.visitor, "token": late}).refusal == ["unauthorized"]


def test_what_is_refused_leaves_no_secret_in_the_log(talk: Connect, raw: Raw, house: House, ada: Owner) -> None:
    key = talk(ada.visitor).ask("client_message", {"content": "Hello?"})["visitor_key"]
    secrets = [f"{ada.token}x", f"{key}x", f"canary-{new_id()}"]
    talk({**ada.visitor, "token": secrets[0]})
    talk({**ada.visitor, "visitor_key": secrets[1]}).ask("client_message", {"content": secrets[2], "attachments": 7})
    socket = hello(raw, ada)
    with contextlib.suppress(ConnectionClosed):
        for _ in range(3):
            socket.send(f'42["{secrets[2]}",{{"token":"{ada.token}"}}]')
    assert is_closed(socket)

    log = house.log.read_text()
    for secret in (*secrets, ada.token, key):
        assert secret not in log


@pytest.fixture
def talkative() -> Iterator[House]:
    """A server of its own that logs all it ever logs in a house, and may be broken."""
    folder = Path(tempfile.mkdtemp(prefix="pingback-talkative-"))
    running = House(folder, LOG_LEVEL="INFO", DATABASE_URL=f"sqlite:///{folder}/x.sqlite3", REDIS_URL="")
    yield running
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)


def test_no_token_no_key_and_no_word_is_in_the_log_of_what_goes_well_or_breaks(talk: Connect, talkative: House) -> None:
    ada = sign_up(talkative, "Ada", "Acme")
    ticket = talkative.call("POST", "/auth/socket-ticket", None, ada.token)["ticket"]
    words, reply = f"canary-{new_id()}", f"canary-{new_id()}"
    agent, polling_agent = talk(ada.auth, to=talkative), talk(ada.auth, to=talkative, transports=["polling"])
    talk({**ada.visitor, "token": ticket}, to=talkative)
    cleo = talk(ada.visitor, to=talkative)
    ack = cleo.ask("client_message", {"content": words, "customer": {"email": f"{words}@example.com"}})
    talk({**ada.visitor, "visitor_key": ack["visitor_key"]}, to=talkative)
    agent.ask("agent_message", {"conversation_id": ack["conversation_id"], "content": reply})
    polling_agent.hears("new_message", 2)

    talkative.shell(
        "from django.db import connection\n"
        "connection.cursor().execute('ALTER TABLE conversations_message RENAME TO gone')"
    )
    more = {"content": words, "conversation_id": ack["conversation_id"], "client_message_id": words}
    for talker, event in ((cleo, "client_message"), (agent, "agent_message")):
        assert talker.ask(event, more)["error"]["code"] == "busy"
    assert cleo.ask("client_message", {"content": words, "new": True})["error"]["code"] == "busy"

    log = talkative.log.read_text()
    assert "no such table" in log  # what broke is told
    for secret in (ada.token, ticket, ack["visitor_key"], words, reply, ack["visitor_key"].split(".")[1]):
        assert secret not in log


# Many sockets -----------------------------------------------------------------------------------------------


def test_C4_500_connections_that_never_say_hello_are_all_closed(
    house: House, raw: Raw, talk: Connect, ada: Owner, unharmed: None
) -> None:
    sids = []
    for number in range(500):
        status, body = polled(house, X_Forwarded_For=f"203.0.113.{100 + number % 20}")
        assert status == 200
        sids.append(json.loads(body[1:])["sid"])

    until(lambda: all(polled(house, f"&sid={sid}", b"3")[0] == 400 for sid in sids[-50:]))
    assert {polled(house, f"&sid={sid}", b"3")[0] for sid in sids} == {400}
    # And they no longer count for their addresses.
    raw(additional_headers={"X-Forwarded-For": "203.0.113.100"})


def test_C4_what_a_client_says_of_its_address_counts_only_in_the_proxys_place(
    raw: Raw, house: House, ada: Owner
) -> None:
    for number in range(50):
        # Who says hello stays, however long the fifty take.
        raw(additional_headers={"X-Forwarded-For": f"192.0.2.{number}, 203.0.113.77"}).send(
            "40" + json.dumps(ada.visitor)
        )

    with pytest.raises(InvalidStatus):
        raw(additional_headers={"X-Forwarded-For": "192.0.2.200, 203.0.113.77"})
    assert polled(house, X_Forwarded_For="192.0.2.201, 203.0.113.77") == (429, '{"detail":"too_many_connections"}')


def test_C4_a_line_with_many_ipv6_addresses_is_one_caller(raw: Raw, house: House, ada: Owner) -> None:
    for number in range(50):
        raw(additional_headers={"X-Forwarded-For": f"2001:db8:77:1::{number:x}"}).send("40" + json.dumps(ada.visitor))

    assert polled(house, X_Forwarded_For="2001:db8:77:1:ffff::1") == (429, '{"detail":"too_many_connections"}')
    assert polled(house, X_Forwarded_For="2001:db8:77:2::1")[0] == 200


def test_200_sockets_of_one_visitor_are_ten(raw: Raw, talk: Connect, ada: Owner, unharmed: None) -> None:
    cleo = talk(ada.visitor)
    first = cleo.ask("client_message", {"content": "Hello?"})
    answers = []
    for _ in range(200):
        socket = raw()
        socket.recv()
        socket.send("40" + json.dumps({**ada.visitor, "visitor_key": first["visitor_key"]}))
        answers.append(str(socket.recv()))

    assert sum(answer.startswith("40") for answer in answers) == 9
    assert set(answers[9:]) == {'44{"message":"too_many_connections"}'}
    assert cleo.ask("client_message", {"content": "Still me"})["conversation_id"] == first["conversation_id"]


def test_C9_a_polling_client_that_never_fetches_is_cut(talk: Connect, house: House, ada: Owner, unharmed: None) -> None:
    sid = str(json.loads(polled(house)[1][1:])["sid"])
    polled(house, f"&sid={sid}", ("40" + json.dumps(ada.auth)).encode())
    assert polled(house, f"&sid={sid}")[1].startswith("40")
    agent, cleo = talk(ada.auth), talk(ada.visitor)
    conversation_id = cleo.ask("client_message", {"content": "start"})["conversation_id"]
    for _ in range(40):  # of 30 KB each: more than may lie there unread
        agent.ask("agent_message", {"conversation_id": conversation_id, "content": "€" * 10_000})

    until(lambda: polled(house, f"&sid={sid}", b"3")[0] == 400)
    assert len(agent.named("new_message")) >= 40


# Rights that end --------------------------------------------------------------------------------------------


def test_A7_a_socket_of_a_deleted_widget_is_cut_though_nobody_told_us(talk: Connect, watchful: House) -> None:
    ada = sign_up(watchful, "Ada", "Acme")
    widget = watchful.call("POST", "/widget/create", {"domain": f"{new_id()}.example"}, ada.token)
    cleo, agent = talk({**ada.visitor, "widget_id": widget["id"]}, to=watchful), talk(ada.auth, to=watchful)
    cleo.ask("client_message", {"content": "Hello?"})
    agent.hears("new_message")

    watchful.shell(f"from widgets.models import Widget; Widget.objects.filter(pk='{widget['id']}').delete()")

    assert cleo.hears("revoked") == {"reason": "visitor_ended"}
    until(lambda: not cleo.client.connected)
    assert [message["content"] for message in agent.named("new_message")] == ["Hello?"]
