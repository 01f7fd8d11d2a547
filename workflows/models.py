"""What people are told of."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from businesses.models import Business
from businesses.querysets import BusinessScoped
from conversations.models import Conversation
from foundation.ids import new_id


class NotificationKind(models.TextChoices):
    ASSIGNED = "assigned", _("Assigned to you")
    MENTIONED = "mentioned", _("Mentioned in a note")
    HANDOFF = "handoff", _("A customer waits for a person")


class NotificationRows(BusinessScoped["Notification"]):
    def of(self, user: User) -> "NotificationRows":
        """The person's own in the current workspace."""
        return self.visible_to(user).filter(user=user)

    def unread(self) -> "NotificationRows":
        return self.filter(read_at__isnull=True)


class Notification(models.Model):
    """One thing that one person is told of. actor: who did it, None when nobody of the team did."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, db_index=False, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, db_index=False, related_name="notifications")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="+")
    actor = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(_("kind"), max_length=10, choices=NotificationKind)
    read_at = models.DateTimeField(_("read"), null=True)
    created_at = models.DateTimeField(_("created"))

    objects = NotificationRows.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        indexes = [
            models.Index(fields=["user", "business", "-created_at", "-id"], name="notification_newest"),
            models.Index(
                fields=["user", "business"], condition=models.Q(read_at__isnull=True), name="notification_unread"
            ),
        ]

    def __str__(self) -> str:
        return str(NotificationKind(self.kind).label)
