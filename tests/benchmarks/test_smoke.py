"""Each benchmark runs, for a moment and with a handful of clients, so that none rots. Nothing is said about times."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def bench(folder: Path, *arguments: str) -> dict[str, Any]:
    """Outcomes by name."""
    file = folder / "bench.json"
    command = [sys.executable, "-m", "benchmarks", *arguments, "--json", str(file)]
    options = ["--seconds", "0.3", "--rounds", "1", "--scale", "0.1"]
    environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    done = subprocess.run([*command, *options], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    return {outcome["name"]: outcome for outcome in json.loads(file.read_text())["outcomes"]}


def test_the_full_path_is_measured_beside_a_reference(tmp_path):
    rows = bench(tmp_path, "path", "--only", "pingback-sqlite,stock")["path"]["rows"]

    assert set(rows) == {"pingback-sqlite", "stock"}
    for figures in rows.values():
        assert figures["messages/s"] > 0
        assert figures["errors"] == 0
