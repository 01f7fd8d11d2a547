"""Bearer tokens: a JWT names an AuthSession row, and the row decides.

Simplejwt's backend signs and checks with its own key, fixed algorithm, issuer and audience; our claims are
`sub` (user), `sid` (session), `jti`, `iat`, `exp`. Deleting the row ends the token at the next request, and so does
changing it for another one (accounts/refresh.py).
Source: promises, "Sign-in and sessions"; contract/api.md, "Token life and logout".
"""

import contextlib
import json
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, lru_cache
from typing import Any

import jwt
from django.conf import settings
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import Token

from accounts import refresh
from accounts.models import AuthSession, User

# Longer than any token of ours: a longer text is refused before it is decoded.
MAX_TOKEN = 2_000
# The signatures of so many tokens are checked once; whether their sessions live is asked each time.
KNOWN_TOKENS = 4_096


class BadToken(Exception):
    """Not a token of ours, or of a session that is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a token of ours says, or a ticket; whether the session still lives is for its row to say."""

    session_id: object
    user_id: object
    jti: str

    def names(self, session: AuthSession) -> bool:
        return str(session.user_id) == self.user_id


class NamedKeyBackend(TokenBackend):
    """Writes the key's name into the header and takes no token that names another. The first of JWT_KEYS signs."""

    KEY_ID = "1"

    def encode(self, payload: dict[str, Any]) -> str:
        claims = {**payload, "aud": self.audience, "iss": self.issuer}
        return jwt.encode(claims, settings.JWT_KEYS[0], algorithm=self.algorithm, headers={"kid": self.KEY_ID})

    def decode(self, token: Any, verify: bool = True) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError as error:
            raise TokenError("Token is malformed") from error
        if header.get("kid") != self.KEY_ID:
            raise TokenError("Token is signed with an unknown key")
        _read_strictly(token)
        return dict(super().decode(token, verify=verify))

    def get_verifying_key(self, token: Any) -> str:
        """The one of JWT_KEYS that signed it; the first, which says so, where none did."""
        for key in settings.JWT_KEYS:
            with contextlib.suppress(jwt.InvalidSignatureError):
                jwt.PyJWS().decode(token, key, algorithms=[self.algorithm])
                return str(key)
        return str(settings.JWT_KEYS[0])


def _read_strictly(token: str) -> None:
    """Raises TokenError for what JSON readers understand in more than one way: a claim that stands twice, and an end
    that is no whole second."""
    try:
        body = jwt.utils.base64url_decode(token.split(".")[1])
        claims = json.loads(body, object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as error:
        raise TokenError("Token is malformed") from error
    if not isinstance(claims, dict) or type(claims.get("exp")) is not int:
        raise TokenError("Token has no end")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    claims = dict(pairs)
    if len(claims) != len(pairs):
        raise ValueError("A claim stands twice.")
    return claims


@cache
def backend() -> NamedKeyBackend:
    return NamedKeyBackend(
        settings.SIMPLE_JWT["ALGORITHM"],
        audience=settings.SIMPLE_JWT["AUDIENCE"],
        issuer=settings.SIMPLE_JWT["ISSUER"],
    )


class AccessToken(Token):
    token_type = "access"  # noqa: S105  the kind of token, not a secret

    @property
    def lifetime(self) -> timedelta:  # type: ignore[override]
        return timedelta(seconds=settings.SESSION_MAX_SECONDS)

    def get_token_backend(self) -> NamedKeyBackend:
        return backend()


def issue_access_token(session: AuthSession) -> str:
    token = AccessToken()
    token.set_exp(from_time=session.created_at)
    token["sub"] = str(session.user_id)
    token["sid"] = str(session.pk)
    token["jti"] = session.jti
    return str(token)


def read_token(raw: str) -> Claims:
    """What it says, once signature, key and end are as they should be; no database is asked. Raises BadToken."""
    if len(raw) > MAX_TOKEN:
        raise BadToken("too long")
    try:
        claims, end = _signed(raw)
    except TokenError as error:
        raise BadToken(str(error)) from error
    except (ValueError, TypeError, OverflowError) as error:  # claims of a shape that the library does not expect
        raise BadToken("malformed claims") from error
    if end <= time.time():
        raise BadToken("over")
    return claims


@lru_cache(maxsize=KNOWN_TOKENS)
def _signed(raw: str) -> tuple[Claims, float]:
    """What it says, and when it ends."""
    claims = AccessToken(raw).payload  # type: ignore[arg-type]
    return Claims(session_id=claims.get("sid"), user_id=claims.get("sub"), jti=claims["jti"]), claims["exp"]


def session_from_token(raw: str) -> AuthSession:
    """The living session that a token names, with its user; `user.auth_session` is set.

    Raises BadToken.
    """
    claims = read_token(raw)
    session = AuthSession.objects.alive().named(claims.session_id)
    if session is None or not claims.names(session):
        raise BadToken("session is over")
    if not refresh.is_good(session, claims.jti):
        raise BadToken("changed for another one")
    session.presented_jti = claims.jti
    return signed_in(session)


def signed_in(session: AuthSession) -> AuthSession:
    """Mark the session as used and its user as the caller."""
    session.touch()
    user: User = session.user
    user.auth_session = session
    return session
