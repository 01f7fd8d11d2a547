"""What a provider told of and keeps itself is fetched into the journal before it is worked off."""

import logging
import threading
from datetime import timedelta

from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from channels_app import connecting, deliveries, journal
from channels_app.adapters.errors import DeliveryError, MediaGone
from channels_app.intake import MAX_TRIES, WAITS
from channels_app.models import RawEvent, RawState
from foundation.sealed import CannotUnseal

log = logging.getLogger("pingback.intake")

AT_ONCE = 20
# Longer than fetching can last: nobody else fetches meanwhile.
LEASE = timedelta(minutes=2)


def bring_due(stop: threading.Event) -> None:
    """A chore of the worker. Safe in several at once: each event is somebody's for the time of a try."""
    for raw in journal.due(RawState.ELSEWHERE, AT_ONCE)():
        if stop.is_set():
            return
        due = RawEvent.objects.filter(pk=raw.pk, state=RawState.ELSEWHERE, due_at__lte=Now())
        if due.update(due_at=Now() + LEASE, attempts=F("attempts") + 1):
            _bring(raw)


def _bring(raw: RawEvent) -> None:
    try:
        adapter = connecting.adapter_of(raw.channel)
        assert adapter
        body = adapter.bring(raw.payload["elsewhere"])
    except MediaGone as gone:
        _not_brought(raw, str(gone), for_good=True)
    except DeliveryError as error:
        _not_brought(raw, error.reason, for_good=error.permanent)
    except CannotUnseal:
        _not_brought(raw, _("The stored secrets cannot be opened. Enter them again to reconnect."))
    except Exception as error:
        log.error("Fetching event %s raised %s", raw.pk, type(error).__name__)
        _not_brought(raw, _("Something went wrong on our side."))
    else:
        raw.payload = {name: value for name, value in raw.payload.items() if name != "elsewhere"}
        journal.fill(raw, body)
        brought = RawEvent.objects.filter(pk=raw.pk, state=RawState.ELSEWHERE)
        brought.update(
            payload=raw.payload, in_file=raw.in_file, state=RawState.WAITING, attempts=0, due_at=Now(), last_error=""
        )
        deliveries.news.set()


def _not_brought(raw: RawEvent, reason: str, *, for_good: bool = False) -> None:
    tries = raw.attempts + 1
    over = for_good or tries >= MAX_TRIES
    state = RawState.FAILED if over else RawState.ELSEWHERE
    wait = WAITS[min(tries, len(WAITS)) - 1]
    RawEvent.objects.filter(pk=raw.pk).update(state=state, due_at=Now() + wait, last_error=reason[:300])
