"""`bin/bench [what ...]`."""

import argparse
import importlib
import os
import resource
import signal
import sys
from pathlib import Path
from types import FrameType

import uvloop

from benchmarks import report
from benchmarks.lab import Lab
from benchmarks.plan import Plan
from benchmarks.processes import ROOT
from benchmarks.report import Outcome

BENCHMARKS = ("path", "fanout", "idle", "connect", "cross", "rest", "read", "widget", "theo")


def main(arguments: list[str]) -> int:
    if arguments[:1] in (["faults"], ["soak"]):
        return int(importlib.import_module("benchmarks.faults").main(arguments))
    asked = _parsed(arguments)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets what it runs beside it ignore this one
    signal.signal(signal.SIGTERM, _leave)
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    lab = Lab()
    plan = Plan(
        lab=lab,
        seconds=asked.seconds or (2 if asked.quick else 5),
        rounds=asked.rounds,
        scale=asked.scale,
        only=frozenset(filter(None, asked.only.split(","))),
        with_ejabberd=asked.with_ejabberd,
    )
    outcomes: list[Outcome] = []
    where = report.machine()
    try:
        for name in asked.what or BENCHMARKS:
            print(f"{name} ...", flush=True)
            outcomes += uvloop.run(importlib.import_module(f"benchmarks.{name}").run(plan))
            lab.stop_servers()
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        lab.close()
        for outcome in outcomes:
            print(outcome.show())
        for note in dict.fromkeys(plan.notes):
            print(f"note: {note}")
        if outcomes:
            report.write(asked.json, where, outcomes)
            print(f"\nWritten to {asked.json}.")
    return 0


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bin/bench",
        description="Measure PingBack beside references, in turns. `faults` breaks it instead, `soak` tires it.",
    )
    parser.add_argument("what", nargs="*", help=f"{', '.join(BENCHMARKS)}; all when none is named")
    parser.add_argument("--only", default="", help="of a benchmark's servers only these, comma-separated")
    parser.add_argument("--seconds", type=float, help="how long one measurement takes (5)")
    parser.add_argument("--rounds", type=int, default=3, help="of which the medians count (3)")
    parser.add_argument("--scale", type=float, default=1, help="multiplies the counts of people and rows (1)")
    parser.add_argument("--quick", action="store_true", help="measurements of 2 seconds")
    parser.add_argument("--with-ejabberd", action="store_true", help="say so when ejabberd is missing")
    parser.add_argument("--json", type=Path, default=ROOT / "var/bench.json", help="where to write the figures")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.what) - set(BENCHMARKS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return asked


def _leave(_number: int, _frame: FrameType | None) -> None:
    """As Ctrl-C, which asyncio takes at a moment that suits it."""
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
