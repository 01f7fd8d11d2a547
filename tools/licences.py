"""Nothing GPL or AGPL among what we import: reads the metadata of every package that requirements.txt brings."""

import re
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# LGPL is fine for a library that is only imported (psycopg).
BANNED = re.compile(r"(?<!L)(?<!Lesser )\bA?GPL|GNU (Affero )?General Public", re.IGNORECASE)


def licence_of(name: str) -> str:
    """What its author says: the expression, or else the first line of the older field (some paste a whole licence)."""
    metadata = distribution(name).metadata
    said = metadata.get_all("License-Expression") or metadata.get_all("License") or []
    classifiers = [line for line in metadata.get_all("Classifier") or [] if line.startswith("License")]
    return " ".join([line for text in said for line in text.splitlines()[:1]] + classifiers)


def closure() -> set[str]:
    lines = Path(ROOT, "requirements.txt").read_text().splitlines()
    waiting = [re.split(r"[\[=<>; ]", line)[0] for line in lines if line and not line.startswith("#")]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in seen:
            continue
        try:
            needs = distribution(name).requires or []
        except PackageNotFoundError:  # for another platform or an extra that we do not use
            continue
        seen.add(name)
        waiting += [re.split(r"[\[=<>!~; (]", need)[0] for need in needs if "extra ==" not in need]
    return seen


def is_banned(text: str) -> bool:
    """`A OR B` leaves the choice to us."""
    return all(BANNED.search(choice) for choice in text.split(" OR "))


def main() -> int:
    banned = {name: text for name in sorted(closure()) if is_banned(text := licence_of(name))}
    for name, text in banned.items():
        print(f"{name}: {text}")
    return 1 if banned else 0


if __name__ == "__main__":
    sys.exit(main())
