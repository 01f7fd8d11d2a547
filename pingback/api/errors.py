"""One table from what went wrong to the status and body that callers get (promises, "Limits and what bad input gets").

Whatever happens, nothing of the value that was wrong is echoed, and no trace, SQL or path leaves the house.
"""

import errno
import logging
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from foundation.errors import NotSignedIn, PlanLimit, Refused, Stale, TooFast, Unavailable, Unprocessable
from foundation.rows import is_of_something_gone

log = logging.getLogger("pingback.api")

NOT_FOUND = {"detail": "Not found"}
INTERNAL = {"detail": "Internal error"}
TRY_AGAIN = {"detail": "Try again"}
# The library's own words for these quote what was sent.
NEUTRAL = {"invalid_choice": "Not one of the choices."}
TOO_BIG = {"detail": "The body is too big."}


def answer(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler."""
    set_rollback()
    request: HttpRequest = context["request"]._request
    if isinstance(error, exceptions.ValidationError):
        return Response({"detail": _flaws(error.get_full_details(), [_source(context)])}, status=422)
    if isinstance(error, Http404 | exceptions.NotFound):
        return Response(NOT_FOUND, status=404)
    if isinstance(error, RequestDataTooBig):
        return Response(TOO_BIG, status=413)
    if isinstance(error, SuspiciousOperation):
        return Response({"detail": "Bad request"}, status=400)
    if isinstance(error, PermissionDenied):
        return Response({"detail": "Forbidden"}, status=403)
    if isinstance(error, exceptions.UnsupportedMediaType):
        error.detail = exceptions.ErrorDetail(f"Send {context['view'].parser_classes[0].media_type}.")
    refusal = refusal_of(error, path=request.path)
    return Response(refusal.body, status=refusal.status, headers=refusal.headers)


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer before it is written down."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


def refusal_of(error: Exception, *, path: str) -> Outcome:
    """How what was raised below a view is answered. path: for the log."""
    if isinstance(error, Refused):
        return _refused(error)
    if isinstance(error, exceptions.APIException):
        return _known(error)
    if is_of_something_gone(error):
        log.warning("Deleted meanwhile: %s", path, exc_info=error)
        return Outcome(404, NOT_FOUND)
    if isinstance(error, OperationalError | InterfaceError) or is_disk_full(error):
        log.error("Cannot be done now: %s", path, exc_info=error)
        return Outcome(503, TRY_AGAIN, {"Retry-After": "1"})
    log.error("Unexpected at %s", path, exc_info=error)
    return Outcome(500, INTERNAL)


def _refused(error: Refused) -> Outcome:
    if isinstance(error, Unprocessable):
        return Outcome(422, {"detail": [{"loc": error.loc, "msg": error.detail, "type": error.kind}]})
    if isinstance(error, PlanLimit):
        return Outcome(error.status, error.body)
    if isinstance(error, TooFast):
        body = {"detail": error.detail, "error": "rate_limited", "retry_after": error.retry_after}
        return Outcome(429, body, {"Retry-After": str(error.retry_after)})
    if isinstance(error, Stale):
        return Outcome(409, {"detail": error.detail, "error": error.error, "news": error.news})
    body = {"detail": error.detail, "error": error.error} if error.error else {"detail": error.detail}
    if isinstance(error, NotSignedIn):
        return Outcome(401, body, {"WWW-Authenticate": "Bearer"})
    if isinstance(error, Unavailable):
        return Outcome(503, body, {"Retry-After": "1"})
    return Outcome(error.status, body)


def is_disk_full(error: BaseException | None) -> bool:
    """Reading goes on; what would be stored is asked for again (promises 1, "Degrades")."""
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}


def _known(error: exceptions.APIException) -> Outcome:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    return Outcome(error.status_code, {"detail": str(error.detail)}, headers)


def _source(context: dict[str, Any]) -> str:
    """Where the input came from; a view that takes a query with POST says so (`input_source`)."""
    if source := getattr(context["view"], "input_source", ""):
        return str(source)
    return "query" if context["request"].method in {"GET", "DELETE"} else "body"


def _flaws(details: Any, loc: list[Any]) -> list[dict[str, Any]]:
    """Serializer errors, however nested, as one flat list of {loc, msg, type}."""
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        code = str(details["code"])
        message = NEUTRAL.get(code) or str(details["message"])
        return [{"loc": loc, "msg": message, "type": code}]
    if isinstance(details, dict):
        parts = [(key, value) for key, value in details.items() if key != "non_field_errors"]
        flaws = [flaw for key, value in parts for flaw in _flaws(value, [*loc, key])]
        return flaws + _flaws(details.get("non_field_errors", []), loc)
    return [flaw for part in details for flaw in _flaws(part, loc)]


# For addresses that reach no API view ---------------------------------------------------------------------


def not_found(request: HttpRequest) -> JsonResponse:
    return JsonResponse(NOT_FOUND, status=status.HTTP_404_NOT_FOUND)


def bad_request(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"detail": "Bad request"}, status=status.HTTP_400_BAD_REQUEST)


def try_again(request: HttpRequest) -> JsonResponse:
    return JsonResponse(TRY_AGAIN, status=status.HTTP_503_SERVICE_UNAVAILABLE)


def internal(request: HttpRequest) -> JsonResponse:
    return JsonResponse(INTERNAL, status=status.HTTP_500_INTERNAL_SERVER_ERROR)
