"""What customers think of it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.querysets import BusinessScoped
from conversations.models.conversations import Conversation


class Rating(models.Model):
    """What the customer thinks of a conversation that is over: 1, bad, to 5, great."""

    conversation = models.OneToOneField(Conversation, models.CASCADE, primary_key=True, related_name="rating")
    business = models.ForeignKey(Business, models.CASCADE, db_index=False, related_name="ratings")
    score = models.PositiveSmallIntegerField(_("rating"))
    comment = models.TextField(_("comment"), blank=True)
    # Who had the conversation when it was rated.
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    rated_at = models.DateTimeField(_("when"))

    objects = BusinessScoped["Rating"].as_manager()

    class Meta:
        verbose_name = _("rating")
        verbose_name_plural = _("ratings")
        indexes = [models.Index(fields=["business", "rated_at"], name="rating_lately")]
        constraints = [models.CheckConstraint(condition=Q(score__range=(1, 5)), name="rating_from_1_to_5")]

    def __str__(self) -> str:
        return f"{self.score} of 5"
