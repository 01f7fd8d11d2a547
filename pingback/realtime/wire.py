"""Payloads of events, acks and resume: the contract's words, made by `conversations.wire`. Source: design.md 9."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from businesses.models import FeedEvent
from conversations.models import Conversation, Customer, Message, SenderType
from conversations.wire import (
    conversation_payload,
    customer_payload,
    message_payload,
    timestamp,
    visitor_conversation_payload,
)
from foundation.ids import parse_id

__all__ = [
    "conversation_payload",
    "feed_payloads",
    "for_member",
    "for_visitor",
    "timestamp",
    "visitor_conversation_payload",
]

Payload = dict[str, Any]


def for_member(message: Message, *, feed_seq: int | None = None) -> Payload:
    """With the sender's own id of it when the team wrote it."""
    own = message.sender_type == SenderType.AGENT
    receipts = message.conversation.receipts
    return message_payload(message, receipts=receipts, for_member=True, feed_seq=feed_seq, own=own)


def for_visitor(message: Message) -> Payload:
    """With the sender's own id of it when the visitor wrote it."""
    own = message.sender_type == SenderType.CUSTOMER
    return message_payload(message, receipts=message.conversation.receipts, for_member=False, own=own)


def feed_payloads(events: Sequence[FeedEvent]) -> list[Payload]:
    """FeedEvents with their `object` as it is now, null when it is gone."""
    messages = Message.objects.select_related("sender", "conversation__stored_receipts").in_bulk(
        {e.message_id for e in events if e.message_id}
    )
    conversations = Conversation.objects.for_reading().in_bulk(
        {e.conversation_id for e in events if e.conversation_id and not e.message_id}
    )
    customers = Customer.objects.in_bulk({found for e in events if (found := _customer_id(e))})
    return [
        {
            "seq": event.seq,
            "kind": event.kind,
            "conversation_id": _text(event.conversation_id),
            "message_id": _text(event.message_id),
            "actor_id": _text(event.actor_id),
            "created_at": timestamp(event.created_at),
            "data": event.data,
            "object": _object(event, messages, conversations, customers),
        }
        for event in events
    ]


def _object(
    event: FeedEvent,
    messages: dict[UUID, Message],
    conversations: dict[UUID, Conversation],
    customers: dict[UUID, Customer],
) -> Payload | None:
    if event.message_id:
        message = messages.get(event.message_id)
        return for_member(message, feed_seq=event.seq) if message else None
    if event.conversation_id:
        conversation = conversations.get(event.conversation_id)
        return conversation_payload(conversation) if conversation else None
    customer = customers.get(_customer_id(event))  # type: ignore[arg-type]
    return customer_payload(customer) if customer else None


def _customer_id(event: FeedEvent) -> UUID | None:
    return parse_id(event.data.get("customer_id"))


def _text(value: UUID | None) -> str | None:
    return str(value) if value else None
