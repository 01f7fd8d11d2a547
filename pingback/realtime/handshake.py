"""Who connects. Source: design.md 5 and 9; promises 4 and 5.

A token makes a member or nothing. Without one, `widget_id` or `visitor_key` makes a visitor, whatever cookie comes
along. With neither, the session cookie counts on pages of our own. Else it is a stranger.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import parse_cookie
from socketio.exceptions import ConnectionRefusedError

from accounts import tickets, verification
from accounts.models import AuthSession
from accounts.selectors import session_of_cookie
from accounts.tokens import BadToken, session_from_token
from businesses import second_factor
from businesses.models import Business, Membership
from foundation.ids import parse_id
from pingback.realtime import origins
from pingback.realtime.origins import Origin
from widgets import keys
from widgets.models import Visitor, Widget
from widgets.selectors import allowed_origin

BUSINESS_ID_REQUIRED = "business_id_required"
UNKNOWN_BUSINESS = "unknown_business"
UNAUTHORIZED = "unauthorized"
SECOND_FACTOR_SETUP_REQUIRED = "second_factor_setup_required"
ORIGIN_NOT_ALLOWED = "origin_not_allowed"
TOO_MANY_CONNECTIONS = "too_many_connections"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """feed_seq: how far the workspace's feed was when it was looked up."""

    business_id: UUID
    feed_seq: int
    membership: Membership | None = None
    session_id: UUID | None = None
    visitor: Visitor | None = None
    widget: Widget | None = None


def identify(auth: object, scope: dict[str, Any], origin: Origin) -> Identity:
    """Look everything up; in a thread. Raises ConnectionRefusedError with one of the words above."""
    claims = auth if isinstance(auth, dict) else {}
    if not claims.get("business_id"):
        raise ConnectionRefusedError(BUSINESS_ID_REQUIRED)
    business_id = parse_id(claims["business_id"])
    business = Business.objects.only("pk", "feed_seq").filter(pk=business_id).first() if business_id else None
    if business is None:
        raise ConnectionRefusedError(UNKNOWN_BUSINESS)
    if origin is Origin.WIDGET and not allowed_origin(_origin(scope), business_id=business.pk):
        raise ConnectionRefusedError(ORIGIN_NOT_ALLOWED)
    if claims.get("token") is not None:
        return _member(business, _session_of_token(claims["token"]))
    if claims.get("widget_id") is None and claims.get("visitor_key") is None:
        cookie = _cookie(scope) if origin in {Origin.OWN, Origin.NONE} else None
        if cookie:
            return _member(business, session_of_cookie(cookie))
    return Identity(
        business_id=business.pk,
        feed_seq=business.feed_seq,
        visitor=keys.visitor_from_key(claims.get("visitor_key"), business_id=business.pk),
        widget=_widget(business, claims.get("widget_id")),
    )


def _widget(business: Business, widget_id: object) -> Widget | None:
    found = parse_id(widget_id)
    return Widget.objects.filter(pk=found, business_id=business.pk).first() if found else None


def _member(business: Business, session: AuthSession | None) -> Identity:
    membership = (
        Membership.objects.select_related("user", "business")
        .filter(business_id=business.pk, user_id=session.user_id, is_active=True)
        .first()
        if session
        else None
    )
    if session is None or membership is None or verification.is_held(membership.user):
        raise ConnectionRefusedError(UNAUTHORIZED)
    if second_factor.is_missing(membership):
        raise ConnectionRefusedError(SECOND_FACTOR_SETUP_REQUIRED)
    return Identity(business_id=business.pk, feed_seq=business.feed_seq, membership=membership, session_id=session.pk)


def _session_of_token(token: object) -> AuthSession | None:
    try:
        if not isinstance(token, str):
            return None
        return tickets.redeem(token) if tickets.is_ticket(token) else session_from_token(token)
    except BadToken:
        return None


def _cookie(scope: dict[str, Any]) -> str | None:
    """Our session cookie. A page of ours that polls sends no Origin; a foreign one that polls always does."""
    if set(origins.headers(scope, b"sec-fetch-site")) - {"same-origin", "none"}:
        return None
    cookies = parse_cookie("; ".join(origins.headers(scope, b"cookie")))
    return cookies.get(settings.SESSION_COOKIE_NAME)


def _origin(scope: dict[str, Any]) -> str:
    return origins.headers(scope, b"origin")[0]
