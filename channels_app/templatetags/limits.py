"""What the composer has to know of a conversation's channel."""

import math
from typing import Any

from django import template
from django.utils import timezone

from channels_app.adapters import ADAPTERS
from channels_app.carrying import kinds_in_words, size_in_words
from channels_app.changing import reactions_on
from channels_app.health import clock, health_of, keeps_answers
from channels_app.limits import heard_at, limits_of, unreachable, window_closes_at
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
    found = limits_of(conversation)
    if found is None:
        return {"limits": None}
    names = ("max_text", "unit", "max_file_bytes", "file_types", "public")
    return {
        "limits": {name: getattr(found, name) for name in names}
        | {
            "segmented": conversation.channel_type == ChannelType.SMS,
            "kinds_in_words": kinds_in_words(found.file_types),
            "size_in_words": size_in_words(found.max_file_bytes),
        },
        "copies": found.copies,
        "goes_to": found.goes_to,
    }


@register.inclusion_tag("channels_app/window.html")
def reply_window(conversation: Conversation) -> dict[str, Any]:
    """Until when an answer gets through; closes_in: seconds, so that the page asks again then by itself."""
    closes_at, now = window_closes_at(conversation), timezone.now()
    if closes_at is None:
        return {}
    can = ADAPTERS[ChannelType(conversation.channel_type)].capabilities
    assert can.window
    return {
        "until": clock(closes_at),
        "closes_in": math.ceil((closes_at - now).total_seconds()) if closes_at > now else 0,
        "hours": int(can.window.total_seconds() // 3600),
        "has_written": closes_at > now or heard_at(conversation) is not None,
        "has_templates": can.templates,
        "conversation": conversation,
    }


@register.inclusion_tag("channels_app/trouble.html")
def channel_trouble(conversation: Conversation) -> dict[str, Any]:
    """Why answers wait, or fail, and why this customer gets none; nothing for our own channels."""
    channel = conversation.channel if ChannelType(conversation.channel_type) in ADAPTERS else None
    unreached = unreachable(conversation) if channel else ""
    in_trouble = channel and (not channel.is_active or keeps_answers(channel))
    trouble = health_of(channel) if channel and in_trouble else None
    return {"channel": channel, "trouble": trouble, "unreached": unreached}
