"""What a customer sees at a provider besides messages: that somebody is writing, and that the team has read.

Best effort, beside everything else: at most so often, only where the provider has it, and forgotten when it fails.
"""

import logging
import queue
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.core.cache import cache
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from channels_app import credentials
from channels_app.adapters import ADAPTERS
from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.errors import DeliveryError, Kind
from channels_app.models import NEWEST_HEARD, Channel, ChannelState, ExternalMessage
from conversations.models import ChannelType, Conversation, Customer, Message, SenderType
from conversations.services.customers import change_customer
from foundation.later import Pool
from foundation.sealed import CannotUnseal
from foundation.text import storable

log = logging.getLogger("pingback.deliveries")

# Threads of its own: a provider that hangs must not hold up the mails.
_pool = Pool(threads=2, most=100)
READ_EVERY = timedelta(seconds=2)
# After an error nothing is tried for so long.
OFF = timedelta(seconds=60)
NAMES_EVERY = timedelta(hours=1)


def somebody_writes(conversation: Conversation) -> None:
    """Asks nothing of the database here: it is called in the sockets' loop."""
    adapter = ADAPTERS.get(ChannelType(conversation.channel_type))
    if adapter and adapter.capabilities.typing and conversation.channel_id:
        _soon(conversation, "typing", every=adapter.capabilities.typing)


def team_has_read(message: Message) -> None:
    """message: a customer's, the newest that was read; with its conversation."""
    adapter = ADAPTERS.get(ChannelType(message.conversation.channel_type))
    if adapter and adapter.capabilities.marks_read and message.conversation.channel_id:
        _soon(message.conversation, "read", every=READ_EVERY)


def heard_press(channel: Channel, pressed: str) -> None:
    """Of a button that the customer pressed."""
    _beside(channel, lambda adapter: adapter.heard_press(pressed))


def decline_group(channel: Channel, group: str) -> None:
    _beside(channel, lambda adapter: adapter.decline_group(group))


def learn_name(channel: Channel, customer_id: UUID, key: str) -> None:
    """Of a customer whose messages do not say it; an agent's word for them stays. Asked once an hour at most."""
    if cache.add(f"name:{customer_id}", 1, NAMES_EVERY.total_seconds()):
        _beside(channel, lambda adapter: _named(customer_id, adapter.name_of(key)))


def _named(customer_id: UUID, name: str) -> None:
    name = storable(name).strip()[:200]
    with transaction.atomic():
        nameless = Customer.objects.select_for_update(of=("self",)).filter(pk=customer_id, name="").first()
        if name and nameless:
            change_customer(customer=nameless, name=name)


def _beside(channel: Channel, tell: Callable[[ChannelAdapter], None]) -> None:
    def told() -> None:
        with suppress(CannotUnseal, DeliveryError):
            tell(ADAPTERS[ChannelType(channel.type)](channel, credentials.reveal(channel)))

    with suppress(queue.Full):
        _pool.submit(told)


def _soon(conversation: Conversation, what: str, *, every: timedelta) -> None:
    assert conversation.channel_id
    try:
        _pool.submit(partial(_tell, conversation.pk, conversation.channel_id, what, every))
    except queue.Full:
        log.info("Too much is waiting: a customer does not see that somebody is there")


def _tell(conversation_id: UUID, channel_id: UUID, what: str, every: timedelta) -> None:
    if cache.get(f"sign-off:{channel_id}"):
        return
    if not cache.add(f"sign:{what}:{conversation_id}", 1, every.total_seconds()):
        return
    not_held = Q(held_until=None) | Q(held_until__lte=Now())
    usable = Channel.objects.filter(not_held, pk=channel_id, is_active=True, paused_at=None)
    channel = usable.exclude(state=ChannelState.ERROR).first()
    if channel is None:
        return
    thread = channel.threads.filter(conversation=conversation_id).order_by(NEWEST_HEARD).first()
    heard = ExternalMessage.objects.filter(
        channel=channel, message__conversation=conversation_id, message__sender_type=SenderType.CUSTOMER
    )
    newest = heard.order_by("-message__seq").values_list("external_id", flat=True).first()
    if thread is None or not newest:
        return
    try:
        adapter = ADAPTERS[ChannelType(channel.type)](channel, credentials.reveal(channel))
        tell = adapter.show_typing if what == "typing" else adapter.mark_read
        tell(to=thread.address, external_id=newest)
    except CannotUnseal:
        return
    except DeliveryError as error:
        wait = error.retry_after or OFF
        if error.kind != Kind.PERMANENT:
            cache.set(f"sign-off:{channel_id}", 1, wait.total_seconds())
        log.info("A sign over channel %s failed: %s", channel_id, error.kind)
