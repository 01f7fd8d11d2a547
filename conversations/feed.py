"""Reading the workspace's feed: what happened after a number, each with its object as it is now.

The one way for `resume` on a socket and for GET /feed. Source: design.md 9 and 10.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet, prefetch_related_objects

from businesses.models import Business, FeedEvent
from conversations import selectors
from conversations.models import Conversation, Customer, Message, Note, Receipts, SenderType, Tag
from conversations.wire import (
    conversation_payload,
    customer_payload,
    message_payload,
    note_payload,
    tag_payload,
    timestamp,
)
from foundation.ids import parse_id
from foundation.prepared import Among, Given, Prepared, prepared

Payload = dict[str, Any]
R = TypeVar("R", bound=Model)


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
    events = events_after(limit + 1)(business=business_id, after=after)
    last = events[-1].seq if events else after
    # What is old is thrown away by its time: with clocks apart that may be one in the middle, or the last.
    has_hole = last != after + len(events)
    ends_early = len(events) <= limit and last < newest
    if has_hole or ends_early or after > newest:
        return Missed(events=[], newest=newest, is_whole=False, more=False)
    return Missed(events=events[:limit], newest=newest, is_whole=True, more=len(events) > limit)


@prepared
def events_after(limit: int) -> "QuerySet[FeedEvent]":
    return FeedEvent.objects.filter(business_id=Given("business"), seq__gt=Given("after")).order_by("seq")[:limit]


def position(business_id: UUID) -> int:
    return _position()(business=business_id)[0][0]


@prepared
def _position() -> "QuerySet[Business, tuple[int]]":
    return Business.objects.filter(pk=Given("business")).values_list("feed_seq")


def positions(business_ids: Collection[str]) -> dict[str, int]:
    """Where the feeds of these workspaces are, in one query."""
    found = Business.objects.filter(pk__in=business_ids).values_list("pk", "feed_seq")
    return {str(business_id): newest for business_id, newest in found}


def payloads_of(events: Sequence[FeedEvent]) -> list[Payload]:
    """FeedEvents with their `object` as it is now, null when it is gone."""
    messages = _by_id(_messages(), (e.message_id for e in events))
    receipts = _by_id(_receipts(), (message.conversation_id for message in messages.values()))
    conversations = _by_id(
        _conversations(), (e.conversation_id for e in events if not e.message_id and not _id(e, "note"))
    )
    selectors.with_tags(selectors.with_newest(list(conversations.values())))
    customers = _by_id(_customers(), (_id(e, "customer") for e in events))
    notes = _by_id(_notes(), (_id(e, "note") for e in events))
    prefetch_related_objects(list(notes.values()), "mentions")
    tags = _by_id(_tags(), (_id(e, "tag") for e in events))
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
            "object": _object(event, messages, receipts, conversations, others),
        }
        for event in events
    ]


def _by_id(asked: Prepared[R], ids: Iterable[UUID | None]) -> dict[UUID, R]:
    those = {each for each in ids if each}
    return {row.pk: row for row in asked(ids=those)} if those else {}


_AMONG_IDS = Among("id", Given("ids"))


@prepared
def _messages() -> "QuerySet[Message]":
    return Message.objects.filter(_AMONG_IDS).select_related("sender")


@prepared
def _receipts() -> "QuerySet[Receipts]":
    return Receipts.objects.filter(Among("conversation_id", Given("ids")))


@prepared
def _conversations() -> "QuerySet[Conversation]":
    return Conversation.objects.filter(_AMONG_IDS).joined_for_reading()


@prepared
def _customers() -> "QuerySet[Customer]":
    return Customer.objects.filter(_AMONG_IDS)


@prepared
def _notes() -> "QuerySet[Note]":
    return Note.objects.filter(_AMONG_IDS)


@prepared
def _tags() -> "QuerySet[Tag]":
    return Tag.objects.filter(_AMONG_IDS)


def _object(
    event: FeedEvent,
    messages: dict[UUID, Message],
    receipts: dict[UUID, Receipts],
    conversations: dict[UUID, Conversation],
    others: dict[UUID, Payload],
) -> Payload | None:
    if event.message_id:
        message = messages.get(event.message_id)
        if message is None:
            return None
        own = message.sender_type == SenderType.AGENT
        sides = receipts.get(message.conversation_id)
        return message_payload(message, receipts=sides, for_member=True, feed_seq=event.seq, own=own)
    if other := next((found for name in ("note", "tag", "customer") if (found := _id(event, name))), None):
        return others.get(other)
    conversation = conversations.get(event.conversation_id) if event.conversation_id else None
    return conversation_payload(conversation) if conversation else None


def _id(event: FeedEvent, name: str) -> UUID | None:
    """Of the row that the event is about, when it is of that name."""
    return parse_id(event.data.get(f"{name}_id"))


def _text(value: UUID | None) -> str | None:
    return str(value) if value else None
