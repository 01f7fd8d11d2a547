"""Texts that a team writes again and again."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from businesses.models import Business
from businesses.querysets import BusinessScoped
from foundation.ids import new_id


class CannedResponseQuerySet(BusinessScoped["CannedResponse"]):
    def usable_by(self, user: User) -> "CannedResponseQuerySet":
        """The workspace's shared ones and the user's own."""
        return self.visible_to(user).filter(Q(shared=True) | Q(author=user))


class CannedResponse(models.Model):
    """Inserted by `/shortcut`. Shared ones are the workspace's, whoever wrote them; others only their author sees."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="canned_responses")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    shortcut = models.CharField(_("shortcut"), max_length=40)
    content = models.TextField(_("text"))
    shared = models.BooleanField(_("shared with the team"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = CannedResponseQuerySet.as_manager()

    class Meta:
        verbose_name = _("canned response")
        verbose_name_plural = _("canned responses")
        ordering = ["shortcut"]
        constraints = [
            models.UniqueConstraint(
                "business", Lower("shortcut"), condition=Q(shared=True), name="canned_response_shared_once"
            ),
            models.UniqueConstraint(
                "business",
                "author",
                Lower("shortcut"),
                condition=Q(shared=False, author__isnull=False),
                name="canned_response_own_once",
            ),
        ]

    def __str__(self) -> str:
        return f"/{self.shortcut}"
