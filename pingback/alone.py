"""SQLite serves one process: a lock on a file in the data folder, which the system frees however we end."""

import fcntl
from pathlib import Path
from typing import IO

from django.conf import settings

_held: IO[str] | None = None


class NotAlone(Exception):
    """Another process serves this data folder."""

    def __init__(self) -> None:
        super().__init__(
            f"PingBack is already running on {settings.DATA_DIR}. SQLite serves one process; "
            "set DATABASE_URL and REDIS_URL to run more."
        )


def claim() -> None:
    """Be the one process that serves this data folder, until it ends. Raises NotAlone. Again is no matter.

    With PostgreSQL there may be many, and nothing is locked.
    """
    global _held
    if _held is not None or not settings.EMBEDDED:
        return
    settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = Path(settings.DATA_DIR, "serve.lock").open("w")  # noqa: SIM115  kept for as long as we live
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise NotAlone from None
    _held = file
