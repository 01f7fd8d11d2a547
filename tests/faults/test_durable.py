"""R1, on SQLite R1s: acknowledged is stored, once, whatever is killed. R3: every copy ends equal to the database.

As much of each as attacks.md asks of CI; `bin/bench faults --tier` goes on until its other tiers are reached.
"""

import contextlib
import sqlite3

import pytest

from tests.faults import scenes
from tests.faults.scenes import Cutter, Scene
from tests.faults.town import Town
from tests.waiting import until

pytestmark = pytest.mark.timeout(900)


def test_R1_R1s_what_was_acknowledged_is_stored_once_though_everything_is_killed_while_eight_write(
    running_town: Town, scene: Scene
) -> None:
    each = 250 if running_town.embedded else 625
    writers = scene.writers(each, patience=180)
    kills = [running_town.kill_web]
    if running_town.embedded:
        kills *= 2
    else:
        kills += [running_town.kill_worker, running_town.kill_redis, running_town.kill_postgres]

    cutter = Cutter(running_town, seed=1, every=1, share=0.3)  # a lost ack is sent again, too
    cutter.start()
    scenes.play(writers, kills, seconds=700)
    cutter.stop()

    assert scenes.check(scene, writers) == 8 * each + 4
    assert sum(writer.again for writer in writers) > 0, "nothing was broken"
    running_town.recover()
    if running_town.embedded:
        with contextlib.closing(sqlite3.connect(running_town.folder / "pingback.sqlite3")) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_R3_every_copy_ends_equal_to_the_database_though_sockets_are_cut_in_mid_frame(
    running_town: Town, scene: Scene
) -> None:
    watchers = scene.watchers(agents=4, visitors=2)
    writers = scene.writers(10_000, pause=0.02, patience=180)
    cutter = Cutter(running_town, seed=3, watchers=watchers)
    for thread in (*watchers, *writers, cutter):
        thread.start()

    until(lambda: sum(watcher.reconnects for watcher in watchers) >= 100, seconds=180)
    if running_town.redis:
        running_town.kill_redis()
    running_town.kill_web()
    running_town.recover()
    until(lambda: sum(watcher.reconnects for watcher in watchers) >= 200, seconds=180)
    cutter.stop()
    for writer in writers:
        writer.halt.set()
    for writer in writers:
        writer.join(200)

    assert not scenes.alive(writers), "a writer got stuck"
    assert not [writer.trouble for writer in writers if writer.trouble]
    assert scenes.check(scene, writers) > 100
    scenes.agree(scene, watchers)
    for watcher in watchers:
        watcher.stop()
