"""Addresses as people write them."""

import re
from urllib.parse import SplitResult, urlsplit

_UNCLEAN = re.compile(r"[\s\x00-\x1f\x7f\\]")


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
