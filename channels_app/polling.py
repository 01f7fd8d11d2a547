"""Asking providers for what their webhooks may have forgotten. What comes twice is one event, or one message."""

import logging
import threading
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from channels_app import alarms, connecting, intake
from channels_app.adapters import ADAPTERS
from channels_app.adapters.errors import DeliveryError, Kind
from channels_app.health import silent_since
from channels_app.models import Channel, ChannelState, Poll
from foundation.prepared import prepared
from foundation.sealed import CannotUnseal

log = logging.getLogger("pingback.intake")

AT_ONCE = 20
# Longer than asking can last: nobody else asks meanwhile. And so long nothing is asked of who refused.
LEASE = timedelta(minutes=15)
FETCH_LEASE = timedelta(minutes=1)


def poll_due(stop: threading.Event) -> None:
    """A chore of the worker. Safe in several at once: each channel is somebody's for the time of a look."""
    asked = [type for type, adapter in ADAPTERS.items() if adapter.polls]
    _look(Channel.objects.filter(type__in=asked, is_active=True, state=ChannelState.CONNECTED), stop, lease=LEASE)


def fetch_due(stop: threading.Event) -> None:
    """Likewise, of those whose provider posts nothing here: what a customer writes waits for this alone."""
    if channels := [pk for (pk,) in _fetched()()]:
        _look(Channel.objects.filter(pk__in=channels), stop, lease=FETCH_LEASE)


@prepared
def _fetched() -> "QuerySet[Channel, tuple[UUID]]":
    asked = [type for type, adapter in ADAPTERS.items() if adapter.fetches]
    fetched = Channel.objects.filter(type__in=asked, is_active=True, state=ChannelState.CONNECTED)
    return fetched.filter(setup__is_fetched=True).values_list("pk")


def _look(channels: "QuerySet[Channel]", stop: threading.Event, *, lease: timedelta) -> None:
    new = [Poll(channel=channel) for channel in channels.filter(poll=None)]
    Poll.objects.bulk_create(new, ignore_conflicts=True)
    due = Poll.objects.filter(channel__in=channels, due_at__lte=Now()).select_related("channel")
    for poll in due.order_by("due_at")[:AT_ONCE]:
        if stop.is_set():
            return
        if Poll.objects.filter(pk=poll.pk, due_at__lte=Now()).update(due_at=Now() + lease):
            _ask(poll)


def _ask(poll: Poll) -> None:
    """A refusal is told where the channel's health is asked: at once for those that nothing comes from otherwise, whose
    silence is told as a provider's is."""
    channel, adapter = poll.channel, None
    try:
        adapter = connecting.adapter_of(channel)
        assert adapter
        every = adapter.polls or adapter.fetches
        assert every
        items, cursor = adapter.poll(poll.cursor)
        with transaction.atomic():
            intake.store(channel, items)
            Poll.objects.filter(pk=poll.pk).update(cursor=cursor, due_at=Now() + every)
    except CannotUnseal:
        return
    except DeliveryError as error:
        log.info("Asking channel %s: %s", channel.pk, error.reason)
        if adapter and adapter.fetches:
            now = {"checked_at": None, "last_error": error.reason[:300], "last_error_at": Now()}
            Channel.objects.filter(pk=channel.pk).update(**now)
            if error.kind == Kind.TRANSIENT:
                alarms.not_answered(channel, error.reason)
        return
    except Exception as error:
        log.error("Asking channel %s raised %s", channel.pk, type(error).__name__)
        return
    if adapter.fetches and silent_since(channel):
        alarms.answers_again(channel)
