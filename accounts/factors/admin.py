"""Second factors, as operators see them: that they are there, never what they hold."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from accounts.models import Authenticator, Passkey, RecoveryCode
from accounts.operators import ToldAdmin


class FactorAdmin(ToldAdmin):
    """Taken away by the action on the person ("Remove every second factor"), or with the person."""

    list_select_related = ("user",)
    search_fields = ("user__email", "user__full_name")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Authenticator)
class AuthenticatorAdmin(FactorAdmin):
    list_display = ("user", "confirmed_at", "created_at")
    fields = ("user", "confirmed_at", "created_at")


@admin.register(RecoveryCode)
class RecoveryCodeAdmin(FactorAdmin):
    list_display = ("user", "created_at")
    fields = ("user", "created_at")


@admin.register(Passkey)
class PasskeyAdmin(FactorAdmin):
    list_display = ("user", "name", "rp_id", "created_at", "last_used_at")
    fields = ("user", "name", "rp_id", "sign_count", "created_at", "last_used_at")
