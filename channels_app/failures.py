"""What could not be taken in: how many, what it was, having it whole, and throwing it away by hand."""

import base64
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.db.models import Count

from channels_app import journal
from channels_app.adapters import ADAPTERS
from channels_app.models import Channel, RawEvent, RawState
from conversations.models import ChannelType


def counts_of(channels: Iterable[Channel]) -> Mapping[UUID, int]:
    failed = RawEvent.objects.filter(channel__in=channels, state=RawState.FAILED).values_list("channel")
    return dict(failed.annotate(Count("pk")).order_by())


def newest_of(channel: Channel, *, most: int) -> list[dict[str, Any]]:
    adapter = ADAPTERS.get(ChannelType(channel.type))
    rows = channel.raw_events.filter(state=RawState.FAILED).order_by("-received_at")[:most]
    return [{"raw": row, "outline": adapter.outline(journal.beginning_of(row)) if adapter else ""} for row in rows]


def original_of(raw: RawEvent) -> tuple[str, bytes]:
    """What came, and what to call its file: a mail as it was sent, else the provider's JSON."""
    body = journal.payload_of(raw)
    mail = body.get("raw") if isinstance(body, Mapping) else None
    name = f"{raw.received_at:%Y-%m-%d-%H%M%S}"
    if mail is None:
        return f"{name}.json", orjson.dumps(raw.payload, option=orjson.OPT_INDENT_2)
    return f"{name}.eml", base64.b64decode(mail) if isinstance(mail, str) else bytes(mail)


@transaction.atomic
def discard(raw: RawEvent) -> bool:
    """For good: no word of it is left. Its key stays, so that a repeat brings nothing. False when it had not failed."""
    failed = RawEvent.objects.filter(pk=raw.pk, state=RawState.FAILED)
    done = failed.update(state=RawState.DONE, payload={}, in_file=False, last_error="")
    if done and raw.in_file:
        transaction.on_commit(lambda: journal.remove([raw.pk]), robust=True)
    return bool(done)
