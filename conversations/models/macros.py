"""Several things done to a conversation in one click."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.querysets import BusinessScoped
from conversations.models.choices import Priority, Status
from foundation.ids import new_id


class Macro(models.Model):
    """The whole team's. What is "" or null is left as it is.

    content: sent as whoever runs it, with the variables of saved replies. assign: `me`, `nobody`, `person:<user id>` or
    `team:<id>`. tags: names that are added.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, db_index=False, related_name="macros")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    content = models.TextField(_("text"), blank=True)
    assign = models.CharField(_("assign"), max_length=50, blank=True)
    tags = models.JSONField(_("tags"), default=list, blank=True)
    priority: "models.PositiveSmallIntegerField[Any, Any]" = models.PositiveSmallIntegerField(
        _("priority"), choices=Priority, null=True, blank=True
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = BusinessScoped["Macro"].as_manager()

    class Meta:
        verbose_name = _("macro")
        verbose_name_plural = _("macros")
        ordering = ["name"]
        constraints = [models.UniqueConstraint("business", Lower("name"), name="macro_name_once")]

    def __str__(self) -> str:
        return self.name
