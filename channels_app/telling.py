"""Open pages of the team hear that something is otherwise with a channel: a hint, they look for themselves."""

from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from channels_app.models import Channel


def tell(channel: Channel) -> None:
    """After the commit. It stopped, is paused, switched or gone, or works again."""
    publish: Any = import_string(settings.CHANNEL_PUBLISHER)
    told = partial(publish, business_id=channel.business_id, channel_id=channel.pk)
    transaction.on_commit(told, robust=True)
