"""Many rows of a table in one statement: `bulk_create` and `bulk_update` for the hot path, at a fraction of their cost.

PostgreSQL takes all rows as one JSON document, bound on the server, so that the statement is the same for one row and
for a hundred and is planned once. SQLite takes them row by row, in C. No signals, and no key that the database makes
is read back.

Reading likewise, with statements that are written out: to put a query together took longer than to answer it.
"""

import functools
import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

import orjson
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models import AutoField, Field, Model

# What SQLite keeps in a form of its own. Source: django.db.backends.sqlite3.operations.
_PLAIN: dict[type, Callable[[Any], Any]] = {
    UUID: lambda value: value.hex,
    datetime: lambda value: str(value.astimezone(UTC).replace(tzinfo=None)),
    dict: lambda value: orjson.dumps(value).decode(),
    list: lambda value: orjson.dumps(value).decode(),
}


def insert(rows: Sequence[Model]) -> None:
    """Store new rows of one model."""
    if rows:
        _Table.of(type(rows[0]), None).insert(rows)


def update(rows: Sequence[Model], fields: Sequence[str]) -> None:
    """Write these fields of rows of one model that are there. fields: names, without the key's."""
    if rows:
        _Table.of(type(rows[0]), tuple(fields)).update(rows)


class _Table:
    """The statements for some columns of a model; the key is the last of them. names: None for a whole new row."""

    def __init__(self, model: type[Model], names: tuple[str, ...] | None) -> None:
        meta, quote = model._meta, connection.ops.quote_name
        by_name = {field.name: field for field in meta.local_concrete_fields}
        whole = [name for name, field in by_name.items() if not isinstance(field, AutoField)]
        fields = [by_name[name] for name in (whole if names is None else [*names, meta.pk.name])]
        self.names = [str(field.column) for field in fields]
        self.values = attrgetter(*(field.attname for field in fields))
        columns = [quote(name) for name in self.names]
        listed, key, table = ", ".join(columns), columns[-1], quote(meta.db_table)
        if _is_postgresql():
            types = ", ".join(f"{column} {_type(field)}" for column, field in zip(columns, fields, strict=True))
            given = f"json_to_recordset(%s::json) AS given({types})"
            changes = ", ".join(f"{column} = given.{column}" for column in columns[:-1])
            self.inserting = f"INSERT INTO {table} ({listed}) SELECT {listed} FROM {given}"  # noqa: S608
            self.updating = f"UPDATE {table} SET {changes} FROM {given} WHERE {table}.{key} = given.{key}"  # noqa: S608
        else:
            changes = ", ".join(f"{column} = %s" for column in columns[:-1])
            self.inserting = f"INSERT INTO {table} ({listed}) VALUES ({', '.join(['%s'] * len(fields))})"  # noqa: S608
            self.updating = f"UPDATE {table} SET {changes} WHERE {key} = %s"  # noqa: S608

    @staticmethod
    @functools.cache
    def of(model: type[Model], names: tuple[str, ...] | None) -> "_Table":
        return _Table(model, names)

    def insert(self, rows: Sequence[Model]) -> None:
        self._execute(self.inserting, rows)

    def update(self, rows: Sequence[Model]) -> None:
        self._execute(self.updating, rows)

    def _execute(self, sql: str, rows: Sequence[Model]) -> None:
        values, database = map(self.values, rows), _database()
        if _is_postgresql():
            _send(database, sql, [document([dict(zip(self.names, row, strict=True)) for row in values])])
        else:
            with database.cursor() as cursor:
                cursor.executemany(sql, [[plain(value) for value in row] for row in values])


@contextmanager
def pipelined(*, commits: bool = False) -> Iterator[None]:
    """What is sent to PostgreSQL inside does not wait for what was sent before: only who reads an answer waits.

    Within a transaction, not around one: what failed says so at the next answer, at the latest at the end of this.
    commits: the end is the transaction's, unless that is part of another one: its COMMIT goes with what is left to
    send, and what runs after a commit finds the answers that nobody has waited for.
    """
    database = _database()
    if not _is_postgresql():
        yield
        return
    from foundation.pipeline import pipeline  # psycopg is not there without PostgreSQL

    database.ensure_connection()
    with database.wrap_database_errors, pipeline(database.connection):
        yield
        if commits and len(database.atomic_blocks) == 1 and not database.needs_rollback:
            database.connection.commit()  # Django's own then finds nothing to do


def ask(sql: str, given: Sequence[Any]) -> Callable[[], list[tuple[Any, ...]]]:
    """Send a statement; what comes back waits for the rows that answer it. Values are the database's own."""
    database = _database()
    if not _is_postgresql():
        with database.cursor() as cursor:
            cursor.execute(sql, given)
            answer = cursor.fetchall()
        return lambda: answer
    return _send(database, sql, given)


def ask_which(model: type[Model], column: str, texts: Sequence[str]) -> Callable[[], list[tuple[Any, ...]]]:
    """`ask` for the keys of the rows that have one of these texts in a column."""
    table, key = model._meta.db_table, model._meta.pk.column
    if _is_postgresql():
        return ask(f"SELECT {key} FROM {table} WHERE {column} = ANY(%s)", [list(texts)])  # noqa: S608
    marks = ", ".join(["%s"] * len(texts))
    return ask(f"SELECT {key} FROM {table} WHERE {column} IN ({marks})", texts)  # noqa: S608


def document(rows: Sequence[Mapping[str, Any]]) -> str:
    """Many rows for one parameter of a statement of PostgreSQL: what `json_to_recordset` takes apart."""
    return orjson.dumps(rows).decode()


def among(column: str, values: Collection[UUID]) -> tuple[str, list[Any]]:
    """A condition for a statement that is written out, and its parameters: the column is one of these."""
    if _is_postgresql():
        return f"{column} = ANY(%s::uuid[])", [f"{{{','.join(map(str, values))}}}"]
    return f"{column} IN ({', '.join(['%s'] * len(values))})", [plain(value) for value in values]


def as_id(value: UUID | str) -> UUID:
    """An id as `ask` gives it: SQLite keeps its digits."""
    return value if isinstance(value, UUID) else UUID(value)


def as_moment(value: datetime | None) -> datetime | None:
    """A time as `ask` gives it: SQLite knows no zone."""
    return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


def held_for_writing(table: str, *, wait: bool = True) -> str:
    """How a SELECT that is written out ends that locks its rows of a table; SQLite has one writer at a time anyway.

    wait: else rows that somebody else holds are left out.
    """
    if not _is_postgresql():
        return ""
    return f" FOR NO KEY UPDATE OF {table}{'' if wait else ' SKIP LOCKED'}"


def held_as_they_are(table: str) -> str:
    """The same for rows that nobody may change meanwhile, though many may hold them at once."""
    return f" FOR SHARE OF {table}" if _is_postgresql() else ""


def one_at_a_time(what: str, whose: UUID) -> None:
    """Until this transaction ends, whoever else says the same in one of theirs waits. SQLite has one writer at a time
    anyway.

    For counting before adding, where there is no row of one's own to lock; never the workspace's, on which every
    message waits.
    """
    if _is_postgresql():
        key = int.from_bytes(hashlib.sha256(f"{what} {whose}".encode()).digest()[:8], signed=True)
        with _database().cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def wait_for_locks_at_most(*, milliseconds: int) -> None:
    """In this transaction; `is_lock_trouble` tells what it ends with. SQLite's patience is a setting."""
    if _is_postgresql():
        _send(_database(), f"SET LOCAL lock_timeout = {milliseconds:d}", [])


def is_lock_trouble(error: Exception) -> bool:
    """Whether somebody else held a row for too long, or both waited for each other: it may do if tried again."""
    return getattr(error.__cause__, "sqlstate", None) in {"55P03", "40P01"}


def is_of_something_gone(error: BaseException | None) -> bool:
    """Whether what a row was to belong to has been deleted since it was looked up.

    By its words: what cannot be deleted, since something has come to belong to it, has the same code in PostgreSQL.
    """
    words = str(error) if isinstance(error, IntegrityError) else ""
    return "is not present in table" in words or words == "FOREIGN KEY constraint failed"


@functools.cache
def _is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def _database() -> BaseDatabaseWrapper:
    """This thread's connection, for who asks it for several things: `connection` looks for it with each of them."""
    return connections[DEFAULT_DB_ALIAS]


def _send(database: BaseDatabaseWrapper, sql: str, given: Sequence[Any]) -> Callable[[], list[tuple[Any, ...]]]:
    """`ask` on PostgreSQL."""
    from foundation import straight  # psycopg is not there without PostgreSQL

    if answer := straight.ask(database, sql, given):
        return answer.rows
    waiting = _server_bound(database)
    waiting.execute(sql, given)

    def fetch() -> list[tuple[Any, ...]]:
        with waiting as cursor:
            return list(cursor.fetchall())

    return fetch


def _server_bound(database: BaseDatabaseWrapper) -> CursorWrapper:
    """A cursor of PostgreSQL whose parameters travel beside the statement; Django's own writes them into it.

    Its answers are binary, which psycopg reads in C: Django reads times in Python.
    """
    from django.db.backends.postgresql.base import ServerBindingCursor  # psycopg is not there without PostgreSQL

    database.ensure_connection()
    cursor: Any = ServerBindingCursor(database.connection)  # type: ignore[call-arg]
    cursor.format = 1
    return database._prepare_cursor(cursor)  # type: ignore[attr-defined,no-any-return]


def plain(value: Any) -> Any:
    """A value as SQLite keeps it."""
    form = _PLAIN.get(type(value))
    return form(value) if form else value


def _type(field: "Field[Any, Any]") -> str:
    """Without a length: a cast would cut what is too long, where storing it is an error."""
    kind = field.rel_db_type(connection) if field.is_relation else field.db_type(connection)
    return str(kind).partition("(")[0]
