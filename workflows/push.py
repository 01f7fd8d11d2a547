"""Web push with the installation's own key: RFC 8030 (the request), 8291 (its encryption), 8292 (VAPID).

At least once, to at least one of a person's browsers: a browser shows a notification that comes twice in place of
itself, by its id.
"""

import base64
import hashlib
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from urllib.parse import urlsplit
from uuid import UUID

import http_ece
import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from businesses.models import Membership
from foundation import http, throttles
from foundation.ids import new_id
from foundation.prepared import Given, prepared
from workflows.models import NOTHING, Notification, NotificationSetting, PushSubscription
from workflows.notifications import text_of
from workflows.telling import browsers_of, decoded, wants_push

AT_ONCE = 50
AGAIN_AFTER = timedelta(minutes=1)  # for who claimed it, or until the push service is back
GIVEN_UP_AFTER = timedelta(hours=1)
GONE = (404, 410)
# At once, one a push service; and how long of a claim is spent on sending.
HANDS = 8
SENDING_SECONDS = 30.0
MOST_TEXT = 300  # a push holds 4,096 bytes, padding and all
_CURVE_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

log = logging.getLogger("pingback.push")


def public_key() -> str:
    """What browsers subscribe with: an uncompressed point, base64url."""
    point = _private_key().public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


@cache
def _key_of(secret: str) -> ec.EllipticCurvePrivateKey:
    number = int.from_bytes(hashlib.sha512(b"pingback: vapid\0" + secret.encode()).digest())
    return ec.derive_private_key(number % (_CURVE_ORDER - 1) + 1, ec.SECP256R1())


def _private_key() -> ec.EllipticCurvePrivateKey:
    return _key_of(settings.VAPID_KEY)


def push_due(stop: threading.Event) -> None:
    """The worker's: whatever is due, in batches."""
    while not stop.is_set():
        claimed = _claim(timezone.now())
        if not claimed:
            return
        _push_all(claimed, stop)


def send_test(browser: PushSubscription) -> PushSubscription:
    """Something to look at, there; returns it with what its push service answered. One that is gone is forgotten.

    Raises TooFast.
    """
    throttles.count("PUSH_TEST", browser.user_id)
    told = {"text": _("This is a test: news arrive here like this."), "url": reverse("settings-notifications")}
    push = _push(browser, new_id(), told)
    _send_to_one([push], threading.Event(), time.monotonic() + SENDING_SECONDS)
    _note_answers([push])
    browser.last_status, browser.last_at = push.status, timezone.now()
    return browser


def _claim(now: datetime) -> list[Notification]:
    """Ours for AGAIN_AFTER: two workers never both get one."""
    due = _due()(now=now)
    return [
        row
        for row in due
        if Notification.objects.filter(pk=row.pk, push_due_at=row.push_due_at).update(push_due_at=now + AGAIN_AFTER)
    ]


@prepared
def _due() -> "QuerySet[Notification]":
    due = Notification.objects.filter(push_due_at__lte=Given("now"))
    return due.select_related("actor", "conversation__customer").order_by("push_due_at")[:AT_ONCE]


def _push_all(claimed: list[Notification], stop: threading.Event) -> None:
    now = timezone.now()
    user_ids = {row.user_id for row in claimed}
    browsers: dict[UUID, list[PushSubscription]] = defaultdict(list)
    for browser in browsers_of(user_ids):
        browsers[browser.user_id].append(browser)
    wishes = NotificationSetting.objects.in_bulk(user_ids)
    members = set(
        Membership.objects.filter(
            user_id__in=user_ids, business_id__in={row.business_id for row in claimed}, is_active=True
        ).values_list("user_id", "business_id")
    )
    wanted = [
        row
        for row in claimed
        if row.read_at is None
        and row.created_at > now - GIVEN_UP_AFTER
        and (row.user_id, row.business_id) in members
        and wants_push(wishes.get(row.user_id), row.kind, now)
    ]
    pushes = [_push(browser, row.pk, _told(row)) for row in wanted for browser in browsers[row.user_id]]
    _send_all(pushes, stop)
    _note_answers(pushes)
    # One that took it is enough: it would ring there again for as long as another one's service is away.
    taken = {push.row_id for push in pushes if push.is_taken}
    again = {push.row_id for push in pushes if push.is_away} - taken
    Notification.objects.filter(pk__in=[row.pk for row in claimed if row.pk not in again]).update(push_due_at=None)


@dataclass(slots=True, kw_only=True)
class _Push:
    """One notification on its way to one browser. status: what its service answered; None = not sent yet."""

    row_id: UUID
    browser_id: UUID
    endpoint: str
    body: bytes
    headers: dict[str, str]
    status: int | None = None

    @property
    def host(self) -> str:
        return urlsplit(self.endpoint).netloc

    @property
    def is_taken(self) -> bool:
        return is_taken(self.status)

    @property
    def is_away(self) -> bool:
        """Another try may help."""
        return not self.status or self.status == 429 or self.status >= 500


def is_taken(status: int | None) -> bool:
    return status is not None and 200 <= status < 300


def _told(row: Notification) -> dict[str, str]:
    return {"text": text_of(row)[:MOST_TEXT], "url": f"/inbox/{row.conversation_id}/"}


def _push(browser: PushSubscription, pk: UUID, told: Mapping[str, str]) -> _Push:
    body = http_ece.encrypt(
        orjson.dumps({"id": str(pk), **told}),
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=decoded(browser.p256dh),
        auth_secret=decoded(browser.auth),
        version="aes128gcm",
    )
    headers = {
        "authorization": f"vapid t={_token(browser.endpoint)}, k={public_key()}",
        "content-encoding": "aes128gcm",
        "content-type": "application/octet-stream",
        "ttl": str(int(GIVEN_UP_AFTER.total_seconds())),
        "urgency": "high",
        "topic": pk.hex,
    }
    return _Push(row_id=pk, browser_id=browser.pk, endpoint=browser.endpoint, body=body, headers=headers)


def _send_all(pushes: Sequence[_Push], stop: threading.Event) -> None:
    """Each push service for itself: one that hangs keeps none of the others waiting. The busiest first."""
    by_host: dict[str, list[_Push]] = defaultdict(list)
    for push in pushes:
        by_host[push.host].append(push)
    if not by_host:
        return
    until = time.monotonic() + SENDING_SECONDS
    with ThreadPoolExecutor(min(HANDS, len(by_host)), thread_name_prefix="push") as hands:
        for theirs in sorted(by_host.values(), key=len, reverse=True):
            hands.submit(_send_to_one, theirs, stop, until)


def _send_to_one(pushes: Sequence[_Push], stop: threading.Event, until: float) -> None:
    """To one service, until it is away; the rest is sent with the next try."""
    for push in pushes:
        if stop.is_set() or time.monotonic() > until:
            return
        try:
            answer = http.call("POST", push.endpoint, content=push.body, headers=push.headers, max_bytes=64 * 1024)
            push.status = answer.status
        except http.OutboundRefused:
            push.status = GONE[0]  # its name leads inside by now
        except http.OutboundFailed as failure:
            push.status = NOTHING
            log.warning("A push was not taken, and is tried again: %s", failure)
        if push.is_away:
            log.warning("The push service at %s answers %s; it is tried again", push.host, push.status or "nothing")
            return
        if push.status not in GONE and not push.is_taken:
            log.warning("The push service at %s refuses: %s", push.host, push.status)


def _note_answers(pushes: Sequence[_Push]) -> None:
    """The last of each browser; those that are gone are forgotten."""
    last = {push.browser_id: push.status for push in pushes if push.status is not None}
    now = timezone.now()
    for status in set(last.values()):
        rows = PushSubscription.objects.filter(pk__in=[pk for pk, answered in last.items() if answered == status])
        if status in GONE:
            rows.delete()
        else:
            rows.update(last_status=status, last_at=now)


def _token(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    who = settings.PUBLIC_BASE_URL if settings.HTTPS else f"mailto:no-reply@{settings.PUBLIC_HOST}"
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": timezone.now() + timedelta(hours=12), "sub": who}
    return jwt.encode(claims, _private_key(), algorithm="ES256")
