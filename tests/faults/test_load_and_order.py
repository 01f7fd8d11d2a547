"""R2: everybody sees one order. R9: who stops reading is cut and costs nobody else anything."""

import json
import socket

import pytest

from tests.faults import scenes
from tests.faults.people import AgentsApp, ByApi, BySocket, Watcher, Writer
from tests.faults.scenes import Scene
from tests.faults.town import Town
from tests.waiting import until

pytestmark = pytest.mark.timeout(600, func_only=True)
MEBIBYTE = 1024 * 1024


def test_R2_writers_at_once_on_one_conversation_are_heard_by_everybody_in_the_order_of_the_database(
    running_town: Town, scene: Scene
) -> None:
    [talk, *_others] = scene.talks
    watchers = [watcher for watcher in scene.watchers(agents=2, visitors=2) if _sees(watcher, talk.id)]
    for watcher in watchers:
        watcher.start()
    until(lambda: all(watcher.is_live.is_set() for watcher in watchers), seconds=60)
    writers: list[Writer] = [ByApi(scene.owner, talk.id, scene.port, most=30) for _ in range(2)]
    for auth in [scene.owner.auth, scene.visitor(talk)] * 2:
        writers.append(BySocket(scene.port, auth, talk.id, most=30))

    scenes.play(writers)

    assert scenes.check(scene, writers) == 6 * 30 + len(scene.talks)
    scenes.agree(scene, watchers)
    through_the_api = scene.owner.town.call("GET", f"/conversations/{talk.id}", token=scene.owner.token)["messages"]
    assert [message["seq"] for message in through_the_api] == list(range(1, 182))
    for watcher in watchers:
        assert watcher.heard[talk.id] == list(range(2, 182)), type(watcher).__name__
        watcher.stop()


def test_R2_in_fifty_conversations_there_is_no_gap_and_every_copy_is_what_is_stored(running_town: Town) -> None:
    scene = scenes.begin(running_town, talks=50)
    watchers = scene.watchers(agents=1, visitors=1)
    for watcher in watchers:
        watcher.start()
    until(lambda: all(watcher.is_live.is_set() for watcher in watchers), seconds=120)
    writers = scene.writers(50)

    for first in range(0, len(writers), 20):
        scenes.play(writers[first : first + 20])

    assert scenes.check(scene, writers) == 50 * (100 + 1)
    scenes.agree(scene, watchers)
    for watcher in watchers:
        watcher.stop()


def test_R9_fifty_who_stop_reading_are_cut_and_take_neither_memory_nor_anybodys_events(
    running_town: Town, scene: Scene
) -> None:
    [web, *_others] = running_town.webs
    [talk, *_others] = scene.talks
    watcher = AgentsApp(web.port, scene.owner.auth)
    watcher.start()
    until(watcher.is_live.is_set, seconds=60)
    alone = web.open_files()
    lines = [_stalled(web.port, scene.owner.auth) for _ in range(50)]
    before = web.memory()
    most = 0
    writer = BySocket(web.port, scene.owner.auth, talk.id, most=10_000, padding=9_900)
    writer.start()

    def all_are_cut() -> bool:
        nonlocal most
        most = max(most, web.memory() - before)
        return web.open_files() < alone + 10  # a few for the writer and the database

    until(all_are_cut, seconds=90)
    writer.halt.set()
    writer.join(30)

    assert most < 64 * MEBIBYTE
    assert watcher.reconnects == 0
    scenes.check(scene, [writer])
    scenes.agree(scene, [watcher])
    watcher.stop()
    for line in lines:
        line.close()


def _sees(watcher: Watcher, conversation_id: str) -> bool:
    return isinstance(watcher, AgentsApp) or getattr(watcher, "conversation_id", "") == conversation_id


def _stalled(port: int, auth: dict[str, str]) -> socket.socket:
    """A member's websocket that reads nothing after its handshake, with small buffers."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.connect(("127.0.0.1", port))
    line.sendall(
        b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert b" 101 " in line.recv(4096)
    text = ("40" + json.dumps(auth)).encode()
    line.sendall(b"\x81\xfe" + len(text).to_bytes(2, "big") + b"\0\0\0\0" + text)
    return line
