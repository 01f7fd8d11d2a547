"""Reading the workspace's feed: what happened after a number, each with its object as it is now.

The one way for `resume` on a socket and for GET /feed. Source: design.md 9 and 10.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from businesses.models import Business, FeedEvent
from conversations.models import Conversation, Customer, Message, Note, Tag
from conversations.wire import conversation_payload, customer_payload, for_member, note_payload, tag_payload, timestamp
from foundation.ids import parse_id

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """newest: where the feed is. is_whole: false when something behind `after` is no longer kept, or `after` was never
    reached: then there are no events, and whoever asks fetches anew. more: there are further ones behind these.
    """

    events: list[FeedEvent]
    newest: int
    is_whole: bool
    more: bool


def missed(business_id: UUID, *, after: int, limit: int) -> Missed:
    """The events behind `after`, at most `limit`, in order."""
    newest = position(business_id)
    rows = FeedEvent.objects.filter(business_id=business_id, seq__gt=after).order_by("seq")
    events = list(rows[: limit + 1])
    last = events[-1].seq if events else after
    # What is old is thrown away by its time: with clocks apart that may be one in the middle, or the last.
    has_hole = last != after + len(events)
    ends_early = len(events) <= limit and last < newest
    if has_hole or ends_early or after > newest:
        return Missed(events=[], newest=newest, is_whole=False, more=False)
    return Missed(events=events[:limit], newest=newest, is_whole=True, more=len(events) > limit)


def position(business_id: UUID) -> int:
    return Business.objects.values_list("feed_seq", flat=True).get(pk=business_id)


def positions(business_ids: Collection[str]) -> dict[str, int]:
    """Where the feeds of these workspaces are, in one query."""
    found = Business.objects.filter(pk__in=business_ids).values_list("pk", "feed_seq")
    return {str(business_id): newest for business_id, newest in found}


def payloads_of(events: Sequence[FeedEvent]) -> list[Payload]:
    """FeedEvents with their `object` as it is now, null when it is gone."""
    messages = Message.objects.select_related("sender", "conversation__stored_receipts").in_bulk(
        {e.message_id for e in events if e.message_id}
    )
    conversations = Conversation.objects.for_reading().in_bulk(
        {e.conversation_id for e in events if e.conversation_id and not e.message_id and not _id(e, "note")}
    )
    customers = Customer.objects.in_bulk({found for e in events if (found := _id(e, "customer"))})
    notes = Note.objects.prefetch_related("mentions").in_bulk({found for e in events if (found := _id(e, "note"))})
    tags = Tag.objects.in_bulk({found for e in events if (found := _id(e, "tag"))})
    others: dict[UUID, Payload] = {pk: customer_payload(row) for pk, row in customers.items()}
    others |= {pk: note_payload(row) for pk, row in notes.items()} | {pk: tag_payload(row) for pk, row in tags.items()}
    return [
        {
            "seq": event.seq,
            "kind": event.kind,
            "conversation_id": _text(event.conversation_id),
            "message_id": _text(event.message_id),
            "actor_id": _text(event.actor_id),
            "created_at": timestamp(event.created_at),
            "data": event.data,
            "object": _object(event, messages, conversations, others),
        }
        for event in events
    ]


def _object(
    event: FeedEvent,
    messages: dict[UUID, Message],
    conversations: dict[UUID, Conversation],
    others: dict[UUID, Payload],
) -> Payload | None:
    if event.message_id:
        message = messages.get(event.message_id)
        return for_member(message, feed_seq=event.seq) if message else None
    if other := next((found for name in ("note", "tag", "customer") if (found := _id(event, name))), None):
        return others.get(other)
    conversation = conversations.get(event.conversation_id) if event.conversation_id else None
    return conversation_payload(conversation) if conversation else None


def _id(event: FeedEvent, name: str) -> UUID | None:
    """Of the row that the event is about, when it is of that name."""
    return parse_id(event.data.get(f"{name}_id"))


def _text(value: UUID | None) -> str | None:
    return str(value) if value else None
