"""A channel whose provider does not take its credentials any more, or sends what comes in to somebody else."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from businesses.models import Membership, Role
from channels_app.connect_forms import form_for
from channels_app.models import Channel, ChannelState
from channels_app.telling import tell
from foundation.mail import send_mail

# In `Channel.setup`: when the owner was last told that the provider refuses. One that takes the credentials when it is
# asked and refuses each message is no news every quarter of an hour.
TOLD_AT = "told_at"
NEWS_AGAIN = timedelta(days=1)


@transaction.atomic
def needs_reconnecting(channel: Channel, reason: str) -> None:
    """The provider does not take the credentials: the queue waits, and the owner is told, once a day at most. Nothing
    of it is true when somebody has entered others meanwhile."""
    changed = Channel.objects.filter(pk=channel.pk, credentials=channel.credentials).exclude(state=ChannelState.ERROR)
    if not changed.update(state=ChannelState.ERROR, state_detail=reason[:300], last_error_at=Now()):
        return
    tell(channel)
    setup = Channel.objects.values_list("setup", flat=True).get(pk=channel.pk)
    told_at, now = parse_datetime(setup.get(TOLD_AT, "")), timezone.now()
    if told_at is None or told_at <= now - NEWS_AGAIN:
        Channel.objects.filter(pk=channel.pk).update(setup={**setup, TOLD_AT: now.isoformat()})
        tell_owners(channel, "reconnect", reason=reason)


def goes_elsewhere(channel: Channel, reason: str) -> None:
    """The credentials are good, and nothing comes in: another program took it over, above all. The owner is told; the
    caller sees to it that it is once."""
    tell_owners(channel, "elsewhere", reason=reason)


def tell_owners(channel: Channel, mail: str, **told: Any) -> None:
    """By the mail of that name; told: what its words are about."""
    title, account = form_for(channel.type).title, channel.shown_account
    owners = Membership.objects.filter(business_id=channel.business_id, role=Role.OWNER, is_active=True)
    for owner in owners.select_related("user"):
        send_mail(
            f"channels_app/mail/{mail}",
            to=owner.user.email,
            channel=f"{title} ({account})" if account else title,
            workspace=channel.business.name,
            link=f"{settings.PUBLIC_BASE_URL}/settings/channels/{channel.pk}/",
            **told,
        )
