"""What visitors answer to a mail of ours about their chat comes in over an e-mail channel of the workspace."""

from uuid import UUID

from django.db.models import QuerySet

from channels_app.adapters.email.threading import reply_address
from channels_app.adapters.events import MessageReceived
from channels_app.models import Channel, ChannelState
from conversations.models import WEB, ChannelType, Conversation


def reply_address_of(conversation: Conversation) -> str:
    """Where an answer by mail finds this conversation on the web; "" when no channel of the workspace takes one in, or
    the address is only what somebody claims: they would read in the chat what its owner answers."""
    if conversation.customer is None or not conversation.customer.has_proven_email:
        return ""
    channels = Channel.objects.filter(
        business_id=conversation.business_id, type=ChannelType.EMAIL, is_active=True, state=ChannelState.CONNECTED
    )
    signed = (_signed(channel, conversation.pk) for channel in channels.in_order())
    return next(filter(None, signed), "")


def _signed(channel: Channel, conversation_id: UUID) -> str:
    comes_in = channel.config.get("imap_host") or channel.credentials.get("inbound_secret")
    if not comes_in or not channel.config.get("reply_sign", True) or not channel.setup.get("ok", True):
        return ""
    address = str(channel.config.get("address", "")).strip().lower()
    signed = reply_address(address, conversation_id)
    return signed if signed != address else ""  # with a sign it would be too long


def web_conversation_of(channel: Channel, event: MessageReceived) -> "QuerySet[Conversation]":
    """The one on the web that a token of ours names, when it was mailed to who answers: the address that its customer
    gave. For anybody else there is none."""
    if not (event.conversation_id and event.contact.email):
        return Conversation.objects.none()
    return Conversation.objects.filter(
        pk=event.conversation_id,
        business_id=channel.business_id,
        channel_type__in=WEB,
        customer__proven_email__iexact=event.contact.email,
        customer__email__iexact=event.contact.email,
    )
