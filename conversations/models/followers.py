"""Who wants to hear of a conversation without having it."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.models.conversations import Conversation


class Follower(models.Model):
    """By their own wish, by a note that mentioned them, or because they wrote in it."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, db_index=False, related_name="followers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("follower")
        verbose_name_plural = _("followers")
        constraints = [models.UniqueConstraint(fields=["conversation", "user"], name="follower_once")]

    def __str__(self) -> str:
        return f"{self.user_id} follows {self.conversation_id}"
