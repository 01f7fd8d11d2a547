"""What the composer has to know of a conversation's channel."""

from typing import Any

from django import template
from django.utils import timezone

from channels_app.adapters import ADAPTERS
from channels_app.changing import reactions_on
from channels_app.models import Thread
from channels_app.participants import copies_of
from conversations.models import ChannelType, Conversation

register = template.Library()


@register.simple_tag
def channel_has_quotes(conversation: Conversation) -> bool:
    """Whether an answer can name the message that it is to."""
    adapter = ADAPTERS.get(ChannelType(conversation.channel_type))
    return adapter is not None and adapter.capabilities.quotes


@register.simple_tag
def channel_has_signs(conversation: Conversation) -> bool:
    """Whether the team may put an emoji on what the customer writes."""
    return bool(reactions_on(conversation))


@register.inclusion_tag("channels_app/limits.html")
def channel_limits(conversation: Conversation) -> dict[str, Any]:
    """limits: for the composer's script; None for our own channels, which have none of their own."""
    adapter = ADAPTERS.get(ChannelType(conversation.channel_type))
    if adapter is None:
        return {"limits": None}
    can = adapter.capabilities
    is_closed = False
    if can.window:
        threads = Thread.objects.filter(conversation=conversation, channel=conversation.channel_id)
        heard = threads.order_by("-last_heard_at").values_list("last_heard_at", flat=True).first()
        is_closed = heard is not None and heard < timezone.now() - can.window
    limits = {
        "max_text": can.max_text,
        "unit": can.unit,
        "max_file_bytes": can.max_file_bytes,
        "file_types": list(can.file_types),
        "window_closed": is_closed,
    }
    return {
        "limits": limits,
        "is_closed": is_closed,
        "hours": can.window and int(can.window.total_seconds() // 3600),
        "has_templates": can.templates,
        "copies": copies_of(conversation) if can.copies else [],
        "conversation": conversation,
    }
