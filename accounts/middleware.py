"""Pages obey the session row as tokens do: no row, no sign-in."""

from collections.abc import Callable

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts import verification
from accounts.models import AuthSession, User
from accounts.signals import SESSION_KEY
from accounts.tokens import signed_in
from foundation.requests import is_alike_for_all


class LiveSession:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_alike_for_all(request.path):
            return self.get_response(request)
        if SESSION_KEY in request.session and request.user.is_authenticated:
            session = AuthSession.objects.alive().filter(user_id=request.user.pk).named(request.session[SESSION_KEY])
            if session is None:
                logout(request)
            else:
                request.user = signed_in(session).user
        elif request.user.is_authenticated:
            logout(request)
        return self.get_response(request)


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
