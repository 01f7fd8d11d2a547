"""Channels over REST (contract/api.md 7): what comes in, and for the schema what goes out."""

from typing import Any

from rest_framework import serializers

from channels_app.connect_fields import ConnectForm
from channels_app.connect_forms import CONNECT_FORMS
from channels_app.models import ChannelState
from conversations.models import ChannelType
from foundation.api import IdField


def _entries(form: ConnectForm) -> str:
    entries = [f"`{field.name}`" + ("*" if field.required else "") for field in form.fields]
    return f"{form.type.value}: {', '.join(entries) or 'nothing'}"


class ConfigField(serializers.DictField):
    """An object; what it may hold depends on the type and is checked with it (channels_app/connect_forms.py)."""

    def __init__(self, **options: Any) -> None:
        by_type = "; ".join(_entries(form) for form in CONNECT_FORMS.values())
        super().__init__(help_text=f"By type (* required): {by_type}.", **options)


class TypeField(serializers.ChoiceField):
    def __init__(self, **options: Any) -> None:
        super().__init__(choices=ChannelType.choices, **options)

    def to_internal_value(self, data: Any) -> ChannelType:
        if not isinstance(data, str) or data not in ChannelType.values:
            self.fail("invalid_choice", input="")
        return ChannelType(data)


class SwitchField(serializers.BooleanField):
    """JSON's own true and false, and nothing that only looks like them."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input="")
        return data


class ChannelInput(serializers.Serializer[Any]):
    type = TypeField()
    config = ConfigField()
    is_active = SwitchField(default=True)


class ChannelChange(serializers.Serializer[Any]):
    """Any of them. A config replaces the whole one; a masked secret in it stands for the stored one."""

    type = TypeField(required=False)
    config = ConfigField(required=False)
    is_active = SwitchField(required=False)
    paused = SwitchField(required=False, help_text="Answers wait, and nothing is lost; what comes in is taken in.")


class ChannelOutput(serializers.Serializer[Any]):
    """`config` shows at most the last four characters of a secret."""

    id = IdField()
    business_id = IdField()
    type = serializers.ChoiceField(choices=ChannelType.choices)
    config = serializers.DictField()
    is_active = serializers.BooleanField()
    state = serializers.ChoiceField(choices=ChannelState.choices)
    state_detail = serializers.CharField(allow_blank=True)
    health = serializers.CharField(help_text="All of it in one sentence, as Settings -> Channels says it.")
    paused_at = serializers.DateTimeField(allow_null=True)
    last_event_at = serializers.DateTimeField(allow_null=True)
    last_sent_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class HealthOutput(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    detail = serializers.CharField(allow_blank=True, help_text="What is wrong, in a sentence.")


class EventOutput(serializers.Serializer[Any]):
    id = IdField()
    error = serializers.CharField()
    received_at = serializers.DateTimeField()


class EventList(serializers.Serializer[Any]):
    results = EventOutput(many=True)
    next = serializers.CharField(allow_null=True)
