from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.operators import ToldAdmin
from workflows.models import Notification


@admin.register(Notification)
class NotificationAdmin(ToldAdmin):
    """Read here; made by what happens."""

    list_display = ("kind", "user", "business", "read_at", "created_at")
    list_select_related = ("user", "business")
    search_fields = ("user__email", "business__name", "id")
    fields = ("id", "business", "user", "conversation", "actor", "kind", "read_at", "created_at")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
