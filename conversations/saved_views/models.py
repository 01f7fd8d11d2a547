"""A list of one's own making."""

from typing import Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from businesses.models import Business
from businesses.querysets import BusinessScoped
from conversations.sorting import Sort
from foundation.ids import new_id


class SavedViewQuerySet(BusinessScoped["SavedView"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """One's own, and what others share."""
        return super().visible_to(user).filter(Q(owner_id=user.pk) | Q(shared=True))


class SavedView(models.Model):
    """filter: as `filters.checked` gives it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="saved_views")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    name = models.CharField(_("name"), max_length=200)
    shared = models.BooleanField(_("for everybody"), default=False)
    filter = models.JSONField(_("filter"))
    sort = models.CharField(_("order"), max_length=10, choices=Sort, default=Sort.NEWEST)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        app_label = "conversations"
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")

    def __str__(self) -> str:
        return self.name
