"""JSON as providers write it, as far as it can be stored: one odd character or number refuses nothing of what came
along with it."""

import json
import math
from typing import Any

import orjson

from foundation.text import storable

# Of a number. Longer ones are nobody's id, and Python refuses them.
MAX_DIGITS = 400


def read(body: bytes) -> Any:
    """Without NUL, halves of characters, and numbers that are none. Raises ValueError for what is no JSON."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _clean(_leniently(body))
    return _clean(told) if b"\\u0000" in body else told


def _leniently(body: bytes) -> Any:
    try:
        return json.loads(body.decode(errors="replace"), parse_int=_whole, parse_constant=lambda _name: None)
    except RecursionError as error:
        raise ValueError("Too deep.") from error


def _whole(digits: str) -> int | None:
    return int(digits) if len(digits) <= MAX_DIGITS else None


def _clean(told: Any) -> Any:
    if isinstance(told, str):
        return storable(told)
    if isinstance(told, float):
        return told if math.isfinite(told) else None
    if isinstance(told, list):
        return [_clean(each) for each in told]
    return {storable(name): _clean(value) for name, value in told.items()} if isinstance(told, dict) else told
