"""One event of a provider becomes what it is here: a message, a receipt, a change of a contact or of its channel."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from channels_app import files, identity, letters, receipts, signs, threads
from channels_app.adapters import ADAPTERS
from channels_app.adapters.errors import DeliveryError, Kind
from channels_app.adapters.events import (
    AccountTold,
    AccountTrouble,
    AddedToGroup,
    ContactChanged,
    CredentialsRevoked,
    EchoReceived,
    InboundEvent,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    ReactionChanged,
    StatusChanged,
    TypingSeen,
)
from channels_app.connecting import learn
from channels_app.deliveries import lock_conversation
from channels_app.keys import key_of, known_message, remember
from channels_app.models import Channel, Media, RawEvent, RawState
from channels_app.participants import gets_copies
from channels_app.reconnecting import needs_reconnecting
from channels_app.telling import tell, tell_typing
from channels_app.wording import content_of
from conversations.models import ChannelType, Conversation, Message, MessageStatus, SenderType
from conversations.services.editing import deleted_elsewhere, edited_elsewhere, reacted
from conversations.services.message_drafts import MAX_CONTENT, Draft
from conversations.services.messages import post_messages
from conversations.services.opening import open_conversation
from conversations.services.receipts import mark_delivered, mark_read
from foundation.text import storable

# A provider's word on a message can come before its answer to our sending it; so long it waits for that.
PATIENCE = timedelta(seconds=60)
ECHO_PATIENCE = timedelta(seconds=3)


class NotYet(Exception):
    """What the event is about may still turn up. until: when it is looked at again."""

    def __init__(self, *, until: datetime) -> None:
        self.until = until


def take_in(channel: Channel, raw: RawEvent, event: InboundEvent) -> None:
    """Do what an event asks for, within the transaction of its row; raises NotYet when it came too early."""
    if taker := _TAKERS.get(type(event)):
        taker(channel, raw, event)


# Messages -------------------------------------------------------------------------------------------------


def _message(channel: Channel, raw: RawEvent, event: MessageReceived) -> None:
    if event.pressed:
        transaction.on_commit(partial(signs.heard_press, channel, event.pressed), robust=True)
    if known_message(channel, event.external_id):
        return
    if not event.text and (begun := known_message(channel, event.album)):
        raw.customer_id = begun.conversation.customer_id
        remember(channel, begun, event.external_id)
        _with_files(channel, begun, event)
        return
    conversation = threads.conversation_of(channel, event)
    joins = conversation is not None
    if conversation is None and not event.starts:
        return
    customer, is_new = identity.customer_of(channel, event.contact)
    content = content_of(event)
    dedup_key = f"{channel.pk}:{key_of(event.external_id)}"
    if conversation is None:
        opened = open_conversation(
            business_id=channel.business_id,
            channel_type=ChannelType(channel.type),
            channel=channel,
            customer=customer,
            new_customer=is_new,
            content=content,
            dedup_key=dedup_key,
            automated=event.automated,
            sent_at=event.occurred_at,
        )
        conversation, message = opened.conversation, cast(Message, opened.message)
    else:
        draft = Draft(
            conversation_id=conversation.pk,
            sender_type=SenderType.CUSTOMER,
            content=content,
            dedup_key=dedup_key,
            automated=event.automated,
            sent_at=event.occurred_at,
            quoted_seq=_quoted(channel, event, conversation),
        )
        message = post_messages([draft])[0].message
    assert conversation.customer_id
    raw.customer_id = conversation.customer_id
    if not customer.name and ADAPTERS[ChannelType(channel.type)].asks_names:
        transaction.on_commit(partial(signs.learn_name, channel, customer.pk, event.contact.keys[0]), robust=True)
    if conversation.channel_type == channel.type:  # on the web answers go to the chat, whatever mail address they gave
        identity.note(channel, event.contact, conversation.customer_id)
        threads.heard(channel, event, conversation, joins=joins)
    remember(channel, message, event.external_id, event.album)
    if event.letter:
        letters.keep(message, event.letter)
    _with_files(channel, message, event)


def _with_files(channel: Channel, message: Message, event: MessageReceived | EchoReceived) -> None:
    """What comes with it: to be fetched, or what did not fit into the message."""
    Media.objects.bulk_create([Media(channel=channel, message=message, ref=asdict(ref)) for ref in event.media])
    if len(text := storable(event.text).strip()) > MAX_CONTENT:
        files.keep_whole(message, text)


def _quoted(channel: Channel, event: MessageReceived, conversation: Conversation) -> int | None:
    quoted = known_message(channel, event.reply_to)
    return quoted.seq if quoted and quoted.conversation_id == conversation.pk else None


def _echo(channel: Channel, raw: RawEvent, event: EchoReceived) -> None:
    if known_message(channel, event.external_id):
        return
    conversation = threads.conversation_at(channel, event)
    raw.customer_id = conversation.customer_id if conversation else None
    if receipts.confirm(
        channel,
        external_id=event.external_id,
        correlation=event.correlation,
        conversation_id=conversation.pk if conversation else None,
        text=event.text,
        file=bool(event.media),
    ):
        return
    # Each as long after it came, whenever it was looked at first: so none overtakes an older one.
    if raw.due_at < (turn := raw.received_at + ECHO_PATIENCE):
        raise NotYet(until=turn)
    if conversation is None or not (event.text.strip() or event.media):
        return
    draft = Draft(
        conversation_id=conversation.pk,
        sender_type=SenderType.AGENT,
        content=content_of(event),
        dedup_key=f"{channel.pk}:{key_of(event.external_id)}",
        sent_elsewhere=True,
        sent_at=event.occurred_at or raw.received_at,
    )
    message = post_messages([draft])[0].message
    remember(channel, message, event.external_id)
    _with_files(channel, message, event)


def _wait(raw: RawEvent) -> None:
    """Looked at less and less often: many that nobody here knows may come at once."""
    now = timezone.now()
    if raw.received_at > now - PATIENCE:
        raise NotYet(until=now + max(timedelta(seconds=2), now - raw.received_at))


def _edited(channel: Channel, raw: RawEvent, event: MessageEdited) -> None:
    text = storable(event.text).strip()[:MAX_CONTENT]
    if text and (message := _told_of(channel, raw, event.external_id)):
        edited_elsewhere(message=message, content=text)


def _deleted(channel: Channel, raw: RawEvent, event: MessageDeleted) -> None:
    if message := _told_of(channel, raw, event.external_id):
        deleted_elsewhere(message=message)
        Media.objects.filter(message=message).delete()  # behind the conversation, as whoever fetches one
        # Nor are its words left where they came in; the row stays, so that a repeat is one.
        key = ADAPTERS[ChannelType(channel.type)](channel, {}).journal_key(event.external_id)
        RawEvent.objects.filter(channel=channel, dedup_key=key_of(key), state=RawState.DONE).update(payload={})


def _reaction(channel: Channel, raw: RawEvent, event: ReactionChanged) -> None:
    message = _told_of(channel, raw, event.external_id)
    if message and (not event.by_team or message.sender_type == SenderType.CUSTOMER):
        reacted(message=message, emoji=storable(event.emoji).strip())


def _told_of(channel: Channel, raw: RawEvent, external_id: str) -> Message | None:
    """The message that a provider tells something of, perhaps before it told of the message itself."""
    message = known_message(channel, external_id)
    if message is None:
        _wait(raw)
    else:
        raw.customer_id = message.conversation.customer_id
    return message


# Receipts and the rest ------------------------------------------------------------------------------------


def _status(channel: Channel, raw: RawEvent, event: StatusChanged) -> None:
    found = known_message(channel, event.external_id)
    if found is None:
        found = receipts.confirm(
            channel, external_id=event.external_id, correlation=event.correlation, conversation_id=None, text=""
        )
    if found is None or found.sender_type != SenderType.AGENT:
        if found is None:
            _wait(raw)
        return
    if event.status == MessageStatus.FAILED:
        # Before its contact and its thread, as everybody does; and whose it is may be otherwise now.
        lock_conversation(found.conversation_id)
        found.conversation.refresh_from_db(fields=["customer"])
        reason = event.error.reason if event.error else _("The provider could not deliver it.")
        if event.error and event.error.kind == Kind.WINDOW_CLOSED:
            threads.window_closed(channel, found)
        if event.error:
            _came_back(channel, found, event.error, event.recipient)
        receipts.failed_afterwards(channel, found, event.external_id, reason, recipient=event.recipient)
        return
    if event.status == MessageStatus.SENT:  # told late it is no word against its failure
        return
    receipts.arrived(channel, found, event.external_id)
    found.refresh_from_db(fields=["status"])
    if found.status != MessageStatus.SENT:  # another part of it is not out, or failed
        return
    if event.status == MessageStatus.READ:
        mark_read(message=found)
    elif event.status == MessageStatus.DELIVERED:
        mark_delivered(message=found)


def pass_on(channel: Channel, payload: Any) -> None:
    """Of what is true for a moment: a customer writes."""
    for event in ADAPTERS[ChannelType(channel.type)](channel, {}).parse(payload):
        if isinstance(event, TypingSeen) and (thread := threads.thread_at(channel, event.thread_key)):
            tell_typing(thread.conversation)


def _came_back(channel: Channel, message: Message, error: DeliveryError, recipient: str) -> None:
    """There is no such address, as its mail server says: also of the one that a mail is forwarded to from there."""
    conversation = message.conversation
    if not (error.kind == Kind.UNREACHABLE and error.provider_code.startswith("5.1.")):
        return
    if not (recipient and gets_copies(conversation, recipient)):
        threads.not_reached(channel, conversation, error.reason)


def _contact(channel: Channel, raw: RawEvent, event: ContactChanged) -> None:
    identity.change(channel, event)


def _added_to_group(channel: Channel, raw: RawEvent, event: AddedToGroup) -> None:
    transaction.on_commit(partial(signs.decline_group, channel, event.group), robust=True)


def _account(channel: Channel, raw: RawEvent, event: AccountTold) -> None:
    learn(channel, event.name, event.value)


def _trouble(channel: Channel, raw: RawEvent, event: AccountTrouble) -> None:
    told = Channel.objects.filter(pk=channel.pk)
    # updated_at: its templates are listed anew, too.
    told.update(last_error=event.reason[:300], last_error_at=Now(), checked_at=None, updated_at=Now())
    tell(channel)


def _revoked(channel: Channel, raw: RawEvent, event: CredentialsRevoked) -> None:
    needs_reconnecting(channel, event.reason)


_TAKERS: dict[type[InboundEvent], Callable[[Channel, RawEvent, Any], None]] = {
    MessageReceived: _message,
    EchoReceived: _echo,
    MessageEdited: _edited,
    MessageDeleted: _deleted,
    ReactionChanged: _reaction,
    StatusChanged: _status,
    ContactChanged: _contact,
    AddedToGroup: _added_to_group,
    AccountTold: _account,
    AccountTrouble: _trouble,
    CredentialsRevoked: _revoked,
}
