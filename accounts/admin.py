from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import services
from accounts.factors import admin as factors  # noqa: F401  registers its own
from accounts.factors import second_factor
from accounts.models import AuthSession, MailLink, User
from accounts.operators import ToldAdmin

admin.site.unregister(Group)
admin.site.site_header = admin.site.site_title = "PingBack"
admin.site.index_title = _("Operator")


@admin.register(User)
class UserAdmin(ToldAdmin, DjangoUserAdmin):  # type: ignore[type-arg]
    form = UserChangeForm
    add_form = AdminUserCreationForm
    list_display = ("email", "full_name", "is_active", "is_verified", "is_staff", "created_at")
    list_filter = ("is_active", "is_verified", "is_staff")
    search_fields = ("email", "full_name", "id")
    ordering = ("-created_at",)
    readonly_fields = ("id", "created_at", "last_login", "is_google_account")
    filter_horizontal = ()
    actions = ("remove_factors",)
    fieldsets = (
        (None, {"fields": ("id", "email", "full_name", "password")}),
        (_("State"), {"fields": ("is_active", "is_verified", "is_google_account", "is_staff", "is_superuser")}),
        (_("Times"), {"fields": ("created_at", "last_login")}),
    )

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """A person who may no longer sign in, or has a new password, is signed out everywhere."""
        before = User.objects.filter(pk=obj.pk).values_list("password", flat=True).first()
        super().save_model(request, obj, form, change)
        if change and (not obj.is_active or obj.password != before):
            services.end_sessions_of(obj, actor=_operator(request))

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        services.end_sessions_of(obj, actor=_operator(request))
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        with transaction.atomic():
            for user in queryset:
                services.end_sessions_of(user, actor=_operator(request))
            super().delete_queryset(request, queryset)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        with transaction.atomic():
            answer = super().user_change_password(request, id, form_url)
            if request.method == "POST" and answer.status_code == 302 and (user := self.get_object(request, id)):
                services.end_sessions_of(user, actor=_operator(request))
        return answer

    @admin.action(description=_("Remove every second factor"))
    def remove_factors(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For somebody who lost the phone and the recovery codes; the operator knows that it is them."""
        for user in queryset:
            second_factor.reset(user, actor=_operator(request))
        self.message_user(request, _("From now on the password alone signs them in, until they add a factor."))

    add_fieldsets = ((None, {"fields": ("email", "full_name", "usable_password", "password1", "password2")}),)


@admin.register(AuthSession)
class AuthSessionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Ending a session here cuts its sockets too; nothing else can be changed."""

    list_display = ("user", "user_agent", "ip", "created_at", "last_used_at", "expires_at")
    search_fields = ("user__email", "ip", "id")
    list_select_related = ("user",)
    readonly_fields = ("id", "user", "user_agent", "ip", "created_at", "last_used_at", "expires_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: AuthSession) -> None:
        services.end_session(obj.pk, actor=_operator(request))

    def delete_queryset(self, request: HttpRequest, queryset) -> None:  # type: ignore[no-untyped-def]
        for session_id in queryset.values_list("pk", flat=True):
            services.end_session(session_id, actor=_operator(request))


@admin.register(MailLink)
class MailLinkAdmin(ToldAdmin):
    """Which links are out; deleting one makes it dead. What they hold, nobody can tell."""

    list_display = ("user", "purpose", "email", "expires_at")
    list_filter = ("purpose",)
    search_fields = ("user__email", "email")
    list_select_related = ("user",)
    fields = readonly_fields = ("user", "purpose", "email", "expires_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


def _operator(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
