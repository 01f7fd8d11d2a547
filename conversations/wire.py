"""The contract's words for messages and conversations: the one shape for REST, acks, resume and live events.

Source: contract/api.md 3; design.md 9.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from conversations.attachments import payload_of as attachment_payload
from conversations.models import (
    CannedResponse,
    Conversation,
    Customer,
    Macro,
    Message,
    Note,
    Priority,
    Rating,
    Receipts,
    ScheduledMessage,
    SenderType,
    Tag,
)

Payload = dict[str, Any]


def timestamp(moment: datetime | None) -> str | None:
    """UTC, whole seconds, `Z`."""
    return f"{moment.astimezone(UTC).isoformat(timespec='seconds')[:19]}Z" if moment else None


def message_payload(
    message: Message,
    *,
    receipts: Receipts | None,
    for_member: bool,
    feed_seq: int | None = None,
    own: bool = False,
) -> Payload:
    """receipts: its conversation's. for_member: with what only the team may see. own: to the sender's own side, with
    its client's id.
    """
    payload = _for_everybody(message, receipts)
    if for_member:
        payload |= _for_the_team(message, receipts)
        if feed_seq is not None:
            payload["feed_seq"] = feed_seq
    if own:
        payload["client_message_id"] = message.client_message_id
    return payload


def payloads_of_new(message: Message) -> tuple[Payload, Payload]:
    """What `for_member` and `for_visitor` make of a message that was just stored, and that nobody has received: drawn
    once, for those who hear of it and for the answer to whoever wrote it. Not to be changed.
    """
    drawn: tuple[Payload, Payload] | None = vars(message).get("_drawn")
    if drawn is None:
        visitors = _for_everybody(message, None)
        teams = visitors | _for_the_team(message, None)
        writers = teams if message.sender_type == SenderType.AGENT else visitors
        writers["client_message_id"] = message.client_message_id
        drawn = vars(message)["_drawn"] = teams, visitors
    return drawn


def _for_everybody(message: Message, receipts: Receipts | None) -> Payload:
    return {
        "id": str(message.pk),
        "conversation_id": str(message.conversation_id),
        "seq": message.seq,
        "sender_type": message.sender_type,
        "sender_id": str(message.sender_id) if message.sender_id else None,
        "sender_name": message.author_name,
        "sender_avatar_url": message.sender.picture_url if message.sender else None,
        "content": message.content,
        "attachments": [attachment_payload(facts) for facts in message.attachments],
        "created_at": timestamp(message.created_at),
        "edited_at": timestamp(message.edited_at),
        "deleted_at": timestamp(message.deleted_at),
        "delivered_at": timestamp(receipts.delivered_at(message)) if receipts else None,
        "read_at": timestamp(receipts.read_at(message)) if receipts else None,
        "ai": True if message.is_theos else None,
        "sources": [{"id": each["id"], "title": each["title"]} for each in message.ai_sources or []],
    }


def _for_the_team(message: Message, receipts: Receipts | None) -> Payload:
    return {
        "status": message.status_with(receipts),
        "error": message.error or None,
        "automated": message.automated,
        "sent_at": timestamp(message.sent_at),
        "quoted_seq": message.quoted_seq,
        "reaction": message.reaction or None,
    }


def for_member(message: Message, *, feed_seq: int | None = None) -> Payload:
    """For sockets and the feed: with the sender's own id of it when the team wrote it."""
    receipts, own = message.conversation.receipts, message.sender_type == SenderType.AGENT
    return message_payload(message, receipts=receipts, for_member=True, feed_seq=feed_seq, own=own)


def for_visitor(message: Message) -> Payload:
    """Likewise, with the sender's own id of it when the visitor wrote it."""
    receipts, own = message.conversation.receipts, message.sender_type == SenderType.CUSTOMER
    return message_payload(message, receipts=receipts, for_member=False, own=own)


def customer_payload(customer: Customer) -> Payload:
    return {
        "id": str(customer.pk),
        "business_id": str(customer.business_id),
        "name": customer.name or None,
        "email": customer.email or None,
        "external_id": customer.external_id or None,
        "phone": customer.phone or None,
        "notes": customer.notes or None,
        "attributes": customer.attributes,
        "verified": customer.verified,
        "last_seen_at": timestamp(customer.last_seen_at),
        "page": customer.page or None,
        "browser": customer.browser or None,
        "page_at": timestamp(customer.page_at),
        "merged_into_id": str(customer.merged_into_id) if customer.merged_into_id else None,
        "created_at": timestamp(customer.created_at),
    }


def conversation_payload(conversation: Conversation, *, messages: Sequence[Message] = ()) -> Payload:
    """For the team. `unread` is there when the row was read for somebody (`with_unread`), else null."""
    last, receipts = conversation.newest_message, conversation.receipts
    lasts = last.conversation.receipts if last and last is conversation.newest_elsewhere else receipts
    return {
        "id": str(conversation.pk),
        "business_id": str(conversation.business_id),
        "customer_id": str(conversation.customer_id) if conversation.customer_id else None,
        "assignee_id": str(conversation.assignee_id) if conversation.assignee_id else None,
        "team_id": str(conversation.team_id) if conversation.team_id else None,
        "status": conversation.status,
        "channel_type": conversation.channel_type,
        "channel_id": str(conversation.channel_id) if conversation.channel_id else None,
        "created_at": timestamp(conversation.created_at),
        "updated_at": timestamp(conversation.updated_at),
        "first_response_at": timestamp(conversation.first_response_at),
        "resolved_at": timestamp(conversation.resolved_at),
        "closed_at": timestamp(conversation.closed_at),
        "spam_at": timestamp(conversation.spam_at),
        "customer": customer_payload(conversation.customer) if conversation.customer else None,
        "messages": [message_payload(message, receipts=receipts, for_member=True) for message in messages],
        "last_message": message_payload(last, receipts=lasts, for_member=True) if last else None,
        "tags": [tag_payload(tag) for tag in conversation.tag_list],
        "priority": Priority(conversation.priority).word,
        "snoozed_until": timestamp(conversation.snoozed_until),
        "handoff_reason": conversation.handoff_reason or None,
        "merged_into_id": str(conversation.merged_into_id) if conversation.merged_into_id else None,
        "unread": getattr(conversation, "unread", None),
    }


def tag_payload(tag: Tag) -> Payload:
    return {"id": str(tag.pk), "name": tag.name, "color": tag.color}


def note_payload(note: Note) -> Payload:
    """For the team alone."""
    return {
        "id": str(note.pk),
        "conversation_id": str(note.conversation_id),
        "author_id": str(note.author_id) if note.author_id else None,
        "content": note.content,
        "attachments": [attachment_payload(facts) for facts in note.attachments],
        "mentions": sorted(str(mention.user_id) for mention in note.mentions.all()),
        "after_seq": note.after_seq,
        "created_at": timestamp(note.created_at),
        "updated_at": timestamp(note.updated_at),
    }


def scheduled_payload(row: ScheduledMessage) -> Payload:
    """For the team alone. row: with its `facts`."""
    return {
        "id": str(row.pk),
        "conversation_id": str(row.conversation_id),
        "author_id": str(row.author_id),
        "content": row.content,
        "attachments": [attachment_payload(facts) for facts in row.facts],
        "send_at": timestamp(row.send_at),
        "created_at": timestamp(row.created_at),
    }


def macro_payload(macro: Macro) -> Payload:
    return {
        "id": str(macro.pk),
        "author_id": str(macro.author_id) if macro.author_id else None,
        "name": macro.name,
        "content": macro.content,
        "assign": macro.assign,
        "tags": macro.tags,
        "priority": Priority(macro.priority).word if macro.priority is not None else None,
        "status": macro.status,
        "created_at": timestamp(macro.created_at),
    }


def canned_payload(response: CannedResponse) -> Payload:
    return {
        "id": str(response.pk),
        "author_id": str(response.author_id) if response.author_id else None,
        "shortcut": response.shortcut,
        "content": response.content,
        "shared": response.shared,
        "created_at": timestamp(response.created_at),
    }


def rating_payload(conversation: Conversation) -> Payload | None:
    """None as long as nobody rated it. Read with the conversation (`select_related("rating")`), else asked for."""
    rating: Rating | None = getattr(conversation, "rating", None)
    if rating is None:
        return None
    return {"score": rating.score, "comment": rating.comment, "rated_at": timestamp(rating.rated_at)}


def handoff_payload(conversation: Conversation) -> Payload:
    return {
        "id": str(conversation.pk),
        "customer_id": str(conversation.customer_id) if conversation.customer_id else None,
        "handoff_reason": conversation.handoff_reason,
        "status": conversation.status,
        "created_at": timestamp(conversation.created_at),
    }


def visitor_conversation_payload(conversation: Conversation) -> Payload:
    """For the visitor: only what the widget needs."""
    assignee = conversation.assignee
    return {
        "id": str(conversation.pk),
        "status": conversation.status,
        "assignee": {"name": assignee.full_name, "avatar_url": assignee.picture_url} if assignee else None,
    }
