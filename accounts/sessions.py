"""Where a person is signed in, and ending it from afar."""

from django.db.models import QuerySet

from accounts.models import AuthSession, User
from accounts.services import end_session, end_sessions_of
from foundation.errors import NotFound
from foundation.ids import parse_id

# Each sign-in of a script is a session too; beyond so many nobody reads on, and all can be ended at once.
MOST_SHOWN = 100


def sessions_of(user: User) -> QuerySet[AuthSession]:
    """The living ones, last used first; at most MOST_SHOWN."""
    return AuthSession.objects.alive().filter(user=user).order_by("-last_used_at", "-pk")[:MOST_SHOWN]


def end_own_session(*, user: User, session_id: str) -> None:
    """Dead at once, its sockets cut. Raises NotFound for unknown ids and for other people's sessions."""
    found = parse_id(session_id)
    if found is None or not AuthSession.objects.filter(pk=found, user=user).exists():
        raise NotFound
    end_session(found, actor=user)


def end_other_sessions(*, user: User) -> None:
    """All but the one that asks."""
    end_sessions_of(user, keep=user.auth_session)
