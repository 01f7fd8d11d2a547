"""Addresses as people write them, and those of our own pages."""

import functools
import re
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

from django.urls import get_script_prefix, reverse

_UNCLEAN = re.compile(r"[\s\x00-\x1f\x7f\\]")


def address(name: str, *ids: UUID) -> str:
    """`reverse`, for what a page has many of: it looks through its patterns once."""
    parts = _parts(name, len(ids), get_script_prefix())
    return "".join([parts[0], *(f"{pk}{part}" for pk, part in zip(ids, parts[1:], strict=True))])


@functools.cache
def _parts(name: str, count: int, _prefix: str) -> list[str]:
    """What stands before, between and behind the ids."""
    marks = [UUID(int=number) for number in range(1, count + 1)]
    return re.split("|".join(map(str, marks)), reverse(name, args=marks)) if marks else [reverse(name)]


def web_address(text: str) -> SplitResult | None:
    """The parts of an http(s) address, written with its scheme or without; None for what is none."""
    if _UNCLEAN.search(text):
        return None
    try:
        parts = urlsplit(text if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\d)", text) else f"https://{text}")
        is_one = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets or a port that are none
        return None
    return parts if is_one else None
