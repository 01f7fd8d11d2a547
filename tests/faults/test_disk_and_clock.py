"""R10: the disk is full. R11: the clock is wrong."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.faults import scenes, town
from tests.faults.people import Line
from tests.faults.scenes import Scene
from tests.faults.town import Caller, Process, Refused, Town
from tests.waiting import until

pytestmark = pytest.mark.timeout(300, func_only=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("may not mount a small disk here")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


@pytest.mark.skipif(not settings.EMBEDDED, reason="PostgreSQL has a disk of its own; see the pass on SQLite")
def test_R10_on_a_full_disk_reading_goes_on_writing_is_a_503_and_room_is_all_it_needs(small_disk: Path) -> None:
    with town.running(embedded=True, folder=small_disk) as full:  # its log lies there, too
        scene = scenes.begin(full, talks=1)
        [talk] = scene.talks
        line = Line(scene.port, scene.visitor(talk))
        ballast = small_disk / "ballast"
        _fill(ballast)

        refused = _until_refused(scene)
        assert refused == (503, '{"detail":"Try again"}')
        with pytest.raises(Refused) as upload:
            _upload(scene)
        assert upload.value.args == (503, '{"detail":"Try again"}')
        message = {"content": "Still there?", "conversation_id": talk.id, "client_message_id": "full-1"}
        assert line.ask("client_message", message)["error"]["code"] == "busy"
        for path in (f"/conversations/{talk.id}/messages", "/conversations/", "/auth/me"):
            full.call("GET", path, token=scene.owner.token)
        assert line.ask("resume", {"conversation_id": talk.id, "seq": 0})["messages"][0]["content"] == "Hello?"

        ballast.unlink()
        until(lambda: "message" in line.ask("client_message", message), seconds=60)
        _upload(scene)
        writers = scene.writers(6)
        scenes.play(writers)
        stored = scene.owner.stored(talk.id)
        assert [seq for seq, _id, _content in stored] == list(range(1, len(stored) + 1))
        assert full.rows("PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("hours", [1, -1])
def test_R11_a_clock_that_is_an_hour_off_changes_no_order_and_judges_tokens_by_what_it_shows(
    running_town: Town, scene: Scene, hours: int
) -> None:
    """One process has a wrong clock, the others and the database a right one; on SQLite it is all of them."""
    web, owner = running_town.webs[0], scene.owner
    watchers = scene.watchers(agents=0, visitors=2)
    before = scene.browsers(3)
    for watcher in watchers:
        watcher.start()
    scenes.play(before)
    web.stop()
    web.start(CLOCK_IS_OFF_BY=str(hours * 3600))
    running_town.back(web)
    try:
        meanwhile = scene.browsers(6)
        scenes.play(meanwhile)
        # One from its future is not good yet; whoever signs in there goes on.
        assert _may_enter(web, owner.token) == (hours > 0)
        made_there = running_town.call("POST", "/auth/login", owner.credentials, port=web.port)["access_token"]
        assert _may_enter(web, made_there)
    finally:
        web.stop()
        web.start()
        running_town.back(web)
    after = scene.browsers(3)
    scenes.play(after)

    scenes.check(scene, [*before, *meanwhile, *after])
    scenes.agree(scene, watchers)
    for watcher in watchers:
        watcher.stop()
    assert _may_enter(web, owner.token)
    assert _may_enter(web, made_there) == (hours < 0)
    # Nobody was sent away to wait for the clock, and nobody was kept busy by it.
    assert max(writer.slowest for writer in [*meanwhile, *after]) < 20
    assert max(writer.again for writer in [*meanwhile, *after]) < 40


def _may_enter(web: Process, token: str) -> bool:
    try:
        Caller(web.port, token).call("GET", "/auth/me")
    except Refused as refused:
        if refused.args[0] == 401:
            return False
        raise
    return True


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                os.write(file.fileno(), b"\0" * 4096)
        except OSError:
            return


def _until_refused(scene: Scene) -> tuple[int, str]:
    """What SQLite has already taken for its log of changes may still hold a few."""
    for number in range(500):
        try:
            scene.town.call(
                "POST",
                f"/conversations/{scene.talks[0].id}/messages",
                {"content": f"{number} " + "x" * 5_000},
                token=scene.owner.token,
            )
        except Refused as refused:
            return refused.args  # type: ignore[return-value]
    raise AssertionError("the disk never was full")


def _upload(scene: Scene) -> None:
    scene.town.upload(f"/conversations/{scene.talks[0].id}/upload", b"word " * 200_000, token=scene.owner.token)
