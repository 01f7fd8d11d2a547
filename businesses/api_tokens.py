"""API tokens: for a program that works in one workspace as one of its members, until it is revoked.

`pbt_<prefix>_<secret>`: the prefix finds the row and is shown, the secret is stored as SHA-256 and shown once. A token
belongs to a membership: it acts in that workspace alone, with that person's role of the moment, and dies with it.
"""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.dispatch import receiver
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from accounts.fresh import require_fresh
from accounts.models import User
from businesses import audit, scopes
from businesses.models import ApiToken, Membership
from businesses.policy import Action, may, require
from businesses.selectors import membership_of, work_as
from businesses.signals import member_removed
from foundation.errors import Invalid, NotFound, Unprocessable
from foundation.ids import parse_id
from foundation.mail import send_mail

MARK = "pbt_"
# Prefix and secret are hexadecimal, so that a double click takes the whole token.
SECRET_BYTES, PREFIX_BYTES = 32, 5
LENGTH = len(MARK) + 2 * PREFIX_BYTES + 1 + 2 * SECRET_BYTES
MAX_NAME, MOST_EACH = 100, 50
# Reading does not write: `last_used_at` moves at most this often.
TOUCH_AFTER = timedelta(minutes=5)


class BadApiToken(Exception):
    """Unknown, revoked, expired, or of somebody who is gone."""


def create_api_token(
    *, actor: User, name: str, scopes_wanted: list[str], expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """A token for the caller's membership in the current workspace, and its text, which nobody sees again.

    expires_at: aware; None = until it is revoked. Raises Forbidden, NotFresh, Invalid beyond MOST_EACH, Unprocessable
    for a blank name, unknown scopes or a time that is over. The person is told by mail.
    """
    membership = require(actor, Action.USE_API_TOKENS)
    require_fresh(actor)
    if not name.strip() or len(name.strip()) > MAX_NAME:
        text = _("Use 1 to %(most)d characters.") % {"most": MAX_NAME}
        raise Unprocessable(text, field="name")
    granted = scopes.checked(scopes_wanted)
    if expires_at is not None and expires_at <= timezone.now():
        raise Unprocessable(_("Choose a time that is still to come."), field="expires_at")
    prefix, secret = secrets.token_hex(PREFIX_BYTES), secrets.token_hex(SECRET_BYTES)
    raw = f"{MARK}{prefix}_{secret}"
    with transaction.atomic():
        Membership.objects.select_for_update().get(pk=membership.pk)
        if ApiToken.objects.filter(membership=membership).count() >= MOST_EACH:
            raise Invalid(_("That is enough: revoke a token that you no longer use."))
        token = ApiToken.objects.create(
            membership=membership,
            name=name.strip(),
            scopes=granted,
            prefix=prefix,
            digest=_digest(raw),
            expires_at=expires_at,
        )
        audit.record(
            "token.created", business_id=membership.business_id, actor=actor, target=token, scopes=", ".join(granted)
        )
        send_mail(
            "businesses/mail/api_token",
            to=actor.email,
            name=actor.get_short_name(),
            token=token,
            business=membership.business,
        )
    return token, raw


@transaction.atomic
def revoke_api_token(*, actor: User, token_id: str) -> None:
    """Dead at its next request. One's own; the owner any of the workspace. Raises NotFound."""
    found = parse_id(token_id)
    token = tokens_visible_to(actor).filter(pk=found).first() if found else None
    if token is None or not ApiToken.objects.filter(pk=token.pk).delete()[0]:
        raise NotFound
    audit.record("token.revoked", business_id=token.membership.business_id, actor=actor, target=token)


def tokens_visible_to(user: User) -> QuerySet[ApiToken]:
    """One's own in the current workspace, the owner everybody's; newest first."""
    membership = membership_of(user)
    if membership is None:
        return ApiToken.objects.none()
    rows = ApiToken.objects.select_related("membership__user")
    if may(membership, Action.MANAGE_API_TOKENS):
        rows = rows.filter(membership__business_id=membership.business_id)
    else:
        rows = rows.filter(membership=membership)
    return rows.order_by("-created_at", "-pk")


def is_api_token(raw: str) -> bool:
    """Whether it says that it is one; nothing is checked."""
    return raw.startswith(MARK)


def api_token_of(raw: str) -> ApiToken:
    """The good token behind the text; its user acts in its workspace. Raises BadApiToken."""
    token = api_tokens_of([raw])[raw]
    if token is None:
        raise BadApiToken
    return token


def api_tokens_of(raws: Collection[str]) -> dict[str, ApiToken | None]:
    """`api_token_of` for many, in one question: by text the token; None = not a good one."""
    now = timezone.now()
    prefixes = {raw: raw[len(MARK) :].partition("_")[0] for raw in raws if len(raw) == LENGTH and raw.isascii()}
    rows = ApiToken.objects.select_related("membership__user", "membership__business").filter(
        Q(expires_at=None) | Q(expires_at__gt=now),
        prefix__in={prefix for prefix in prefixes.values() if prefix.isalnum()},
        membership__is_active=True,
        membership__user__is_active=True,
    )
    good = {token.prefix: token for token in rows} if prefixes else {}
    found: dict[str, ApiToken | None] = dict.fromkeys(raws)
    for raw, prefix in prefixes.items():
        token = good.get(prefix)
        if token and constant_time_compare(token.digest, _digest(raw)):
            found[raw] = _used(token, now=now)
    return found


def _used(token: ApiToken, *, now: datetime) -> ApiToken:
    if token.last_used_at is None or now - token.last_used_at > TOUCH_AFTER:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    work_as(token.membership.user, token.membership)
    audit.act_through(token.membership.user, token.name)
    return token


@receiver(member_removed)
def forget_tokens_of_the_removed(business_id: Any, user: User, **_signal: Any) -> None:
    """Also of one who was only switched off: coming back does not bring them back."""
    ApiToken.objects.filter(membership__business_id=business_id, membership__user=user).delete()


def _digest(raw: str) -> str:
    return sha256(raw.encode()).hexdigest()
