"""Signing in with Google: an ID token says who somebody is, and is checked against the issuer's own keys.

An account is found by Google's `sub` alone. One that merely has the same e-mail is never linked by itself: whoever
signed up with a stranger's address would otherwise have a way in. A person connects Google when signed in.
Source: https://developers.google.com/identity/openid-connect/openid-connect; promises 3; attacks A16.
"""

import logging
import threading
import time
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import jwt
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from accounts import events
from accounts.fresh import require_fresh
from accounts.models import User, normal_email
from foundation import throttles
from foundation.errors import Invalid, NotFound, NotSignedIn, Unavailable
from foundation.http import OutboundFailed, OutboundRefused, get
from foundation.mail import send_mail
from foundation.text import is_clean

log = logging.getLogger("pingback.google")

MAX_TOKEN = 5_000
# Their clock and ours.
LEEWAY_SECONDS = 30
MAX_NAME = 200


class KeySet:
    """The issuer's public keys: kept for as long as it says, asked for again when a token names an unknown one.

    That at most once a minute, and while there are none, every few seconds: a forged name must not make us call. Nobody
    waits long for somebody else's call.
    """

    AGAIN_AFTER, WITHOUT_KEYS_AFTER = 60.0, 5.0
    PATIENCE_SECONDS = 1.0
    SHORTEST, USUAL, LONGEST = 60, 3600, 24 * 3600

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self._keys: dict[str, jwt.PyJWK] = {}
        self._asked_at = self._good_until = float("-inf")

    def key(self, name: str) -> jwt.PyJWK | None:
        """Raises Unavailable when there are no keys and they cannot be had."""
        if self._must_ask(name) and self._lock.acquire(timeout=self.PATIENCE_SECONDS):
            try:
                if self._must_ask(name):
                    self._ask()
            finally:
                self._lock.release()
        if not self._keys:
            raise Unavailable(_("Google cannot be reached. Try again."))
        return self._keys.get(name)

    def _must_ask(self, name: str) -> bool:
        now = time.time()
        wait = self.AGAIN_AFTER if self._keys else self.WITHOUT_KEYS_AFTER
        return (now >= self._good_until or name not in self._keys) and now >= self._asked_at + wait

    def _ask(self) -> None:
        """The old keys do for now when it fails."""
        now = time.time()
        try:
            answer = get(settings.GOOGLE_KEYS_URL)
            if answer.status != 200:
                raise OutboundFailed(f"status {answer.status}")
            self._keys = _keys_of(answer.json())
            self._good_until = now + self._lifetime(answer.headers.get("cache-control", ""))
        except (OutboundFailed, OutboundRefused) as error:
            log.warning("Google's keys were not to be had: %s", error)
        finally:
            self._asked_at = time.time()

    def _lifetime(self, cache_control: str) -> int:
        for part in cache_control.split(","):
            word, _equals, seconds = part.strip().partition("=")
            if word.lower() == "max-age" and seconds.isdigit() and len(seconds) < 10:
                return min(max(int(seconds), self.SHORTEST), self.LONGEST)
        return self.USUAL


def _keys_of(document: Any) -> dict[str, jwt.PyJWK]:
    """The RSA keys of a JWK set by name; other kinds are not for us. Raises OutboundFailed for what is no set."""
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise OutboundFailed("Not a set of keys.")
    keys = {}
    for entry in document["keys"]:
        if isinstance(entry, dict) and entry.get("kty") == "RSA" and isinstance(entry.get("kid"), str):
            try:
                keys[entry["kid"]] = jwt.PyJWK(entry, "RS256")
            except jwt.PyJWTError as error:
                raise OutboundFailed("Not a key.") from error
    return keys


key_set = KeySet()


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What Google says of a person. sub: Google's own id of them, which never changes."""

    sub: str
    email: str
    name: str
    picture: str


def is_on() -> bool:
    return bool(settings.GOOGLE_CLIENT_ID)


def require_on() -> None:
    """Raises NotFound with words that say what is missing."""
    if not is_on():
        raise NotFound(_("Sign-in with Google is not set up on this server."))


def sign_in_with(*, id_token: str, nonce: str | None = None) -> User:
    """The person whom the token names; a new one gets an account. Opens no session: `accounts.door` is next.

    nonce: what our page gave Google for this browser; None for callers of the API, who keep their own.
    Raises NotSignedIn for a token that is not good or was used before, and when an account has the e-mail by other
    means; NotFound when the operator has no client id; Unavailable when Google's keys cannot be had.
    """
    identity = _identity(id_token, nonce)
    known = User.objects.filter(google_sub=identity.sub).first()
    if known:
        return known
    throttles.count_address("REGISTER")
    user = User(
        email=identity.email,
        full_name=identity.name,
        google_sub=identity.sub,
        is_google_account=True,
        avatar_url=identity.picture,
        is_verified=True,
    )
    user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            events.tell("account.registered", user=user)
    except IntegrityError as error:  # an account with this e-mail, or two windows at once: the constraint decides
        winner = User.objects.filter(google_sub=identity.sub).first()
        if winner is None:
            raise _taken(identity.email) from error
        return winner
    return user


def connect(*, user: User, id_token: str, nonce: str) -> None:
    """From now on this Google account opens this person's account.

    Raises as `sign_in_with`; NotFresh; Invalid when taken.
    """
    require_fresh(user)
    identity = _identity(id_token, nonce)
    taken = Invalid(_("This Google account already belongs to another account here."))
    if User.objects.filter(google_sub=identity.sub).exclude(pk=user.pk).exists():
        raise taken
    try:
        with transaction.atomic():
            User.objects.filter(pk=user.pk).update(google_sub=identity.sub)
            events.tell("google.connected", user=user)
            send_mail(
                "accounts/mail/google_connected", to=user.email, name=user.get_short_name(), google=identity.email
            )
    except IntegrityError as error:
        raise taken from error
    user.google_sub = identity.sub


@transaction.atomic
def disconnect(*, user: User) -> None:
    """Raises Invalid for somebody who would have no way in afterwards."""
    user = User.objects.select_for_update().get(pk=user.pk)
    if not user.has_usable_password():
        raise Invalid(_("Set a password first, or you could not sign in any more."))
    if user.google_sub is not None:
        User.objects.filter(pk=user.pk).update(google_sub=None)
        events.tell("google.disconnected", user=user)


def _identity(id_token: str, nonce: str | None) -> Identity:
    require_on()
    claims = _claims(id_token)
    if nonce is not None and not constant_time_compare(str(claims.get("nonce", "")), nonce):
        raise _refused()
    identity = _read(claims)
    seconds = max(1, int(claims["exp"] - time.time()) + LEEWAY_SECONDS + 1)
    if not throttles.is_first("GOOGLE", _signed(id_token), seconds=seconds):
        raise _refused()
    return identity


def give_back(id_token: str) -> None:
    """It opened nothing, as the second factor is still to be shown: it is good once more."""
    throttles.forget("GOOGLE", _signed(id_token))


def _signed(id_token: str) -> str:
    """What is signed, without the signature: that can be spelled in more than one way."""
    return sha256(id_token.rpartition(".")[0].encode()).hexdigest()


def _claims(id_token: str) -> dict[str, Any]:
    """Raises NotSignedIn unless Google signed it, for us, and it is not over."""
    if len(id_token) > MAX_TOKEN:
        raise _refused()
    try:
        header = jwt.get_unverified_header(id_token)
        name = header.get("kid")
        key = key_set.key(name) if header.get("alg") == "RS256" and isinstance(name, str) else None
        if key is None:
            raise _refused()
        return dict(
            jwt.decode(
                id_token,
                key,
                algorithms=["RS256"],
                audience=settings.GOOGLE_CLIENT_ID,
                issuer=settings.GOOGLE_ISSUERS,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "aud", "iss", "sub"], "strict_aud": True},
            )
        )
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
        raise _refused() from error


def _read(claims: dict[str, Any]) -> Identity:
    """Raises NotSignedIn when Google does not vouch for the e-mail."""
    sub, email = claims["sub"], claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(email, str) or not 0 < len(sub) <= 255:
        raise _refused()
    email = normal_email(email)
    try:
        validate_email(email)
    except ValidationError as error:
        raise _refused() from error
    if len(email) > 254 or not is_clean(sub):
        raise _refused()
    return Identity(sub=sub, email=email, name=_name(claims, email), picture=_picture(claims))


def _name(claims: dict[str, Any], email: str) -> str:
    name = claims.get("name")
    name = name.strip()[:MAX_NAME] if isinstance(name, str) and is_clean(name) else ""
    return name or email.partition("@")[0]


def _picture(claims: dict[str, Any]) -> str:
    """Shown by browsers and never fetched by us, so only by https."""
    picture = claims.get("picture")
    good = isinstance(picture, str) and picture.startswith("https://") and len(picture) <= 2048 and is_clean(picture)
    return str(picture) if good else ""


def _refused() -> NotSignedIn:
    return NotSignedIn(_("Google’s word for you is not valid. Try again."))


def _taken(email: str) -> NotSignedIn:
    events.tell("session.failed", email=email, user=User.objects.filter(email=email).first())
    return NotSignedIn(
        _("This e-mail has an account with a password. Log in with it, then connect Google in Settings, Security.")
    )
