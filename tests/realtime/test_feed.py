"""GET /feed?wait=: an answer that waits is there when something happens, and costs nobody else anything."""

import contextlib
import socket
import threading
import time
import urllib.error
from collections.abc import Callable
from typing import Any

import pytest

from tests.realtime.conftest import House, Owner, until


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

        until(answers, seconds=10)
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

        until(one_is_answered, seconds=10)
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

    until(waits_again, seconds=10)
