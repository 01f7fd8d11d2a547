"""A channel as callers see it: REST and pages alike (contract/api.md 7)."""

from typing import Any

from channels_app import credentials
from channels_app.addresses import callback_url
from channels_app.connect_forms import form_for
from channels_app.health import health_of, standing
from channels_app.models import Channel
from conversations.models import ChannelType
from conversations.wire import timestamp

_META = {ChannelType.WHATSAPP, ChannelType.INSTAGRAM}


def channel_payload(channel: Channel) -> dict[str, Any]:
    state, detail = standing(channel)
    return {
        "id": str(channel.pk),
        "business_id": str(channel.business_id),
        "type": channel.type,
        "config": shown_config(channel),
        "is_active": channel.is_active,
        "state": state,
        "state_detail": detail,
        "health": health_of(channel).words,
        "paused_at": timestamp(channel.paused_at),
        "last_event_at": timestamp(channel.last_event_at),
        "last_sent_at": timestamp(channel.last_sent_at),
        "created_at": timestamp(channel.created_at),
        "updated_at": timestamp(channel.updated_at),
    }


def shown_config(channel: Channel) -> dict[str, Any]:
    """The config with masked secrets, and for Meta's channels what a person has to enter there."""
    config: dict[str, Any] = {**channel.config, **credentials.masked(channel)}
    config.pop("learned", None)
    for field in form_for(channel.type).fields:
        if field.alias and field.name in config:
            config[field.alias] = config[field.name]
    if channel.type in _META:
        config["_meta_setup_instructions"] = {
            "callback_url": callback_url(channel),
            "verify_token": channel.config.get("verify_token"),
        }
    return config
