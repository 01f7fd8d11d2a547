"""Starting a conversation, with or without its first message."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from conversations import events
from conversations.models import ChannelType, Conversation, Customer, MailOriginal, Message, SenderType
from conversations.services.locking import lock_own
from conversations.services.message_drafts import Draft, check_content, check_subject
from conversations.services.messages import open_with
from conversations.services.objections import Blocked
from foundation.errors import KeyReused, Unprocessable
from foundation.ids import new_id

if TYPE_CHECKING:
    from channels_app.models import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    conversation: Conversation
    message: Message | None
    created: bool


def open_conversation(
    *,
    business_id: UUID,
    channel_type: ChannelType,
    channel: "Channel | None" = None,
    customer: Customer | None = None,
    new_customer: bool = False,
    opened_by: User | None = None,
    content: str = "",
    subject: str = "",
    dedup_key: str | None = None,
    fingerprint: str = "",
    automated: bool = False,
    sent_at: datetime | None = None,
    attachments: Sequence[UUID] = (),
) -> Opened:
    """A new open conversation; `content` with `attachments` is its first message, an agent's when `opened_by` is given.

    Safe to repeat when the first message has a key: the conversation that the key opened comes back.
    new_customer: `customer` is not stored yet and is stored with the conversation. automated, sent_at: see Draft.
    subject: of a first message that goes out as a mail, at most MAX_SUBJECT characters.
    Raises KeyReused, Unprocessable.
    Source: contract/quickstart.txt, step 5; contract/api.md 5.
    """
    if content:
        check_content(content, has_attachments=bool(attachments))
    check_subject(subject)
    conversation = Conversation(
        pk=new_id(),
        business_id=business_id,
        channel=channel,
        channel_type=channel_type,
        customer=customer,
    )
    draft = Draft(
        conversation_id=conversation.pk,
        sender_type=SenderType.AGENT if opened_by else SenderType.CUSTOMER,
        sender=opened_by,
        content=content,
        dedup_key=dedup_key,
        fingerprint=fingerprint,
        automated=automated,
        sent_at=sent_at,
        attachments=tuple(attachments),
        opens=True,
    )
    if dedup_key and (known := _opened_by_key(dedup_key, fingerprint)):
        return known
    try:
        return _open(conversation, draft, new_customer=new_customer, subject=subject)
    except (IntegrityError, _KeyTaken, Unprocessable):
        # The same key arrived twice at once and the other one won, its files too: nothing of ours is left.
        if dedup_key and (known := _opened_by_key(dedup_key, fingerprint)):
            return known
        raise


class _KeyTaken(Exception):
    """The first message's key has opened another conversation."""


@transaction.atomic
def _open(conversation: Conversation, draft: Draft, *, new_customer: bool, subject: str) -> Opened:
    actor_id = draft.sender.pk if draft.sender else None
    if draft.sender is None and conversation.customer and conversation.customer.blocked_at:
        raise Blocked
    if draft.sender:
        lock_own(conversation.business_id, draft.sender)
    conversation.created_at = conversation.updated_at = timezone.now()
    says = bool(draft.content or draft.attachments)
    happenings = []
    if new_customer and conversation.customer:
        if draft.sender is None and says:
            conversation.customer.last_seen_at = conversation.created_at
        conversation.customer.save(force_insert=True)
        happenings.append(events.customer_created(conversation.customer))
    conversation.save(force_insert=True)
    happenings.append(events.conversation_created(conversation, actor_id=actor_id))
    messages = []
    if says:
        posted, more = open_with(conversation, draft)
        if not posted.created:  # committed since we looked: our conversation would stay without a word
            raise _KeyTaken
        messages = [posted.message]
        happenings += more
        if subject and conversation.channel_type == ChannelType.EMAIL:
            MailOriginal.objects.create(message=posted.message, subject=subject)
    events.record(conversation.business_id, happenings, messages=messages)
    return Opened(conversation=conversation, message=messages[0] if messages else None, created=True)


def _opened_by_key(key: str, fingerprint: str) -> Opened | None:
    message = (
        Message.objects.select_related(
            "conversation__customer", "conversation__assignee", "conversation__stored_receipts", "sender"
        )
        .filter(dedup_key=key)
        .first()
    )
    if message is None:
        return None
    if message.fingerprint != fingerprint:
        raise KeyReused
    return Opened(conversation=message.conversation, message=message, created=False)
