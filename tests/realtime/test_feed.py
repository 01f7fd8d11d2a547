"""GET /feed?wait=: an answer that waits is there when something happens, and costs nobody else anything."""

import asyncio
import contextlib
import socket
import threading
import time
import urllib.error
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from pingback.realtime import waiting
from tests.realtime.conftest import House, Owner
from tests.waiting import until


def position(house: House, owner: Owner) -> int:
    after = 0
    while (answer := house.call("GET", f"/feed?after={after}", token=owner.token))["results"]:
        after = answer["next"]
    return int(answer["next"])


@pytest.fixture
def asked() -> Callable[..., Any]:
    """`asked(house, path, owner)`: the request in a thread; calling what comes back gives answer and seconds."""

    def start(house: House, path: str, owner: Owner) -> Callable[[], tuple[Any, float]]:
        got: list[tuple[Any, float]] = []
        began = time.monotonic()

        def run() -> None:
            got.append((house.call("GET", path, token=owner.token), time.monotonic() - began))

        thread = threading.Thread(target=run)
        thread.start()

        def result() -> tuple[Any, float]:
            thread.join(40)
            return got[0]

        return result

    return start


def write(house: House, owner: Owner) -> None:
    body = {"business_id": owner.business_id, "initial_message": "Hello"}
    house.call("POST", "/conversations", body, owner.token)


def raw_wait(house: House, owner: Owner, after: int, seconds: int = 20) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", house.port), 30)
    line.sendall(
        f"GET /api/v1/feed?after={after}&wait={seconds} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {owner.token}\r\n\r\n".encode()
    )
    return line


def test_it_answers_when_something_happens(house: House, ada: Owner, asked: Any) -> None:
    after = position(house, ada)
    answer = asked(house, f"/feed?after={after}&wait=20", ada)
    time.sleep(0.3)  # it may already wait; when it does not yet, it finds the event at once: both are right

    write(house, ada)

    found, seconds = answer()
    assert seconds < 15
    assert found["results"][0]["seq"] == after + 1


def test_it_ends_empty_when_nothing_happens(house: House, ada: Owner, asked: Any) -> None:
    after = position(house, ada)

    found, seconds = asked(house, f"/feed?after={after}&wait=1", ada)()

    assert found == {"results": [], "next": after, "resync": False}
    assert seconds >= 1


def test_those_who_wait_take_nobodys_place(house: House, ada: Owner, mallory: Owner) -> None:
    after = position(house, ada)
    with contextlib.ExitStack() as lines:
        for _ in range(80):  # more than the requests that a process works on at once
            lines.enter_context(raw_wait(house, ada, after))

        def answers() -> bool:
            with contextlib.suppress(urllib.error.HTTPError):  # as long as all of them are being looked at
                return house.call("GET", "/conversations", token=mallory.token) == []
            return False

        until(answers)
        write(house, mallory)
        assert position(house, ada) == after


def test_a_member_has_ten_that_wait_and_the_next_is_answered_at_once(house: House, ada: Owner) -> None:
    after = position(house, ada)
    with contextlib.ExitStack() as lines:
        waiting = [lines.enter_context(raw_wait(house, ada, after)) for _ in range(11)]
        answered: list[Any] = []

        def one_is_answered() -> bool:
            for line in waiting:
                line.settimeout(0.01)
                with contextlib.suppress(TimeoutError):
                    answered.append(line.recv(4096))
            return bool(answered)

        until(one_is_answered)
        assert len(answered) == 1
        assert answered[0].startswith(b"HTTP/1.1 200")
    # Whoever hangs up gives the place back.

    def waits_again() -> bool:
        with raw_wait(house, ada, after) as line:
            line.settimeout(1)
            try:
                line.recv(4096)
            except TimeoutError:
                return True
            return False

    until(waits_again)


# In this process, with a view that says what it finds ------------------------------------------------------


class View:
    """The feed of one workspace, as Django answers it: told to wait as long as there is nothing."""

    def __init__(self, *found: bytes) -> None:
        self.business_id, self.membership_id = uuid4(), uuid4()
        self.found, self.asked = list(found), 0

    async def __call__(self, scope: waiting.Scope, receive: waiting.Receive, send: waiting.Send) -> None:
        self.asked += 1
        body = self.found.pop(0) if self.found else b""
        if not body:
            wait = scope["pingback.wait"]
            wait.business_id, wait.membership_id, wait.seconds = self.business_id, self.membership_id, 3600
        await send({"type": "http.response.body", "body": body})

    async def answer(self) -> bytes:
        said: list[bytes] = []

        async def receive() -> waiting.Message:
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: waiting.Message) -> None:
            said.append(message["body"])

        scope = {"type": "http", "path": "/api/v1/feed", "method": "GET"}
        async with asyncio.timeout(10):
            await waiting.Waiting(self)(scope, receive, send)
        return b"".join(said)


async def test_what_happens_between_the_question_and_the_waiting_is_answered_at_once() -> None:
    view = View(b"", b"news")

    assert await view.answer() == b"news"
    assert view.asked == 2


async def test_beyond_so_many_who_wait_the_next_is_answered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MAX_WAITING", 1)
    first, second = View(), View()
    waits = asyncio.create_task(first.answer())
    while first.asked < 2:
        await asyncio.sleep(0)

    assert await second.answer() == b""
    assert second.asked == 1

    first.found.append(b"news")
    waiting.wake(str(first.business_id))
    assert await waits == b"news"
