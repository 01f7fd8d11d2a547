"""Whether a channel still works: asked by and by, so that it is told before a message fails, and by the button."""

import logging
import queue
import threading
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from channels_app import alarms, connecting
from channels_app.adapters import ADAPTERS
from channels_app.adapters.base import Health
from channels_app.adapters.errors import DeliveryError, Kind
from channels_app.health import SILENT
from channels_app.models import Channel, ChannelState
from channels_app.reconnecting import goes_elsewhere, needs_reconnecting
from channels_app.telling import tell
from conversations.models import ChannelType
from foundation.later import Pool
from foundation.sealed import CannotUnseal

log = logging.getLogger("pingback.channels")

# How often the provider of a channel that works is asked whether it still does, and when somebody says no: once may be
# a bad moment of theirs.
CHECK_EVERY = timedelta(hours=1)
CHECK_AGAIN = timedelta(minutes=5)
CHECKS_AT_ONCE = 20
# Longer than asking can last: who has not answered by then was asked by a process that is gone.
LONGEST = timedelta(minutes=2)

# Threads of its own: a provider that hangs must not hold up the mails.
_pool = Pool(threads=2, most=50)


def test_soon(channel: Channel) -> threading.Event:
    """For the button, which does not wait for it: the channel's page shows what comes of it. Set once that is known."""
    known = threading.Event()
    if is_asking(channel):
        return known
    _note(channel.pk, ok=None)
    try:
        _pool.submit(partial(_test, channel.pk, known))
    except queue.Full:
        _note(channel.pk, ok=False, detail=_("Too many channels are being tested just now. Try again in a minute."))
        known.set()
    return known


def test_in_time(channel: Channel) -> tuple[bool, str]:
    """For the API: whether it works and what does not, as far as that is known before the request must be answered."""
    begun_elsewhere = is_asking(channel)
    if not begun_elsewhere and test_soon(channel).wait(max(1.0, settings.REQUEST_SECONDS - 3.0)):
        setup = Channel.objects.filter(pk=channel.pk).values_list("setup", flat=True).first() or {}
        if told := setup.get(connecting.TESTED):  # else it was deleted or changed meanwhile
            return bool(told["ok"]), str(told["detail"])
    return False, _("The provider has not answered yet. Ask again in a minute.")


def is_asking(channel: Channel) -> bool:
    """Whether what the button began is under way."""
    told = channel.setup.get(connecting.TESTED, {})
    at = parse_datetime(told.get("at", ""))
    return bool(told) and told["ok"] is None and at is not None and at > timezone.now() - LONGEST


def _test(channel_id: UUID, known: threading.Event) -> None:
    """Ask, and only what does not work is connected anew."""
    channel = Channel.objects.get(pk=channel_id)
    health = check(channel) if channel.state == ChannelState.CONNECTED else None
    if health is None or not health.ok:
        health = connecting.connect(channel)
    _note(channel_id, ok=health.ok, detail=health.detail)
    known.set()
    tell(channel)


@transaction.atomic
def _note(channel_id: UUID, *, ok: bool | None, detail: str = "") -> None:
    fresh = Channel.objects.select_for_update(no_key=True).filter(pk=channel_id).first()
    if fresh:
        fresh.setup[connecting.TESTED] = {"at": timezone.now().isoformat(), "ok": ok, "detail": detail[:300]}
        fresh.save(update_fields=["setup"])


def check_due(stop: threading.Event) -> None:
    """A chore of the worker: what else would show when a message fails. Safe in several at once."""
    due = Q(checked_at=None) | Q(checked_at__lte=Now() - CHECK_EVERY)
    older_key = ~Q(setup__key=connecting.key_mark()) | Q(setup__key__isnull=True)
    due |= Q(older_key, type__in=_keyed(), checked_at__lte=Now() - CHECK_AGAIN)
    working = Channel.objects.filter(due, state=ChannelState.CONNECTED, is_active=True, type__in=ADAPTERS)
    for channel in working.order_by("checked_at")[:CHECKS_AT_ONCE]:
        if stop.is_set():
            return
        if Channel.objects.filter(due, pk=channel.pk).update(checked_at=Now()):
            check(channel, tells=True)
            alarms.warn_of_token(channel)


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
    is_news = _keep(channel, health)
    # A mail comes in all the same, and what the test connects anew is not what is wrong with it.
    if is_news and tells and not health.ok and channel.type != ChannelType.EMAIL:
        goes_elsewhere(channel, health.detail)
    # What it calls us with would not be taken much longer, or it does not tell all that we take in by now.
    has_old_key = adapter.is_keyed and channel.setup.get("key") != connecting.key_mark()
    if health.ok and (has_old_key or health.is_outdated):
        return connecting.connect(channel)
    return health


def _keyed() -> list[ChannelType]:
    return [type for type, adapter in ADAPTERS.items() if adapter.is_keyed]


@transaction.atomic
def _keep(channel: Channel, health: Health) -> bool:
    """Whether it is otherwise than the row said. Nothing of it is true of credentials that were entered meanwhile."""
    same = Channel.objects.filter(pk=channel.pk, state=ChannelState.CONNECTED, credentials=channel.credentials)
    fresh = same.select_for_update(no_key=True).first()
    if fresh is None:
        return False
    is_news, was_silent = fresh.setup.get("ok") != health.ok, bool(fresh.setup.get(SILENT))
    fresh.setup |= connecting.kept_of(health)
    fresh.state_detail = health.detail[:300]
    fresh.save(update_fields=["setup", "state_detail"])
    if is_news or was_silent:
        tell(fresh)
    return is_news


def _doubted(channel: Channel, error: DeliveryError) -> None:
    """Who says no twice in a row, means it; who says nothing is asked again soon."""
    asked = Channel.objects.filter(pk=channel.pk)
    lately = channel.last_error_at and channel.last_error_at > timezone.now() - CHECK_EVERY
    if error.kind == Kind.CREDENTIALS and lately and channel.last_error == error.reason:
        needs_reconnecting(channel, error.reason)
    elif error.kind in {Kind.CREDENTIALS, Kind.TRANSIENT}:
        asked.update(checked_at=Now() - CHECK_EVERY + CHECK_AGAIN)
    asked.update(last_error=error.reason[:300], last_error_at=Now())
    if error.kind == Kind.TRANSIENT:
        alarms.not_answered(channel, error.reason)
    else:
        alarms.answers_again(channel)
