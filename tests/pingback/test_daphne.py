"""Daphne stays a way to run the house: it knows no lifespan, so the first request opens the live side."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import migrated
from tests.services import free_port

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}},
        "PINGBACK_DATA_DIR": str(tmp_path),
        "PORT": str(port),
        "DEBUG": "true",
    }
    migrated.bring(tmp_path / migrated.NAME)
    command = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "pingback.asgi:application"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(20)


def test_the_house_opens_under_daphne_too(address: str) -> None:
    deadline = time.monotonic() + 60
    answer: dict[str, str] = {}
    while time.monotonic() < deadline and answer.get("status") != "ok":
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=10) as response:
                answer = json.loads(response.read())
        except OSError:  # not listening yet
            pass
        time.sleep(0.1)
    assert answer.pop("theo") in {"full", "e5", "minilm", "lexical"}
    assert answer.pop("intake_seconds") == 0
    parts = ("status", "database", "migrations", "bus", "worker", "intake")
    assert answer == dict.fromkeys(parts, "ok")
