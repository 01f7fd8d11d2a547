"""`manage.py worker`: the background work in a process of its own, beside web processes that do none."""

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, connections

from channels_app import deliveries
from channels_app.worker import SLOTS, run_forever
from foundation import garbage

# Each is a thread that may hold a connection to the database for a moment.
MOST = 200


class Command(BaseCommand):
    help = "Send what waits to leave the house, until told to stop (SIGTERM, Ctrl-C)."
    requires_migrations_checks = True

    def add_arguments(self, parser: CommandParser) -> None:
        words = f"how many answers are on their way out at once in this process (default: {SLOTS})"
        parser.add_argument("--concurrency", type=int, default=SLOTS, metavar="N", help=words)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Before the first connection: a pool is made with what its connections are told."""
        if not settings.EMBEDDED:
            given = connections.settings[DEFAULT_DB_ALIAS]["OPTIONS"]
            given["options"] += (
                f" -c statement_timeout={1000 * settings.WORKER_STATEMENT_SECONDS}"  # the last one counts
            )
        return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["concurrency"] <= MOST:
            raise CommandError(f"--concurrency is 1 to {MOST}.")
        if settings.EMBEDDED:
            raise CommandError("SQLite serves one process, which does this work itself. Set DATABASE_URL to run more.")
        self.check(databases=[DEFAULT_DB_ALIAS])
        stop = threading.Event()

        def leave(*_given: object) -> None:
            stop.set()
            deliveries.news.set()  # do not sit out the wait for the next look

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, leave)
        self.stdout.write("The worker is at work.")
        self.stdout.flush()
        garbage.look_only_at_what_comes()
        run_forever(stop, concurrency=options["concurrency"])
        self.stdout.write("The worker has stopped.")
