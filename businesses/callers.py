"""Whose access tokens these are and where each of them works, for all that call at the moment, in one statement."""

import contextlib
from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from accounts.models import AuthSession, User
from accounts.tokens import BadToken, read_token, session_from_token, signed_in
from businesses.models import Business, Membership
from businesses.selectors import remember_memberships
from foundation import rows
from foundation.ids import parse_id
from foundation.joined import Joined

_joined = Joined(own=AuthSession, person=User, member=Membership, business=Business)


def sessions_of(raws: Collection[str]) -> dict[str, AuthSession]:
    """`session_from_token` for many, by token, with `membership_of` at hand for the user of each.

    Those that are missing may be good all the same: a token that was changed for another one is a matter between its
    caller and `session_from_token`.
    """
    named = {}
    for raw in raws:
        with contextlib.suppress(BadToken):
            named[raw] = read_token(raw)
    alive = _alive({found for claims in named.values() if (found := parse_id(claims.session_id))})
    sessions = {}
    for raw, claims in named.items():
        session = alive.get(str(claims.session_id))
        if session and claims.names(session) and claims.jti == session.jti:
            session.presented_jti = claims.jti
            sessions[raw] = signed_in(session)
    return sessions


def session_of_token(raw: str) -> AuthSession:
    """`session_from_token` for one, likewise. Raises BadToken."""
    return sessions_of([raw]).get(raw) or session_from_token(raw)


def session_named(session_id: object) -> AuthSession | None:
    """The living one that a cookie names, with `membership_of` its user at hand; None for anything that is no id."""
    found = parse_id(session_id)
    return _alive([found]).get(str(found)) if found else None


def _alive(ids: Collection[UUID]) -> dict[str, AuthSession]:
    """Those of these that are alive, by id, each with its user and the user's membership."""
    if not ids:
        return {}
    among, given = rows.among("own.id", ids)
    sessions: dict[str, AuthSession] = {}
    memberships = defaultdict(list)
    for session, person, member, business in _joined.ask(
        f"SELECT {_joined.columns} FROM {AuthSession._meta.db_table} own"  # noqa: S608
        f" JOIN {User._meta.db_table} person ON person.id = own.user_id"
        f" LEFT JOIN {Membership._meta.db_table} member ON member.user_id = person.id AND member.is_active"
        f" LEFT JOIN {Business._meta.db_table} business ON business.id = member.business_id"
        f" WHERE {among} ORDER BY member.invited_at, member.id",
        given,
    ):
        known = sessions.setdefault(str(session.pk), session)
        known.user = person
        if member:
            member.business = business
            memberships[known.pk].append(member)
    for session in sessions.values():
        session.user.auth_session = session
        remember_memberships(session.user, memberships[session.pk])
    return {key: session for key, session in sessions.items() if session.is_alive}
