"""Headers and clocks that every answer shares."""

import zoneinfo
from collections.abc import Callable
from datetime import UTC, tzinfo
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from businesses.selectors import membership_of
from foundation.asking import Asker, remember_asker
from foundation.requests import client_address, is_alike_for_all

Next = Callable[[HttpRequest], HttpResponse]
# Public and alike for everybody: these set their own caching.
CACHED = ("/static/", "/widget.js")


class PrivateAnswers:
    """No cache keeps what one person was shown: `no-store` on everything that does not say otherwise."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path.startswith(CACHED):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class Asking:
    """Services learn who asks from `foundation.asking`."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        remember_asker(Asker(client_address(request.META), request.headers.get("User-Agent", "")[:300]))
        try:
            return self.get_response(request)
        finally:
            remember_asker(Asker())  # whatever this thread does next is not this caller's doing


class KnownHost:
    """Only names that are ours are answered (ALLOWED_HOSTS), also by pages that never ask for the name.

    A balancer asks /readyz by address.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path != "/readyz":
            request.get_host()  # raises DisallowedHost: 400
        return self.get_response(request)


class ReadersTimeZone:
    """Pages show times where the reader's browser is, else in the workspace's zone; the API stays in UTC.

    The browser says so in a cookie (static/js/zone.js).
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/api/") or is_alike_for_all(request.path):
            return self.get_response(request)
        membership = membership_of(request.user)
        if membership is None:
            return self.get_response(request)
        zone = _zone(request.COOKIES.get("zone", "")) or _zone(membership.business.time_zone)
        # UTC where this machine knows neither: a page with another clock beats none.
        with timezone.override(zone or UTC):
            return self.get_response(request)


def _zone(name: str) -> tzinfo | None:
    """None for what is none, or what this machine does not know."""
    return zoneinfo.ZoneInfo(name) if name in _zones() else None


@cache
def _zones() -> set[str]:
    return zoneinfo.available_timezones()
