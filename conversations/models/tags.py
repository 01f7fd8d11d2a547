"""Words that a team sorts its conversations with."""

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.querysets import BusinessScoped
from foundation.ids import new_id


class TagColor(models.TextChoices):
    """Names of hues, not colours: each theme has its own for them (static/css/tokens.css)."""

    GRAY = "gray", _("Gray")
    RED = "red", _("Red")
    ORANGE = "orange", _("Orange")
    YELLOW = "yellow", _("Yellow")
    GREEN = "green", _("Green")
    TEAL = "teal", _("Teal")
    BLUE = "blue", _("Blue")
    PURPLE = "purple", _("Purple")
    PINK = "pink", _("Pink")


class Tag(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, db_index=False, related_name="tags")
    name = models.CharField(_("name"), max_length=50)
    color = models.CharField(_("colour"), max_length=10, choices=TagColor, default=TagColor.GRAY)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = BusinessScoped["Tag"].as_manager()

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["name"]
        constraints = [models.UniqueConstraint("business", Lower("name"), name="tag_name_once")]

    def __str__(self) -> str:
        return self.name


class ConversationTag(models.Model):
    """A tag on a conversation."""

    conversation = models.ForeignKey("Conversation", models.CASCADE, db_index=False, related_name="+")
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("tag of a conversation")
        verbose_name_plural = _("tags of conversations")
        constraints = [models.UniqueConstraint(fields=["conversation", "tag"], name="conversation_tag_once")]

    def __str__(self) -> str:
        return f"{self.tag_id} on {self.conversation_id}"
