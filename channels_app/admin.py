from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from channels_app import identity, intake, retrying
from channels_app.models import (
    Channel,
    Contact,
    Delivery,
    ExternalMessage,
    Heartbeat,
    Mailbox,
    Media,
    Poll,
    RawEvent,
    Thread,
)
from foundation.errors import Refused


class LookOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that services and the worker write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Channel)
class ChannelAdmin(LookOnlyAdmin):
    """Without its credentials: an operator has no business with them, sealed or masked."""

    list_display = ("__str__", "business", "type", "state", "is_active", "failures", "held_until", "created_at")
    list_filter = ("type", "state", "is_active")
    list_select_related = ("business",)
    search_fields = ("id", "business__name")
    fields = ("id", "business", "type", "config", "state", "state_detail", "is_active", "created_at", "updated_at")


@admin.register(Delivery)
class DeliveryAdmin(LookOnlyAdmin):
    list_display = ("id", "business", "channel", "state", "attempts", "crashes", "due_at", "last_error", "queued_at")
    list_filter = ("state", "channel__type")
    list_select_related = ("business", "channel")
    search_fields = ("id", "message__id", "conversation__id", "business__name", "external_id")
    actions = ("try_again",)

    @admin.action(description=_("Try again"))
    def try_again(self, request: HttpRequest, queryset):  # type: ignore[no-untyped-def]
        again = sum(retrying.try_again(delivery) for delivery in queryset)
        text = ngettext("%(count)d delivery waits again.", "%(count)d deliveries wait again.", again)
        self.message_user(request, text % {"count": again}, messages.SUCCESS if again else messages.WARNING)


@admin.register(Mailbox)
class MailboxAdmin(LookOnlyAdmin):
    list_display = ("channel", "name", "looked_at", "refusals", "last_error", "due_at")
    list_select_related = ("channel",)
    search_fields = ("channel__id", "channel__business__name")


@admin.register(Poll)
class PollAdmin(LookOnlyAdmin):
    list_display = ("channel", "due_at")
    list_select_related = ("channel",)
    search_fields = ("channel__id", "channel__business__name")


@admin.register(RawEvent)
class RawEventAdmin(LookOnlyAdmin):
    """Without what is in it: those are a customer's words."""

    list_display = ("id", "business", "channel", "state", "attempts", "last_error", "received_at")
    list_filter = ("state", "channel__type")
    list_select_related = ("business", "channel")
    search_fields = ("id", "dedup_key", "business__name")
    fields = ("id", "business", "channel", "dedup_key", "state", "attempts", "last_error", "received_at")
    actions = ("replay",)

    @admin.action(description=_("Take in again"))
    def replay(self, request: HttpRequest, queryset):  # type: ignore[no-untyped-def]
        again = sum(intake.replay(raw) for raw in queryset)
        text = ngettext("%(count)d event is taken in again.", "%(count)d events are taken in again.", again)
        self.message_user(request, text % {"count": again}, messages.SUCCESS if again else messages.WARNING)


@admin.register(Contact)
class ContactAdmin(LookOnlyAdmin):
    list_display = ("key", "handle", "business", "channel", "customer", "reason", "unreachable", "created_at")
    list_filter = ("channel__type",)
    list_select_related = ("business", "channel", "customer")
    search_fields = ("key", "handle", "business__name")
    actions = ("separate",)

    @admin.action(description=_("Make somebody of their own of it"))
    def separate(self, request: HttpRequest, queryset):  # type: ignore[no-untyped-def]
        try:
            for contact in queryset:
                identity.separate(contact=contact, actor=None)
        except Refused as refusal:
            self.message_user(request, refusal.detail, messages.ERROR)
        else:
            self.message_user(request, _("Taken apart."), messages.SUCCESS)


@admin.register(Thread)
class ThreadAdmin(LookOnlyAdmin):
    list_display = ("key", "channel", "conversation", "last_heard_at")
    list_select_related = ("channel", "conversation__customer")
    search_fields = ("key", "conversation__id")


@admin.register(ExternalMessage)
class ExternalMessageAdmin(LookOnlyAdmin):
    list_display = ("external_id", "channel", "message_id")
    list_select_related = ("channel",)
    search_fields = ("key", "message__id")
    fields = ("channel", "key", "external_id", "message_id")
    readonly_fields = ("message_id",)


@admin.register(Media)
class MediaAdmin(LookOnlyAdmin):
    """Without where they are: an address of a file may open it."""

    list_display = ("id", "channel", "message_id", "attempts", "due_at", "error")
    list_select_related = ("channel",)
    search_fields = ("id", "message__id")
    fields = ("id", "channel", "message_id", "attempts", "due_at", "error")
    readonly_fields = ("message_id",)


@admin.register(Heartbeat)
class HeartbeatAdmin(LookOnlyAdmin):
    list_display = ("name", "beat_at")
    search_fields = ("name",)
