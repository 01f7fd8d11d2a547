"""bin/serve, as somebody would run it who has just cloned the house."""

import json
import os
import signal
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.house.conftest import First

Serve = Callable[..., Any]

# A first start collects and migrates: on a busy machine that takes its time.
pytestmark = pytest.mark.timeout(400)


def test_a_fresh_clone_serves_with_one_command_and_no_setting(first: First) -> None:
    assert json.loads(first.health) == {"status": "ok"}
    assert f"PingBack is at http://127.0.0.1:{first.port}" in first.said
    assert "Set EMAIL_URL" in first.said
    assert "Traceback" not in first.said
    assert (first.house / "var/pingback.sqlite3").exists()


def test_the_keys_are_made_apart_and_for_their_owner_alone(first: First) -> None:
    secrets = sorted((first.house / "var/secrets").iterdir())
    assert [path.name for path in secrets] == [
        "field_key",
        "jwt_key",
        "secret_key",
        "ticket_key",
        "vapid_key",
        "visitor_key",
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}
    assert len({path.read_text() for path in secrets}) == 6
    assert all(len(path.read_bytes()) >= 32 for path in secrets)


def test_the_second_start_prepares_nothing_again_and_keeps_the_data(serve: Serve, first: First, clone: Path) -> None:
    second = serve()
    second.healthz()

    assert "Preparing the database" in first.said
    assert "Collecting the pages" in first.said
    assert "Preparing" not in second.said
    assert "Collecting" not in second.said
    was, now = (
        {path.name: path.read_text() for path in (house / "var/secrets").iterdir()} for house in (first.house, clone)
    )
    assert was == now


def test_a_second_process_on_the_same_data_is_refused_in_words_and_kill_9_frees_it(serve: Serve) -> None:
    first = serve()
    first.healthz()

    second = serve()
    assert second.process.wait(60) == 1
    assert "already running" in second.said
    assert "DATABASE_URL" in second.said
    assert "Traceback" not in second.said
    first.healthz(5)

    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait(10)
    assert json.loads(serve().healthz()) == {"status": "ok"}


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_reaches_the_server_itself_and_ends_it_without_noise(serve: Serve, by: signal.Signals) -> None:
    house = serve()
    house.healthz()

    house.process.send_signal(by)

    # A server that shut down in order hands the signal on, so that whoever sent it sees why it ended.
    assert house.process.wait(20) in {0, -by, 128 + by}
    assert "Traceback" not in house.said


def test_a_setting_that_makes_no_sense_is_refused_without_a_traceback(serve: Serve) -> None:
    house = serve(THROTTLES="perhaps")

    assert house.process.wait(60) == 1
    assert "THROTTLES" in house.said
    assert "Traceback" not in house.said


def test_an_old_python_is_told_what_is_needed(clone: Path, tmp_path: Path) -> None:
    (clone / ".venv").unlink()
    old = tmp_path / "python-old"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)

    start = subprocess.run(
        [clone / "bin/serve"], env={**os.environ, "PYTHON": str(old)}, capture_output=True, text=True, timeout=30
    )

    assert start.returncode == 1
    assert "Python 3.11" in start.stderr
    assert not (clone / ".venv").exists()
