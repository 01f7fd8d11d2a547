"""The widget on a network that breaks in the middle of a send and stays away: nothing lost, nothing doubled."""

import contextlib
import shutil
import socket
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Server
from tests.browser.pages import signed_in
from tests.browser.widget_page import Acme, Visit, until
from tests.services import free_port

# Long enough for several tries to come back and for the widget to say what is the matter.
AWAY_MS = 5_000
A_MINUTE_MS = 61_000
PIECE = 65_536


class Tunnel:
    """The way from a browser to the server, byte for byte. In the tunnel nothing gets through."""

    def __init__(self, port: int) -> None:
        self.to = port
        self.is_cut = self.swallows_answers = False
        self._open: set[socket.socket] = set()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._let_in, daemon=True).start()

    def cut(self) -> None:
        self.is_cut, self.swallows_answers = True, False
        for line in list(self._open):
            _end(line)

    def mend(self) -> None:
        self.is_cut = False

    def close(self) -> None:
        self.cut()
        self._door.close()

    def _let_in(self) -> None:
        while True:
            try:
                ours, _address = self._door.accept()
            except OSError:
                return
            if self.is_cut:
                _end(ours)
                continue
            theirs = socket.create_connection(("127.0.0.1", self.to))
            self._open |= {ours, theirs}
            threading.Thread(target=self._carry, args=(ours, theirs, False), daemon=True).start()
            threading.Thread(target=self._carry, args=(theirs, ours, True), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(PIECE):
                if not (is_answer and self.swallows_answers):
                    target.sendall(piece)
        for line in (source, target):
            self._open.discard(line)
            _end(line)


def _end(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    line.close()


@pytest.fixture(scope="module")
def tunnel() -> Iterator[Tunnel]:
    made = Tunnel(free_port())
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(prepared: Path, tunnel: Tunnel) -> Iterator[Server]:
    """One whose public address leads through the tunnel."""
    folder = Path(tempfile.mkdtemp(prefix="pingback-browser-"))
    shutil.copytree(prepared, folder, dirs_exist_ok=True)
    running = Server(folder, PUBLIC_BASE_URL=f"http://127.0.0.1:{tunnel.port}")
    tunnel.to = running.port
    yield running
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def visit(visit: Callable[..., Visit], tunnel: Tunnel) -> Callable[..., Visit]:
    tunnel.mend()
    return visit


def stored(server: Server, conversation_id: str) -> list[tuple[int, str]]:
    """What the database itself holds of it, by number."""
    with contextlib.closing(sqlite3.connect(f"file:{server.folder}/pingback.sqlite3?mode=ro", uri=True)) as database:
        found = database.execute(
            "SELECT seq, content FROM conversations_message WHERE conversation_id = ? ORDER BY seq",
            [conversation_id.replace("-", "")],
        ).fetchall()
    return [(seq, content) for seq, content in found]


@pytest.mark.parametrize("reloads", [True, False], ids=["and the page is loaded anew", "and the page stays"])
def test_a_network_that_breaks_in_mid_send_loses_and_doubles_nothing(
    visit: Callable[..., Visit], acme: Acme, server: Server, tunnel: Tunnel, browser: Any, reloads: bool
) -> None:
    cleo = visit()
    cleo.start("one")
    cleo.gets_through()
    [conversation] = acme.conversations
    desk = signed_in(browser, server, acme.email)
    inbox = desk.new_page()
    inbox.goto(f"{server.url}/inbox/{conversation['id']}/")

    # It reaches the server, whose answer never comes; then nothing gets through any more.
    tunnel.swallows_answers = True
    cleo.write("two")
    until(cleo.page, lambda: acme.words == ["one", "two"])
    tunnel.cut()
    cleo.write("three", "four")
    acme.say("Are you there?")
    cleo.chat.get_by_text("No connection. Your messages are kept and go out in order.").wait_for()
    cleo.page.wait_for_timeout(AWAY_MS)
    cleo.write("five")
    assert acme.words == ["one", "two", "Are you there?"]
    tunnel.mend()
    if reloads:
        cleo.reload()
        cleo.open()

    everything = ["one", "two", "Are you there?", "three", "four", "five"]
    until(cleo.page, lambda: acme.words == everything)
    until(cleo.page, lambda: cleo.shown == everything)
    until(cleo.page, lambda: inbox.locator("#messages .bubble").all_inner_texts() == everything)
    assert stored(server, conversation["id"]) == list(enumerate(everything, start=1))
    assert cleo.chat.get_by_text("No connection.").count() == 0
    kept = "Object.keys(localStorage).map(name => name.split(':')[2])"
    until(cleo.page, lambda: cleo.page.evaluate(kept) == ["key"])
    desk.close()


def test_a_first_message_whose_answer_is_lost_opens_one_conversation(
    visit: Callable[..., Visit], acme: Acme, tunnel: Tunnel
) -> None:
    cleo = visit()
    cleo.open()
    cleo.chat.get_by_role("button", name="Send us a message").click()
    until(cleo.page, lambda: cleo.line.is_open)
    tunnel.swallows_answers = True
    cleo.write("one")
    until(cleo.page, lambda: len(acme.conversations) == 1)
    tunnel.cut()
    cleo.write("two")
    tunnel.mend()
    cleo.reload()
    cleo.open()

    until(cleo.page, lambda: len(acme.conversations) == 1 and acme.words == ["one", "two"])
    until(cleo.page, lambda: cleo.shown == ["one", "two"])


def test_a_minute_without_a_network_loses_and_doubles_nothing_of_either_side(
    visit: Callable[..., Visit], acme: Acme, server: Server
) -> None:
    cleo = visit()
    cleo.start("one")
    cleo.gets_through()
    cleo.context.set_offline(True)
    cleo.write("three", "four")
    acme.say("two")
    cleo.chat.get_by_text("No connection. Your messages are kept and go out in order.").wait_for()
    cleo.page.wait_for_timeout(A_MINUTE_MS)
    cleo.write("five")
    assert acme.words == ["one", "two"]

    cleo.context.set_offline(False)

    everything = ["one", "two", "three", "four", "five"]
    until(cleo.page, lambda: acme.words == everything)
    until(cleo.page, lambda: cleo.shown == everything)
    assert stored(server, acme.conversations[0]["id"]) == list(enumerate(everything, start=1))
    cleo.gets_through()
    assert cleo.chat.get_by_text("No connection.").count() == 0


def test_what_came_during_a_break_is_fetched_behind_more_than_one_answer_holds(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    """Whatever was there is asked for again, too: it may have been changed."""
    cleo = visit()
    cleo.start("one")
    cleo.gets_through()
    for _ in range(19):
        acme.say("\u8a9e" * 10_000)
    until(cleo.page, lambda: cleo.log.locator(".pb-b").count() == 20)
    cleo.line.cut()
    acme.say("the last words")
    cleo.line.mend()

    cleo.sees("the last words")
    assert cleo.log.locator(".pb-b").count() == 21
