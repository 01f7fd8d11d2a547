"""Changing and taking back what one wrote: for a while, on the web, and where its provider changes it, too."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from conversations import events
from conversations.models import Conversation, Message, MessageStatus, SenderType
from conversations.services.locking import lock_own, locked
from conversations.services.message_drafts import check_content
from foundation.errors import Forbidden, Invalid, NotFound

MINUTES = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How a message is changed where it went. Both raise Refused, and then it is changed nowhere."""

    edit: Callable[[Message, str], None]
    delete: Callable[[Message], None]


# By the type of channel, for those that can; the channels add theirs when they are ready.
reached: dict[str, Reach] = {}
REACTION_LENGTH = 32


def may_change(message: Message, *, conversation: Conversation, user_id: UUID, now: datetime) -> bool:
    """Whether that person may still edit or delete it. conversation: the message's."""
    return (
        message.sender_type == SenderType.AGENT
        and message.sender_id == user_id
        and message.deleted_at is None
        and (conversation.is_web or (conversation.channel_type in reached and message.status == MessageStatus.SENT))
        and now - message.created_at < timedelta(minutes=MINUTES)
    )


def edit_message(*, message: Message, author: User, content: str) -> Message:
    """Other words in the place of the first; its number, its time and its files stay. The same words change nothing.
    What left the house is changed where it went first, and the caller waits for it.

    Raises Unprocessable, Forbidden for whoever did not write it, Invalid when it is too late, deleted or elsewhere;
    Unavailable when its provider does not answer.
    """
    check_content(content, has_attachments=bool(message.attachments))
    if reach := reached.get(message.conversation.channel_type):
        reach.edit(_looked_at(message, author), content)
    return _edited(message, author, content)


@transaction.atomic
def _edited(message: Message, author: User, content: str) -> Message:
    message = _own(message, author)
    if message.content == content:
        return message
    _reword(message, content)
    return message


def delete_message(*, message: Message, author: User) -> Message:
    """No word and no file of it is left; its number stays, so that nobody sees a gap. Raises as `edit_message`."""
    if reach := reached.get(message.conversation.channel_type):
        reach.delete(_looked_at(message, author))
    return _deleted(message, author)


@transaction.atomic
def _deleted(message: Message, author: User) -> Message:
    message = _own(message, author)
    _empty(message)
    return message


@transaction.atomic
def _looked_at(message: Message, author: User) -> Message:
    """Whether it may be changed; not locked any more while its provider is asked."""
    return _own(message, author)


@transaction.atomic
def edited_elsewhere(*, message: Message, content: str) -> None:
    """Its author changed it at the provider; what is deleted stays so."""
    message = _locked_row(message)
    if message.deleted_at is None and message.content != content:
        _reword(message, content)


@transaction.atomic
def deleted_elsewhere(*, message: Message) -> None:
    """Its author took it back at the provider."""
    message = _locked_row(message)
    if message.deleted_at is None:
        _empty(message)


@transaction.atomic
def reacted(*, message: Message, emoji: str) -> None:
    """The other side put an emoji on it, in the place of the one before; "" takes it off."""
    message = _locked_row(message)
    emoji = emoji[:REACTION_LENGTH]
    if message.deleted_at or message.reaction == emoji:
        return
    message.reaction = emoji
    message.save(update_fields=["reaction"])
    events.record(message.conversation.business_id, [events.message_updated(message)])


def _reword(message: Message, content: str) -> None:
    message.content, message.edited_at = content, timezone.now()
    message.save(update_fields=["content", "edited_at"])
    events.record(message.conversation.business_id, [events.message_updated(message)])


def _empty(message: Message) -> None:
    for file in message.files.all():
        file.delete()
    message.content, message.attachments, message.reaction, message.deleted_at = "", [], "", timezone.now()
    message.save(update_fields=["content", "attachments", "reaction", "deleted_at"])
    events.record(message.conversation.business_id, [events.message_updated(message)])


def _locked_row(message: Message) -> Message:
    """As it is now, under its conversation's lock."""
    conversation = locked(message.conversation)
    found = Message.objects.select_related("sender").get(pk=message.pk)
    found.conversation = conversation
    return found


def _own(message: Message, author: User) -> Message:
    """As it is now, under its conversation's lock."""
    lock_own(message.conversation.business_id, author)
    conversation = locked(message.conversation)
    found = Message.objects.select_related("sender").filter(pk=message.pk, conversation=conversation).first()
    if found is None:
        raise NotFound
    found.conversation = conversation
    if found.sender_type != SenderType.AGENT or found.sender_id != author.pk:
        raise Forbidden(_("Only who wrote a message changes it."))
    if found.deleted_at:
        raise Invalid(_("This message is deleted."))
    if not conversation.is_web and conversation.channel_type not in reached:
        raise Invalid(_("It went out by another channel: what is there cannot be changed from here."))
    if not conversation.is_web and found.status != MessageStatus.SENT:
        raise Invalid(_("It is not at the provider, so nothing can be changed there."))
    if not may_change(found, conversation=conversation, user_id=author.pk, now=timezone.now()):
        raise Invalid(_("A message can be changed for %(minutes)d minutes.") % {"minutes": MINUTES})
    return found
