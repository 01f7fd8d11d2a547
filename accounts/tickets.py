"""Socket tickets: for programs that should not hand their token to a socket. A minute, one handshake, nothing else.

A JWT of its own audience and its own key (TICKET_KEY), so that neither a token is a ticket nor a ticket a token.
Source: design.md 5; promises 3; attacks A2, A14.
"""

from datetime import timedelta

import jwt
from django.conf import settings
from django.utils import timezone

from accounts.models import AuthSession, new_jti
from accounts.tokens import MAX_TOKEN, BadToken, Claims
from foundation import throttles

LIFETIME = timedelta(seconds=60)
AUDIENCE = "pingback-socket"
KEY_ID = "ticket"


def issue_ticket(session: AuthSession) -> str:
    now = timezone.now()
    claims = {
        "aud": AUDIENCE,
        "iss": settings.SIMPLE_JWT["ISSUER"],
        "sub": str(session.user_id),
        "sid": str(session.pk),
        "jti": new_jti(),
        "iat": now,
        "exp": now + LIFETIME,
    }
    return jwt.encode(claims, settings.TICKET_KEY, algorithm="HS256", headers={"kid": KEY_ID})


def is_ticket(raw: str) -> bool:
    """Whether it says that it is one; nothing is checked."""
    try:
        return len(raw) <= MAX_TOKEN and jwt.get_unverified_header(raw).get("kid") == KEY_ID
    except jwt.InvalidTokenError:
        return False


def read_ticket(raw: str) -> Claims:
    """What it says, once signature and end are as they should be; no database is asked. Raises BadToken."""
    try:
        claims = jwt.decode(
            raw,
            settings.TICKET_KEY,
            algorithms=["HS256"],
            audience=AUDIENCE,
            issuer=settings.SIMPLE_JWT["ISSUER"],
            options={"require": ["exp", "iat", "aud", "iss", "sub", "sid", "jti"]},
        )
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError) as error:
        raise BadToken(str(error)) from error
    return Claims(session_id=claims["sid"], user_id=claims["sub"], jti=claims["jti"])


def use_up(ticket: Claims) -> bool:
    """True for the first handshake that it opens. A row, so that one process knows what another let in."""
    return throttles.is_first("TICKET", ticket.jti, seconds=2 * int(LIFETIME.total_seconds()))
