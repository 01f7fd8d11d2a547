"""Is it alive, is it ready: for balancers and people, without sign-in."""

import logging
from collections.abc import Callable

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from channels_app import worker
from pingback.realtime import bus

log = logging.getLogger("pingback.health")


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when every part works, else 503; each part by name."""
    database = _works(_database)
    parts = {"database": database}
    for name, asks_the_database, check in CHECKS:  # one that is away is waited for once
        parts[name] = (database or not asks_the_database) and _works(check)
    ready = all(parts.values())
    body = {"status": "ok" if ready else "unavailable", **{name: "ok" if up else "down" for name, up in parts.items()}}
    return JsonResponse(body, status=200 if ready else 503)


def _works(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception:
        log.exception("Not ready")
        return False


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def _migrations() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


# Name, whether it asks the database, how.
CHECKS: list[tuple[str, bool, Callable[[], bool]]] = [
    ("migrations", True, _migrations),
    ("bus", False, bus.is_up),
    ("worker", True, worker.is_alive),
]
