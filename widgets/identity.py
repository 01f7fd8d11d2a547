"""Who a visitor is, proven by the site's own server: a token or a hash made with a widget's identity secret.

A browser's word (`name`, `email`, `external_id`) is a claim: shown as unverified, never finding anybody. Proven is what
the site's server has signed. Two secrets of a widget may be live, so that the site can change over. Source: promises 4.
"""

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import jwt
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from businesses import audit
from businesses.policy import Action, require
from foundation import throttles
from foundation.errors import Forbidden, Invalid
from foundation.ids import new_id
from foundation.sealed import seal, unseal
from widgets.models import IdentitySecret, Widget

ALGORITHM = "HS256"
MAX_SECRETS = 2
MAX_TOKEN = 4096
# How far ahead a token may end, and how far clocks may be apart, in seconds.
MAX_AHEAD, LEEWAY = 3600, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """`claims` as a visitor's own would be, `external_id` among them; each is the server's word.
    beside: what the browser says along with it.
    """

    claims: dict[str, Any]
    beside: dict[str, Any] = field(default_factory=dict)


def prove(widget: Widget | None, claims: dict[str, Any]) -> Proven | None:
    """What the claims prove; None when they do not try to. Raises Forbidden (they try, and fail, or prove somebody else
    than they name), TooFast.

    A token names what it proves. A hash proves the `external_id` alone: a `name` beside it is a claim, an `email`
    stays out.
    """
    token, digest = claims.get("identity_token"), claims.get("identity_hash")
    if token is None and digest is None:
        return None
    proven = None
    if widget:
        keys = [_open(secret) for secret in widget.identity_secrets.all()]
        proven = _by_token(widget, token, keys) if token is not None else _by_hash(claims, digest, keys)
    if proven is None:
        throttles.count_address("VISITOR_KEY")
        raise Forbidden(_("This identity is not good, or no longer."))
    if str(claims.get("external_id") or proven.claims["external_id"]).strip() != proven.claims["external_id"]:
        raise Forbidden(_("The token is of another external_id than the one beside it."))
    return proven


def _by_token(widget: Widget, token: object, keys: list[str]) -> Proven | None:
    if not isinstance(token, str) or len(token) > MAX_TOKEN:
        return None
    for key in keys:
        try:
            said = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=str(widget.pk),
                leeway=LEEWAY,
                options={"require": ["aud", "sub", "exp"]},
            )
        except (jwt.InvalidTokenError, ValueError):
            continue
        sub = said["sub"]
        # Ids are kept without blanks around them: one that has some would be somebody else.
        if not sub or sub != sub.strip() or int(said["exp"]) > time.time() + MAX_AHEAD + LEEWAY:
            return None
        return Proven(claims={"external_id": sub, "name": said.get("name"), "email": said.get("email")})
    return None


def _by_hash(claims: dict[str, Any], digest: object, keys: list[str]) -> Proven | None:
    external_id = claims.get("external_id")
    if not isinstance(external_id, str) or not isinstance(digest, str) or not digest.isascii():
        return None
    if not external_id or external_id != external_id.strip():
        return None
    for key in keys:
        expected = hmac.digest(key.encode(), external_id.encode("utf-8", "replace"), hashlib.sha256).hex()
        if hmac.compare_digest(expected, digest.lower()):
            return Proven(claims={"external_id": external_id}, beside={"name": claims.get("name")})
    return None


# The secrets ------------------------------------------------------------------------------------------------


@transaction.atomic
def add_secret(*, actor: User, widget: Widget) -> tuple[IdentitySecret, str]:
    """A further secret and its words, shown this once. Owner only. Raises Forbidden, Invalid (two are live)."""
    business = require(actor, Action.MANAGE_WIDGETS).business
    widget = Widget.objects.select_for_update().get(pk=widget.pk, business=business)
    if widget.identity_secrets.count() >= MAX_SECRETS:
        raise Invalid(_("Two secrets are live. Remove the one that your server no longer uses."))
    plain = secrets.token_urlsafe(32)
    row = IdentitySecret(id=new_id(), widget=widget, ending=plain[-4:])
    row.sealed = seal(plain, context=context_of(row))
    row.save()
    audit.record("identity_secret.created", business_id=business.pk, actor=actor, target=widget)
    return row, plain


@transaction.atomic
def remove_secret(*, actor: User, secret: IdentitySecret) -> None:
    """What it signed proves nothing from now on. Owner only. Raises Forbidden."""
    business = require(actor, Action.MANAGE_WIDGETS).business
    audit.record("identity_secret.removed", business_id=business.pk, actor=actor, target=secret.widget)
    secret.delete()


def _open(secret: IdentitySecret) -> str:
    return unseal(secret.sealed, context=context_of(secret))


def context_of(secret: IdentitySecret) -> str:
    return f"widget {secret.widget_id} identity {secret.pk}"
