"""A channel whose provider does not take its credentials any more."""

from django.conf import settings

from businesses.models import Membership, Role
from channels_app.connect_forms import form_for
from channels_app.models import Channel, ChannelState
from foundation.mail import send_mail


def needs_reconnecting(channel: Channel, reason: str) -> None:
    """The provider does not take the credentials: the queue waits, and the owner is told, once. Nothing of it is true
    when somebody has entered others meanwhile."""
    changed = Channel.objects.filter(pk=channel.pk, credentials=channel.credentials).exclude(state=ChannelState.ERROR)
    if not changed.update(state=ChannelState.ERROR, state_detail=reason[:300]):
        return
    title = form_for(channel.type).title
    owners = Membership.objects.filter(business_id=channel.business_id, role=Role.OWNER, is_active=True)
    for owner in owners.select_related("user"):
        send_mail(
            "channels_app/mail/reconnect",
            to=owner.user.email,
            channel=title,
            reason=reason,
            link=f"{settings.PUBLIC_BASE_URL}/settings/channels/{channel.pk}/",
        )
