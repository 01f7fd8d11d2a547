"""Changing a token for a new one, so that a stolen one shows.

A session's row names the token that is good now and the one before it. The one before is good for GRACE more, for
whatever was under way; after that it can only be a copy, and the session ends. Source: promises 3; attack A8.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts import events
from accounts.models import AuthSession, new_jti
from accounts.services import tell_sockets

GRACE = timedelta(seconds=60)


def is_good(session: AuthSession, jti: object) -> bool:
    """Whether the token of that `jti` is the session's current one, or the one before it, still in its grace.

    An older one ends the session: somebody holds a copy, and nobody can say who.
    """
    if not is_suspect(session, jti):
        return True
    fresh = AuthSession.objects.filter(pk=session.pk).first()  # another request may have refreshed it just now
    if fresh is None:
        return False
    if jti == fresh.jti or (jti == fresh.previous_jti and _in_grace(fresh)):
        return True
    _end_reused(fresh)
    return False


def is_suspect(session: AuthSession, jti: object) -> bool:
    """Whether `is_good` has to ask the database: the token was changed for another one, or is about to be."""
    return bool(session.jti) and jti != session.jti


@transaction.atomic
def refresh(session: AuthSession, *, jti: str) -> AuthSession | None:
    """The session with a new current `jti`; None when it has ended meanwhile.

    jti: of the token that asks. When that one was changed already (two tabs at once), the answer is the one that it
    was changed for, and nothing moves.
    """
    row = AuthSession.objects.select_for_update().filter(pk=session.pk).first()
    if row is None:
        return None
    if jti == row.jti or not row.jti:
        row.previous_jti, row.refreshed_at, row.jti = jti, timezone.now(), new_jti()
        row.save(update_fields=["jti", "previous_jti", "refreshed_at"])
    return row


def _in_grace(session: AuthSession) -> bool:
    return session.refreshed_at is not None and timezone.now() - session.refreshed_at <= GRACE


@transaction.atomic
def _end_reused(session: AuthSession) -> None:
    ended, _rows = AuthSession.objects.filter(pk=session.pk).delete()
    if ended:  # of several copies at once, one is written down
        events.tell("token.reuse", user=session.user)
    transaction.on_commit(lambda: tell_sockets(session.pk), robust=True)
