"""Making, changing and removing channels."""

from uuid import UUID

from django.db import transaction

from businesses.models import Business
from channels_app.models import Channel, ChannelState
from conversations.models import ChannelType


@transaction.atomic
def provision_widget_channel(*, business: Business, widget_id: UUID) -> Channel:
    """The workspace's one web channel, which all of its widgets share; made when there is none."""
    Business.objects.select_for_update().get(pk=business.pk)  # two first widgets make one channel
    existing = Channel.objects.filter(business=business, type=ChannelType.WIDGET).in_order().first()
    return existing or Channel.objects.create(
        business=business,
        type=ChannelType.WIDGET,
        config={"widget_id": str(widget_id)},
        state=ChannelState.CONNECTED,
    )
