from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from accounts.operators import ToldAdmin
from foundation.errors import Unprocessable
from widgets.models import IdentitySecret, MailedAnswers, Unsubscribed, Visitor, Widget
from widgets.services import fill


class WidgetForm(forms.ModelForm):  # type: ignore[type-arg]
    """The operator's form checks as every other door does."""

    def clean(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().clean() or {}
        try:
            fill(widget := Widget(), fields)
        except Unprocessable as error:
            self.add_error(error.loc[1], error.detail)
            return fields
        return {name: getattr(widget, name) for name in fields}


@admin.register(Widget)
class WidgetAdmin(ToldAdmin):
    form = WidgetForm
    list_display = ("domain", "name", "business", "primary_color", "updated_at")
    list_select_related = ("business",)
    search_fields = ("domain", "name", "id", "business__name")
    readonly_fields = ("id", "business", "embed_code", "created_at", "updated_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only its workspace makes one, with the channel that belongs to it."""
        return False


@admin.register(IdentitySecret)
class IdentitySecretAdmin(ToldAdmin):
    """Nobody makes one here: it is shown once, to its widget's owner. Deleting one ends what was signed with it."""

    list_display = ("widget", "ending", "created_at")
    list_select_related = ("widget",)
    search_fields = ("id", "ending", "widget__domain")
    fields = ("id", "widget", "ending", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: IdentitySecret | None = None) -> bool:
        return False


@admin.register(Visitor)
class VisitorAdmin(ToldAdmin):
    """Raising the generation voids every key of the visitor."""

    list_display = ("customer", "business", "widget", "generation", "last_seen_at")
    list_select_related = ("customer", "business", "widget")
    search_fields = ("id", "customer__name", "customer__email", "business__name")
    readonly_fields = ("id", "business", "widget", "customer", "last_seen_at", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(MailedAnswers)
class MailedAnswersAdmin(ToldAdmin):
    """Deleting one mails again what is still unread."""

    list_display = ("conversation", "up_to_seq", "mailed_at")
    list_select_related = ("conversation__customer",)
    search_fields = ("conversation__id",)
    fields = readonly_fields = ("conversation", "up_to_seq", "mailed_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Unsubscribed)
class UnsubscribedAdmin(ToldAdmin):
    """Deleting one lets answers go to the address again."""

    list_display = ("email", "business", "created_at")
    list_select_related = ("business",)
    search_fields = ("email", "business__name")
    autocomplete_fields = ("business",)
