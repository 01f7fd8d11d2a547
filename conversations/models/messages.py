"""What was said, in one order without gaps."""

from datetime import timedelta
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from businesses.selectors import membership_of
from conversations.models.choices import MessageStatus, SenderType
from foundation.ids import new_id
from foundation.shapes import plain

if TYPE_CHECKING:
    from conversations.models.conversations import Conversation
    from conversations.models.reading import Receipts


# So much of its words a list shows at most.
PREVIEW = 400
# What the assistant is called, in every language.
THEO = "Theo"
# What a provider brings later than LATE says when it was sent, unless its clock cannot be right.
LATE, NOT_BELIEVED = timedelta(minutes=10), timedelta(days=30)


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        membership = membership_of(user)
        return self.filter(conversation__business_id=membership.business_id) if membership else self.none()

    def shown_in(self, conversation_id: UUID) -> Self:
        """Its messages, and those of what is merged there."""
        return self.filter(Q(conversation=conversation_id) | Q(conversation__merged_into=conversation_id))

    def lacking_in(self, conversation: "Conversation") -> Self:
        """Of those what did not reach the customer, and nobody has dealt with that."""
        since = conversation.not_sent_at
        failed = self.shown_in(conversation.pk).filter(status=MessageStatus.FAILED)
        return failed.filter(failed_at__gte=since) if since else failed.none()


class Message(models.Model):
    """One entry. `seq` counts from 1 within the conversation, without gaps: the only order there is."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # The constraint's index begins with it.
    conversation = models.ForeignKey("Conversation", models.CASCADE, db_index=False, related_name="messages")
    seq = models.PositiveIntegerField(_("number"))
    sender_type = models.CharField(_("written by"), max_length=10, choices=SenderType)
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    content = models.TextField(_("text"), blank=True)
    # What the payload shows of its Attachment rows, so that no list asks for them (conversations/attachments.py).
    attachments = models.JSONField(default=list, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=MessageStatus, default=MessageStatus.SENT)
    # Of a customer's: which of its files did not come along.
    error = models.CharField(_("why it was not sent"), max_length=300, blank=True)
    # Since when its status is FAILED; null too where that was dealt with before its conversation was merged.
    failed_at = models.DateTimeField(_("failed"), null=True, editable=False)
    # The same send twice is one message: the constraint decides, keys never expire.
    dedup_key = models.CharField(max_length=300, null=True, unique=True, editable=False)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    # Theo's names the articles that its words are from, as [{"id", "title"}], each with "wrong" once the team said that
    # the answer was (services/answers.py); null: somebody else wrote it.
    ai_sources = models.JSONField(null=True, editable=False)
    # A customer's that no person wrote: no machine answers it.
    automated = models.BooleanField(_("written by a machine"), default=False, db_default=False, editable=False)
    # By the clock of the provider that brought it: shown to people, never ordered by.
    sent_at = models.DateTimeField(_("sent"), null=True, editable=False)
    created_at = models.DateTimeField(_("when"))
    # By its author, for a while after it was sent (services/editing.py). Of a deleted one no word is left.
    edited_at = models.DateTimeField(_("edited"), null=True, editable=False)
    deleted_at = models.DateTimeField(_("deleted"), null=True, editable=False)
    # Of the message of its conversation that it answers; and the emoji that the customer put on it, "" = none.
    quoted_seq = models.PositiveIntegerField(_("answers number"), null=True, editable=False)
    reaction = models.CharField(_("reaction"), max_length=32, blank=True, editable=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["conversation_id", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="message_seq_once"),
            models.CheckConstraint(condition=Q(seq__gte=1), name="message_seq_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.seq}: {self.content[:60]}"

    @property
    def is_theos(self) -> bool:
        return self.ai_sources is not None

    @property
    def came_late(self) -> bool:
        """Whether a provider brought it long after it was sent; a clock that is months off says nothing."""
        if self.sent_at is None:
            return False
        return LATE < self.created_at - self.sent_at < NOT_BELIEVED

    @property
    def is_called_wrong(self) -> bool:
        return any(source.get("wrong") for source in self.ai_sources or [])

    @property
    def author_name(self) -> str | None:
        """Of the person of the team, or Theo; None for a customer, another tool, and a person whose account is gone."""
        if self.sender:
            return self.sender.full_name
        return THEO if self.is_theos else None

    @property
    def team_name(self) -> str:
        """Of a message of the team, for people to read. Only one that a provider told of has its clock's time."""
        return self.author_name or (gettext("Another app") if self.sent_at else gettext("Agent"))

    @property
    def preview(self) -> str:
        """What a list shows of it: its words without the signs that shape them, else what came with it."""
        if self.deleted_at:
            return gettext("Message deleted")
        if self.content.strip() or not self.attachments:
            return plain(self.content[:PREVIEW]) + ("…" if len(self.content) > PREVIEW else "")
        if len(self.attachments) > 1:
            return gettext("%(count)d files") % {"count": len(self.attachments)}
        first = self.attachments[0]
        if first["content_type"].startswith("image/"):
            return gettext("Photo")
        return gettext("File: %(name)s") % {"name": first["filename"]}

    def status_with(self, receipts: "Receipts | None") -> str:
        """`status`, and of an agent's message that is out, how far the other side is with it.

        receipts: of its conversation.
        """
        if not receipts or self.sender_type != SenderType.AGENT or self.status != MessageStatus.SENT:
            return self.status
        if receipts.read_at(self):
            return MessageStatus.READ
        return MessageStatus.DELIVERED if receipts.delivered_at(self) else self.status

    @property
    def client_message_id(self) -> str | None:
        """What the sender's client called it, for echoing to the sender's own side only."""
        source, _sep, rest = (self.dedup_key or "").partition(":")
        return rest.partition(":")[2] if source in {"w", "api"} else None
