"""Who is signed in on our pages, and members who must add a second factor before anything else."""

from collections.abc import Callable

from django.contrib import auth
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.crypto import constant_time_compare

from accounts.models import User
from accounts.signals import SESSION_KEY
from accounts.tokens import signed_in
from businesses.callers import session_named
from businesses.second_factor import SecondFactorMissing, is_missing
from businesses.selectors import membership_of
from foundation.pages import is_fetch
from foundation.requests import is_alike_for_all


class LiveSession:
    """Pages obey the session row as tokens do: no row, no sign-in. It comes with the user and where the user works."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_alike_for_all(request.path):
            return self.get_response(request)
        session = session_named(request.session.get(SESSION_KEY))
        if session and (_is_whose(request, session.user) or request.user == session.user):
            request.user = signed_in(session).user
        elif request.user.is_authenticated:
            auth.logout(request)
        return self.get_response(request)


def _is_whose(request: HttpRequest, user: User) -> bool:
    """Whether the cookie is this user's and of their current password, as `auth.get_user` finds out by asking for the
    user. It alone knows what was signed with an older key of ours.
    """
    cookie = request.session
    password = cookie.get(auth.HASH_SESSION_KEY, "")
    return cookie.get(auth.SESSION_KEY) == str(user.pk) and constant_time_compare(
        password, user.get_session_auth_hash()
    )


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
