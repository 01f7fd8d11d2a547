"""Who is calling, from a cookie."""

from importlib import import_module

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.utils.crypto import constant_time_compare

from accounts.models import AuthSession
from accounts.signals import SESSION_KEY
from accounts.tokens import signed_in


def session_of_cookie(value: str) -> AuthSession | None:
    """The living session behind our pages' cookie; for the socket handshake, where no middleware runs.

    A password change ends it, as it does for pages: Django's session hash must still be the user's.
    """
    store = import_module(settings.SESSION_ENGINE).SessionStore(value)
    session = AuthSession.objects.alive().named(store.get(SESSION_KEY))
    if session is None:
        return None
    if not constant_time_compare(store.get(HASH_SESSION_KEY, ""), session.user.get_session_auth_hash()):
        return None
    return signed_in(session)
