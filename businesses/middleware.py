"""Pages for a member who must add a second factor before anything else."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect

from businesses.second_factor import SecondFactorMissing, is_missing
from businesses.selectors import membership_of
from foundation.pages import is_fetch
from foundation.requests import is_alike_for_all


class SecondFactorFirst:
    """They see Security alone, and may leave: for another workspace of theirs, or altogether.

    The API has its own answer.
    """

    OPEN = ("/api/", "/settings/security", "/workspace/", "/check-mail", "/verify-email/", "/logout", "/theme")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_alike_for_all(request.path) or request.path.startswith(self.OPEN):
            return self.get_response(request)
        if not is_missing(membership_of(request.user)):
            return self.get_response(request)
        if is_fetch(request):
            refusal = SecondFactorMissing()
            return JsonResponse({"detail": refusal.detail, "error": refusal.error}, status=refusal.status)
        return redirect("settings-security")
