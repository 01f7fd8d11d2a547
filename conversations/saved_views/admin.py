from django.contrib import admin

from conversations.admin import ReadOnlyAdmin
from conversations.saved_views.models import SavedView


@admin.register(SavedView)
class SavedViewAdmin(ReadOnlyAdmin):
    list_display = ("name", "owner", "shared", "business", "updated_at")
    list_filter = ("shared",)
    list_select_related = ("owner", "business")
    search_fields = ("name", "owner__email", "business__name")
