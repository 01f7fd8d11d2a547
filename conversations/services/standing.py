"""What a conversation stood at, kept in a line of its thread so that undoing gives it back."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import DateTimeField
from django.utils.dateparse import parse_datetime

from conversations.models import Conversation


def standing_of(conversation: Conversation, names: Sequence[str]) -> dict[str, Any]:
    """In words that JSON holds. names: of its columns, as attributes."""
    values = {name: getattr(conversation, name) for name in names}
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else str(value) if isinstance(value, UUID) else value
        for name, value in values.items()
    }


def restore(conversation: Conversation, standing: dict[str, Any]) -> None:
    """In memory."""
    for name, value in standing.items():
        is_time = isinstance(Conversation._meta.get_field(name.removesuffix("_id")), DateTimeField)
        setattr(conversation, name, parse_datetime(value) if is_time and value else value)


def not_before_last_message(conversation: Conversation) -> None:
    """In memory: what was written since moved it, too."""
    newest = conversation.last_message
    if newest and newest.created_at > conversation.updated_at:
        conversation.updated_at = newest.created_at


def columns(names: Sequence[str]) -> list[str]:
    """Their fields, to be stored."""
    return [name.removesuffix("_id") for name in names]
