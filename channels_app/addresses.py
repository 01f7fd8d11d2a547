"""Where a channel's provider calls us."""

from django.conf import settings
from django.utils.translation import gettext as _

from channels_app.models import Channel
from conversations.models import ChannelType

# Of all channels of the type, as their providers know one address for all of them. The others have one each.
SHARED_PATHS = frozenset({ChannelType.WHATSAPP, ChannelType.INSTAGRAM, ChannelType.EMAIL})


def callback_url(channel: Channel) -> str:
    return f"{settings.PUBLIC_BASE_URL}{_path(channel)}"


def elsewhere(channel: Channel, address: str) -> str:
    """What the team is told when the provider calls this very channel at another host: PingBack has moved, or one of
    the two is a copy. "" when the address is another program's. For channels with an address of their own."""
    where = address.removesuffix(_path(channel))
    if where in {address, settings.PUBLIC_BASE_URL}:
        return ""
    text = _(
        "This channel's messages go to %(where)s. If PingBack has moved here from there, test the connection to set "
        "the address anew."
    )
    return text % {"where": where[:100]}


def _path(channel: Channel) -> str:
    path = f"/api/v1/webhooks/{channel.type}"
    return path if channel.type in SHARED_PATHS else f"{path}/{channel.pk}"
