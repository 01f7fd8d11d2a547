"""A person's notifications: what they say, and reading them."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts.models import User
from businesses.selectors import membership_of
from conversations.models import Conversation
from foundation.ids import least_id
from workflows.models import Notification, NotificationKind, NotificationRows, NotificationSetting
from workflows.telling import setting_of

MOST_AT_ONCE = 100
KEPT_FOR = timedelta(days=90)


def notifications_of(user: User, setting: NotificationSetting) -> NotificationRows:
    """Those that they want to see, newest first, with what `text_of` needs."""
    rows = _shown(user, setting).select_related("actor", "conversation__customer")
    return rows.order_by("-created_at", "-id")


def unread_of(user: User, setting: NotificationSetting) -> int:
    return _shown(user, setting).unread().count()


def _shown(user: User, setting: NotificationSetting) -> NotificationRows:
    return Notification.objects.of(user).exclude(kind__in=setting.not_shown)


def text_of(notification: Notification) -> str:
    customer = notification.conversation.customer
    names = {
        "who": notification.actor.get_short_name() if notification.actor else _("Somebody"),
        "customer": customer.display_name if customer else _("a customer"),
    }
    told = {
        NotificationKind.ASSIGNED: _("%(who)s assigned you the conversation with %(customer)s"),
        NotificationKind.MENTIONED: _("%(who)s mentioned you in a note about %(customer)s"),
        NotificationKind.HANDOFF: _("Theo asks for a person in the conversation with %(customer)s"),
        NotificationKind.MESSAGE: _("%(customer)s wrote to you"),
        NotificationKind.UNASSIGNED: _("%(customer)s wrote, and nobody has the conversation"),
        NotificationKind.TEAM: _("%(who)s gave your team the conversation with %(customer)s"),
        NotificationKind.WOKE: _("The conversation with %(customer)s is not snoozed any more"),
        NotificationKind.RETURNED: _("Your planned message to %(customer)s was not sent, and is a draft again"),
        NotificationKind.NOT_SENT: _("A message to %(customer)s could not be sent"),
    }
    return told[NotificationKind(notification.kind)] % names


def mark_read(*, user: User, ids: Collection[UUID] | None) -> int:
    """ids: None = all; those of others are left alone. Returns how many are unread still."""
    rows = Notification.objects.of(user).unread()
    changed = (rows if ids is None else rows.filter(pk__in=ids)).update(read_at=timezone.now())
    if changed and (membership := membership_of(user)):
        tell(membership.business_id, {user.pk})
    return unread_of(user, setting_of(user))


def conversation_read(*, conversation: Conversation, user: User) -> None:
    """They have read it to its end, and with it what they were told of it. The core's word (settings.READ_LISTENER)."""
    where = {conversation.pk, conversation.merged_into_id or conversation.pk}
    rows = Notification.objects.unread().filter(user=user, conversation__in=where)
    if rows.update(read_at=timezone.now()):
        tell(conversation.business_id, {user.pk})


def tell(business_id: UUID, user_ids: Collection[UUID]) -> None:
    """After the commit, in every tab of theirs: there is something to look at, or less of it."""

    def publish() -> None:
        import_string(settings.NOTIFICATION_PUBLISHER)(business_id=business_id, user_ids=user_ids)

    transaction.on_commit(publish, robust=True)


def purge(*, most: int = 1000) -> int:
    """Delete what is older than KEPT_FOR, read or not, at most so many; returns how many."""
    old = Notification.objects.filter(pk__lt=least_id(timezone.now() - KEPT_FOR)).order_by("pk")
    return Notification.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:most])).delete()[0]
