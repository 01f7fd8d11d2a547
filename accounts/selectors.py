"""Who is calling: sessions by their ids, and what lies behind cookies."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import AuthSession
from accounts.signals import SESSION_KEY
from foundation.prepared import Among, Given, prepared


@dataclass(frozen=True, slots=True, kw_only=True)
class CookieClaims:
    """What lies behind our pages' cookie: the session that it names, and Django's hash of the password of that day."""

    session_id: object
    password_hash: str

    def names(self, session: AuthSession) -> bool:
        """A password change ends it, as it does for pages. session: with its user."""
        return constant_time_compare(self.password_hash, session.user.get_session_auth_hash())


def claims_of_cookies(values: Collection[str]) -> dict[str, CookieClaims]:
    """For the socket handshake, where no middleware runs. What is none of ours is not among them. One query."""
    rows = Session.objects.filter(session_key__in=values, expire_date__gt=timezone.now())
    found = {row.session_key: row.get_decoded() for row in rows}
    return {
        key: CookieClaims(session_id=data.get(SESSION_KEY), password_hash=data.get(HASH_SESSION_KEY, ""))
        for key, data in found.items()
    }


def living_sessions(ids: Collection[UUID]) -> dict[UUID, AuthSession]:
    """Those of them that are alive, with their users."""
    now = timezone.now()
    used_since = now - timedelta(seconds=settings.SESSION_IDLE_SECONDS)
    return {session.pk: session for session in _living()(ids={*ids}, now=now, used_since=used_since)}


@prepared
def _living() -> "QuerySet[AuthSession]":
    living = AuthSession.objects.alive_at(Given("now"), used_since=Given("used_since"))
    return living.filter(Among("id", Given("ids")))
