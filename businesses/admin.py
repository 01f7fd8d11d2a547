from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.operators import ToldAdmin
from businesses import members, plans, services
from businesses.deleting import delete_business
from businesses.models import (
    ApiToken,
    AuditEntry,
    Business,
    FeedEvent,
    Invitation,
    Membership,
    MonthlyUsage,
    Plan,
    Team,
)


class PlanForm(forms.ModelForm):  # type: ignore[type-arg]
    def _get_validation_exclusions(self) -> set[str]:
        """That there is one default is kept by `plans.make_default`, which takes it from the plan that had it."""
        excluded: set[str] = super()._get_validation_exclusions()
        return excluded | {"is_default"}

    def clean_is_default(self) -> bool:
        is_default: bool = self.cleaned_data["is_default"]
        if self.initial.get("is_default") and not is_default:
            raise forms.ValidationError(_("Tick this at the plan that new workspaces shall start with instead."))
        return is_default


def _why_it_stays(plan: Plan) -> str:
    if plan.is_default:
        return _("%(plan)s is the plan that new workspaces start with. Choose another one first.") % {"plan": plan}
    if used := plan.businesses.count():
        text = ngettext(
            "%(count)d workspace is on %(plan)s. Move it to another plan first.",
            "%(count)d workspaces are on %(plan)s. Move them to another plan first.",
            used,
        )
        return text % {"count": used, "plan": plan}
    return ""


@admin.register(Plan)
class PlanAdmin(ToldAdmin):
    """The numbers count from the next question on, for every workspace of the plan."""

    form = PlanForm
    list_display = ("name", "max_agents", "max_channels", "max_kb_articles", "max_messages_per_month", "is_default")
    search_fields = ("name",)

    def save_model(self, request: HttpRequest, obj: Plan, form: Any, change: bool) -> None:
        if obj.is_default:
            plans.make_default(obj)
        else:
            obj.save()

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Says in words why a plan has to stay: the database's own refusal names row after row."""
        deleted, counts, permissions, _protected = super().get_deleted_objects(objs, request)
        return deleted, counts, permissions, [reason for plan in objs if (reason := _why_it_stays(plan))]


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
    readonly_fields = ("id", "feed_seq", "hours", "created_at", "updated_at")  # hours: Settings checks them
    inlines = (MembershipInline,)

    def save_model(self, request: HttpRequest, obj: Business, form: Any, change: bool) -> None:
        """Only what was changed: writing the whole row would set the feed's position back under traffic."""
        if change:
            obj.save(update_fields=[*(name for name in form.changed_data if name != "plan"), "updated_at"])
            plans.move_to_plan(actor=request.user, business=obj, plan=obj.plan)
        else:
            super().save_model(request, obj, form, change)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What goes with it in numbers: row after row would be its whole history."""
        relations = [each for each in Business._meta.related_objects if each.one_to_many]
        counts = {
            str(each.related_model._meta.verbose_name_plural): each.related_model._default_manager.filter(
                **{f"{each.field.name}__in": objs}
            ).count()
            for each in relations
        }
        return [str(business) for business in objs], counts, set(), []

    def delete_model(self, request: HttpRequest, obj: Business) -> None:
        delete_business(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Business]) -> None:
        for business in queryset:
            delete_business(business)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for deleted in formset.deleted_forms:
            if not deleted.instance._state.adding:  # a new row that was given up removes nobody
                _tell(request, deleted.instance, gone=True)  # before: a deleted row has no id to cut sockets by
        super().save_formset(request, form, formset, change)
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


@admin.register(ApiToken)
class ApiTokenAdmin(ToldAdmin):
    """Nobody makes one here: it is shown once, to whoever makes it. Deleting one ends it."""

    list_display = ("name", "membership", "prefix", "expires_at", "last_used_at", "created_at")
    list_select_related = ("membership__user", "membership__business")
    search_fields = ("name", "prefix", "membership__user__email", "membership__business__name")
    fields = ("id", "membership", "name", "scopes", "prefix", "expires_at", "last_used_at", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
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


@admin.register(MonthlyUsage)
class MonthlyUsageAdmin(LogAdmin):
    list_display = ("business", "month", "agent_messages")
    list_filter = ("month",)
    list_select_related = ("business",)
    search_fields = ("business__name", "business__id")


@admin.register(AuditEntry)
class AuditEntryAdmin(LogAdmin):
    list_display = ("created_at", "action", "actor_name", "target_name", "address", "business_id")
    list_filter = ("action",)
    search_fields = ("actor_name", "target_name", "target_id", "business_id", "address")
    date_hierarchy = "created_at"
