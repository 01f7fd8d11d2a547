"""Theo against its gates (theo.md 7), where the evaluation's data lie beside the checkout; elsewhere it says so."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT.parent / "shared" / "eval" / "eval_theo.py"
# Below what holds now, so that it cannot get worse unseen. theo.md asks for recall .85 and .95, coverage .52: these are
# not reached yet (docs/decisions.md).
GATES = (
    "recall@1>=0.80",
    "recall@3>=0.93",
    "coverage>=0.42",
    "precision>=0.94",
    "false_far<=0.006",
    "false_near<=0.03",
    "false_noise<=0.05",
    "false_inject<=0",
    "false_complex<=0",
    "handoff_recall>=0.90",
    "handoff_false<=0.01",
    "ece<=0.05",
)


def main() -> int:
    if not SCRIPT.exists():
        print("Left out: the evaluation's data are not beside the checkout.")
        return 0
    command = [sys.executable, str(SCRIPT), "--engine", "theo.evaluation", "--set", "dev"]
    for gate in GATES:
        command += ["--gate", gate]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}).returncode


if __name__ == "__main__":
    sys.exit(main())
