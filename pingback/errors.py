"""Errors of addresses that no view answers: JSON below /api/, a page elsewhere."""

import sys
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import defaults

from foundation.rows import is_of_something_gone
from pingback.api import errors as api


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return api.not_found(request) if _is_api(request) else render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """What was deleted meanwhile: 404. A database that is away, locked or slow, or a full disk: 503 that says when to
    come back. The rest is ours.
    """
    error = sys.exception()
    if is_of_something_gone(error):
        return page_not_found(request)
    if isinstance(error, OperationalError | InterfaceError) or api.is_disk_full(error):
        busy = api.try_again(request) if _is_api(request) else defaults.server_error(request, "503.html")
        busy.status_code = 503
        busy.headers["Retry-After"] = "1"
        return busy
    return api.internal(request) if _is_api(request) else defaults.server_error(request)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return api.bad_request(request) if _is_api(request) else render(request, "400.html", status=400)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    context: dict[str, Any] = {"retry_url": request.path}
    return render(request, "403_csrf.html", context, status=403)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")
