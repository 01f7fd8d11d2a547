"""What providers told us, from the stored event to the conversation.

Stored with a unique key before the provider hears 200; worked off in the order of arrival, each event and all that it
changes in one transaction. One that fails is tried again, and then kept with its reason until somebody replays it.
"""

import logging
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from channels_app import credentials, deliveries, journal
from channels_app.adapters import ADAPTERS
from channels_app.adapters.errors import Unreadable
from channels_app.adapters.events import Routed
from channels_app.keys import key_of
from channels_app.models import Channel, RawEvent, RawState
from channels_app.taking_in import NotYet, pass_on, take_in
from conversations import events
from conversations.models import ChannelType
from conversations.services.objections import Blocked
from foundation.rows import one_at_a_time

log = logging.getLogger("pingback.intake")

MAX_TRIES = 5
WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600))
# One process of an installation works at a time, so that two messages of one customer keep their order.
_ADVISORY = 0x70696E67_0001
# Whoever takes in an event of a channel, or deletes the channel with its events.
OF_CHANNEL = "what a channel tells"


def store(channel: Channel, items: Sequence[Routed]) -> None:
    """Keep what came; a repeat is dropped by its key. What is over in a moment is told now."""
    if not items:
        return
    for item in items:
        if item.is_passing:
            pass_on(channel, item.payload)
    items = [item for item in items if not item.is_passing]
    keys = [key_of(item.dedup_key) for item in items]
    known = set(RawEvent.objects.filter(channel=channel, dedup_key__in=keys).values_list("dedup_key", flat=True))
    received = [
        RawEvent(
            business_id=channel.business_id,
            channel=channel,
            dedup_key=key,
            payload=item.payload,
            state=_first_state(item.payload),
            received_at=Now() + timedelta(microseconds=number),  # what came together has an order, too
            due_at=Now(),
        )
        for number, (key, item) in enumerate(zip(keys, items, strict=True))
    ]
    for row, item in zip(received, items, strict=True):
        if row.dedup_key not in known:
            journal.fill(row, item.body)
    with transaction.atomic():
        RawEvent.objects.bulk_create(received, ignore_conflicts=True)
        Channel.objects.filter(pk=channel.pk).update(last_event_at=Now())
        transaction.on_commit(deliveries.news.set, robust=True)
    if in_files := {row.pk for row in received if row.in_file}:  # somebody stored the same at the same time
        journal.remove(in_files - set(RawEvent.objects.filter(pk__in=in_files).values_list("pk", flat=True)))


def _first_state(payload: Any) -> RawState:
    return RawState.ELSEWHERE if isinstance(payload, dict) and "elsewhere" in payload else RawState.WAITING


def work(*, most: int = 100) -> int:
    """Work off events that are due, oldest first, and behind them what was put off.

    Returns how many were done with, for good or until later.
    """
    if not journal.due(RawState.WAITING, 1)():
        return 0
    with _turn() as is_ours:
        if not is_ours:
            return 0
        due = RawEvent.objects.filter(state=RawState.WAITING, due_at__lte=Now())
        due = due.annotate(is_put_off=Q(due_at__gt=F("received_at") + timedelta(seconds=1)))
        due = due.order_by("is_put_off", "received_at", "pk")
        tries = dict(due.values_list("pk", "attempts")[:most])
        # Counted before they are tried, or what kills the process would be tried for ever: new ones together, and one
        # by one those that were tried before, as one of them may be the killer.
        RawEvent.objects.filter(pk__in=[pk for pk, tried in tries.items() if not tried]).update(attempts=1)
        for raw_id, tried in tries.items():
            if tried >= MAX_TRIES:
                reason = _("It broke off each time that it was worked off.")
                RawEvent.objects.filter(pk=raw_id).update(state=RawState.FAILED, last_error=reason)
                continue
            if tried:
                RawEvent.objects.filter(pk=raw_id).update(attempts=tried + 1)
            _work_off(raw_id)
        return len(tries)


def replay(raw: RawEvent) -> bool:
    """By hand, what failed: as if it had just come. False when it had not failed."""
    again = RawEvent.objects.filter(pk=raw.pk, state=RawState.FAILED)
    done = again.update(state=_first_state(raw.payload), attempts=0, due_at=Now(), last_error="")
    deliveries.news.set()
    return bool(done)


@contextmanager
def _turn() -> Iterator[bool]:
    if connection.vendor != "postgresql":
        yield True
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_ADVISORY])
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_ADVISORY])


def _work_off(raw_id: UUID) -> None:
    try:
        raw = RawEvent.objects.select_related(None).get(pk=raw_id)
        channel = Channel.objects.get(pk=raw.channel_id)
        adapter = ADAPTERS[ChannelType(channel.type)](channel, credentials.reveal(channel))
        # Before anything is locked: a big mail takes its time, and nobody has to wait for it with a lock.
        parsed = adapter.parse(journal.payload_of(raw))
        with events.gathered():
            one_at_a_time(OF_CHANNEL, channel.pk)
            raw = RawEvent.objects.select_for_update().select_related(None).get(pk=raw_id)
            if raw.state != RawState.WAITING:
                return
            for event in parsed:
                with suppress(Blocked), transaction.atomic():  # of whom the team takes nothing any more
                    take_in(channel, raw, event)
            RawEvent.objects.filter(pk=raw_id).update(state=RawState.DONE, last_error="", customer_id=raw.customer_id)
    except NotYet as wait:
        # No failure of its own: this try does not count.
        RawEvent.objects.filter(pk=raw_id).update(due_at=wait.until, attempts=F("attempts") - 1)
    except RawEvent.DoesNotExist:
        return
    except Unreadable as error:
        RawEvent.objects.filter(pk=raw_id).update(state=RawState.FAILED, last_error=str(error)[:300])
    except (OperationalError, InterfaceError):
        # The database's trouble: it is the first again at the next look, and none overtakes it. No try of its own when
        # the database is away; a statement that it broke off may be one that it always breaks off.
        if not connection.is_usable():
            with suppress(DatabaseError):
                RawEvent.objects.filter(pk=raw_id).update(attempts=F("attempts") - 1)
        raise
    except Exception as error:
        _failed(raw_id, error)


def _failed(raw_id: UUID, error: Exception) -> None:
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("Event %s raised %s\n%s", raw_id, type(error).__name__, frames)
    raw = RawEvent.objects.filter(pk=raw_id).first()
    if raw is None:
        return
    raw.last_error = _("%(error)s while it was worked off.") % {"error": type(error).__name__}
    if raw.attempts >= MAX_TRIES:
        raw.state = RawState.FAILED
    else:
        raw.due_at = timezone.now() + WAITS[raw.attempts - 1]
    raw.save(update_fields=["last_error", "state", "due_at"])
