"""Querysets whose SQL is put together once and asked again and again with other values.

To put one together takes Django half a millisecond, and the database a tenth of that to answer it. The answer becomes
instances of models with as little: PostgreSQL's is binary and read in C (foundation/rows.py), of SQLite's only what it
keeps in a form of its own is turned.
"""

import functools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, ParamSpec, TypeVar
from uuid import UUID, SafeUUID

import orjson
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import BooleanField, Expression, Func, QuerySet
from django.db.models.query import ModelIterable

from foundation import rows
from foundation.instances import stored

# Questions that are kept, each with its SQL; the ones that nobody asked for longest are put together anew.
KEPT = 500

P = ParamSpec("P")
Row = TypeVar("Row")
Convert = Callable[[Any], Any]

_MARK = re.compile(r"%%|%s")
_WORD = re.compile(r"[A-Za-z0-9_-]*")
_UNKNOWN = SafeUUID.unknown


class Given(Expression):
    """In a queryset the place of a value that is told when the question is asked."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]


class Among(Func):
    """A condition: the column is one of the ids that are given. `.filter(Among("id", Given("ids")))`"""

    output_field = BooleanField()
    arity = 2

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="%(expressions)s::uuid[])", arg_joiner=" = ANY(")

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        joiner = " IN (SELECT value FROM json_each("
        return self.as_sql(compiler, connection, template="%(expressions)s))", arg_joiner=joiner)


def prepared(build: Callable[P, "QuerySet[Any, Row]"]) -> Callable[P, "Prepared[Row]"]:
    """What a function that puts a queryset together makes, kept by its arguments: those say the question's shape, while
    values that differ from one time to the next are `Given`.

    `prefetch_related` is for the caller to do.
    """

    @functools.lru_cache(maxsize=KEPT, typed=True)
    def question(*args: P.args, **kwargs: P.kwargs) -> Prepared[Row]:
        return Prepared(build(*args, **kwargs))

    return functools.wraps(build)(question)  # type: ignore[return-value]


class Prepared(Generic[Row]):
    """One question. Call it with what it is `Given`, by name."""

    def __init__(self, queryset: "QuerySet[Any, Row]") -> None:
        compiler = queryset.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        self.sql, self._params = _with_constants(sql, params)
        self._bind = _for_postgres if connection.vendor == "postgresql" else _for_sqlite
        chosen = [column for column, _sql, _alias in compiler.select]
        converters = [(at, convert) for at, column in enumerate(chosen) if (convert := reading(column))]
        self._converters: list[tuple[int, Convert]] = converters
        makes_instances = queryset._iterable_class is ModelIterable
        self._instance = (
            _instances(compiler.klass_info, chosen, compiler.annotation_col_map) if makes_instances else None
        )

    def __call__(self, **given: Any) -> list[Row]:
        """Rows as the queryset has them: instances, or tuples of `values_list`."""
        return self.ask(**given)()

    def one(self, **given: Any) -> Row | None:
        """The first, None when there is none."""
        return next(iter(self(**given)), None)

    def ask(self, **given: Any) -> Callable[[], list[Row]]:
        """Send it; what comes back waits for the answer (`foundation.rows.pipelined`)."""
        fetch = rows.ask(self.sql, self.bound(given))
        return lambda: self._read(fetch())

    def bound(self, given: Mapping[str, Any]) -> list[Any]:
        """The parameters of `sql`."""
        return [self._bind(given[each.name]) if type(each) is Given else each for each in self._params]

    def _read(self, answer: list[tuple[Any, ...]]) -> list[Any]:
        if self._converters:
            answer = [self._converted(row) for row in answer]
        return [self._instance(row) for row in answer] if self._instance else list(map(tuple, answer))

    def _converted(self, row: Sequence[Any]) -> Any:
        values = list(row)
        for at, convert in self._converters:
            if (value := values[at]) is not None:
                values[at] = convert(value)
        return values


def reading(column: Any) -> Convert | None:
    """How a column's values, other than NULL, become what the field holds; None: they are that already."""
    field = column.output_field
    kind = field.get_internal_type()
    if connection.vendor == "postgresql":
        if kind == "GenericIPAddressField":
            return str
        if kind == "JSONField":  # psycopg has read it
            return None
    elif kind in _READ_ON_SQLITE:
        return _READ_ON_SQLITE[kind]
    converters = [*connection.ops.get_db_converters(column), *field.get_db_converters(connection)]
    if not converters:
        return None

    def convert(value: Any) -> Any:
        for each in converters:
            value = each(value, column, connection)
        return value

    return convert


def _id(digits: str) -> UUID:
    """`UUID(digits)` without the looks at what else could have been meant: a page has hundreds."""
    found = UUID.__new__(UUID)
    object.__setattr__(found, "int", int(digits, 16))
    object.__setattr__(found, "is_safe", _UNKNOWN)
    return found


# What SQLite keeps in a form of its own. Source: django.db.backends.sqlite3.operations.
_READ_ON_SQLITE: dict[str, Convert] = {
    # Of a column itself Django's connection has read it.
    "DateTimeField": lambda value: (value if isinstance(value, datetime) else datetime.fromisoformat(value)).replace(
        tzinfo=UTC
    ),
    "UUIDField": _id,
    "BooleanField": bool,
    "JSONField": orjson.loads,
}


def _for_postgres(value: Any) -> Any:
    return f"{{{','.join(map(str, value))}}}" if isinstance(value, list | set) else value


def _for_sqlite(value: Any) -> Any:
    return json.dumps([each.hex for each in value]) if isinstance(value, list | set) else rows.plain(value)


def _with_constants(sql: str, params: Sequence[Any]) -> tuple[str, list[Any]]:
    """What is known beforehand stands in the SQL itself: so the database sees which of its partial indexes fit, also
    when it plans once for all values.
    """
    left, bound = iter(params), list[Any]()

    def put(mark: re.Match[str]) -> str:
        if mark[0] == "%%":
            return "%%"
        value = next(left)
        if isinstance(value, bool) and connection.vendor == "postgresql":
            return str(value)
        if isinstance(value, int):
            return str(int(value))
        if isinstance(value, str) and _WORD.fullmatch(value):
            return f"'{value!s}'"
        bound.append(value)
        return "%s"

    return _MARK.sub(put, sql), bound


def _instances(info: dict[str, Any], chosen: Sequence[Any], annotated: dict[str, int]) -> Callable[[Any], Any]:
    """`select_related` and all. info: as Django's compiler tells which columns are whose."""
    make = _part(info, chosen)
    extra = list(annotated.items())

    def instance(row: Sequence[Any]) -> Any:
        made = make(row)
        for name, at in extra:
            made.__dict__[name] = row[at]
        return made

    return instance if extra else make


def _other_side(info: dict[str, Any]) -> Callable[[Any, Any], None] | None:
    """How a joined row is told of the one that it is joined to; None where it may be joined to many."""
    return info["remote_setter"] if info["reverse"] or info["field"].unique else None


def _part(info: dict[str, Any], chosen: Sequence[Any]) -> Callable[[Any], Any]:
    """One model of a row with those that are joined to it; None where an outer join found nothing."""
    places = info["select_fields"]
    first, end = places[0], places[-1] + 1
    names = [chosen[at].target.attname for at in places]
    model = info["model"]
    key = places[names.index(model._meta.pk.attname)]
    joined = [
        # What Django's `local_setter` does, which is a method of the field; the other side knows only one of us.
        (_part(each, chosen), each["local_setter"].__self__.cache_name, _other_side(each))
        for each in info.get("related_klass_infos", ())
    ]

    def part(row: Sequence[Any]) -> Any:
        if row[key] is None:
            return None
        made = stored(model, names, row[first:end], database=DEFAULT_DB_ALIAS)
        kept = made._state.fields_cache
        for other, name, set_there in joined:
            related = kept[name] = other(row)
            if set_there and related is not None:
                set_there(related, made)
        return made

    return part
