"""Pages for people who may not go on yet."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts import verification
from accounts.models import User
from foundation.requests import is_alike_for_all


class VerifiedFirst:
    """Pages for somebody who must still confirm an address: the one that says so. The API has its own answer."""

    OPEN = ("/api/", "/verify-email/", "/invitation/", "/check-mail", "/logout", "/theme")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_alike_for_all(request.path) or request.path.startswith(self.OPEN):
            return self.get_response(request)
        if isinstance(request.user, User) and verification.is_held(request.user):
            return redirect("check-mail")
        return self.get_response(request)
