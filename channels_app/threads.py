"""Whose conversation is this? Which one a message joins, and where the next one finds it."""

from django.db.models import F
from django.db.models.functions import Now

from channels_app import identity
from channels_app.adapters import ADAPTERS
from channels_app.adapters.events import EchoReceived, MessageReceived
from channels_app.keys import key_of
from channels_app.models import NEWEST_HEARD, Channel, ExternalMessage, Thread
from channels_app.participants import copies_of
from channels_app.web_answers import web_conversation_of
from conversations.models import ChannelType, Conversation, Message


def conversation_of(channel: Channel, event: MessageReceived) -> Conversation | None:
    """The nearest one that it names and may join."""
    named = _named(channel, event)
    if not named and event.one_thread:
        return identity.newest_conversation(channel, event.contact)
    if event.own_only:
        named = identity.own_among(channel, event.contact, named)
    return next(iter(named), None)


def conversation_at(channel: Channel, echo: EchoReceived) -> Conversation | None:
    """The one that a message of ours went to."""
    if thread := thread_at(channel, echo.thread_key):
        return thread.conversation
    return identity.newest_conversation(channel, echo.contact) if echo.contact else None


def thread_at(channel: Channel, key: str) -> Thread | None:
    return Thread.objects.filter(channel=channel, key=key_of(key)).select_related("conversation").first()


def _named(channel: Channel, event: MessageReceived) -> list[Conversation]:
    """By a token of ours, else by threads and, in e-mail, by messages of theirs; nearest first."""
    keys = [key_of(key) for key in (*event.threads, event.thread_key)]
    by_key: dict[str, Conversation] = {}
    if event.threads:
        messages = ExternalMessage.objects.filter(channel=channel, key__in=keys)
        by_key = {
            each.key: each.message.conversation for each in messages.select_related("message__conversation__customer")
        }
    threads = Thread.objects.filter(channel=channel, key__in=keys).select_related("conversation__customer")
    by_key |= {thread.key: thread.conversation for thread in threads}
    by_token = []
    if event.conversation_id:
        of_channel = Conversation.objects.filter(pk=event.conversation_id, channel=channel)
        by_token = list((of_channel | web_conversation_of(channel, event)).select_related("customer"))
    return [*by_token, *(by_key[key] for key in keys if key in by_key)]


def heard(channel: Channel, event: MessageReceived, conversation: Conversation, *, joins: bool) -> None:
    """Where the next message finds the conversation, and answers their way. joins: the conversation was there."""
    key = key_of(event.thread_key)
    elsewhere = Thread.objects.filter(channel=channel, key=key).exclude(conversation=conversation)
    if event.own_only and elsewhere.exists():  # who answers in somebody else's thread begins one of their own
        key = key_of(event.external_id)
    address = event.address or event.thread_key
    if joins and event.elsewhere and event.elsewhere not in _known_in(channel, conversation):
        address = event.own_address
    heard = Thread(channel=channel, conversation=conversation, key=key, address=address, last_heard_at=Now())
    news = ["last_heard_at", "address"] if event.address else ["last_heard_at"]
    Thread.objects.bulk_create([heard], update_conflicts=True, unique_fields=["channel", "key"], update_fields=news)


def answers_go_to(conversation: Conversation) -> str:
    """Where the next one goes, for people to read; the customer's own address where nobody wrote yet."""
    threads = Thread.objects.filter(conversation=conversation, channel=conversation.channel_id)
    address = threads.order_by(NEWEST_HEARD).values_list("address", flat=True).first() or ""
    to = ADAPTERS[ChannelType(conversation.channel_type)].answers_at(address)
    return to or (conversation.customer.email.lower() if conversation.customer else "")


def not_reached(channel: Channel, conversation: Conversation, reason: str) -> None:
    """Nothing of ours gets through to its customer: kept until they write."""
    customer_id = conversation.customer_id
    if customer_id and ADAPTERS[ChannelType(channel.type)].marks_unreachable:
        channel.contacts.filter(customer=customer_id).update(unreachable=reason[:200])
    elif customer_id and (address := answers_go_to(conversation)):
        identity.came_back(channel, customer_id, address, reason)


def window_closed(channel: Channel, message: Message) -> None:
    """Its provider says so, by whose clock the customer wrote longer ago than by ours: the composer follows it."""
    can = ADAPTERS[ChannelType(channel.type)].capabilities
    if not can.window or not can.templates:  # elsewhere it depends on who writes
        return
    open_by_ours = Thread.objects.filter(
        channel=channel,
        conversation=message.conversation_id,
        last_heard_at__gt=Now() - can.window,
        last_heard_at__lt=message.created_at,
    )
    open_by_ours.update(last_heard_at=F("last_heard_at") - can.window)


def _known_in(channel: Channel, conversation: Conversation) -> set[str]:
    """Whom answers go to already: the customer, where they went before, who gets copies."""
    customer = conversation.customer
    before = Thread.objects.filter(channel=channel, conversation=conversation).order_by(NEWEST_HEARD).first()
    answered = ADAPTERS[ChannelType(channel.type)].answers_at(before.address) if before else ""
    return {customer.email.lower() if customer else "", answered, *copies_of(conversation)}
