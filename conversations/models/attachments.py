"""Files of a conversation."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.querysets import BusinessScoped
from conversations.models.choices import SenderType
from conversations.models.conversations import Conversation
from conversations.models.messages import Message
from conversations.models.notes import Note
from foundation.ids import new_id


class AttachmentRows(BusinessScoped["Attachment"]):
    def unsent(self) -> "AttachmentRows":
        """Neither sent nor noted, and not waiting for it."""
        return self.filter(message=None, scheduled=None, note=None)


class Attachment(models.Model):
    """A file of a message or a note. What is still neither, nor waits to be, goes after a day.

    The bytes lie under MEDIA_ROOT by the row's id (conversations/attachments.py), never by a name from outside.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="attachments")
    # None until the message goes that it opens a conversation with.
    conversation = models.ForeignKey(Conversation, models.CASCADE, null=True, related_name="files")
    message = models.ForeignKey(Message, models.CASCADE, null=True, related_name="files")
    # Then no customer ever sees it.
    note = models.ForeignKey(Note, models.CASCADE, null=True, related_name="files")
    # What it waits with.
    scheduled = models.ForeignKey("ScheduledMessage", models.SET_NULL, null=True, related_name="files")
    # An agent; None for the customer's side.
    uploader = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    sender_type = models.CharField(_("sent by"), max_length=10, choices=SenderType)
    filename = models.CharField(_("name"), max_length=200)
    content_type = models.CharField(_("type"), max_length=100)
    size = models.PositiveIntegerField(_("bytes"))
    # Of a picture, in pixels as it is shown; a picture has a thumbnail.
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    objects = AttachmentRows.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        indexes = [
            models.Index(fields=["created_at"], name="attachment_unsent", condition=models.Q(message=None, note=None)),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def is_picture(self) -> bool:
        return self.width is not None
