"""What happened to a conversation beside messages and notes, as its thread tells it."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.models.choices import ActivityKind
from conversations.models.conversations import Conversation
from foundation.ids import new_id


class Activity(models.Model):
    """A line of the thread, behind the message `after_seq`. It outlives the feed. `data`: as ActivityKind says."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    conversation = models.ForeignKey(Conversation, models.CASCADE, db_index=False, related_name="activities")
    kind = models.CharField(_("kind"), max_length=20, choices=ActivityKind)
    # None: the workspace itself, or the customer.
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    after_seq = models.PositiveIntegerField(_("behind the message"))
    data = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        indexes = [models.Index(fields=["conversation", "after_seq", "created_at"], name="activity_in_thread")]

    def __str__(self) -> str:
        return f"{self.kind} {self.conversation_id}"
