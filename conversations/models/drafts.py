"""What an agent has begun to write."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.models.conversations import Conversation


class ReplyDraft(models.Model):
    """One person's unsent words in one conversation, wherever they sit down next. Nobody else sees them."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, db_index=False, related_name="drafts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    content = models.TextField(_("text"))
    is_note = models.BooleanField(_("a note"), default=False)
    updated_at = models.DateTimeField(_("updated"))

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [models.UniqueConstraint(fields=["conversation", "user"], name="draft_once")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.conversation_id}"
