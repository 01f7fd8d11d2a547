"""R7: deploys are quiet."""

from signal import SIGTERM

import pytest
from django.conf import settings

from tests.faults import scenes
from tests.faults.people import ByApi, Line
from tests.faults.scenes import Scene
from tests.faults.town import Town, status_of
from tests.waiting import until

pytestmark = pytest.mark.timeout(300, func_only=True)
several = pytest.mark.skipif(settings.EMBEDDED, reason="SQLite serves one process; see the pass with services")


@several
def test_R7_a_rolling_restart_under_load_fails_no_answer(running_town: Town, scene: Scene) -> None:
    writers = scene.writers(10_000, pause=0.01)
    watchers = scene.watchers(agents=3, visitors=1)
    for thread in (*writers, *watchers):
        thread.start()
    until(lambda: scenes.said(writers) > 50, seconds=60)

    for web in running_town.webs:
        web.send(SIGTERM)
        web.wait(60)  # a few seconds, on a machine that does nothing else
        web.start()
        running_town.back(web)
        before = scenes.said(writers)
        until(lambda before=before: scenes.said(writers) > before + 50, seconds=60)
    for writer in writers:
        writer.halt.set()
        writer.join(30)

    assert not [writer.trouble for writer in writers if writer.trouble]
    # A program's answer never fails; a socket's message may meet the moment in which its line is closed.
    assert [writer.refusals for writer in writers if isinstance(writer, ByApi)] == [[], []]
    scenes.check(scene, writers)
    scenes.agree(scene, watchers)
    for watcher in watchers:
        watcher.stop()


def test_R7_what_is_under_way_at_the_signal_is_answered_and_new_work_goes_elsewhere(
    running_town: Town, scene: Scene
) -> None:
    web, talk = running_town.webs[0], scene.talks[0]
    lines = [Line(web.port, scene.visitor(talk)) for _ in range(3)]

    try:
        said = [line.say("client_message", {"content": "Now?"}) for line in lines]
        web.send(SIGTERM)
        if not running_town.embedded:
            until(lambda: status_of(web.port, "/readyz") == 503, seconds=30)
            assert status_of(web.port, "/healthz") == 200
            assert status_of(web.port, "/socket.io/?EIO=4&transport=polling") == 503
            with pytest.raises(Exception, match=r"403|503"):
                Line(web.port, scene.visitor(talk))
        web.wait(60)
        acks = [line.answer(number) for line, number in zip(lines, said, strict=True)]
        assert [ack["message"]["content"] for ack in acks] == ["Now?"] * 3
    finally:
        web.start()
        running_town.back(web)
