"""Writing to a customer first: over which channels that can be, and the conversation that begins so."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import User
from channels_app.adapters import ADAPTERS
from channels_app.models import Channel, Contact, Thread
from conversations import events
from conversations.models import WEB, ChannelType, Conversation, Customer, Message
from conversations.search.persons import BETWEEN_DIGITS
from conversations.services.handling import reopen_conversation
from conversations.services.message_drafts import api_key, check_content
from conversations.services.messages import send_reply
from conversations.services.opening import open_conversation
from foundation.errors import Conflict, Invalid, KeyReused

BY_NUMBER = {ChannelType.SMS, ChannelType.WHATSAPP}
# Elsewhere a business may not write first. Source: channels.md, "business may start".
FIRST = {*WEB, ChannelType.EMAIL, *BY_NUMBER}
_DIGITS = re.compile(r"[1-9][0-9]{6,14}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """lacks: why the customer cannot be written to over this channel, in words; "" = they can. by_template: the words
    are one of the provider's templates. digits: of the number that it goes to, where it goes to one.
    """

    channel: Channel
    lacks: str
    by_template: bool
    digits: str = ""

    @property
    def is_mail(self) -> bool:
        return self.channel.type == ChannelType.EMAIL

    @property
    def key(self) -> str:
        """Of the contact, as the channel would call whoever answers."""
        return f"tel:+{self.digits}"

    @property
    def address(self) -> str:
        """Of the thread, likewise."""
        return f"+{self.digits}" if self.channel.type == ChannelType.SMS else self.digits


def ways_to(customer: Customer) -> list[Way]:
    """Those that can be gone, with the one of their newest conversation first; then those that lack something."""
    channels = Channel.objects.filter(business=customer.business_id, is_active=True, type__in=FIRST).in_order()
    newest = Conversation.objects.filter(customer=customer).order_by("-updated_at").values_list("channel", flat=True)
    used = newest.first()
    ways = [way_over(channel, customer) for channel in channels]
    if any(way.channel.is_web and not way.lacks for way in ways):  # they see all of the chat in either
        ways = [way for way in ways if not (way.channel.is_web and way.lacks)]
    return sorted(ways, key=lambda way: (bool(way.lacks), way.channel.pk != used))


def way_over(channel: Channel, customer: Customer) -> Way:
    digits, lacks = "", ""
    if channel.type == ChannelType.EMAIL:
        lacks = "" if customer.email else _("No e-mail address is known.")
    elif channel.type in BY_NUMBER:
        digits = _digits_of(customer.phone)
        lacks = "" if digits else _number_lacks(customer)
    elif not Conversation.objects.filter(customer=customer, channel=channel).exists():
        lacks = _("They have never written in the chat.")
    if not lacks and channel.type in ADAPTERS and ADAPTERS[ChannelType(channel.type)].marks_unreachable:
        contacts = channel.contacts.filter(customer=customer).exclude(unreachable="")
        lacks = contacts.values_list("unreachable", flat=True).first() or ""
    by_template = channel.type in ADAPTERS and ADAPTERS[ChannelType(channel.type)].capabilities.templates
    return Way(channel=channel, lacks=lacks, by_template=by_template, digits=digits)


def _number_lacks(customer: Customer) -> str:
    if customer.phone:
        return _("The telephone number needs its country code, like +44 20 7946 0000.")
    return _("No telephone number is known.")


def _digits_of(phone: str) -> str:
    """Of a number with its country code, however it is written; "" for any other."""
    plain = phone.strip().translate({ord(sign): None for sign in BETWEEN_DIGITS if sign != "+"})
    for abroad in ("+", "00"):
        if plain.startswith(abroad):
            found = _DIGITS.fullmatch(plain.removeprefix(abroad))
            return found[0] if found else ""
    return ""


def write_first(
    *, author: User, customer: Customer, channel: Channel, content: str = "", subject: str = "", key: str = ""
) -> Conversation:
    """A new conversation with its first message; over a number that is written to already, that one goes on.

    content: "" where it goes by template, which is sent in the conversation. subject: of a mail. key: as of send_reply.
    Raises Invalid where there is no such way, Conflict where the number is somebody else's; else as open_conversation
    and send_reply.
    """
    way = way_over(channel, customer)
    if way.lacks or not channel.is_active or channel.type not in FIRST:
        raise Invalid(way.lacks or _("There is no such channel, or it is switched off."))
    if not way.by_template:
        check_content(content)
    if repeated := _repeated(author, customer, key, content):
        return repeated
    with events.gathered():
        if way.digits and (known := _known_by(way, customer)):
            return _go_on(known, author, content, key)
        opened = open_conversation(
            business_id=customer.business_id,
            channel=channel,
            channel_type=ChannelType(channel.type),
            customer=customer,
            opened_by=author,
            content=content,
            subject=subject if way.is_mail else "",
            dedup_key=api_key(author, key) if content else None,
        )
        if way.digits and opened.created:
            _introduce(way, customer, opened.conversation)
    return opened.conversation


def _repeated(author: User, customer: Customer, key: str, content: str) -> Conversation | None:
    """Raises KeyReused."""
    if not key:
        return None
    sent = Message.objects.filter(dedup_key=api_key(author, key)).select_related("conversation__customer").first()
    if sent is None:
        return None
    whose = sent.conversation.customer
    if sent.content != content or whose is None or whose.person_id != customer.person_id:
        raise KeyReused
    return sent.conversation


def _known_by(way: Way, customer: Customer) -> Conversation | None:
    """A number has one conversation. Raises Conflict."""
    contact = Contact.objects.filter(channel=way.channel, key=way.key).select_related("customer").first()
    if contact and contact.customer.person_id != customer.person_id:
        text = _("This number belongs to %(name)s here.")
        raise Conflict(text % {"name": contact.customer.display_name})
    threads = Thread.objects.filter(channel=way.channel, key=way.address)
    thread = threads.select_related("conversation__merged_into").first()
    return (thread.conversation.merged_into or thread.conversation) if thread else None


def _go_on(known: Conversation, author: User, content: str, key: str) -> Conversation:
    if content:
        send_reply(conversation=known, author=author, content=content, key=key)
    if known.is_done:
        reopen_conversation(conversation=known, actor=author)
    return known


def _introduce(way: Way, customer: Customer, conversation: Conversation) -> None:
    """Whoever answers from this number is this customer, and is in this conversation. Raises Conflict."""
    # As who takes in: the contact first.
    Contact.objects.get_or_create(
        channel=way.channel,
        key=way.key,
        defaults={
            "business_id": way.channel.business_id,
            "customer": customer,
            "handle": f"+{way.digits}",
            "reason": _("Your team wrote to this number."),
        },
    )
    thread, _created = Thread.objects.get_or_create(
        channel=way.channel, key=way.address, defaults={"conversation": conversation, "address": way.address}
    )
    if thread.conversation_id != conversation.pk:
        raise Conflict(_("Somebody has just written to this number: look there first."))
