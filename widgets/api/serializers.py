"""What widget endpoints take and give (contract/api.md 8)."""

from typing import Any

from rest_framework import serializers

from conversations.api.rating import RatingOutput
from conversations.api.serializers import MessageOutput
from conversations.models import ChannelType, Status
from conversations.wire import timestamp
from foundation.api import Text
from widgets.models import Widget


class WidgetFields(serializers.Serializer[Any]):
    name = Text(max_length=200, required=False)
    welcome_heading = Text(max_length=200, required=False)
    welcome_tagline = Text(max_length=200, required=False, allow_blank=True)
    primary_color = Text(max_length=7, required=False, help_text="Like #7650FF.")
    show_online_badge = serializers.BooleanField(required=False)
    logo_url = Text(max_length=2048, required=False, allow_null=True, allow_blank=True, help_text="https only.")
    config = serializers.DictField(
        child=serializers.JSONField(), required=False, help_text="Options, as docs/widget.md names them."
    )
    allow_subdomains = serializers.BooleanField(required=False)


class CreateWidgetInput(WidgetFields):
    domain = Text(max_length=2048, help_text="A host; scheme, port and path are taken off.")


class UpdateWidgetInput(WidgetFields):
    domain = Text(max_length=2048, required=False)


class WidgetOutput(serializers.ModelSerializer[Widget]):
    logo_url = serializers.SerializerMethodField()
    config = serializers.DictField(child=serializers.JSONField(), help_text="What was chosen.")
    options = serializers.DictField(
        child=serializers.JSONField(), read_only=True, help_text="Every option: `config`, with the defaults filled in."
    )
    created_at = serializers.SerializerMethodField()
    updated_at = serializers.SerializerMethodField()
    embed_code = serializers.CharField(read_only=True)

    class Meta:
        model = Widget
        fields = [
            "id",
            "business_id",
            "name",
            "domain",
            "allow_subdomains",
            "welcome_heading",
            "welcome_tagline",
            "primary_color",
            "show_online_badge",
            "logo_url",
            "config",
            "options",
            "created_at",
            "updated_at",
            "embed_code",
        ]

    def get_logo_url(self, widget: Widget) -> str | None:
        return widget.logo_url or None

    def get_created_at(self, widget: Widget) -> str | None:
        return timestamp(widget.created_at)

    def get_updated_at(self, widget: Widget) -> str | None:
        return timestamp(widget.updated_at)


class PublicWidgetOutput(WidgetOutput):
    is_at_home = serializers.BooleanField(help_text="The asking page is on the widget's domain; else it shows nothing.")
    language = serializers.CharField(help_text="What the chat speaks on this page.")
    direction = serializers.ChoiceField(choices=["ltr", "rtl"], help_text="In which that is read.")
    texts = serializers.DictField(
        child=serializers.JSONField(),
        allow_null=True,
        help_text="What it says outside of its frame; null: built-in English.",
    )

    class Meta(WidgetOutput.Meta):
        fields = [*WidgetOutput.Meta.fields, "is_at_home", "language", "direction", "texts"]


class AvailabilityOutput(serializers.Serializer[Any]):
    is_open = serializers.BooleanField(help_text="By the business hours.")
    is_online = serializers.BooleanField(allow_null=True, help_text="Somebody is there now; null: not shown.")
    changes_at = serializers.DateTimeField(allow_null=True, help_text="When `is_open` will change.")
    reply_time = serializers.CharField(allow_null=True, help_text="minutes, hour, hours or day; null: not said.")


class PublicChannelOutput(serializers.Serializer[Any]):
    """Never any config."""

    id = serializers.UUIDField()
    type = serializers.ChoiceField(choices=ChannelType.choices)
    handle = serializers.CharField(allow_null=True)


class VisitorMessageOutput(MessageOutput):
    """Without what only the team may see."""

    status = None  # type: ignore[assignment]
    error = None  # type: ignore[assignment]


class VisitorConversationOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=Status.choices)
    updated_at = serializers.DateTimeField()
    unread = serializers.IntegerField(help_text="The team's messages behind what `mark_read` said last.")
    answered = serializers.BooleanField(help_text="Somebody of the team has written in it.")
    rating = RatingOutput(allow_null=True)
    last_message = VisitorMessageOutput(allow_null=True)


class VisitorConversationsOutput(serializers.Serializer[Any]):
    results = VisitorConversationOutput(many=True)
    next = serializers.CharField(allow_null=True)
    has_email = serializers.BooleanField(help_text="An address of the visitor is known.")
