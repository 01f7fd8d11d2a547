"""Theo against its gates (theo.md 7), where the evaluation's data lie beside the checkout; elsewhere it says so."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT.parent / "shared" / "eval" / "eval_theo.py"
# Those of theo.md 7, but for the time that it takes: other work on the machine would decide that (`bin/bench theo`).
GATES = (
    "recall@1>=0.85",
    "recall@3>=0.95",
    "coverage>=0.52",
    "precision>=0.95",
    "false_far<=0.005",
    "false_near<=0.03",
    "false_noise<=0.04",
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
