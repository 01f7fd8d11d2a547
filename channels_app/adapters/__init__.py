"""The types of channel that can send, one line each. A type that is not here is stored, and says so."""

from channels_app.adapters.base import ChannelAdapter
from conversations.models import ChannelType

ADAPTERS: dict[ChannelType, type[ChannelAdapter]] = {}
