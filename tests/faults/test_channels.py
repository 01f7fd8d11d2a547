"""A provider on its worst day, and a process that is killed: nothing lost, doubled or out of order on our side.

As many messages each way as `--messages` says, over each of `--channels`; the process is killed once for each 200 of
them, and at least twice. On PostgreSQL a worker works beside it, and they are killed in turn.
"""

import json
import os
import random
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.conf import settings

from tests import migrated, services
from tests.fakes.server import free_port
from tests.faults.lines import LINES, Mood

CHATS = 12
# Half an hour of them: on a slow machine a process that is killed as soon as it answers is away for most of the time.
MOST_TRIES = 18_000


class House:
    """bin/serve with short waits, that can be killed and begun again on what it kept: on SQLite, and in the pass with
    services on PostgreSQL, beside a second worker."""

    def __init__(self, folder: Path, mood: Mood) -> None:
        self.database = "" if settings.EMBEDDED else services.start_postgres(durable=True)
        if settings.EMBEDDED:
            migrated.bring(folder / migrated.NAME)
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
        self.environment = kept | {
            "PINGBACK_DATA_DIR": str(folder),
            "DATABASE_URL": self.database,
            "PORT": str(self.port),
            "PUBLIC_BASE_URL": self.url,
            "THROTTLES": "off",
            "OUTBOUND_ALLOW": "127.0.0.1",
            **dict.fromkeys(mood.line.urls, mood.fake.url),
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.begin("web")
        self.call("/healthz")
        if self.database:
            self.begin("worker")

    def begin(self, kind: str) -> None:
        with (self.folder / "log").open("ab") as log:
            command = [sys.executable, str(Path(__file__).with_name("impatient.py")), kind]
            self.processes[kind] = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)

    def kill(self, kind: str) -> None:
        self.processes[kind].kill()
        self.processes[kind].wait(20)

    def call(self, path: str, body: Any = None, *, token: str = "", **headers: str) -> Any:
        """Again and again until it is answered, as a provider and a good client do; not by what ended by itself."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        given = {"Content-Type": "application/json", "Authorization": f"Bearer {token}", **headers}
        for _try in range(MOST_TRIES):
            if (self.processes["web"].poll() or 0) > 0:
                break
            request = urllib.request.Request(f"{self.url}{path}", data, given)
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    told = answer.read()  # Twilio hears XML
                    return json.loads(told) if told and answer.headers.get_content_subtype() == "json" else None
            except urllib.error.HTTPError as refusal:
                if refusal.code < 500 and refusal.code != 408:  # it took us too long to say it all
                    raise
            except (OSError, HTTPException):
                pass
            time.sleep(0.1)
        raise AssertionError((self.folder / "log").read_text()[-3000:])

    def asked(self, query: str) -> list[tuple[Any, ...]]:
        if self.database:
            with psycopg.connect(self.database) as rows:
                return rows.execute(query).fetchall()  # type: ignore[arg-type]
        with sqlite3.connect(self.folder / migrated.NAME, timeout=30) as rows:
            return rows.execute(query).fetchall()

    def wait_for(self, query: str, *, seconds: float) -> None:
        """Until it finds nothing."""
        until = time.monotonic() + seconds
        while left := self.asked(query):
            assert time.monotonic() < until, (left[:5], (self.folder / "log").read_text()[-3000:])
            time.sleep(0.1)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize("channel", metafunc.config.getoption("--channels").split(","))


@pytest.fixture
def mood(channel: str) -> Iterator[Mood]:
    mood = Mood(LINES[channel])
    with mood.fake:
        yield mood


@pytest.fixture
def house(tmp_path: Path, mood: Mood) -> Iterator[House]:
    running = House(tmp_path, mood)
    yield running
    for kind in running.processes:
        running.kill(kind)


@pytest.mark.timeout(3600)
def test_R4_R5_on_its_providers_worst_day_and_killed_again_and_again(
    house: House, mood: Mood, request: pytest.FixtureRequest
) -> None:
    most = request.config.getoption("--messages")
    day = Day(house, mood)
    each = max(most // CHATS, 1)
    texts = {chat: [f"{chat}: {number}" for number in range(each)] for chat in range(1, CHATS + 1)}

    with ThreadPoolExecutor(CHATS) as pool:
        coming = [pool.submit(day.write_in, chat, words) for chat, words in texts.items()]
        going = [pool.submit(day.answer, chat, words) for chat, words in texts.items()]
        for number in range(max(most // 200, 2)):
            house.call("/healthz")
            time.sleep(mood.dice.uniform(0.2, 0.8))
            kind = list(house.processes)[number % len(house.processes)]
            house.kill(kind)
            house.begin(kind)
        for job in [*coming, *going]:
            job.result()
    house.wait_for("SELECT id FROM channels_app_rawevent WHERE state != 'done'", seconds=300 + most)
    house.wait_for("SELECT last_error FROM channels_app_delivery WHERE state = 'queued'", seconds=300 + most)

    by_key = {mood.line.key(chat): words for chat, words in texts.items()}
    assert day.stored("customer") == {key: ["Hello?", *words] for key, words in by_key.items()}
    assert day.stored("agent") == {key: [f"To {text}" for text in words] for key, words in by_key.items()}
    _check_what_customers_saw(house, mood, by_key)


class Day:
    """Customers and agents of a workspace with one channel."""

    def __init__(self, house: House, mood: Mood) -> None:
        self.house, self.mood, self.line = house, mood, mood.line
        body = {"email": "ada@example.com", "full_name": "Ada Lovelace", "password": "tidewater-lane-9"}
        self.token = str(house.call("/api/v1/auth/register", body)["access_token"])
        house.call("/api/v1/auth/business/create", {"name": "Acme"}, token=self.token)
        body = {"type": self.line.type, "config": self.line.config(mood.fake)}
        made = house.call("/api/v1/channels", body, token=self.token)
        path = f"/api/v1/webhooks/{self.line.type}"
        self.path = path if self.line.shared_path else f"{path}/{made['id']}"
        connected = "SELECT last_error FROM channels_app_channel WHERE type = '{}' AND state != 'connected'"
        house.wait_for(connected.format(self.line.type), seconds=300)
        for chat in range(1, CHATS + 1):
            self._hand_over(chat, 0, "Hello?")
        house.wait_for(f"SELECT 1 WHERE (SELECT count(*) FROM channels_app_thread) < {CHATS}", seconds=300)

    def write_in(self, chat: int, words: list[str]) -> None:
        """In order, as a customer does; a fifth of it is told twice."""
        dice = random.Random(chat)
        for number, text in enumerate(words, 1):
            for _time in range(1 + (dice.random() < 0.2)):
                self._hand_over(chat, number, text)

    def _hand_over(self, chat: int, number: int, text: str) -> None:
        body, headers = self.line.post(self.mood.fake, f"{self.house.url}{self.path}", chat, number, text)
        self.house.call(self.path, body, **headers)

    def answer(self, chat: int, words: list[str]) -> None:
        key = self.line.key(chat)
        ((found,),) = self.house.asked(f"SELECT conversation_id FROM channels_app_thread WHERE key = '{key}'")
        for text in words:
            path = f"/api/v1/conversations/{UUID(str(found))}/messages"
            # What was stored and not answered, because of a kill or of much to do, is asked for again: under its key.
            self.house.call(path, {"content": f"To {text}"}, token=self.token, **{"Idempotency-Key": text})

    def stored(self, side: str) -> dict[str, list[str]]:
        rows = self.house.asked(
            "SELECT thread.key, content FROM conversations_message message JOIN channels_app_thread thread"
            f" USING (conversation_id) WHERE sender_type = '{side}' ORDER BY seq"
        )
        found: dict[str, list[str]] = defaultdict(list)
        for key, content in rows:
            found[key].append(content)
        return dict(found)


def _check_what_customers_saw(house: House, mood: Mood, texts: dict[str, list[str]]) -> None:
    """Each in its order; twice only what the provider, or a kill, left us in the dark about. Never thrice.

    What was given up as uncertain may still come, whenever the provider gets to it: nobody waited for it any more."""
    failed = dict(house.asked("SELECT content, error FROM conversations_message WHERE status = 'failed'"))
    doubtful = {content for (content,) in house.asked("SELECT content FROM channels_app_delivery WHERE uncertain > 0")}
    assert all("perhaps twice" in reason for reason in failed.values()), failed
    for key, words in texts.items():
        seen = mood.taken[key]
        expected = [f"To {text}" for text in words]
        in_time = [text for text in dict.fromkeys(seen) if text not in failed]
        assert in_time == [text for text in expected if text not in failed]
        often = {text for text, times in Counter(seen).items() if times > 1}
        assert often <= doubtful, often - doubtful
        assert max(Counter(seen).values()) <= 2
    assert all(len(ids) == 1 for ids in mood.ids.values())
