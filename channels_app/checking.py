"""Whether a channel still works: asked by and by, so that it is told before a message fails, and by the button."""

import logging
import threading
from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from channels_app import connecting
from channels_app.adapters import ADAPTERS
from channels_app.adapters.base import Health
from channels_app.adapters.errors import DeliveryError, Kind
from channels_app.models import Channel, ChannelState
from channels_app.reconnecting import goes_elsewhere, needs_reconnecting
from channels_app.telling import tell
from foundation.sealed import CannotUnseal

log = logging.getLogger("pingback.channels")

# How often the provider of a channel that works is asked whether it still does, and when somebody says no: once may be
# a bad moment of theirs.
CHECK_EVERY = timedelta(hours=1)
CHECK_AGAIN = timedelta(minutes=5)
CHECKS_AT_ONCE = 20


def test(channel: Channel) -> Health:
    """For the button: ask, and only what does not work is connected anew."""
    if channel.state == ChannelState.CONNECTED and (health := check(channel)).ok:
        return health
    return connecting.connect(channel)


def check_due(stop: threading.Event) -> None:
    """A chore of the worker: what else would show when a message fails. Safe in several at once."""
    due = Q(checked_at=None) | Q(checked_at__lte=Now() - CHECK_EVERY)
    working = Channel.objects.filter(due, state=ChannelState.CONNECTED, is_active=True, type__in=ADAPTERS)
    for channel in working.order_by("checked_at")[:CHECKS_AT_ONCE]:
        if stop.is_set():
            return
        if Channel.objects.filter(due, pk=channel.pk).update(checked_at=Now()):
            check(channel, tells=True)


def check(channel: Channel, *, tells: bool = False) -> Health:
    """Ask, and change nothing at the provider. What it says is in the row, too. tells: the owner, when it is news."""
    try:
        adapter = connecting.adapter_of(channel)
        assert adapter
        health = adapter.health()
    except CannotUnseal:
        return Health(ok=False, detail=_("The stored secrets cannot be opened. Enter them again to reconnect."))
    except DeliveryError as error:
        _doubted(channel, error)
        return Health(ok=False, detail=error.reason)
    except Exception as error:
        log.error("Asking about channel %s raised %s", channel.pk, type(error).__name__)
        return Health(ok=False, detail=_("Something went wrong on our side."))
    setup = {**channel.setup, **connecting.kept_of(health)}
    unchanged = Channel.objects.filter(pk=channel.pk, state=ChannelState.CONNECTED, credentials=channel.credentials)
    # Once: the row says whether it was so before.
    worked = unchanged.filter(setup__ok=True) if tells and not health.ok else unchanged.none()
    is_news = bool(worked.update(setup=setup, state_detail=health.detail[:300]))
    unchanged.update(setup=setup, state_detail=health.detail[:300])
    if channel.setup.get("ok") != health.ok:
        tell(channel)
    if is_news:
        goes_elsewhere(channel, health.detail)
    return health


def _doubted(channel: Channel, error: DeliveryError) -> None:
    """Who says no twice in a row, means it."""
    asked = Channel.objects.filter(pk=channel.pk)
    lately = channel.last_error_at and channel.last_error_at > timezone.now() - CHECK_EVERY
    if error.kind == Kind.CREDENTIALS and lately and channel.last_error == error.reason:
        needs_reconnecting(channel, error.reason)
    elif error.kind == Kind.CREDENTIALS:
        asked.update(checked_at=Now() - CHECK_EVERY + CHECK_AGAIN)
    asked.update(last_error=error.reason[:300], last_error_at=Now())
