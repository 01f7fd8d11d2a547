"""Customers on their way in out of a file."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.querysets import BusinessScoped
from foundation.ids import new_id


class ImportState(models.TextChoices):
    LOOKING = "looking", _("Being looked at")
    LOOKED_AT = "looked_at", _("Looked at")
    RUNNING = "running", _("Under way")
    DONE = "done", _("Done")
    STOPPED = "stopped", _("Stopped")
    FAILED = "failed", _("Failed")


# Those that the worker has something to do with by itself.
UNDER_WAY = [ImportState.LOOKING, ImportState.RUNNING]


class CustomerImport(models.Model):
    """A file that is looked at first, without storing anything, and then comes in (services/customer_imports.py).

    name: the file's, "" = a program's words. columns: what its first line names. at: the part that is next. total: the
    lines that there are, done: how many of them the worker is through with. new, changed, same: customers, as it would
    be until it runs, then as it is. left_out: lines, flaws: the number of each and why, the first ones.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, db_index=False, related_name="customer_imports")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, verbose_name=_("by"), related_name="+"
    )
    name = models.CharField(_("file"), max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=ImportState)
    columns = models.JSONField(default=list)
    at = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(_("lines"), default=0)
    done = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(_("new"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    same = models.PositiveIntegerField(_("as they are"), default=0)
    left_out = models.PositiveIntegerField(_("left out"), default=0)
    flaws = models.JSONField(default=list)
    created_at = models.DateTimeField(_("when"))

    objects = BusinessScoped["CustomerImport"].as_manager()

    class Meta:
        verbose_name = _("import of customers")
        verbose_name_plural = _("imports of customers")
        indexes = [
            models.Index(fields=["business", "-created_at"], name="customer_import_newest"),
            models.Index(
                fields=["created_at"],
                condition=models.Q(state__in=["looking", "looked_at", "running"]),
                name="customer_import_due",
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(self.pk)

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY


class CustomerImportPart(models.Model):
    """Some of its lines, as [number in the file, cells]; gone once their customers are stored."""

    customer_import = models.ForeignKey(CustomerImport, models.CASCADE, db_index=False, related_name="parts")
    number = models.PositiveIntegerField()
    lines = models.JSONField()

    class Meta:
        verbose_name = _("part of an import of customers")
        verbose_name_plural = _("parts of imports of customers")
        constraints = [models.UniqueConstraint(fields=["customer_import", "number"], name="customer_import_part_once")]

    def __str__(self) -> str:
        return f"{self.customer_import_id} {self.number}"
