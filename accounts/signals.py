"""A cookie session is an AuthSession too, whichever door it came through (our pages or Django admin)."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import services
from accounts.models import User
from foundation.ids import parse_id
from foundation.requests import client_address

SESSION_KEY = "sid"


@receiver(user_logged_in)
def remember_session(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    session = services.open_session(
        user=user, user_agent=request.headers.get("User-Agent", ""), ip=client_address(request.META)
    )
    request.session[SESSION_KEY] = str(session.pk)
    request.session.set_expiry(None)  # a door may have given it minutes (accounts/google_pages.py)


@receiver(user_logged_out)
def forget_session(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if session_id := parse_id(request.session.get(SESSION_KEY)):
        services.end_session(session_id)
