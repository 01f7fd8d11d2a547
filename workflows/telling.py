"""How a person wants to be told: of what, when, and in which browsers."""

import base64
import binascii
from collections.abc import Collection
from datetime import datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from cryptography.hazmat.primitives.asymmetric import ec
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import AuthSession, User
from businesses.selectors import membership_of
from foundation import http
from foundation.errors import NotFound, Unprocessable
from workflows.models import NotificationKind, NotificationSetting, PushSubscription

WAYS = ("not_shown", "not_rung", "not_pushed", "not_mailed")
MAIL_AFTER = range(5, 24 * 60 + 1)  # minutes
MOST_BROWSERS = 20
AUTH_BYTES = 16  # RFC 8291


def setting_of(user: User) -> NotificationSetting:
    """Theirs, or what holds while they have said nothing: not stored."""
    membership = membership_of(user)
    zone = membership.business.time_zone if membership else "UTC"
    return NotificationSetting.objects.filter(user=user).first() or NotificationSetting(user=user, time_zone=zone)


def change_setting(*, user: User, **changes: Any) -> NotificationSetting:
    """changes: fields of NotificationSetting. Raises Unprocessable."""
    setting = setting_of(user)
    for name, value in changes.items():
        setattr(setting, name, value)
    for way in WAYS:
        if not set(getattr(setting, way)) <= set(NotificationKind.values):
            raise Unprocessable(_("There is no such kind of notification."), field=way)
    if setting.mail_after is not None and setting.mail_after not in MAIL_AFTER:
        raise Unprocessable(_("From 5 minutes to a day."), field="mail_after")
    if (setting.quiet_from is None) != (setting.quiet_until is None):
        raise Unprocessable(_("Give both times of the quiet hours, or neither."), field="quiet_until")
    if setting.time_zone not in available_timezones():
        raise Unprocessable(_("Choose a time zone from the list."), field="time_zone")
    setting.save()
    return setting


def wants_push(setting: NotificationSetting | None, kind: str, now: datetime) -> bool:
    return setting is None or (kind not in setting.not_pushed and not _is_quiet(setting, now))


def rings(setting: NotificationSetting | None, kind: str, now: datetime) -> bool:
    """Whether an open page makes a sound and shows it on the desktop."""
    return setting is None or (kind not in setting.not_rung and not _is_quiet(setting, now))


def _is_quiet(setting: NotificationSetting, now: datetime) -> bool:
    start, end = setting.quiet_from, setting.quiet_until
    if start is None or end is None:
        return False
    clock: time = now.astimezone(ZoneInfo(setting.time_zone)).time()
    return start <= clock < end if start <= end else clock >= start or clock < end  # over midnight


def subscribe(*, user: User, session: AuthSession, endpoint: str, p256dh: str, auth: str) -> PushSubscription:
    """The same browser again replaces what was known of it; beyond MOST_BROWSERS the oldest is forgotten.

    Raises Unprocessable.
    """
    try:
        http.check_outside(endpoint)
    except http.OutboundRefused as refusal:
        raise Unprocessable(_("No push service is at this address."), field="endpoint") from refusal
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(p256dh))
        is_good = len(decoded(auth)) == AUTH_BYTES
    except (ValueError, binascii.Error):
        is_good = False
    if not is_good:
        raise Unprocessable(_("These are no keys of a browser."), field="keys")
    with transaction.atomic():
        # Of whoever was signed in before in that browser, too: it is one browser.
        PushSubscription.objects.filter(endpoint=endpoint).delete()
        made = PushSubscription.objects.create(user=user, session=session, endpoint=endpoint, p256dh=p256dh, auth=auth)
        older = PushSubscription.objects.filter(user=user).order_by("-created_at", "-pk")[MOST_BROWSERS:]
        PushSubscription.objects.filter(pk__in=list(older.values_list("pk", flat=True))).delete()
    return made


def unsubscribe(*, user: User, subscription_id: UUID) -> None:
    """Raises NotFound."""
    if not PushSubscription.objects.filter(user=user, pk=subscription_id).delete()[0]:
        raise NotFound


def own_browsers(user: User) -> list[PushSubscription]:
    """Those that are pushed to, the newest first, each with its `session`."""
    own = PushSubscription.objects.filter(user=user, session__in=AuthSession.objects.alive().filter(user=user))
    return list(own.select_related("session").order_by("-created_at", "-pk"))


def own_browser(user: User, subscription_id: UUID) -> PushSubscription:
    """Raises NotFound."""
    found = next((each for each in own_browsers(user) if each.pk == subscription_id), None)
    if found is None:
        raise NotFound
    return found


def browsers_of(user_ids: Collection[UUID]) -> list[PushSubscription]:
    """Those whose sign-in is alive."""
    found = PushSubscription.objects.filter(user_id__in=user_ids)
    alive = AuthSession.objects.alive().filter(user_id__in=user_ids)
    return list(found.filter(session__in=alive.values("pk")))


def decoded(text: str) -> bytes:
    """base64url, with or without its padding. Raises binascii.Error, ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
