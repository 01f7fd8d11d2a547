from django.contrib import admin
from django.http import HttpRequest

from businesses.models import Business, FeedEvent, Membership, Plan


@admin.register(Plan)
class PlanAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "max_agents", "max_channels", "max_kb_articles", "max_messages_per_month", "is_default")
    search_fields = ("name",)


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Membership
    extra = 0
    raw_id_fields = ("user",)
    readonly_fields = ("invited_at",)


@admin.register(Business)
class BusinessAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "website", "plan", "created_at")
    list_filter = ("plan",)
    list_select_related = ("plan",)
    search_fields = ("name", "website", "id", "memberships__user__email")
    readonly_fields = ("id", "feed_seq", "created_at", "updated_at")
    inlines = (MembershipInline,)


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("user", "business", "role", "status", "is_active", "invited_at")
    list_filter = ("role", "status", "is_active")
    list_select_related = ("user", "business")
    search_fields = ("user__email", "user__full_name", "business__name", "id")
    raw_id_fields = ("user", "business")
    readonly_fields = ("id", "invited_at")


@admin.register(FeedEvent)
class FeedEventAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The log is read, never written by hand."""

    list_display = ("business", "seq", "kind", "conversation_id", "actor_id", "created_at")
    list_filter = ("kind",)
    list_select_related = ("business",)
    search_fields = ("business__name", "conversation_id", "message_id")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: FeedEvent | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: FeedEvent | None = None) -> bool:
        return False
