"""An embedded database with all migrations, made once a run: a server that begins with a copy is there sooner."""

import contextlib
import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAME = "pingback.sqlite3"


def bring(file: Path) -> None:
    """Put it there; what is there already stays."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(_made(), file)


def _made() -> Path:
    """All processes of a run share the data folder that the first of them was given (tests/services.py)."""
    shared = Path(os.environ["PINGBACK_DATA_DIR"], "migrated")
    made = shared / NAME
    shared.mkdir(parents=True, exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "done").exists():
            environment = {**os.environ, "PINGBACK_DATA_DIR": str(shared), "DATABASE_URL": "", "REDIS_URL": ""}
            command = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity=0"]
            subprocess.run(command, cwd=ROOT, env=environment, check=True)
            # One file, without the log beside it.
            with contextlib.closing(sqlite3.connect(made)) as database:
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (shared / "done").touch()
    return made
