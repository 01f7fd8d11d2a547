"""The feed: every change of a workspace is one row with the next number, in the transaction of the change.

The number comes from an UPDATE of the business that must be the transaction's last statement but for the rows
themselves: from then on every other writer of that business waits. So numbers appear in the order of commits,
and a reader that has seen N has seen everything before N.
"""

from collections.abc import Mapping, Sequence
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
    return record_each({business_id: events})


def record_each(by_business: Mapping[UUID, Sequence[Event]]) -> list[FeedEvent]:
    """`record` for several workspaces, in as many statements as for one."""
    last = _advance({business_id: len(events) for business_id, events in by_business.items() if events})
    if not last:
        return []
    now = timezone.now()
    recorded = []
    for business_id, newest in last.items():
        events = by_business[business_id]
        for seq, event in enumerate(events, start=newest - len(events) + 1):
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


def _advance(by: Mapping[UUID, int]) -> dict[UUID, int]:
    """Returns the new positions, by workspace. One statement, so that no two writers read the same number; it locks
    in the order of the ids, so that two batches never wait for each other.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A feed row belongs into the transaction of its change.")
    table = Business._meta.db_table
    if connection.vendor == "postgresql":
        return dict(
            rows.ask_for_amounts(
                f"WITH held AS (SELECT business.id, given.amount FROM {table} business"  # noqa: S608
                " JOIN json_to_recordset(%s::json) AS given(id uuid, amount int) USING (id)"
                " ORDER BY business.id FOR NO KEY UPDATE OF business)"
                f" UPDATE {table} SET feed_seq = feed_seq + held.amount FROM held WHERE {table}.id = held.id"
                f" RETURNING {table}.id, feed_seq",
                by,
            )
        )
    found = {}
    with connection.cursor() as cursor:  # one writer at a time
        for business_id, amount in by.items():
            cursor.execute(
                f"UPDATE {table} SET feed_seq = feed_seq + %s WHERE id = %s RETURNING feed_seq",  # noqa: S608
                [amount, business_id.hex],
            )
            found[business_id] = int(cursor.fetchone()[0])
    return found


def purge(*, most: int = 1000) -> int:
    """Delete rows older than KEPT_FOR, at most so many; returns how many. A client that asks for them is told to
    fetch anew.
    """
    # The oldest have the lowest ids: looking at those alone needs no index that every message would pay for.
    oldest = FeedEvent.objects.order_by("pk").values_list("pk", "created_at")[:most]
    limit = timezone.now() - KEPT_FOR
    return FeedEvent.objects.filter(pk__in=[pk for pk, created_at in oldest if created_at < limit]).delete()[0]


def _publish(recorded: list[FeedEvent]) -> None:
    import_string(settings.FEED_PUBLISHER)(recorded)
