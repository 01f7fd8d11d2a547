"""Whose page opens a socket. Source: promises 4, "Origin"; design.md 5."""

import time
from enum import Enum, auto
from typing import Any

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from foundation.requests import client_address
from pingback.realtime import db
from widgets.selectors import allowed_origin

Scope = dict[str, Any]
REMEMBER_SECONDS = 30
MAX_REMEMBERED = 1_000


class Origin(Enum):
    OWN = auto()
    WIDGET = auto()  # a page of some widget's domain; whose is asked once the business is known
    NONE = auto()  # not a browser, or a browser on its own site
    FOREIGN = auto()


_remembered: dict[str, tuple[float, bool]] = {}


async def origin_of(scope: Scope) -> Origin:
    given = headers(scope, b"origin")
    if not given:
        return Origin.NONE
    if len(given) > 1:
        return Origin.FOREIGN
    if given[0] in _own(scope):
        return Origin.OWN
    return Origin.WIDGET if await _is_widgets(given[0]) else Origin.FOREIGN


def headers(scope: Scope, name: bytes) -> list[str]:
    """By the exact name: a WSGI-style environ also takes `x_forwarded_for` for `x-forwarded-for`."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def address_of(scope: Scope) -> str | None:
    peer = scope.get("client") or ("",)
    forwarded = ",".join(headers(scope, b"x-forwarded-for"))
    return client_address({"REMOTE_ADDR": peer[0], "HTTP_X_FORWARDED_FOR": forwarded})


def _own(scope: Scope) -> set[str]:
    """PUBLIC_BASE_URL's, and the one that the request's own host names if it is an allowed one."""
    own = {settings.PUBLIC_BASE_URL}
    host = next(iter(headers(scope, b"host")), "")
    domain, _port = split_domain_port(host)
    if domain and validate_host(domain, settings.ALLOWED_HOSTS):
        secure = settings.HTTPS or scope.get("scheme") in {"https", "wss"}
        own.add(f"{'https' if secure else 'http'}://{host.lower()}")
    return own


async def _is_widgets(origin: str) -> bool:
    """Remembered for a moment, so that polling does not ask the database with every request."""
    now = time.monotonic()
    until, verdict = _remembered.get(origin, (0.0, False))
    if until < now:
        verdict = await db.run(allowed_origin, origin)
        if len(_remembered) >= MAX_REMEMBERED:
            _remembered.clear()
        _remembered[origin] = (now + REMEMBER_SECONDS, verdict)
    return verdict
