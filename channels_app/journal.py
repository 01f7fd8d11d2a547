"""What came: what is due of it, how long it is kept, and where: what is too much for a row lies in a file of the data
folder beside it."""

import base64
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from channels_app.adapters.events import Routed
from channels_app.keys import key_of
from channels_app.models import Channel, RawEvent, RawState
from conversations.models import Customer
from foundation.prepared import prepared

# What came, and then its key alone, so that a repeat is none: providers send the same for seven days and more. What
# failed is kept as long, for whoever looks into it. Source: promises 9; channels.md 15.
KEPT, KEPT_KEYS = timedelta(days=14), timedelta(days=30)
PURGED_AT_ONCE = 500
# What is smaller lies in the row: one write less.
BIG = 64 * 1024
FOLDER = "journal"
# So old a file has its row, or gets none any more.
OLD_SECONDS = 3600
BATCH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Bytes that are read when they are needed: `bytes(body)`. Raises OSError for those that are gone."""

    raw_id: UUID
    size: int

    def __len__(self) -> int:
        return self.size

    def __bytes__(self) -> bytes:
        with default_storage.open(place_of(self.raw_id)) as file:
            return bytes(file.read())


def place_of(raw_id: UUID) -> str:
    """The end of the id, because ids of one hour begin alike."""
    return f"{FOLDER}/{raw_id.hex[-2:]}/{raw_id.hex}"


@prepared
def due(state: RawState, most: int) -> "QuerySet[RawEvent]":
    """With their channels, at most so many. Asked every second or two for as long as the process lives."""
    rows = RawEvent.objects.filter(state=state, due_at__lte=Now())
    return rows.select_related("channel").order_by("due_at")[:most]


def oldest_wait() -> timedelta:
    """For how long what came first of all that is due has been due."""
    found = due(RawState.WAITING, 1)()
    return timezone.now() - found[0].due_at if found else timedelta()


def fill(row: RawEvent, body: bytes) -> None:
    """With what belongs to it, before the row is stored; on the disk when this returns."""
    if not body:
        return
    if len(body) <= BIG:
        row.payload = {**row.payload, "raw": base64.b64encode(body).decode()}
        return
    row.payload, row.in_file = {**row.payload, "size": len(body)}, True
    place = default_storage.path(default_storage.save(place_of(row.pk), ContentFile(body)))
    for path in (place, os.path.dirname(place)):
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def set_aside(channel: Channel, item: Routed, reason: str) -> None:
    """Keep what cannot be worked off, with its reason, where the team sees it."""
    kept = RawEvent(
        business_id=channel.business_id,
        channel=channel,
        dedup_key=key_of(item.dedup_key),
        payload=item.payload,
        state=RawState.FAILED,
        last_error=reason[:300],
    )
    RawEvent.objects.bulk_create([kept], ignore_conflicts=True)


def payload_of(row: RawEvent) -> Any:
    """With what lies beside the row as its `raw`."""
    if row.in_file and isinstance(row.payload, Mapping):
        return {**row.payload, "raw": Body(raw_id=row.pk, size=int(row.payload.get("size", 0)))}
    return row.payload


def beginning_of(row: RawEvent) -> bytes:
    """The first BIG bytes of what came with it; b"" where that is nothing, or is gone."""
    if row.in_file:
        try:
            with default_storage.open(place_of(row.pk)) as file:
                return bytes(file.read(BIG))
        except OSError:
            return b""
    raw = row.payload.get("raw") if isinstance(row.payload, Mapping) else None
    return base64.b64decode(raw) if isinstance(raw, str) else b""


def remove(ids: Iterable[UUID]) -> None:
    """After their rows, or in place of what is in them."""
    for raw_id in ids:
        default_storage.delete(place_of(raw_id))


def purge() -> int:
    """Of `settings.PURGES`. Of a customer who was deleted no word is left here either: what came in is emptied, and its
    key stays, so that a repeat brings nobody back."""
    now = timezone.now()
    done = _forgotten(RawEvent.objects.filter(received_at__lt=now - KEPT_KEYS))
    gone = RawEvent.objects.exclude(customer=None).exclude(Exists(Customer.objects.filter(pk=OuterRef("customer_id"))))
    return done + _emptied(gone) + _emptied(old(), state=RawState.EMPTIED)


def old() -> "QuerySet[RawEvent]":
    """What was kept long enough and is not emptied yet, those first that just became old."""
    kept = RawEvent.objects.filter(received_at__lt=timezone.now() - KEPT, state=RawState.DONE)
    return kept.order_by("-received_at")


def _forgotten(rows: "QuerySet[RawEvent]") -> int:
    ids = list(rows.values_list("pk", flat=True)[:PURGED_AT_ONCE])
    in_files = list(RawEvent.objects.filter(pk__in=ids, in_file=True).values_list("pk", flat=True))
    done = RawEvent.objects.filter(pk__in=ids).delete()[0]
    remove(in_files)
    return done


def _emptied(rows: "QuerySet[RawEvent]", **more: RawState) -> int:
    ids = list(rows.values_list("pk", flat=True)[:PURGED_AT_ONCE])
    remove(RawEvent.objects.filter(pk__in=ids, in_file=True).values_list("pk", flat=True))
    return RawEvent.objects.filter(pk__in=ids).update(payload={}, in_file=False, customer=None, **more)


def purge_strays() -> int:
    """Of `settings.PURGES`: files whose rows went with their channel, or were never stored."""
    before = time.time() - OLD_SECONDS
    old = {
        UUID(hex=path.name)
        for path in Path(settings.MEDIA_ROOT, FOLDER).glob("*/*")
        if len(path.name) == 32 and path.stat().st_mtime < before
    }
    strays = list(old - set(RawEvent.objects.filter(pk__in=old, in_file=True).values_list("pk", flat=True)))[:BATCH]
    remove(strays)
    return len(strays)
