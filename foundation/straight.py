"""The short way to a statement that psycopg keeps prepared; tests/foundation/test_pipeline.py holds what it relies on.

A cursor of Django's over one of psycopg's takes ninety calls to send a statement and to read its answer, which is more
work than what a batch of messages stores. Here it is a dozen, and the first few times, and whenever somebody listens to
what is asked, it is the cursor.
"""

import functools
from collections.abc import Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import generators
from psycopg._queries import _query2pg
from psycopg.adapt import Transformer
from psycopg.pq import ExecStatus, Format, TransactionStatus

Rows = list[tuple[Any, ...]]

_FINE = frozenset({ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK})


def ask(database: BaseDatabaseWrapper, sql: str, given: Sequence[Any]) -> "Answer | None":
    """Send it, within a pipeline with what goes next. None when it has to go the long way."""
    connection: Any = database.connection
    if connection is None or database.needs_rollback or database.queries_logged or database.execute_wrappers:
        return None
    adapt = _adapters(connection)
    query, formats = _converted(sql)
    values = adapt.dump_sequence(given, formats)
    key = query, adapt.types or ()
    kept: Any = connection._prepared._names
    name = kept.get(key)
    if name is None:
        return None
    kept.move_to_end(key)
    with database.wrap_database_errors:
        answer = Answer(database, connection, key)
        if not connection.autocommit and connection.pgconn.transaction_status == TransactionStatus.IDLE:
            connection.wait(connection._start_query())
        send = functools.partial(connection.pgconn.send_query_prepared, name, values, adapt.formats, Format.BINARY)
        if connection._pipeline:
            connection._pipeline.command_queue.append(send)
            connection._pipeline.result_queue.append((answer, None))
        else:
            send()
            answer.take(connection.wait(generators.execute(connection.pgconn)))
    return answer


class Answer:
    """Takes the place of a cursor in psycopg's queue of those who wait."""

    __slots__ = ("_connection", "_database", "_key", "_result")

    def __init__(self, database: BaseDatabaseWrapper, connection: Any, key: object) -> None:
        self._database, self._connection, self._key = database, connection, key
        self._result: Any = None

    def rows(self) -> Rows:
        """Waits for them, within a pipeline with everything that was sent before."""
        connection = self._connection
        if self._result is None:
            with self._database.wrap_database_errors:
                connection.wait(connection._pipeline._fetch_gen(flush=True))
        adapt = _adapters(connection)
        adapt.set_pgresult(self._result)
        return list(adapt.load_rows(0, self._result.ntuples, tuple))

    def take(self, results: Sequence[Any]) -> None:
        self._check_results(results)
        self._set_results(results)

    # psycopg's names for them.

    def _check_results(self, results: Sequence[Any]) -> None:
        if len(results) != 1 or results[0].status not in _FINE:
            self._connection._prepared._names.pop(self._key, None)  # it may be the plan that is no longer good
            self._connection.cursor()._check_results(results)  # says what it is

    def _set_results(self, results: Sequence[Any]) -> None:
        self._result = results[0]


def _adapters(connection: Any) -> Any:
    """psycopg's, kept with the connection; a cursor makes them anew."""
    kept = vars(connection).get("_straight")
    if kept is None:
        kept = connection._straight = Transformer(connection)
    return kept


@functools.lru_cache(maxsize=1000)
def _converted(sql: str) -> tuple[bytes, Any]:
    """As PostgreSQL writes it, and how each parameter is sent."""
    query, formats, _order, _parts = _query2pg(sql.encode(), "utf-8")
    return query, formats
