"""What was asked for, and the one way in which every benchmark takes its turns."""

import statistics
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from benchmarks.lab import Lab
from benchmarks.report import Figures, medians, spelled


@dataclass
class Plan:
    """seconds: of one measurement. scale: what counts of connections and rows are multiplied with."""

    lab: Lab
    seconds: float = 5
    rounds: int = 3
    scale: float = 1
    only: frozenset[str] = frozenset()
    with_ejabberd: bool = False
    notes: list[str] = field(default_factory=list)

    def wants(self, name: str) -> bool:
        return not self.only or name in self.only

    def count(self, number: int, *, least: int = 2) -> int:
        return max(round(number * self.scale), least)

    async def in_turns(self, what: str, measures: Mapping[str, Callable[[], Awaitable[Figures]]]) -> dict[str, Figures]:
        """A B C, A B C, A B C: what the machine does meanwhile happens to all of them. Medians of the rounds."""
        found: dict[str, list[Figures]] = {name: [] for name in measures}
        for number in range(1, self.rounds + 1):
            for name, measure in measures.items():
                print(f"  {what} {number}/{self.rounds}  {name:<28}", end="", flush=True)
                figures = await measure()
                found[name].append(figures)
                told = "  ".join(f"{key} {spelled(value)}" for key, value in list(figures.items())[:4])
                print(told, flush=True)
        return {name: medians(rounds) for name, rounds in found.items()}


def ratio_of(rows: Mapping[str, Figures], one: str, other: str, figure: str) -> float:
    """How much more of a figure one has than the other; nan when either was not measured."""
    mine, theirs = rows.get(one, {}).get(figure), rows.get(other, {}).get(figure)
    return mine / theirs if mine is not None and theirs else float("nan")


def median(values: list[float]) -> float:
    return statistics.median(values) if values else float("nan")
