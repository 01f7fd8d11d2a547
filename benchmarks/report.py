"""What a run found: medians, ratios with what they should reach, a table for people and a JSON file."""

import json
import os
import platform
import statistics
import subprocess
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

Figures = dict[str, float]


@dataclass(frozen=True)
class Ratio:
    """`value` as measured, and what it should be: at most or at least `reach`."""

    what: str
    value: float
    reach: float
    at_least: bool = False

    @property
    def is_reached(self) -> bool:
        return self.value >= self.reach if self.at_least else self.value <= self.reach

    def line(self) -> str:
        sign, word = ("≥" if self.at_least else "≤"), ("ok" if self.is_reached else "short")
        return f"  {self.what:<74} {self.value:9.2f}   {sign} {self.reach:<7g} {word}"


@dataclass
class Outcome:
    """One benchmark. rows: figures by name of what was measured, medians of its rounds."""

    name: str
    title: str
    rows: dict[str, Figures]
    ratios: list[Ratio]
    notes: list[str]

    def show(self) -> str:
        lines = ["", f"{self.name}: {self.title}"]
        columns = list(dict.fromkeys(column for figures in self.rows.values() for column in figures))
        if columns:
            widths = [max(len(column), 9) for column in columns]
            head = "  ".join(f"{column:>{width}}" for column, width in zip(columns, widths, strict=True))
            lines.append(f"  {'':<30}{head}")
        for name, figures in self.rows.items():
            cells = [f"{spelled(figures.get(column)):>{width}}" for column, width in zip(columns, widths, strict=True)]
            lines.append(f"  {name:<30}{'  '.join(cells)}")
        return "\n".join(
            [*lines, *(ratio.line() for ratio in self.ratios), *(f"  note: {note}" for note in self.notes)]
        )


def spelled(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}"


def medians(rounds: Iterable[Figures]) -> Figures:
    collected: dict[str, list[float]] = {}
    for figures in rounds:
        for name, value in figures.items():
            collected.setdefault(name, []).append(value)
    return {name: statistics.median(values) for name, values in collected.items()}


def machine() -> dict[str, Any]:
    packages = ("Django", "python-socketio", "uvicorn", "uvloop", "websockets", "psycopg", "channels-redis", "orjson")
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
        "system": platform.platform(),
        "python": platform.python_version(),
        "node": _said(["node", "--version"]),
        "commit": _said(["git", "rev-parse", "--short", "HEAD"]),
        "packages": {name: version(name) for name in packages},
    }


def _said(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def write(path: Path, where: dict[str, Any], outcomes: Iterable[Outcome]) -> None:
    found = []
    for outcome in outcomes:
        ratios = [{**asdict(ratio), "is_reached": ratio.is_reached} for ratio in outcome.ratios]
        found.append({**asdict(outcome), "ratios": ratios})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"machine": where, "outcomes": found}, indent=1, ensure_ascii=False) + "\n")
