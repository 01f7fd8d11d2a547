"""How far agents, and each side, are with what was written."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.models.choices import SenderType
from conversations.models.messages import Message


class ReadMark(models.Model):
    """How far one agent has read one conversation."""

    conversation = models.ForeignKey("Conversation", models.CASCADE, db_index=False, related_name="read_marks")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="read_marks")
    seq = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("read mark")
        verbose_name_plural = _("read marks")
        constraints = [models.UniqueConstraint(fields=["conversation", "user"], name="read_mark_once")]

    def __str__(self) -> str:
        return f"{self.user} read to {self.seq}"


class Receipts(models.Model):
    """How far each side of a conversation has received and read what the other one wrote.

    A watermark counts for every message up to its `seq`, and its time for all of them: when it last rose.
    It only rises (services/receipts.py). A row of its own, so that receipts wait for no message.
    """

    conversation = models.OneToOneField(
        "Conversation", models.CASCADE, primary_key=True, related_name="stored_receipts"
    )
    customer_delivered_seq = models.PositiveIntegerField(db_default=0)
    customer_delivered_at = models.DateTimeField(null=True)
    customer_read_seq = models.PositiveIntegerField(db_default=0)
    customer_read_at = models.DateTimeField(null=True)
    agent_delivered_seq = models.PositiveIntegerField(db_default=0)
    agent_delivered_at = models.DateTimeField(null=True)
    agent_read_seq = models.PositiveIntegerField(db_default=0)
    agent_read_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("receipts")
        verbose_name_plural = _("receipts")

    def __str__(self) -> str:
        return f"customer read to {self.customer_read_seq}, team to {self.agent_read_seq}"

    def delivered_at(self, message: Message) -> datetime | None:
        """When the other side's client had it, None before."""
        return self._at(message, "delivered")

    def read_at(self, message: Message) -> datetime | None:
        """When it was shown to the other side, None before."""
        return self._at(message, "read")

    def _at(self, message: Message, what: str) -> datetime | None:
        mark = f"{SenderType(message.sender_type).other}_{what}"
        at: datetime | None = getattr(self, f"{mark}_at")
        return at if getattr(self, f"{mark}_seq") >= message.seq else None
