"""Who connects. Source: design.md 5 and 9; promises 4 and 5.

A token makes a member or nothing. Without one, `widget_id` or `visitor_key` makes a visitor, whatever cookie comes
along. With neither, the session cookie counts on pages of our own. Else it is a stranger.

What a client says is read on the loop (`read`), the rows that decide are looked up for all handshakes that wait, and
what is written is written for one alone, and only where the verdict hangs on it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.http import parse_cookie
from socketio.exceptions import ConnectionRefusedError

from accounts import refresh, tickets, tokens, verification
from accounts.models import AuthSession
from accounts.selectors import CookieClaims, claims_of_cookies, living_sessions
from accounts.tokens import BadToken
from businesses import second_factor, status
from businesses.models import Business, Membership
from foundation.asking import Asker, asked_by
from foundation.ids import parse_id
from foundation.prepared import Among, Given, prepared
from pingback.realtime import db, origins
from pingback.realtime.origins import Origin
from widgets import keys
from widgets.models import Visitor, Widget
from widgets.selectors import allowed_origins, chats_switched_off

BUSINESS_ID_REQUIRED = "business_id_required"
UNKNOWN_BUSINESS = "unknown_business"
UNAUTHORIZED = "unauthorized"
SECOND_FACTOR_SETUP_REQUIRED = "second_factor_setup_required"
ORIGIN_NOT_ALLOWED = "origin_not_allowed"
TOO_MANY_CONNECTIONS = "too_many_connections"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a client says of itself, as far as it is true by itself.

    origin: of a page outside, whose workspace has to be this one. is_member: it wants to be one, whether or not what
    it shows is good. has_bad_key: it shows a visitor key that we never made.
    """

    business_id: UUID
    origin: str | None
    is_member: bool = False
    token: tokens.Claims | None = None
    ticket: tokens.Claims | None = None
    cookie: str | None = None
    visitor: keys.Claims | None = None
    has_bad_key: bool = False
    widget_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """feed_seq: how far the workspace's feed was when it was looked up."""

    business_id: UUID
    feed_seq: int
    membership: Membership | None = None
    session: AuthSession | None = None
    visitor: Visitor | None = None
    widget: Widget | None = None


async def identify(auth: object, scope: dict[str, Any], *, origin: Origin, address: str | None) -> Identity:
    """Raises ConnectionRefusedError with one of the words above, TooFast, and as the database does."""
    asked = read(auth, scope, origin)
    identity = await _together.ask(asked)
    if asked.has_bad_key:
        await db.run(_count_bad_key, address)
    if identity.session and not await _is_the_last_word(asked, identity.session):
        raise ConnectionRefusedError(UNAUTHORIZED)
    return identity


def read(auth: object, scope: dict[str, Any], origin: Origin) -> Asked:
    """Asks no database. Raises ConnectionRefusedError where none is needed."""
    claims = auth if isinstance(auth, dict) else {}
    if not claims.get("business_id"):
        raise ConnectionRefusedError(BUSINESS_ID_REQUIRED)
    business_id = parse_id(claims["business_id"])
    if business_id is None:
        raise ConnectionRefusedError(UNKNOWN_BUSINESS)
    page = origins.headers(scope, b"origin")[0] if origin is Origin.WIDGET else None
    if claims.get("token") is not None:
        token, ticket = _read_token(claims["token"])
        return Asked(business_id=business_id, origin=page, is_member=True, token=token, ticket=ticket)
    if claims.get("widget_id") is None and claims.get("visitor_key") is None:
        cookie = _cookie(scope) if origin in {Origin.OWN, Origin.NONE} else None
        if cookie:
            return Asked(business_id=business_id, origin=page, is_member=True, cookie=cookie)
    widget_id = parse_id(claims.get("widget_id"))
    if widget_id is None and claims.get("widget_id") is not None:
        raise ConnectionRefusedError(UNAUTHORIZED)
    visitor = keys.read(claims.get("visitor_key"))
    return Asked(
        business_id=business_id,
        origin=page,
        visitor=visitor if visitor and visitor.belong_at(business_id=business_id, widget_id=widget_id) else None,
        has_bad_key=visitor is None and bool(claims.get("visitor_key")),
        widget_id=widget_id,
    )


def identify_all(asked: Sequence[Asked]) -> list[Identity | Exception]:
    """Who they are, in a number of queries that does not depend on theirs. In a thread."""
    rows = _Rows.of(asked)
    return [rows.verdict(each) for each in asked]


def note_arrival(identity: Identity) -> None:
    """What is written down of somebody who came in; beside the handshake, which waits for no write. In a thread."""
    if identity.session:
        identity.session.touch()
    if identity.visitor:
        keys.touch(identity.visitor)
    if identity.membership and status.is_due(identity.membership):
        status.arrive(identity.membership.pk)


def is_worth_noting(identity: Identity) -> bool:
    return bool(
        (identity.session and identity.session.is_due)
        or (identity.visitor and keys.is_due(identity.visitor))
        or (identity.membership and status.is_due(identity.membership))
    )


@dataclass(slots=True, kw_only=True)
class _Rows:
    """What the database knows of those who ask, each by what they ask with."""

    feeds: dict[UUID, int]
    pages: set[tuple[str, UUID]]
    cookies: dict[str, CookieClaims]
    sessions: dict[UUID, AuthSession]
    members: dict[tuple[UUID, UUID], Membership]
    lacking: set[UUID]
    visitors: dict[keys.Claims, Visitor]
    widgets: dict[UUID, Widget]
    silent: set[UUID]

    @classmethod
    def of(cls, asked: Sequence[Asked]) -> "_Rows":
        business_ids = {each.business_id for each in asked}
        pages = {(each.origin, each.business_id) for each in asked if each.origin}
        named = {each.cookie for each in asked if each.cookie}
        cookies = claims_of_cookies(named) if named else {}
        sessions = _sessions([*cookies.values(), *(claims for each in asked if (claims := each.token or each.ticket))])
        members = _members(business_ids, {session.user_id for session in sessions.values()})
        strict = [member.pk for member in members.values() if member.business.second_factor_required]
        keys_shown = {each.visitor for each in asked if each.visitor}
        visited = {each.business_id for each in asked if not each.is_member}
        widget_ids = {each.widget_id for each in asked if each.widget_id}
        return cls(
            feeds=dict(_feeds()(ids=business_ids)),
            pages=allowed_origins(pages) if pages else set(),
            cookies=cookies,
            sessions=sessions,
            members=members,
            lacking=second_factor.missing_among(strict) if strict else set(),
            visitors=keys.visitors_of(keys_shown) if keys_shown else {},
            widgets=Widget.objects.in_bulk(widget_ids) if widget_ids else {},
            silent=chats_switched_off(visited) if visited else set(),
        )

    def verdict(self, asked: Asked) -> Identity | Exception:
        if asked.business_id not in self.feeds:
            return _refusal(UNKNOWN_BUSINESS)
        if asked.origin and (asked.origin, asked.business_id) not in self.pages:
            return _refusal(ORIGIN_NOT_ALLOWED)
        if asked.is_member:
            return self._member(asked)
        return self._visitor(asked)

    def _visitor(self, asked: Asked) -> Identity | Exception:
        """A stranger, too. Not through a widget that is none, and not while the chat is switched off."""
        widget = self.widgets.get(asked.widget_id) if asked.widget_id else None
        is_theirs = widget is not None and widget.business_id == asked.business_id
        if asked.business_id in self.silent or (asked.widget_id and not is_theirs):
            return _refusal(UNAUTHORIZED)
        return Identity(
            business_id=asked.business_id,
            feed_seq=self.feeds[asked.business_id],
            visitor=self.visitors.get(asked.visitor) if asked.visitor else None,
            widget=widget,
        )

    def _member(self, asked: Asked) -> Identity | Exception:
        session = self._session(asked)
        membership = self.members.get((asked.business_id, session.user_id)) if session else None
        if session is None or membership is None or verification.is_held(session.user):
            return _refusal(UNAUTHORIZED)
        if membership.pk in self.lacking:
            return _refusal(SECOND_FACTOR_SETUP_REQUIRED)
        membership.user = session.user
        return Identity(
            business_id=asked.business_id,
            feed_seq=self.feeds[asked.business_id],
            membership=membership,
            session=session,
        )

    def _session(self, asked: Asked) -> AuthSession | None:
        claims = asked.token or asked.ticket or self.cookies.get(asked.cookie or "")
        session = self.sessions.get(found) if claims and (found := parse_id(claims.session_id)) else None
        return session if claims and session and claims.names(session) else None


def _refusal(word: str) -> Exception:
    refusal: Exception = ConnectionRefusedError(word)
    return refusal


def _sessions(claims: Iterable[tokens.Claims | CookieClaims]) -> dict[UUID, AuthSession]:
    """The living ones, with their users."""
    named = {found for each in claims if (found := parse_id(each.session_id))}
    return living_sessions(named) if named else {}


def _members(business_ids: set[UUID], user_ids: set[UUID]) -> dict[tuple[UUID, UUID], Membership]:
    """Active ones, with their workspaces."""
    rows = _active_members()(businesses=business_ids, users=user_ids) if user_ids else []
    return {(member.business_id, member.user_id): member for member in rows}


@prepared
def _feeds() -> "QuerySet[Business, tuple[UUID, int]]":
    return Business.objects.filter(Among("id", Given("ids"))).values_list("pk", "feed_seq")


@prepared
def _active_members() -> "QuerySet[Membership]":
    among = Among("business_id", Given("businesses")), Among("user_id", Given("users"))
    return Membership.objects.select_related("business").filter(*among, is_active=True)


_together: db.Together[Asked, Identity] = db.Together(identify_all)


async def _is_the_last_word(asked: Asked, session: AuthSession) -> bool:
    """A ticket is used up, and a token that is not the newest one is looked at again: it may be a copy."""
    if asked.ticket:
        return await db.run(tickets.use_up, asked.ticket)
    if asked.token and refresh.is_suspect(session, asked.token.jti):
        return await db.run(refresh.is_good, session, asked.token.jti)
    return True


def _count_bad_key(address: str | None) -> None:
    with asked_by(Asker(address)):
        keys.count_bad_key()


def _read_token(token: object) -> tuple[tokens.Claims | None, tokens.Claims | None]:
    """The claims of a token, or those of a ticket, or neither."""
    try:
        if not isinstance(token, str):
            return None, None
        if tickets.is_ticket(token):
            return None, tickets.read_ticket(token)
        return tokens.read_token(token), None
    except BadToken:
        return None, None


def _cookie(scope: dict[str, Any]) -> str | None:
    """Our session cookie. A page of ours that polls sends no Origin; a foreign one that polls always does."""
    if set(origins.headers(scope, b"sec-fetch-site")) - {"same-origin", "none"}:
        return None
    cookies = parse_cookie("; ".join(origins.headers(scope, b"cookie")))
    return cookies.get(settings.SESSION_COOKIE_NAME)
