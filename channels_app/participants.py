"""Who else is in on a mail conversation: an agent's answer goes to them, too."""

from channels_app.adapters import ADAPTERS
from channels_app.adapters.email.noise import is_nobody
from channels_app.adapters.email.threading import without_tag
from channels_app.models import Channel, Thread
from conversations.models import ChannelType, Conversation, MailOriginal, SenderType

MOST = 20


def copies_of(conversation: Conversation) -> list[str]:
    """Addresses that the customer's newest mail went to; not the customer's own, ours, or one that nobody reads."""
    mails = MailOriginal.objects.filter(
        message__conversation=conversation.pk, message__sender_type=SenderType.CUSTOMER
    ).order_by("-message__seq")
    newest = mails.values_list("to", "cc").first()
    if newest is None or not any(newest):
        return []
    ours = Channel.objects.filter(business=conversation.business_id, type=ChannelType.EMAIL)
    addresses = ours.values_list("config__address", flat=True)
    skipped = {without_tag(str(address).strip().lower()) for address in addresses}
    skipped.add(conversation.customer.email.lower() if conversation.customer else "")
    found = dict.fromkeys(address for field in newest for address in field.split(", ") if "@" in address)
    return [one for one in found if without_tag(one) not in skipped and not is_nobody(one)][:MOST]


def gets_copies(conversation: Conversation, address: str) -> bool:
    """Whether a mail of the conversation went to that address beside us, and no answer goes to it but as a copy."""
    threads = Thread.objects.filter(conversation=conversation, channel=conversation.channel_id)
    answers_at = ADAPTERS[ChannelType(conversation.channel_type)].answers_at
    answered = {answers_at(each) for each in threads.values_list("address", flat=True)}
    if address in answered or (conversation.customer and address == conversation.customer.email.lower()):
        return False
    mails = MailOriginal.objects.filter(message__conversation=conversation.pk).values_list("to", "cc")
    return any(address in field.split(", ") for mail in mails for field in mail)
