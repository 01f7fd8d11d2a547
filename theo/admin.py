from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.operators import ToldAdmin
from theo.models import Article, Assistant, LanguageModel


@admin.register(Assistant)
class AssistantAdmin(ToldAdmin):
    """Read here; changed by its workspace alone."""

    list_display = ("business", "mode", "auto_run", "threshold")
    list_select_related = ("business",)
    search_fields = ("business__name",)
    fields = ("business", "mode", "auto_run", "threshold", "handoff_text")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(LanguageModel)
class LanguageModelAdmin(ToldAdmin):
    """Read here; changed by its workspace alone. Of its key nothing is shown."""

    list_display = ("business", "provider", "model", "used_tokens")
    list_select_related = ("business",)
    search_fields = ("business__name",)
    fields = (
        "business",
        "provider",
        "base_url",
        "model",
        "monthly_tokens",
        "month",
        "used_tokens",
        "off_until",
    )
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Article)
class ArticleAdmin(ToldAdmin):
    """Read and deleted here; written by its workspace alone."""

    list_display = ("title", "business", "status", "index_state", "updated_at")
    list_select_related = ("business",)
    search_fields = ("title", "business__name", "id")
    fields = (
        "id",
        "business",
        "title",
        "content",
        "tags",
        "status",
        "index_state",
        "created_at",
        "updated_at",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
