"""JSON as providers write it, as far as it can be stored: one odd character or number refuses nothing of what came
along with it."""

import json
import math
from collections.abc import Mapping
from typing import Any

import orjson

from foundation.text import storable

# Of a number. Longer ones are nobody's id, and Python refuses them.
MAX_DIGITS = 400
# Of lists and objects in each other, where each has to be looked into. Providers' have some ten.
MAX_DEPTH = 64


def read(body: bytes) -> Any:
    """Without NUL, halves of characters, and numbers that are none. Raises ValueError for what is no JSON."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _clean(_leniently(body), 0)
    return _clean(told, 0) if b"\\u0000" in body else told


def _leniently(body: bytes) -> Any:
    try:
        return json.loads(body.decode(errors="replace"), parse_int=_whole, parse_constant=lambda _name: None)
    except RecursionError as error:
        raise ValueError("Too deep.") from error


def _whole(digits: str) -> int | None:
    return int(digits) if len(digits) <= MAX_DIGITS else None


def _clean(told: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise ValueError("Too deep.")
    if isinstance(told, str):
        return storable(told)
    if isinstance(told, float):
        return told if math.isfinite(told) else None
    if isinstance(told, list):
        return [_clean(each, depth + 1) for each in told]
    if isinstance(told, dict):
        return {storable(name): _clean(value, depth + 1) for name, value in told.items()}
    return told


def dict_of(value: Any) -> dict[str, Any]:
    """{} for what is none."""
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def text_of(told: Mapping[str, Any], name: str) -> str:
    """ "" for what is no text."""
    value = told.get(name)
    return value if isinstance(value, str) else ""


def dicts(value: Any) -> list[dict[str, Any]]:
    """Those of a list that are."""
    return [each for each in list_of(value) if isinstance(each, dict)]


def inner(value: Any, *names: str) -> dict[str, Any]:
    """What lies that deep, {} when something on the way does not."""
    for name in names:
        value = dict_of(value).get(name)
    return dict_of(value)


def number_of(value: Any) -> int:
    """0 for what is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
