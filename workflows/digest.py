"""One mail about everything that a person has not read, when they are not here to see it.

Something is due `mail_after` minutes after it came, and takes along whatever else is unread by then. Whoever is here,
or was within that time, is not written to. Each is mailed once: it is done with before the mail goes out, and is due
again only if no mail server took it. After a day nobody is told any more.
"""

import logging
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuthSession, User
from businesses.models import AgentStatus, Membership
from conversations.models import SenderType
from foundation import mail
from foundation.prepared import Given, prepared
from workflows.models import Notification, NotificationKind, NotificationSetting
from workflows.notifications import text_of

AT_ONCE = 500
AGAIN_AFTER = timedelta(minutes=1)
GIVEN_UP_AFTER = timedelta(days=1)
MOST_LINES = 20
MOST_WORDS = 200
_SALT = "workflows.digest"

log = logging.getLogger("pingback.digest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """words: what the customer wrote last, "" where that is not the news."""

    text: str
    words: str
    address: str


def mail_due(stop: threading.Event) -> None:
    """The worker's: whoever has something due, one after the other."""
    for user_id, business_id in dict.fromkeys(_due()(now=timezone.now())):
        if stop.is_set():
            return
        _mail(user_id, business_id)


@prepared
def _due() -> "QuerySet[Notification, tuple[UUID, UUID]]":
    due = Notification.objects.filter(mail_due_at__lte=Given("now")).order_by("mail_due_at")
    return due.values_list("user_id", "business_id")[:AT_ONCE]


def _mail(user_id: UUID, business_id: UUID) -> None:
    with transaction.atomic():
        told = _claim(user_id, business_id, timezone.now())
    if not told:
        return
    user, lines = told[0].user, [_line(row) for row in told[:MOST_LINES]]
    stop_address = settings.PUBLIC_BASE_URL + reverse("notification-mails-stop", args=[token_of(user)])
    try:
        mail.send_now(
            "workflows/mail/digest",
            to=user.email,
            # A press on "unsubscribe" in a mail program (RFC 8058).
            headers={
                "List-Unsubscribe": f"<{stop_address}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                "Auto-Submitted": "auto-generated",
            },
            business=told[0].business.name,
            count=len(told),
            lines=lines,
            left=len(told) - len(lines),
            address=settings.PUBLIC_BASE_URL + reverse("notifications"),
            settings_address=settings.PUBLIC_BASE_URL + reverse("settings-notifications"),
            stop_address=stop_address,
        )
    except OSError:  # smtplib's errors are OSErrors
        log.exception("A mail about notifications was not sent, and is tried again")
        again = Notification.objects.filter(pk__in=[row.pk for row in told], mail_due_at=None)
        again.update(mail_due_at=timezone.now() + 5 * AGAIN_AFTER)


def _claim(user_id: UUID, business_id: UUID, now: datetime) -> list[Notification]:
    """What is to be mailed now, newest first, and done with; the rest of theirs waits, or is done with, too."""
    theirs = Notification.objects.filter(user_id=user_id, business_id=business_id, mail_due_at__isnull=False)
    rows = list(
        theirs.select_for_update(of=("self",), skip_locked=True)
        .select_related("user", "business", "actor", "conversation__customer", "conversation__last_message")
        .order_by("-created_at", "-id")
    )
    setting = NotificationSetting.objects.filter(user_id=user_id).first() or NotificationSetting()
    member = Membership.objects.filter(
        user_id=user_id, business_id=business_id, is_active=True, user__is_active=True, user__is_verified=True
    ).first()
    wanted = [
        row
        for row in rows
        if row.read_at is None
        and member
        and setting.mail_after is not None
        and row.kind not in setting.not_mailed
        and row.created_at > now - GIVEN_UP_AFTER
    ]
    later = None
    if wanted and member:
        patience = timedelta(minutes=setting.mail_after or 0)
        is_due_at = wanted[-1].created_at + patience
        if is_due_at > now:
            later = is_due_at
        elif _is_here(member, since=now - patience):
            later = now + AGAIN_AFTER
    kept = {row.pk for row in wanted} if later else set()
    Notification.objects.filter(pk__in=[row.pk for row in rows if row.pk not in kept]).update(mail_due_at=None)
    Notification.objects.filter(pk__in=kept).update(mail_due_at=later)
    return [] if later else wanted


def _is_here(member: Membership, *, since: datetime) -> bool:
    if member.status == AgentStatus.LIVE:
        return True
    return AuthSession.objects.filter(user_id=member.user_id, last_used_at__gt=since).exists()


def _line(row: Notification) -> Line:
    last, is_news = row.conversation.last_message, row.kind in {NotificationKind.MESSAGE, NotificationKind.UNASSIGNED}
    words = last.preview[:MOST_WORDS] if is_news and last and last.sender_type == SenderType.CUSTOMER else ""
    address = settings.PUBLIC_BASE_URL + reverse("conversation", args=[row.conversation_id])
    return Line(text=text_of(row), words=words, address=address)


def token_of(user: User) -> str:
    """The proof in a link that ends these mails, and nothing else."""
    return signing.dumps(str(user.pk), salt=_SALT)


def user_of(token: str) -> User | None:
    """Whose it is; None for what we never made."""
    try:
        return User.objects.filter(pk=signing.loads(token, salt=_SALT)).first()
    except signing.BadSignature:
        return None
