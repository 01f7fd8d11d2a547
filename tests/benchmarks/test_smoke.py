"""Each benchmark runs, for a moment and with a handful of clients, so that none rots. Nothing is said about times."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MINE = {"DATABASE_URL", "REDIS_URL"}


def test_every_benchmark_measures_something(tmp_path):
    file = tmp_path / "bench.json"
    arguments = ["path", "fanout", "idle", "connect", "--only", "pingback-sqlite,stock,node,raw", "--json", str(file)]
    tiny = ["--seconds", "0.2", "--rounds", "1", "--scale", "0.01"]
    environment = {name: value for name, value in os.environ.items() if name not in MINE}

    command = [sys.executable, "-m", "benchmarks", *arguments, *tiny]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100)

    assert done.returncode == 0, done.stdout + done.stderr
    outcomes = {outcome["name"]: outcome for outcome in json.loads(file.read_text())["outcomes"]}
    assert set(outcomes) == {"path", "path, saturated", "fanout", "idle", "connect"}
    for outcome in outcomes.values():
        assert outcome["rows"], outcome["name"]
        assert all(figures.get("errors", 0) == 0 for figures in outcome["rows"].values())
