"""A provider on its worst day, and a process that is killed: nothing lost, doubled or out of order on our side.

As many messages each way as `--messages` says; the process is killed once for each 200 of them, and at least twice.
"""

import json
import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.conf import settings

from tests import migrated, services
from tests.fakes.server import Answer, Call, free_port
from tests.fakes.telegram import TOKEN, Telegram, error

CHATS = 12
# Half an hour of them: on a slow machine a process that is killed as soon as it answers is away for most of the time.
MOST_TRIES = 18_000


class Moody(Telegram):
    """Of sends it fails 30 %, and takes 5 % without a word. taken: what customers see, by chat."""

    def __init__(self, dice: random.Random) -> None:
        super().__init__()
        self.dice = dice
        self._numbers = count(1_000_000)  # in a chat both sides' messages are counted together
        self.taken: dict[str, list[str]] = defaultdict(list)
        self._lock = threading.Lock()

    def answer(self, call: Call) -> Answer:
        right = super().answer(call)
        if not self.is_send(call):
            return right
        with self._lock:
            mood = self.dice.random()
            if mood < 0.3:
                return error(502, "Bad Gateway")
            self.taken[call.fields["chat_id"]].append(call.fields["text"])
            if mood < 0.35:
                return Answer(right.body, pause=2.5) if mood < 0.31 else Answer(drop=True)
            return right


class House:
    """bin/serve with short waits, that can be killed and begun again on what it kept: on SQLite, and in the pass with
    services on PostgreSQL."""

    def __init__(self, folder: Path, provider: str) -> None:
        self.database = "" if settings.EMBEDDED else services.start_postgres(durable=True)
        if settings.EMBEDDED:
            migrated.bring(folder / migrated.NAME)
        self.folder, self.port = folder, free_port()
        kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
        self.environment = kept | {
            "PINGBACK_DATA_DIR": str(folder),
            "DATABASE_URL": self.database,
            "PORT": str(self.port),
            "THROTTLES": "off",
            "OUTBOUND_ALLOW": "127.0.0.1",
            "TELEGRAM_API_BASE_URL": provider,
            "TELEGRAM_FILE_BASE_URL": provider,
        }
        self.begin()

    def begin(self) -> None:
        with (self.folder / "log").open("ab") as log:
            command = [sys.executable, str(Path(__file__).with_name("impatient.py"))]
            self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(20)

    def call(self, path: str, body: Any = None, *, token: str = "", **headers: str) -> Any:
        """Again and again until it is answered, as a provider and a good client do."""
        data = json.dumps(body).encode() if body is not None else None
        given = {"Content-Type": "application/json", "Authorization": f"Bearer {token}", **headers}
        for _try in range(MOST_TRIES):
            request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, given)
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return json.loads(answer.read() or b"null")
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


@pytest.fixture
def provider() -> Iterator[Moody]:
    with Moody(random.Random(7)) as running:
        yield running


@pytest.fixture
def house(tmp_path: Path, provider: Moody) -> Iterator[House]:
    running = House(tmp_path, provider.url)
    yield running
    running.kill()


@pytest.mark.timeout(3600)
def test_on_its_providers_worst_day_and_killed_again_and_again(
    house: House, provider: Moody, request: pytest.FixtureRequest
) -> None:
    most = request.config.getoption("--messages")
    token = _connected(house, provider)
    each = max(most // CHATS, 1)
    texts = {chat: [f"{chat}: {number}" for number in range(each)] for chat in range(1, CHATS + 1)}

    with ThreadPoolExecutor(CHATS) as pool:
        coming = [pool.submit(_write_in, house, provider, chat, words) for chat, words in texts.items()]
        going = [pool.submit(_answer, house, chat, words, token) for chat, words in texts.items()]
        for _time in range(max(most // 200, 2)):
            house.call("/healthz")
            time.sleep(provider.dice.uniform(0.2, 0.8))
            house.kill()
            house.begin()
        for job in [*coming, *going]:
            job.result()
    house.wait_for("SELECT id FROM channels_app_rawevent WHERE state != 'done'", seconds=300 + most)
    house.wait_for("SELECT last_error FROM channels_app_delivery WHERE state = 'queued'", seconds=300 + most)

    assert _stored(house, "customer") == {chat: ["Hello?", *words] for chat, words in texts.items()}
    assert _stored(house, "agent") == {chat: [f"To {text}" for text in words] for chat, words in texts.items()}
    _check_what_customers_saw(house, provider, texts)


def _connected(house: House, provider: Moody) -> str:
    body = {"email": "ada@example.com", "full_name": "Ada Lovelace", "password": "tidewater-lane-9"}
    token = str(house.call("/api/v1/auth/register", body)["access_token"])
    house.call("/api/v1/auth/business/create", {"name": "Acme"}, token=token)
    house.call("/api/v1/channels", {"type": "telegram", "config": {"bot_token": TOKEN}}, token=token)
    until = time.monotonic() + 300
    while not provider.hook:
        assert time.monotonic() < until
        time.sleep(0.05)
    for chat in range(1, CHATS + 1):
        _hand_over(house, provider, chat, 0, "Hello?")
    house.wait_for(f"SELECT 1 WHERE (SELECT count(*) FROM channels_app_thread) < {CHATS}", seconds=300)
    return token


def _write_in(house: House, provider: Moody, chat: int, words: list[str]) -> None:
    """In order, as Telegram does of a chat; a fifth of it twice."""
    dice = random.Random(chat)
    for number, text in enumerate(words, 1):
        for _time in range(1 + (dice.random() < 0.2)):
            _hand_over(house, provider, chat, number, text)


def _hand_over(house: House, provider: Moody, chat: int, number: int, text: str) -> None:
    person = {"id": chat, "first_name": f"Cleo {chat}"}
    message = {"message_id": number + 1, "from": person, "chat": {"id": chat, "type": "private"}, "text": text}
    secret = {"X-Telegram-Bot-Api-Secret-Token": str(provider.hook["secret_token"])}
    path = provider.hook["url"].partition("/api")[2]
    house.call(f"/api{path}", {"update_id": 100_000 * chat + number, "message": message}, **secret)


def _answer(house: House, chat: int, words: list[str], token: str) -> None:
    ((found,),) = house.asked(f"SELECT conversation_id FROM channels_app_thread WHERE key = '{chat}'")
    for text in words:
        path = f"/api/v1/conversations/{UUID(str(found))}/messages"
        # What was stored and not answered, because of a kill or of much to do, is asked for again: under its key.
        house.call(path, {"content": f"To {text}"}, token=token, **{"Idempotency-Key": text})


def _stored(house: House, side: str) -> dict[int, list[str]]:
    rows = house.asked(
        "SELECT thread.key, content FROM conversations_message message JOIN channels_app_thread thread"
        f" USING (conversation_id) WHERE sender_type = '{side}' ORDER BY seq"
    )
    found: dict[int, list[str]] = defaultdict(list)
    for chat, content in rows:
        found[int(chat)].append(content)
    return dict(found)


def _check_what_customers_saw(house: House, provider: Moody, texts: dict[int, list[str]]) -> None:
    """Each in its order; twice only what the provider, or a kill, left us in the dark about. Never thrice.

    What was given up as uncertain may still come, whenever the provider gets to it: nobody waited for it any more."""
    failed = dict(house.asked("SELECT content, error FROM conversations_message WHERE status = 'failed'"))
    doubtful = {content for (content,) in house.asked("SELECT content FROM channels_app_delivery WHERE uncertain > 0")}
    assert all("perhaps twice" in reason for reason in failed.values()), failed
    for chat, words in texts.items():
        seen = provider.taken[str(chat)]
        expected = [f"To {text}" for text in words]
        in_time = [text for text in dict.fromkeys(seen) if text not in failed]
        assert in_time == [text for text in expected if text not in failed]
        often = {text for text, times in Counter(seen).items() if times > 1}
        assert often <= doubtful, often - doubtful
        assert max(Counter(seen).values()) <= 2
