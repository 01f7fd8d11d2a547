from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.operators import ToldAdmin
from businesses import members, services
from businesses.models import AuditEntry, Business, FeedEvent, Invitation, Membership, Plan, Team


@admin.register(Plan)
class PlanAdmin(ToldAdmin):
    list_display = ("name", "max_agents", "max_channels", "max_kb_articles", "max_messages_per_month", "is_default")
    search_fields = ("name",)


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Membership
    extra = 0
    raw_id_fields = ("user",)
    readonly_fields = ("status", "invited_at")


@admin.register(Business)
class BusinessAdmin(ToldAdmin):
    list_display = ("name", "website", "plan", "created_at")
    list_filter = ("plan",)
    list_select_related = ("plan",)
    search_fields = ("name", "website", "id", "memberships__user__email")
    readonly_fields = ("id", "feed_seq", "created_at", "updated_at")
    inlines = (MembershipInline,)

    def save_model(self, request: HttpRequest, obj: Business, form: Any, change: bool) -> None:
        """Only what was changed: writing the whole row would set the feed's position back under traffic."""
        if change:
            obj.save(update_fields=[*form.changed_data, "updated_at"])
        else:
            super().save_model(request, obj, form, change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        super().save_formset(request, form, formset, change)
        for membership in formset.deleted_objects:
            _tell(request, membership, gone=True)
        for membership, _fields in formset.changed_objects:
            _tell(request, membership)


@admin.register(Membership)
class MembershipAdmin(ToldAdmin):
    list_display = ("user", "business", "role", "status", "is_active", "invited_at")
    list_filter = ("role", "status", "is_active")
    list_select_related = ("user", "business")
    search_fields = ("user__email", "user__full_name", "business__name", "id")
    raw_id_fields = ("user", "business")
    readonly_fields = ("id", "status", "invited_at")

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change:
            _tell(request, obj)

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        _tell(request, obj, gone=True)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        with transaction.atomic():  # whoever is cut connects anew at once: the row must be gone by then
            for membership in queryset:
                _tell(request, membership, gone=True)
            super().delete_queryset(request, queryset)


def _tell(request: HttpRequest, membership: Membership, *, gone: bool = False) -> None:
    """Whoever was changed here connects anew, with the rights of now, or not at all."""
    if gone or not membership.is_active:
        members.let_go(membership, actor=request.user)  # type: ignore[arg-type]
    else:
        services.membership_ended(membership.pk)


@admin.register(Team)
class TeamAdmin(ToldAdmin):
    """Who is in it is the workspace's own affair."""

    list_display = ("name", "business", "created_at")
    list_select_related = ("business",)
    search_fields = ("name", "business__name", "id")
    fields = ("id", "business", "name", "created_at", "updated_at")
    readonly_fields = ("id", "business", "created_at", "updated_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Invitation)
class InvitationAdmin(ToldAdmin):
    """Nobody makes one here: its link would be in no mail. Deleting one kills the link."""

    list_display = ("email", "business", "role", "expires_at", "updated_at")
    list_select_related = ("business",)
    search_fields = ("email", "business__name", "id")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        return False


class LogAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A log is read, never written by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(FeedEvent)
class FeedEventAdmin(LogAdmin):
    list_display = ("business", "seq", "kind", "conversation_id", "actor_id", "created_at")
    list_filter = ("kind",)
    list_select_related = ("business",)
    search_fields = ("business__name", "conversation_id", "message_id")


@admin.register(AuditEntry)
class AuditEntryAdmin(LogAdmin):
    list_display = ("created_at", "action", "actor_name", "target_name", "address", "business_id")
    list_filter = ("action",)
    search_fields = ("actor_name", "target_name", "target_id", "business_id", "address")
    date_hierarchy = "created_at"
