"""The widget's weight (gzip -9), against its goal and its cap; fails above a cap."""

import gzip
import sys
from pathlib import Path

BUILT = Path(__file__).resolve().parent.parent / "static/widget"
KB = 1024
LANGUAGES = [f"languages/{file.name}" for file in sorted(BUILT.glob("languages/*.json"))]


def weight(name: str) -> int:
    return len(gzip.compress((BUILT / name).read_bytes(), 9, mtime=0))


# part: (files, goal, cap) in KB
BUDGET: dict[str, tuple[list[str], int, int]] = {
    "loader": (["loader.js"], 3, 3),
    "frame": (["frame.js", "frame.css"], 18, 18),
    "up to the first open": (["loader.js", "panel.js", "frame.js", "frame.css"], 25, 26),
    "with a greeting": (["greeting.js"], 2, 2),
    "with the first file": (["attach.js"], 3, 3),
    "with the first tone": (["sound.js"], 1, 2),
    "with the first emoji": (["emoji.js"], 2, 3),
    "with the first form": (["forms.js"], 3, 4),
    "with help articles": (["help.js"], 2, 3),
    "with forced colours": (["forced.js"], 1, 2),
    "in another language": ([max(LANGUAGES, key=weight)], 2, 3),
}


def main() -> int:
    over = False
    print(f"{'part':<22}{'gzip':>9}{'goal':>9}{'cap':>9}")
    for part, (files, goal, cap) in BUDGET.items():
        size = sum(weight(name) for name in files) / KB
        over |= size > cap
        print(f"{part:<22}{size:>6.1f} KB{goal:>6} KB{cap:>6} KB{'  over the cap' if size > cap else ''}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
