"""The feed: every change of a workspace is one row with the next number, in the transaction of the change.

The number comes from an UPDATE of the business that must be the transaction's last statement but for the rows
themselves: from then on every other writer of that business waits. So numbers appear in the order of commits,
and a reader that has seen N has seen everything before N.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
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
from foundation.instances import made

KEPT_FOR = timedelta(days=7)
# Of a row but for its number, as PostgreSQL calls their types.
COLUMNS = {
    "kind": "varchar",
    "conversation_id": "uuid",
    "message_id": "uuid",
    "actor_id": "uuid",
    "data": "jsonb",
    "created_at": "timestamptz",
}
STORE_BEHIND = f"""
WITH held AS (
    SELECT business.id, given.amount FROM {Business._meta.db_table} business
    JOIN json_to_recordset(%s::json) AS given(id uuid, amount int) USING (id)
    ORDER BY business.id FOR NO KEY UPDATE OF business
), moved AS (
    UPDATE {Business._meta.db_table} business SET feed_seq = feed_seq + held.amount FROM held
    WHERE business.id = held.id RETURNING business.id, feed_seq - held.amount AS before
), stored AS (
    INSERT INTO {FeedEvent._meta.db_table} (business_id, seq, {", ".join(COLUMNS)})
    SELECT business_id, before + seq, {", ".join(COLUMNS)} FROM moved JOIN json_to_recordset(%s::json)
    AS given(business_id uuid, seq int, {", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())})
    ON business_id = moved.id
)
SELECT id, before FROM moved
"""  # noqa: S608


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


def record(business_id: UUID, events: Sequence[Event]) -> None:
    """Append events in order, and publish them after the commit.

    Call it last in the transaction of the change: from here on the workspace waits for the commit. A publisher that
    fails takes nothing back: the row is the truth.
    """
    record_each({business_id: events})


def record_each(by_business: Mapping[UUID, Sequence[Event]]) -> None:
    """`record` for several workspaces, in as many statements as for one."""
    if not any(by_business.values()):
        return
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A feed row belongs into the transaction of its change.")
    now = timezone.now()
    recorded = []
    for business_id, events in by_business.items():
        for number, event in enumerate(events, start=1):
            row = made(
                FeedEvent,
                {},
                business_id=business_id,
                seq=number,  # of its own in the workspace, until it is known where the feed stands
                kind=event.kind,
                conversation_id=event.conversation_id,
                message_id=event.message_id,
                actor_id=event.actor_id,
                data=event.data,
                created_at=now,
            )
            row.subject = event.subject
            recorded.append(row)
    numbered = _number_and_store(recorded)
    transaction.on_commit(lambda: _publish(numbered()), robust=True)


def _number_and_store(recorded: list[FeedEvent]) -> Callable[[], list[FeedEvent]]:
    """One statement, so that no two writers read the same number; it locks in the order of the workspaces' ids, so that
    two batches never wait for each other. Sent at once; what comes back waits for the numbers.
    """
    by = Counter(row.business_id for row in recorded)
    if connection.vendor == "postgresql":
        fetch = _store_behind(recorded, by)
        return lambda: _numbered(recorded, dict(fetch()))
    _numbered(recorded, _advance(by))
    rows.insert(recorded)
    return lambda: recorded


def _numbered(recorded: list[FeedEvent], before: Mapping[UUID, int]) -> list[FeedEvent]:
    for row in recorded:
        row.seq += before[row.business_id]
    return recorded


def _store_behind(recorded: Sequence[FeedEvent], by: Mapping[UUID, int]) -> Callable[[], list[tuple[Any, ...]]]:
    """On PostgreSQL. What comes back: where the workspaces stood before."""
    amounts = [{"id": business_id, "amount": amount} for business_id, amount in by.items()]
    numbered = [{name: vars(row)[name] for name in ("business_id", "seq", *COLUMNS)} for row in recorded]
    return rows.ask(STORE_BEHIND, [rows.document(amounts), rows.document(numbered)])


def _advance(by: Mapping[UUID, int]) -> dict[UUID, int]:
    """The same on SQLite, where there is one writer at a time, without the rows."""
    table = Business._meta.db_table
    before = {}
    with connection.cursor() as cursor:
        for business_id, amount in by.items():
            cursor.execute(
                f"UPDATE {table} SET feed_seq = feed_seq + %s WHERE id = %s RETURNING feed_seq",  # noqa: S608
                [amount, business_id.hex],
            )
            before[business_id] = int(cursor.fetchone()[0]) - amount
    return before


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
