"""What a mail was beside its words."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.models.messages import Message


class MailOriginal(models.Model):
    """The mail that a message came as.

    subject: "" when the thread has it already. to, cc: who else got it, "" for nobody. quoted: what was folded away.
    html: cleaned, its pictures as `cid:`; "" for a mail of plain text. pictures: Content-ID -> Attachment's id.
    """

    message = models.OneToOneField(Message, models.CASCADE, primary_key=True, related_name="mail")
    subject = models.CharField(_("subject"), max_length=300, blank=True)
    to = models.CharField(_("to"), max_length=1000, blank=True)
    cc = models.CharField(_("copy to"), max_length=1000, blank=True)
    quoted = models.TextField(_("quoted text"), blank=True)
    html = models.TextField(blank=True)
    pictures: "models.JSONField[dict[str, str], dict[str, str]]" = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")

    def __str__(self) -> str:
        return self.subject
