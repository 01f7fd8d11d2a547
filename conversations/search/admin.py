from django.contrib import admin

from conversations.admin import ReadOnlyAdmin
from conversations.search.models import IndexedKind, SearchEntry


@admin.register(SearchEntry)
class SearchEntryAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "object_id", "conversation_id", "at")
    list_filter = ("kind",)
    search_fields = ("object_id", "conversation_id")


@admin.register(IndexedKind)
class IndexedKindAdmin(ReadOnlyAdmin):
    search_fields = ("kind",)
