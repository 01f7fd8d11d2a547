"""Rooms, and who hears of what. Only rows that we looked up make a room's name, never a client's word."""

from typing import Any
from uuid import UUID

from businesses.models import FeedEvent, Membership
from conversations import wire
from conversations.models import Conversation, Customer, Message, Note, SenderType, Tag
from conversations.services.receipts import Receipt

# (room, event name, payload)
Emission = tuple[str, str, dict[str, Any]]


def business(business_id: UUID) -> str:
    """The sockets of a workspace's members."""
    return f"business_{business_id}"


def visitors(business_id: UUID) -> str:
    """The sockets of a workspace's visitors and strangers."""
    return f"visitors_{business_id}"


def widget(widget_id: UUID) -> str:
    """Those of them who came through this widget."""
    return f"widget_{widget_id}"


def conversation(conversation_id: UUID | str) -> str:
    """The sockets of members who have joined the conversation: they hear who is there and who is typing."""
    return f"conversation_{conversation_id}"


def customer(customer_id: UUID) -> str:
    """All sockets of one customer's browsers."""
    return f"customer_{customer_id}"


def session(session_id: UUID) -> str:
    """The sockets of one sign-in."""
    return f"session_{session_id}"


def member(membership_id: UUID | str) -> str:
    """The sockets of one person in one workspace."""
    return f"member_{membership_id}"


def audience(event: FeedEvent) -> list[Emission]:
    """What a feed event becomes, and for whom. No socket is in two rooms of one word, so it hears it once.

    Members hear of every one, with its number in the feed: a number that is missing is an event that they missed.
    """
    subject = event.subject
    if isinstance(subject, Message):
        return _about_message(event, subject)
    everybody = business(event.business_id)
    if isinstance(subject, Membership):
        # Visitors learn that there is something to look at, and of nobody what.
        look: Emission = (visitors(event.business_id), "availability_changed", {})
        return [(everybody, "agent_status_changed", event.data | {"feed_seq": event.seq}), look]
    if isinstance(subject, Conversation):
        return _about_conversation(event, subject)
    if isinstance(subject, Note):  # to nobody else, whoever it is about
        payload = wire.note_payload(subject) | {"deleted": event.data.get("deleted", False), "feed_seq": event.seq}
        return [(everybody, event.kind.replace(".", "_"), payload)]
    if isinstance(subject, Tag):
        gone = {"deleted": event.data["deleted"], "into_id": event.data.get("into_id")}
        payload = wire.tag_payload(subject) | gone | {"feed_seq": event.seq}
        return [(everybody, "tag_updated", payload)]
    if isinstance(subject, Customer):
        name = event.kind.replace(".", "_")
        return [(everybody, name, wire.customer_payload(subject) | {"feed_seq": event.seq})]
    return []


def writers(received: Receipt) -> Emission | None:
    """What a receipt becomes, and for whom; None when nobody of the side that wrote can be listening here."""
    about, message = received.conversation, received.message
    name, field = ("read", "read_at") if received.is_read else ("delivered", "delivered_at")
    payload = {
        "message_id": str(message.pk),
        "conversation_id": str(about.pk),
        "seq": message.seq,
        field: wire.timestamp(received.at),
    }
    by_team = message.sender_type == SenderType.AGENT
    room = business(about.business_id) if by_team else _visitors_room(about)
    return (room, name, payload) if room else None


def _about_message(event: FeedEvent, message: Message) -> list[Emission]:
    if event.kind == "message.created":
        name, (teams, visitors) = "new_message", wire.payloads_of_new(message)
    else:
        name, teams, visitors = "message_updated", wire.for_member(message), wire.for_visitor(message)
    emissions = [(business(event.business_id), name, teams | {"feed_seq": event.seq})]
    if room := _visitors_room(message.conversation):
        emissions.append((room, name, visitors))
    return emissions


def _about_conversation(event: FeedEvent, about: Conversation) -> list[Emission]:
    everybody = business(event.business_id)
    if event.kind == "conversation.deleted":
        gone = {"id": str(event.conversation_id), "feed_seq": event.seq}
        # Its customer learns that something is otherwise than it was.
        look: list[Emission] = [(room, "resync", {})] if (room := _visitors_room(about)) else []
        return [(everybody, "conversation_deleted", gone), *look]
    payload = wire.conversation_payload(about) | {"feed_seq": event.seq}
    if event.kind == "conversation.created":
        return [(everybody, "new_conversation", payload)]
    emissions = [(everybody, "conversation_updated", payload)]
    if room := _visitors_room(about):
        emissions.append((room, "conversation_updated", wire.visitor_conversation_payload(about)))
    if member_id := event.data.get("member_id"):
        assigned = {"conversation_id": str(about.pk), "assigned_by": str(event.actor_id)}
        emissions.append((member(member_id), "conversation_assigned", assigned))
    return emissions


def _visitors_room(about: Conversation) -> str | None:
    """Only conversations on the web have a visitor who listens here."""
    return customer(about.customer_id) if about.is_web and about.customer_id else None
