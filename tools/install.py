"""Make .venv and install into it: `install.py REQUIREMENTS DIGEST`, run by bin/lib.sh with the machine's own Python.

Standard library alone. Two at once take turns, and one that was interrupted half-way is finished by the next.
"""

import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin/python"
# Compiling all of it would take longer than what a first start imports.
PIP_OPTIONS = ["--no-compile", "--quiet", "--disable-pip-version-check", "--no-input"]


def main() -> None:
    requirements, digest = sys.argv[1:]
    with open(ROOT / ".venv.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another start is installing; waiting for it ...", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        bring_to(requirements, digest)


def bring_to(requirements: str, digest: str) -> None:
    if not runs(PYTHON):
        print("Making .venv ...", flush=True)
        shutil.rmtree(VENV, ignore_errors=True)
        # Debian packs ensurepip apart from Python: its own pip then installs from outside.
        venv.create(VENV, with_pip=importlib.util.find_spec("ensurepip") is not None, symlinks=True)
    version = subprocess.run([PYTHON, "-V"], capture_output=True, text=True, check=True).stdout.strip()
    stamp = VENV / f".installed-{requirements}"
    wanted = f"{digest} {version}\n"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"Installing {requirements} (once, a minute or two) ...", flush=True)
    command = [*pip(), "install", *PIP_OPTIONS, "-r", requirements]
    if subprocess.run(command, cwd=ROOT).returncode:
        sys.exit("Installing failed. The lines above say why; run the command again to go on.")
    for done in {requirements, "requirements.txt"}:  # the others begin with it
        (VENV / f".installed-{done}").write_text(wanted)


def runs(python: Path) -> bool:
    try:
        return subprocess.run([python, "-c", ""], capture_output=True).returncode == 0
    except OSError:  # not there, or a link to a Python that has gone
        return False


def pip() -> list[str]:
    """The command line of a pip that installs into .venv."""
    inside = [str(PYTHON), "-m", "pip"]
    if works([*inside, "--version"]):
        return inside
    outside = [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    if works([*outside, "--version"]):
        return outside
    sys.exit(
        "This Python brings no pip. On Debian and Ubuntu: apt-get install python3-venv, then run the command again."
    )


def works(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONWARNINGS": "ignore"}).returncode == 0


if __name__ == "__main__":
    main()
