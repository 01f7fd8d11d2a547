"""What the worker does by and by beside deliveries. Apps above this one add theirs when they are ready."""

import threading
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """work: safe to run in several workers at once; ends soon after `stop` is set. every: seconds, asked each time."""

    name: str
    every: Callable[[], float]
    work: Callable[[threading.Event], object]


chores: list[Chore] = []
