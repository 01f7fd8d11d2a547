"""Rows of several models out of one statement that is written out.

What `select_related` gives, for the hot path: there, putting a query together took longer than to run it.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model

from foundation import rows
from foundation.instances import stored
from foundation.prepared import reading


class Joined:
    """columns: what the statement selects, `SELECT {columns} FROM ...`, where each table goes by its alias."""

    def __init__(self, **models: type[Model]) -> None:
        """models: by alias."""
        self._models = models

    @functools.cached_property
    def columns(self) -> str:
        quote = connection.ops.quote_name
        return ", ".join(f"{alias}.{quote(field.column)}" for alias, field in self._fields)

    def ask(self, sql: str, given: Sequence[Any]) -> Iterator[list[Any]]:
        """Of each row one instance for each model, in their order; None where an outer join found nothing."""
        return map(self.instances, rows.ask(sql, given)())

    def instances(self, row: Sequence[Any]) -> list[Any]:
        """`columns`, as the database gave them, turned into one instance for each model."""
        values = list(row)
        for index, convert in self._converters:
            if values[index] is not None:
                values[index] = convert(values[index])
        instances, start = [], 0
        for names, key, model in self._parts:
            end = start + len(names)
            part = values[start:end]
            found = stored(model, names, part, database=DEFAULT_DB_ALIAS) if part[key] is not None else None
            instances.append(found)
            start = end
        return instances

    @functools.cached_property
    def _fields(self) -> list[tuple[str, Any]]:
        return [(alias, field) for alias, model in self._models.items() for field in model._meta.concrete_fields]

    @functools.cached_property
    def _parts(self) -> list[tuple[list[str], int, type[Model]]]:
        """Of each model the names of its columns, the place of its key among them, and itself."""
        parts = []
        for model in self._models.values():
            names = [field.attname for field in model._meta.concrete_fields]
            parts.append((names, names.index(model._meta.pk.attname), model))
        return parts

    @functools.cached_property
    def _converters(self) -> list[tuple[int, Callable[[Any], Any]]]:
        """What a database keeps in a form of its own: the place of the column, and how it is read."""
        columns = enumerate(field.get_col(alias) for alias, field in self._fields)
        return [(index, convert) for index, column in columns if (convert := reading(column))]
