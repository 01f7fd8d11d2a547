"""What open pages of the team hear of channels: a hint that something is otherwise, and that a customer writes."""

from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from channels_app.models import Channel
from conversations.models import Conversation


def tell(channel: Channel) -> None:
    """After the commit. It stopped, is paused, switched or gone, or works again."""
    publish: Any = import_string(settings.CHANNEL_PUBLISHER)
    told = partial(publish, business_id=channel.business_id, channel_id=channel.pk)
    transaction.on_commit(told, robust=True)


def tell_typing(conversation: Conversation) -> None:
    """After the commit: its customer writes."""
    publish: Any = import_string(settings.TYPING_PUBLISHER)
    transaction.on_commit(partial(publish, conversation), robust=True)
