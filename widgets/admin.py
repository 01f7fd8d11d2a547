from django.contrib import admin
from django.http import HttpRequest

from widgets.models import Visitor, Widget


@admin.register(Widget)
class WidgetAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("domain", "name", "business", "primary_color", "updated_at")
    list_select_related = ("business",)
    search_fields = ("domain", "name", "id", "business__name")
    readonly_fields = ("id", "business", "embed_code", "created_at", "updated_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only its workspace makes one, with the channel that belongs to it."""
        return False


@admin.register(Visitor)
class VisitorAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Raising the generation voids every key of the visitor."""

    list_display = ("customer", "business", "widget", "generation", "last_seen_at")
    list_select_related = ("customer", "business", "widget")
    search_fields = ("id", "customer__name", "customer__email", "business__name")
    readonly_fields = ("id", "business", "widget", "customer", "last_seen_at", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
