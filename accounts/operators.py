"""Django admin that tells what operators do, so that it stands in the audit log like everybody else's doings."""

from typing import Any

from django.contrib import admin
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import events


class ToldAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Of the admin of every model that an operator may add, change or delete."""

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        self._tell("operator.added", request, obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        fields = _changed(message)
        if fields:
            self._tell("operator.changed", request, obj, fields=fields)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for obj in queryset:
            self._tell("operator.deleted", request, obj)
        return super().log_deletions(request, queryset)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """An action on many rows and what is told of it are one transaction, as on the page of one row."""
        if request.method != "POST":
            return super().changelist_view(request, extra_context)
        with transaction.atomic():
            return super().changelist_view(request, extra_context)

    def _tell(self, action: str, request: HttpRequest, obj: models.Model, **data: Any) -> None:
        kind = str(self.model._meta.verbose_name)
        events.operated.send(sender=None, action=action, actor=request.user, row=obj, data={"kind": kind, **data})


def _changed(message: Any) -> list[str]:
    """The names of what was changed, from Django's own message; never a value."""
    if isinstance(message, str):
        return [message]
    fields = []
    for part in message:
        for verb, facts in part.items():
            names = ", ".join(facts.get("fields", []))
            if "name" in facts:
                fields.append(f"{facts['name']} {facts['object']}: {names or verb}")
            elif names:
                fields.append(names)
    return fields
