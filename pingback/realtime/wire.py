"""Payloads of events, acks and resume: the contract's words, made by `conversations.wire`. Source: design.md 9."""

from typing import Any

from conversations.models import Message, SenderType
from conversations.wire import (
    conversation_payload,
    customer_payload,
    message_payload,
    timestamp,
    visitor_conversation_payload,
)

__all__ = [
    "conversation_payload",
    "customer_payload",
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
