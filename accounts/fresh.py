"""Before a door is added that outlives this session, like a passkey or an API token: a stolen session alone must
not do it.

Whoever has just signed in is asked for nothing more; pages ask others for the password or a code again.
"""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import AuthSession, User
from foundation.errors import Forbidden

FRESH_FOR = timedelta(minutes=15)


class NotFresh(Forbidden):
    """It may be them, and it is too long since they showed it."""

    error = "fresh_sign_in_required"

    def __init__(self) -> None:
        minutes = FRESH_FOR // timedelta(minutes=1)
        super().__init__(
            _("Log in again first: this needs a sign-in of the last %(minutes)d minutes.") % {"minutes": minutes}
        )


def is_fresh(user: User) -> bool:
    """user: the caller; without a session (our own commands, an operator for them) there is none to steal."""
    session = user.auth_session
    if session is None:
        return True
    return timezone.now() - (session.proven_at or session.created_at) <= FRESH_FOR


def require_fresh(user: User) -> None:
    """Raises NotFresh."""
    if not is_fresh(user):
        raise NotFresh


def make_fresh(user: User) -> None:
    """The caller has just shown again who they are."""
    session = user.auth_session
    if session is not None:
        session.proven_at = timezone.now()
        AuthSession.objects.filter(pk=session.pk).update(proven_at=session.proven_at)
