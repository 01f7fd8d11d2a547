"""Instances of models for the hot path: what `Model(...)` and `Model.from_db(...)` make, at a fifth of their cost.

Django sets one field after the other, each by its descriptor, and tells who listens (nobody but files' fields, which
these models must not have).
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from django.db.models import Model
from django.db.models.base import ModelState

M = TypeVar("M", bound=Model)


def made(model: type[M], related: Mapping[str, Model | None], **values: Any) -> M:
    """A row that is not stored yet.

    related: the rows behind its foreign keys, by the fields' names. values: of the other columns, by `attname`. What is
    not given has the field's default.
    """
    plain, called = _defaults(model)
    given = {f"{name}_id": row.pk if row else None for name, row in related.items()} | values
    fields = plain | {name: make() for name, make in called if name not in given} | given
    instance = model.__new__(model)
    state = ModelState()
    state.fields_cache = dict(related)
    instance.__dict__ = {"_state": state, **fields}
    return instance


def stored(model: type[M], names: Sequence[str], values: Sequence[Any], *, database: str) -> M:
    """A row that was read. names: of all its columns, as `attname`."""
    instance = model.__new__(model)
    state = ModelState()
    state.fields_cache, state.adding, state.db = {}, False, database
    instance.__dict__ = {"_state": state, **dict(zip(names, values, strict=True))}
    return instance


@functools.cache
def _defaults(model: type[Model]) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
    """Those that are the same for every row, and what makes the others."""
    plain, called = {}, []
    for field in model._meta.concrete_fields:
        if field.has_default() and callable(field.default):
            called.append((field.attname, field.default))
        else:
            plain[field.attname] = field.get_default()
    return plain, called
