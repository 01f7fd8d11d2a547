"""Throwing away what was kept long enough: every hour, by one process at a time, in small batches.

Each of `settings.PURGES` deletes at most one batch and says how many rows that were; it is called again until nothing
is left. All of them are safe to repeat: a process that dies half-way has only begun the next hour's work.
"""

import logging
import threading
import time
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from channels_app.models import Heartbeat

log = logging.getLogger("pingback.purging")

NAME = "purge"
EVERY = timedelta(hours=1)
# Between two batches, so that whoever serves people gets at the database.
PAUSE_SECONDS = 0.05


def claim() -> bool:
    """Whether it is time and nobody else has begun: of many that ask, one is told yes."""
    never = Heartbeat(name=NAME, beat_at=Now() - 2 * EVERY)
    Heartbeat.objects.bulk_create([never], ignore_conflicts=True)
    return bool(Heartbeat.objects.filter(name=NAME, beat_at__lte=Now() - EVERY).update(beat_at=Now()))


def purge_all(stop: threading.Event) -> None:
    """One that fails is logged and tried again in an hour; the others go on."""
    for name in settings.PURGES:
        try:
            while not stop.is_set() and import_string(name)():
                time.sleep(PAUSE_SECONDS)
        except Exception:
            log.exception("%s failed", name)
