"""Pages obey the session row as tokens do: no row, no sign-in."""

from collections.abc import Callable

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from accounts.models import AuthSession
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
