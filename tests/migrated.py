"""An embedded database with all migrations, made once a run: a server that begins with a copy is there sooner."""

import contextlib
import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAME = "pingback.sqlite3"


def bring(file: Path) -> None:
    """Put it there; what is there already stays."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(once("migrated", _migrate) / NAME, file)


def once(name: str, make: Callable[[Path], None]) -> Path:
    """A folder that one process of a run fills and all others find: they share the data folder that the first of them
    was given (tests/services.py)."""
    shared = Path(os.environ["PINGBACK_DATA_DIR"], name)
    shared.mkdir(parents=True, exist_ok=True)
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (done := shared.with_suffix(".done")).exists():
            make(shared)
            done.touch()
    return shared


def _migrate(folder: Path) -> None:
    environment = {**os.environ, "PINGBACK_DATA_DIR": str(folder), "DATABASE_URL": "", "REDIS_URL": ""}
    command = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity=0"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    # One file, without the log beside it.
    with contextlib.closing(sqlite3.connect(folder / NAME)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
