"""`python -m pingback.serve`: migrate, then serve everything in this one process."""

import argparse
import fcntl
import io
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pingback.settings")

import django
import uvicorn
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.db.migrations.executor import MigrationExecutor

from foundation import mail
from pingback import alone
from pingback.realtime.websocket import Protocol


def main() -> None:
    options = argparse.ArgumentParser(prog="bin/serve", description="Serve PingBack.")
    options.add_argument(
        "--demo",
        action="store_true",
        help="with a workspace worth looking at, and stand-ins for the channels' providers",
    )
    arguments = options.parse_args()
    try:
        django.setup()
    except ImproperlyConfigured as error:
        sys.exit(f"PingBack cannot start: {error}")
    settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        alone.claim()
    except alone.NotAlone as error:
        sys.exit(str(error))
    _check()
    with _taking_turns():
        _migrate()
        _collect_static()
    if arguments.demo:
        from pingback import demo, stand_ins  # their models want Django to be set up

        print(demo.fill(stand_ins.configs()))
        print(stand_ins.start(), flush=True)
    # Whitenoise hands its files over in one piece or another; both work.
    warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume")
    print(_welcome(), flush=True)
    uvicorn.run(
        "pingback.asgi:application",
        host=settings.HOST,
        port=settings.PORT,
        loop="uvloop",
        http="httptools",
        ws=Protocol,
        ws_ping_interval=None,  # Engine.IO asks for itself
        ws_max_size=64 * 1024,
        ws_per_message_deflate=False,  # doubles what an idle connection costs
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # TRUSTED_PROXIES says whose word counts
        timeout_graceful_shutdown=7,  # with DRAIN_SECONDS before and the worker's last after it: out within 15
        timeout_keep_alive=30,
    )


@contextmanager
def _taking_turns() -> Iterator[None]:
    """Web processes that share a data folder may start together: one prepares it, the others find that done."""
    with Path(settings.DATA_DIR, "prepare.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _check() -> None:
    """Refuse to start on what cannot work, in words and without a traceback."""
    try:
        call_command("check", databases=[DEFAULT_DB_ALIAS], fail_level="ERROR", stdout=io.StringIO())
    except SystemCheckError as error:
        sys.exit(f"PingBack cannot start. {error}")
    except OperationalError as error:
        sys.exit(f"PingBack cannot start: the database does not answer. {error}")


def _migrate() -> None:
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        _manage("Preparing the database ...", "migrate")


def _collect_static() -> None:
    """Only when a source is newer than the last collection: the second start does not wait for it."""
    stamp = Path(settings.STATIC_ROOT, "staticfiles.json")
    sources = [*Path(settings.BASE_DIR, "static").rglob("*"), Path(settings.BASE_DIR, "requirements.txt")]
    if settings.DEBUG or (stamp.exists() and stamp.stat().st_mtime > max(path.stat().st_mtime for path in sources)):
        return
    _manage("Collecting the pages' files ...", "collectstatic")


def _manage(said: str, command: str) -> None:
    """In a process of its own, so that what it needs once is not kept for as long as we serve."""
    print(said, flush=True)
    manage = Path(settings.BASE_DIR, "manage.py")
    subprocess.run([sys.executable, manage, command, "--no-input", "--verbosity=0"], check=True)  # noqa: S603


def _welcome() -> str:
    lines = [f"PingBack is at {settings.PUBLIC_BASE_URL}", "", "  Next: open it, sign up, and follow the three steps."]
    lines.append(f"  API:  {settings.PUBLIC_BASE_URL}/api/v1/docs/")
    lines.append("  Stop: Ctrl-C.   Data: " + str(settings.DATA_DIR))
    if not mail.is_on():
        lines.append("  Mail: printed here, and sent to nobody. Set EMAIL_URL for invitations and new passwords.")
    if "*" in settings.ALLOWED_HOSTS:
        lines.append("  Warning: ALLOWED_HOSTS=* takes requests for any name.")
    if not settings.THROTTLES:
        lines.append("  Warning: THROTTLES=off lifts every throttle and connection cap.")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
