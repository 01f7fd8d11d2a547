"""What people are told of."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import AuthSession, User
from businesses.models import Business
from businesses.querysets import BusinessScoped
from conversations.models import Conversation
from foundation.ids import new_id


class NotificationKind(models.TextChoices):
    ASSIGNED = "assigned", _("Assigned to you")
    MENTIONED = "mentioned", _("Mentioned in a note")
    HANDOFF = "handoff", _("A customer waits for a person")
    MESSAGE = "message", _("A customer writes where you answer or follow")
    UNASSIGNED = "unassigned", _("A customer writes where nobody is to answer")
    TEAM = "team", _("A conversation given to your team")
    WOKE = "woke", _("A snooze that ends")
    RETURNED = "returned", _("Your planned message that could not be sent")
    NOT_SENT = "not_sent", _("What was written to a customer did not arrive")


class NotificationRows(BusinessScoped["Notification"]):
    def of(self, user: User) -> "NotificationRows":
        """The person's own in the current workspace."""
        return self.visible_to(user).filter(user=user)

    def unread(self) -> "NotificationRows":
        return self.filter(read_at__isnull=True)


class Notification(models.Model):
    """One thing that one person is told of. actor: who did it, None when nobody of the team did.

    Of what customers write in one conversation there is one that is unread, as old as the newest of it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, db_index=False, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, db_index=False, related_name="notifications")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="+")
    actor = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(_("kind"), max_length=10, choices=NotificationKind)
    read_at = models.DateTimeField(_("read"), null=True)
    created_at = models.DateTimeField(_("created"))
    # When it is pushed, or tried again; None = done with (workflows/push.py).
    push_due_at = models.DateTimeField(null=True, editable=False)
    # When it is looked at for a mail, or looked at again; None = done with (workflows/digest.py).
    mail_due_at = models.DateTimeField(null=True, editable=False)

    objects = NotificationRows.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        indexes = [
            models.Index(fields=["user", "business", "-created_at", "-id"], name="notification_newest"),
            models.Index(
                fields=["user", "business"], condition=models.Q(read_at__isnull=True), name="notification_unread"
            ),
            models.Index(
                fields=["push_due_at"], condition=models.Q(push_due_at__isnull=False), name="notification_push"
            ),
            models.Index(
                fields=["mail_due_at"], condition=models.Q(mail_due_at__isnull=False), name="notification_mail"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "conversation"],
                condition=models.Q(kind="message", read_at__isnull=True),
                name="notification_message_once",
            )
        ]

    def __str__(self) -> str:
        return str(NotificationKind(self.kind).label)


class Listened(models.Model):
    """How far a workspace's feed was read for who is to be told (workflows/listening.py)."""

    business = models.OneToOneField(Business, models.CASCADE, primary_key=True, related_name="listened")
    feed_seq = models.PositiveBigIntegerField()

    class Meta:
        verbose_name = _("reading of a feed")
        verbose_name_plural = _("readings of feeds")

    def __str__(self) -> str:
        return f"{self.business_id} to {self.feed_seq}"


class NotificationSetting(models.Model):
    """How one person wants to be told, wherever they work. No row = of everything, in every way, at any hour.

    not_shown, not_rung, not_pushed, not_mailed: kinds that are not told that way: under the bell; with a sound and on
    the desktop; to browsers; by mail. quiet_from, quiet_until: nothing rings and is pushed between them, both or
    neither; by the person's clock. mail_after: minutes that something is unread before it is mailed; None = no mails.
    """

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="+")
    not_shown = models.JSONField(default=list)
    not_rung = models.JSONField(default=list)
    not_pushed = models.JSONField(default=list)
    not_mailed = models.JSONField(default=list)
    mail_after: "models.PositiveSmallIntegerField[Any, Any]" = models.PositiveSmallIntegerField(null=True, default=30)
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)
    time_zone = models.CharField(max_length=64, default="UTC")

    class Meta:
        verbose_name = _("notification setting")
        verbose_name_plural = _("notification settings")

    def __str__(self) -> str:
        return str(self.user_id)


NOTHING = 0


class PushSubscription(models.Model):
    """A browser that takes pushes, for as long as the sign-in that made it lasts.

    endpoint: where its push service takes them. p256dh, auth: the browser's keys, base64url (RFC 8291).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    session = models.ForeignKey(AuthSession, models.CASCADE, related_name="+")
    endpoint = models.CharField(max_length=1000, unique=True)
    p256dh = models.CharField(max_length=100)
    auth = models.CharField(max_length=40)
    # What its push service answered last, NOTHING = it did not; None = nothing was sent there yet.
    last_status = models.PositiveSmallIntegerField(null=True)
    last_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("push subscription")
        verbose_name_plural = _("push subscriptions")

    def __str__(self) -> str:
        return str(self.pk)
