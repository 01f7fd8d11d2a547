"""Headers and clocks that every answer shares."""

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from businesses.selectors import membership_of

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


class ReadersTimeZone:
    """Pages show times in the workspace's zone; the API stays in UTC."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/api/"):
            return self.get_response(request)
        membership = membership_of(request.user)
        if membership is None:
            return self.get_response(request)
        with timezone.override(zoneinfo.ZoneInfo(membership.business.time_zone)):
            return self.get_response(request)
