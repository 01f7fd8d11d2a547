"""What the team changes where a message went: other words, taken back, a sign on what the customer wrote.

The provider is asked while the agent waits, and only what it did is shown here: so nothing has to be told afterwards.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _

from accounts.models import User
from businesses.policy import Action, require
from channels_app import connecting
from channels_app.adapters import ADAPTERS
from channels_app.adapters.base import Capabilities, ChannelAdapter
from channels_app.adapters.errors import DeliveryError
from channels_app.models import NEWEST_HEARD, ExternalMessage, Thread
from conversations.models import ChannelType, Conversation, Message, MessageStatus, SenderType
from conversations.services.editing import Reach, reached, reacted
from foundation.errors import Invalid, Unavailable, Unprocessable
from foundation.sealed import CannotUnseal


def reactions_on(conversation: Conversation) -> tuple[str, ...]:
    """The emoji that the team may put on what this customer writes; () where the channel has none."""
    adapter = ADAPTERS.get(ChannelType(conversation.channel_type))
    return adapter.capabilities.reactions if adapter and conversation.channel_id else ()


def react(*, message: Message, author: User, emoji: str) -> Message:
    """Put it on a customer's message, in the place of the one before; "" takes it off. The caller may see the message.

    Raises Forbidden, Unprocessable (not one of `reactions_on`), Invalid, Unavailable.
    """
    require(author, Action.HANDLE_CONVERSATIONS)
    if emoji and emoji not in reactions_on(message.conversation):
        raise Unprocessable(_("The channel does not have this sign."), field="emoji")
    if message.sender_type != SenderType.CUSTOMER or message.deleted_at:
        raise Invalid(_("There is nothing to put a sign on."))
    adapter, ids = _where(message)
    thread = Thread.objects.filter(conversation=message.conversation_id, channel=adapter.channel)
    to = thread.order_by(NEWEST_HEARD).values_list("address", flat=True).first() or ""
    with _in_words():
        adapter.react(to=to, external_id=ids[0], emoji=emoji)
    reacted(message=message, emoji=emoji)
    message.refresh_from_db(fields=["reaction"])
    return message


def register() -> None:
    """Tell the core of which channels' messages can be changed there."""
    for channel_type, adapter in ADAPTERS.items():
        if adapter.capabilities.changes:
            reached[channel_type] = Reach(edit=_edit, delete=_delete)


def _edit(message: Message, content: str) -> None:
    can = _capabilities(message)
    most = can.max_caption if message.attachments else can.max_text
    adapter, ids = _where(message)
    if len(ids) != 1:
        raise Invalid(_("It went out in several parts, which cannot be changed from here."))
    if can.length_of(content) > most:
        raise Unprocessable(_("At most %(most)d characters.") % {"most": most}, field="content", kind="max_length")
    with _in_words():
        adapter.edit(external_id=ids[0], content=content, is_caption=bool(message.attachments))


def _delete(message: Message) -> None:
    adapter, ids = _where(message)
    with _in_words():
        for external_id in ids:
            adapter.delete(external_id=external_id)


def _capabilities(message: Message) -> Capabilities:
    return ADAPTERS[ChannelType(message.conversation.channel_type)].capabilities


def _where(message: Message) -> tuple[ChannelAdapter, list[str]]:
    """Who has it, and what they call its parts. Raises Invalid, Unavailable."""
    channel = message.conversation.channel
    known = ExternalMessage.objects.filter(message=message, channel=channel).order_by("pk")
    ids = list(known.values_list("external_id", flat=True)) if channel else []
    try:
        adapter = connecting.adapter_of(channel) if channel and channel.is_active else None
    except CannotUnseal as error:
        raise Unavailable(_("The channel has to be reconnected.")) from error
    is_out = message.sender_type == SenderType.CUSTOMER or message.status == MessageStatus.SENT
    if adapter is None or not ids or not is_out:
        raise Invalid(_("It is not at the provider, so nothing can be changed there."))
    return adapter, ids


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except DeliveryError as error:
        if error.permanent:
            raise Invalid(error.reason) from error
        raise Unavailable(error.reason) from error
