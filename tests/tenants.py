"""Everything that the database holds of one workspace, found by its foreign keys: a new model is in it by itself."""

from typing import Any

from django.apps import apps
from django.db import models

from accounts.models import User
from businesses.models import Business

OURS = ("accounts", "businesses", "conversations", "channels_app", "widgets", "theo", "workflows", "reports")


def our_models() -> list[type[models.Model]]:
    return [model for label in OURS for model in apps.get_app_config(label).get_models(include_auto_created=True)]


def rows_of(business: Business) -> dict[str, list[dict[str, Any]]]:
    """The rows by model, with all their columns; the workspace's people and what belongs to them, too."""
    found = {}
    for model in our_models():
        path = _path(model)
        if path:
            rows = model._default_manager.filter(**{path: business.pk}).order_by("pk").distinct()
            found[model._meta.label] = list(rows.values())
    return found


def ids_of(business: Business) -> dict[str, str]:
    """One id of each kind of thing that the workspace has."""
    rows = rows_of(business)
    return {label: str(of[0]["id"]) for label, of in rows.items() if of and len(str(of[0].get("id", ""))) == 36}


def _path(model: type[models.Model], *, depth: int = 3) -> str | None:
    """The way from a row to its workspace, as a lookup; None when there is none."""
    if model is Business:
        return "pk"
    if model is User:
        return "memberships__business"
    names = {field.name: field for field in model._meta.get_fields() if isinstance(field, models.Field)}
    if "business_id" in names:
        return "business_id"
    forward = [field for field in names.values() if field.is_relation and isinstance(field.related_model, type)]
    for field in sorted(
        forward, key=lambda field: field.related_model is User
    ):  # by people only when nothing is nearer
        if field.related_model is Business:
            return field.name
        rest = _path(field.related_model, depth=depth - 1) if depth else None  # type: ignore[arg-type]
        if rest:
            return f"{field.name}__{rest}"
    return None
