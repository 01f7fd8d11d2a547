"""`bin/bench faults` and `bin/bench soak`: the tests' scenes (tests/faults), for as long as one likes."""

import argparse
import json
import random
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from benchmarks import report
from benchmarks.faults import soak, storm
from benchmarks.processes import ROOT


def main(arguments: list[str]) -> int:
    """0 when nothing was lost, doubled, out of order or left behind."""
    parser = argparse.ArgumentParser(
        prog="bin/bench", description="Break things while people write, and count what was lost: nothing should be."
    )
    parser.add_argument("what", choices=["faults", "soak"])
    parser.add_argument("--minutes", type=float, default=10, help="how long (10)")
    parser.add_argument(
        "--tier",
        choices=["nightly", "release"],
        help="faults: go on until attacks.md's figures of R1 and R3 are reached",
    )
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="repeats the same dice")
    parser.add_argument("--sqlite", action="store_true", help="one process on SQLite; else PostgreSQL and Redis")
    parser.add_argument("--json", type=Path, help="where to write the figures (var/bench-<what>.json)")
    asked = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _leave)
    figures: dict[str, Any] = {"machine": report.machine(), "seed": asked.seed, "sqlite": asked.sqlite}
    how: dict[str, Any] = {"minutes": asked.minutes, "dice": random.Random(asked.seed), "embedded": asked.sqlite}
    try:
        if asked.what == "soak":
            soak.run(figures, **how)
        else:
            storm.run(figures, tier=asked.tier, **how)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    except AssertionError as failure:
        figures["failure"] = str(failure)
        print(f"FAILED with seed {asked.seed}: {failure}", file=sys.stderr)
    path = asked.json or ROOT / f"var/bench-{asked.what}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=2))
    for name, value in figures.items():
        if name != "machine":
            print(f"  {name}: {value}")
    print(f"Written to {path}.")
    return int("failure" in figures)


def _leave(_number: int, _frame: FrameType | None) -> None:
    """What was started ends with us."""
    raise KeyboardInterrupt
