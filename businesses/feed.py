"""The feed: every change of a workspace is one row with the next number, in the transaction of the change.

The number comes from an UPDATE of the business that must be the transaction's last statement but for the rows
themselves: from then on every other writer of that business waits. So numbers appear in the order of commits,
and a reader that has seen N has seen everything before N.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from businesses.models import Business, FeedEvent
from foundation import rows

KEPT_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that is about to be a feed row.

    kind: a word of design.md 9, like "message.created".
    subject: the row that it is about, as it is now; handed to the publisher, never stored.
    """

    kind: str
    subject: models.Model
    conversation_id: UUID | None = None
    message_id: UUID | None = None
    actor_id: UUID | None = None
    data: dict[str, Any] = field(default_factory=dict)


def record(business_id: UUID, events: Sequence[Event]) -> list[FeedEvent]:
    """Append events in order, and publish them after the commit.

    Call it last in the transaction of the change: from here on the workspace waits for the commit. A publisher that
    fails takes nothing back: the row is the truth.
    """
    if not events:
        return []
    last = _advance(business_id, by=len(events))
    now = timezone.now()
    recorded = []
    for seq, event in enumerate(events, start=last - len(events) + 1):
        row = FeedEvent(
            business_id=business_id,
            seq=seq,
            kind=event.kind,
            conversation_id=event.conversation_id,
            message_id=event.message_id,
            actor_id=event.actor_id,
            data=event.data,
            created_at=now,
        )
        row.subject = event.subject
        recorded.append(row)
    rows.insert(recorded)
    transaction.on_commit(lambda: _publish(recorded), robust=True)
    return recorded


def _advance(business_id: UUID, *, by: int) -> int:
    """One statement, so that no two writers read the same number. Returns the new position."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A feed row belongs into the transaction of its change.")
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {Business._meta.db_table} SET feed_seq = feed_seq + %s WHERE id = %s RETURNING feed_seq",  # noqa: S608
            [by, Business._meta.pk.get_db_prep_value(business_id, connection)],
        )
        return int(cursor.fetchone()[0])


def purge(*, most: int = 1000) -> int:
    """Delete rows older than KEPT_FOR, at most so many; returns how many. A client that asks for them is told to
    fetch anew.
    """
    # The oldest have the lowest ids: looking at those alone needs no index that every message would pay for.
    oldest = FeedEvent.objects.order_by("pk").values_list("pk", "created_at")[:most]
    limit = timezone.now() - KEPT_FOR
    return FeedEvent.objects.filter(pk__in=[pk for pk, created_at in oldest if created_at < limit]).delete()[0]


def _publish(rows: list[FeedEvent]) -> None:
    import_string(settings.FEED_PUBLISHER)(rows)
