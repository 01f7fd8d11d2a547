"""Benchmarks run, for a moment and with a handful of clients, so that none rots. Nothing is said about times."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SERVICES = {"DATABASE_URL", "REDIS_URL"}


def bench(folder: Path, *what: str, only: str) -> dict[str, Any]:
    """Outcomes by name."""
    file = folder / "bench.json"
    tiny = ["--seconds", "3", "--rounds", "1", "--scale", "0.01", "--only", only, "--json", str(file)]
    environment = {name: value for name, value in os.environ.items() if name not in SERVICES}
    command = [sys.executable, "-m", "benchmarks", *what, *tiny]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=290)
    assert done.returncode == 0, done.stdout + done.stderr
    outcomes = {outcome["name"]: outcome for outcome in json.loads(file.read_text())["outcomes"]}
    assert all(figures.get("errors", 0) == 0 for each in outcomes.values() for figures in each["rows"].values())
    return outcomes


def test_a_running_pingback_is_measured(tmp_path):
    found = bench(tmp_path, "path", "read", only="pingback-sqlite,stock,sqlite")

    assert set(found["path"]["rows"]) == set(found["path, saturated"]["rows"]) == {"pingback-sqlite", "stock"}
    assert "list API" in found["read, SQLite"]["rows"]


def test_references_are_measured_alone(tmp_path):
    found = bench(tmp_path, "fanout", "idle", "connect", only="stock,raw")

    assert {name: set(each["rows"]) for name, each in found.items()} == {
        "fanout": {"stock", "raw"},
        "idle": {"stock", "raw"},
        "connect": {"stock"},
    }
