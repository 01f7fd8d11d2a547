"""What the index holds beside its words."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.querysets import BusinessScoped


class Shelf(models.TextChoices):
    """Entries of one shelf are found together, newest first."""

    TALK = "t", _("What was said")
    THINGS = "p", _("People and articles")


class SearchEntry(models.Model):
    """One row of a source that has words. Written by the database itself (`search/index.py`), never from here.

    Ids rise as entries come, so that the newest is found first without sorting. The words lie in a column `doc` on
    PostgreSQL, in a table for each shelf on SQLite (`conversations_search_t`, `_p`). No foreign keys: every message
    would pay for the looks.
    """

    id = models.BigAutoField(primary_key=True)
    business_id = models.UUIDField()
    shelf = models.CharField(max_length=1, choices=Shelf)
    kind = models.CharField(max_length=10)
    object_id = models.UUIDField(unique=True)
    conversation_id = models.UUIDField(null=True)
    at = models.DateTimeField()

    objects = BusinessScoped["SearchEntry"].as_manager()

    class Meta:
        app_label = "conversations"
        verbose_name = _("search entry")
        verbose_name_plural = _("search entries")
        indexes = [models.Index(fields=["business_id", "shelf", "id"], name="search_newest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"


class IndexedKind(models.Model):
    """A kind whose rows of before the index was there are in it."""

    kind = models.CharField(max_length=10, primary_key=True)

    class Meta:
        app_label = "conversations"
        verbose_name = _("indexed kind")
        verbose_name_plural = _("indexed kinds")

    def __str__(self) -> str:
        return self.kind
