"""What an agent wrote to be sent later."""

from datetime import timedelta
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.querysets import BusinessScoped
from conversations.models.conversations import Conversation
from foundation.ids import new_id
from foundation.prepared import Given


class ScheduledQuerySet(BusinessScoped["ScheduledMessage"]):
    def shown_in(self, conversation_id: UUID | Given) -> Self:
        """Its own, and those of the conversations that are merged into it."""
        shown = Conversation.objects.filter(models.Q(pk=conversation_id) | models.Q(merged_into_id=conversation_id))
        return self.filter(conversation__in=shown.values("pk"))


class ScheduledMessage(models.Model):
    """Words that wait for their time, then become a message, or go back to their author's draft (services/later.py).

    The team sees them in the thread; the customer hears of nothing.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="scheduled")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    content = models.TextField(_("text"), blank=True)
    # The sender's own id of it, as of messages; "" = none.
    key = models.CharField(max_length=128, blank=True, editable=False)
    # What others write behind it sends the words back. None: they go whatever came.
    seen_seq: "models.PositiveIntegerField[Any, Any]" = models.PositiveIntegerField(null=True)
    quoted_seq: "models.PositiveIntegerField[Any, Any]" = models.PositiveIntegerField(null=True)
    send_at = models.DateTimeField(_("to be sent"), db_index=True)
    created_at = models.DateTimeField(_("written"), auto_now_add=True)

    # What the payload shows of its files, of rows that `attachments.with_facts` brought.
    facts: "list[dict[str, Any]]"

    objects = ScheduledQuerySet.as_manager()

    class Meta:
        verbose_name = _("scheduled message")
        verbose_name_plural = _("scheduled messages")
        constraints = [
            models.UniqueConstraint(fields=["author", "key"], condition=~models.Q(key=""), name="scheduled_once")
        ]

    def __str__(self) -> str:
        return self.content[:60]

    @property
    def shown_in(self) -> Conversation:
        """Where the team sees it: its conversation, or what that is merged into."""
        return self.conversation.merged_into or self.conversation

    @property
    def is_soon(self) -> bool:
        """It can only be undone, nobody chose its time."""
        return self.send_at - self.created_at < timedelta(minutes=1)
