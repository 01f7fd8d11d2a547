"""R8: Redis or PostgreSQL is away, comes back, or hangs."""

import threading
from http.client import HTTPConnection

import pytest
from django.conf import settings

from tests.faults import scenes
from tests.faults.people import ByApi, BySocket
from tests.faults.scenes import Scene
from tests.faults.town import Town, said_by, status_of
from tests.waiting import until

pytestmark = [
    pytest.mark.timeout(300, func_only=True),
    pytest.mark.skipif(settings.EMBEDDED, reason="needs PostgreSQL and Redis; see the pass with services"),
]


def test_R8_without_redis_everything_is_stored_and_answered_and_live_events_come_back(
    running_town: Town, scene: Scene
) -> None:
    assert running_town.redis
    watchers = scene.watchers(agents=2, visitors=1)
    for watcher in watchers:
        watcher.start()
    until(lambda: all(watcher.is_live.is_set() for watcher in watchers), seconds=60)

    running_town.redis.kill()
    for web in running_town.webs:
        until(lambda web=web: said_by(web.port, "/readyz").get("bus") == "down", seconds=60)
    writers = scene.writers(20)
    scenes.play(writers)
    assert [writer.refusals for writer in writers] == [[]] * 8
    assert [said_by(web.port, "/readyz")["bus"] for web in running_town.webs] == ["down"] * 2

    running_town.redis.begin()
    until(lambda: all(watcher.resyncs for watcher in watchers), seconds=60)
    running_town.recover()
    scenes.agree(scene, watchers)
    later = scene.writers(5)
    scenes.play(later)
    scenes.agree(scene, watchers)
    scenes.check(scene, [*writers, *later])
    for watcher in watchers:
        watcher.stop()


def test_R8_without_postgres_callers_are_sent_away_and_served_soon_after_its_return(
    running_town: Town, scene: Scene
) -> None:
    assert running_town.postgres
    talk = scene.talks[0]
    program = ByApi(scene.owner, talk.id, scene.port, most=1)
    browser = BySocket(scene.port, scene.visitor(talk), talk.id, most=1)

    running_town.postgres.kill()
    try:
        answers = [_ask(web.port, scene) for web in running_town.webs]
        assert answers == [(503, "1")] * 2
        assert status_of(running_town.webs[0].port, "/readyz", timeout=5) == 503
        assert status_of(running_town.webs[0].port, "/healthz") == 200
    finally:
        running_town.postgres.begin()
    scenes.play([program, browser])  # each gives up after a minute
    scenes.check(scene, [program, browser])
    running_town.recover()


def test_R8_a_database_that_hangs_is_a_503_for_each_and_no_pile(running_town: Town, scene: Scene) -> None:
    assert running_town.postgres
    answers: list[tuple[int, str | None]] = []
    ports = [web.port for web in running_town.webs] * 75
    threads = [threading.Thread(target=lambda port=port: answers.append(_ask(port, scene))) for port in ports]
    browser = BySocket(scene.port, scene.visitor(scene.talks[0]), scene.talks[0].id, most=1)

    running_town.postgres.freeze()
    try:
        for thread in threads:
            thread.start()
        browser.start()
        for thread in threads:
            thread.join(40)
        assert [status_of(web.port, "/healthz") for web in running_town.webs] == [200] * 2
    finally:
        running_town.postgres.thaw()

    assert answers == [(503, "1")] * 150
    browser.join(120)
    running_town.recover()
    writers = scene.writers(5)
    scenes.play(writers)
    scenes.check(scene, [browser, *writers])


def _ask(port: int, scene: Scene) -> tuple[int, str | None]:
    """Status and Retry-After of one read; it ends by itself, as the caller waits for a minute."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        headers = {"Authorization": f"Bearer {scene.owner.token}"}
        connection.request("GET", f"/api/v1/conversations/{scene.talks[0].id}/messages", headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers["Retry-After"]
    finally:
        connection.close()
