"""What the team says among itself beside a thread. No visitor ever hears of it."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.querysets import BusinessScoped
from conversations.models.conversations import Conversation
from foundation.ids import new_id


class Note(models.Model):
    """A private note. It has no number of its own: it stands behind the message `after_seq`, 0 = before the first."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="notes")
    conversation = models.ForeignKey(Conversation, models.CASCADE, db_index=False, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    content = models.TextField(_("text"))
    # As of messages.
    attachments = models.JSONField(default=list, db_default=models.Value([], models.JSONField()), blank=True)
    after_seq = models.PositiveIntegerField(_("behind the message"))
    mentioned = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Mention", related_name="+")
    # As of messages: the same note sent twice is one.
    dedup_key = models.CharField(max_length=300, null=True, unique=True, editable=False)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(_("when"))
    updated_at = models.DateTimeField(_("updated"))

    objects = BusinessScoped["Note"].as_manager()

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        indexes = [models.Index(fields=["conversation", "after_seq", "created_at"], name="note_in_thread")]

    def __str__(self) -> str:
        return self.content[:60]


class Mention(models.Model):
    """Somebody whom a note asks for; the conversation is in that person's list of mentions."""

    note = models.ForeignKey(Note, models.CASCADE, db_index=False, related_name="mentions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, db_index=False, related_name="+")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="mentions")

    class Meta:
        verbose_name = _("mention")
        verbose_name_plural = _("mentions")
        constraints = [models.UniqueConstraint(fields=["note", "user"], name="mention_once")]
        indexes = [models.Index(fields=["user", "conversation"], name="mention_of_user")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.note_id}"
