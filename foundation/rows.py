"""Many rows of a table in one statement: `bulk_create` and `bulk_update` for the hot path, at a fraction of their cost.

PostgreSQL takes all rows as one JSON document, bound on the server, so that the statement is the same for one row and
for a hundred and is planned once. SQLite takes them row by row, in C. No signals, and no key that the database makes
is read back.
"""

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
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
        if connection.vendor == "postgresql":
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
        values = map(self.values, rows)
        if connection.vendor == "postgresql":
            document = orjson.dumps([dict(zip(self.names, row, strict=True)) for row in values])
            with server_bound() as cursor:
                cursor.execute(sql, [document.decode()])
        else:
            with connection.cursor() as cursor:
                cursor.executemany(sql, [[_plain(value) for value in row] for row in values])


def among(column: str, values: Collection[UUID]) -> tuple[str, list[Any]]:
    """A condition for a statement that is written out, and its parameters: the column is one of these."""
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%s)", [list(values)]
    return f"{column} IN ({', '.join(['%s'] * len(values))})", [_plain(value) for value in values]


def held_for_writing(table: str) -> str:
    """How a SELECT that is written out ends that locks its rows of a table; SQLite has one writer at a time anyway."""
    return f" FOR NO KEY UPDATE OF {table}" if connection.vendor == "postgresql" else ""


def ask(sql: str, amounts: Mapping[UUID, int]) -> list[tuple[Any, ...]]:
    """The rows of a statement of PostgreSQL about several rows at once, by id.

    amounts: for its one parameter, as `[{"id", "amount"}]` in JSON.
    """
    if not amounts:
        return []
    document = orjson.dumps([{"id": key, "amount": amount} for key, amount in amounts.items()])
    with server_bound() as cursor:
        cursor.execute(sql, [document.decode()])
        return list(cursor.fetchall())


def server_bound() -> CursorWrapper:
    """A cursor of PostgreSQL whose parameters travel beside the statement; Django's own writes them into it."""
    from django.db.backends.postgresql.base import ServerBindingCursor  # psycopg is not there without PostgreSQL

    connection.ensure_connection()
    return connection._prepare_cursor(ServerBindingCursor(connection.connection))  # type: ignore[attr-defined,call-arg,no-any-return]


def _plain(value: Any) -> Any:
    plain = _PLAIN.get(type(value))
    return plain(value) if plain else value


def _type(field: "Field[Any, Any]") -> str:
    """Without a length: a cast would cut what is too long, where storing it is an error."""
    kind = field.rel_db_type(connection) if field.is_relation else field.db_type(connection)
    return str(kind).partition("(")[0]
