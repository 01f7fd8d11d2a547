"""Is it alive, is it ready: for balancers and people, without sign-in."""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from channels_app import journal, worker
from pingback.realtime import bus
from theo.engine.embedders import engine_name

log = logging.getLogger("pingback.health")

# Whatever came in longer ago and is not worked off says that the worker beats and does not keep up.
KEEPS_UP = timedelta(minutes=2)

# What does not work, as the log has it. Balancers ask every second; an outage is told when it begins and ends.
_told: set[str] = set()


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """503 when nothing can be answered here: without the database or its migrations. Each part by name.

    What comes later while the bus or the worker is away is no reason to send people elsewhere: a balancer would send
    them nowhere.
    """
    database = _works("database", _database)
    parts = {"database": database}
    for name, asks_the_database, check in CHECKS:  # one that is away is waited for once
        parts[name] = (database or not asks_the_database) and _works(name, check)
    down = {name for name, up in parts.items() if not up}
    _tell(down)
    is_ready = down.isdisjoint(NEEDED)
    body: dict[str, str | int | None] = {
        "status": ("degraded" if down else "ok") if is_ready else "unavailable",
        **{name: "ok" if up else "down" for name, up in parts.items()},
        "intake_seconds": _oldest_wait() if database else None,  # of what came in and waits longest
        "theo": engine_name(),  # with less than all of it Theo knows less, and the rest works
    }
    answer = JsonResponse(body, status=200 if is_ready else 503)
    answer._has_been_logged = True  # type: ignore[attr-defined]  # Django's mark; it would log each as an error
    return answer


def _works(name: str, check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception as error:
        if name not in _told:
            log.error("%s does not work: %s", name, error)
        return False


def _tell(down: set[str]) -> None:
    global _told
    if down != _told:
        _told = down
        if down:
            log.error("Down: %s", ", ".join(sorted(down)))
        else:
            log.info("All works again")


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def _migrations() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _keeps_up() -> bool:
    return journal.oldest_wait() < KEEPS_UP


def _oldest_wait() -> int | None:
    try:
        return int(journal.oldest_wait().total_seconds())
    except DatabaseError:
        return None


NEEDED = frozenset({"database", "migrations"})
# Name, whether it asks the database, how.
CHECKS: list[tuple[str, bool, Callable[[], bool]]] = [
    ("migrations", True, _migrations),
    ("bus", False, bus.is_up),
    ("worker", True, worker.is_alive),
    ("intake", True, _keeps_up),
]
