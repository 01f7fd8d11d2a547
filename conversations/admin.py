from django.contrib import admin
from django.http import HttpRequest

from conversations.models import (
    Activity,
    Attachment,
    CannedResponse,
    Conversation,
    ConversationTag,
    Customer,
    CustomerImport,
    CustomerImportPart,
    Follower,
    Macro,
    MailOriginal,
    Mention,
    Message,
    Note,
    Rating,
    ReadMark,
    Receipts,
    ReplyDraft,
    ScheduledMessage,
    Tag,
)


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What people wrote is looked at by an operator, never changed: changes go through services and the feed."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    list_display = ("display_name", "email", "external_id", "verified", "business", "created_at")
    list_filter = ("verified",)
    list_select_related = ("business",)
    search_fields = ("name", "email", "external_id", "id", "business__name")


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyAdmin):
    list_display = ("id", "customer", "status", "channel_type", "assignee", "business", "last_seq", "updated_at")
    list_filter = ("status", "channel_type")
    list_select_related = ("customer", "assignee", "business")
    search_fields = ("id", "customer__name", "customer__email", "business__name")


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("conversation_id", "seq", "sender_type", "status", "created_at")
    list_filter = ("sender_type", "status")
    search_fields = ("id", "conversation__id")


@admin.register(MailOriginal)
class MailOriginalAdmin(ReadOnlyAdmin):
    list_display = ("message_id", "subject", "to", "cc")
    list_select_related = ("message",)
    search_fields = ("message__id", "message__conversation__business__name")
    fields = ("message", "subject", "to", "cc")


@admin.register(Attachment)
class AttachmentAdmin(ReadOnlyAdmin):
    list_display = ("filename", "content_type", "size", "sender_type", "business", "created_at")
    list_select_related = ("business",)
    search_fields = ("filename", "id", "conversation__id", "business__name")


@admin.register(Rating)
class RatingAdmin(ReadOnlyAdmin):
    list_display = ("conversation_id", "score", "agent", "business", "rated_at")
    list_filter = ("score",)
    list_select_related = ("agent", "business")
    search_fields = ("conversation__id", "business__name")


@admin.register(ReadMark)
class ReadMarkAdmin(ReadOnlyAdmin):
    list_display = ("conversation_id", "user", "seq")
    list_select_related = ("user",)
    search_fields = ("conversation__id", "user__email")


@admin.register(Receipts)
class ReceiptsAdmin(ReadOnlyAdmin):
    list_display = ("conversation_id", "customer_delivered_seq", "customer_read_seq", "agent_read_seq")
    search_fields = ("conversation__id",)


@admin.register(Note)
class NoteAdmin(ReadOnlyAdmin):
    list_display = ("conversation_id", "author", "business", "created_at")
    list_select_related = ("author", "business")
    search_fields = ("id", "conversation__id", "business__name")


@admin.register(ScheduledMessage)
class ScheduledMessageAdmin(ReadOnlyAdmin):
    list_display = ("conversation_id", "author", "business", "send_at")
    list_select_related = ("author", "business")
    search_fields = ("id", "conversation__id", "business__name")


@admin.register(Macro)
class MacroAdmin(ReadOnlyAdmin):
    list_display = ("name", "author", "business")
    list_select_related = ("author", "business")
    search_fields = ("id", "name", "business__name")


@admin.register(Activity)
class ActivityAdmin(ReadOnlyAdmin):
    list_display = ("conversation_id", "kind", "actor", "created_at")
    list_filter = ("kind",)
    list_select_related = ("actor",)
    search_fields = ("conversation__id",)


@admin.register(Tag)
class TagAdmin(ReadOnlyAdmin):
    list_display = ("name", "color", "business", "created_at")
    list_select_related = ("business",)
    search_fields = ("name", "business__name")


@admin.register(ConversationTag)
class ConversationTagAdmin(ReadOnlyAdmin):
    list_display = ("conversation_id", "tag")
    list_select_related = ("tag",)
    search_fields = ("conversation__id", "tag__name")


@admin.register(Mention)
class MentionAdmin(ReadOnlyAdmin):
    list_display = ("conversation_id", "user")
    list_select_related = ("user",)
    search_fields = ("conversation__id", "user__email")


@admin.register(CannedResponse)
class CannedResponseAdmin(ReadOnlyAdmin):
    list_display = ("shortcut", "shared", "author", "business", "created_at")
    list_filter = ("shared",)
    list_select_related = ("author", "business")
    search_fields = ("shortcut", "business__name")


@admin.register(ReplyDraft)
class ReplyDraftAdmin(ReadOnlyAdmin):
    list_display = ("conversation_id", "user", "updated_at")
    list_select_related = ("user",)
    search_fields = ("conversation__id", "user__email")


@admin.register(Follower)
class FollowerAdmin(ReadOnlyAdmin):
    list_display = ("conversation_id", "user")
    list_select_related = ("user",)
    search_fields = ("conversation__id", "user__email")


@admin.register(CustomerImport)
class CustomerImportAdmin(ReadOnlyAdmin):
    list_display = ("name", "state", "total", "done", "business", "created_at")
    list_filter = ("state",)
    list_select_related = ("business",)
    search_fields = ("name", "business__name")


@admin.register(CustomerImportPart)
class CustomerImportPartAdmin(ReadOnlyAdmin):
    list_display = ("customer_import_id", "number")
    search_fields = ("customer_import__name", "customer_import__business__name")


from conversations.saved_views import admin as saved_views_admin  # noqa: E402, F401  they register themselves
from conversations.search import admin as search_admin  # noqa: E402, F401
