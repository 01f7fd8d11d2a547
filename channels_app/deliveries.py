"""Getting messages out of the house: rows written with the message, claimed under a lease, tried until done.

Every time is the database's: workers whose clocks differ must agree on whose a row is, and on when it is due.

Outward it is "at least once": a worker that dies after the provider took a message leaves a row that is sent
again, with the same delivery id. Source: promises, "Sent on" and "No jam".
"""

import logging
import random
import threading
import traceback
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.dispatch import receiver
from django.utils.translation import gettext as _

from channels_app import credentials
from channels_app.adapters import ADAPTERS
from channels_app.adapters.base import ChannelAdapter, DeliveryError, OutboundMessage
from channels_app.connect_forms import form_for
from channels_app.models import Channel, Delivery, DeliveryState
from conversations import events
from conversations.models import ChannelType, Conversation, Message, MessageStatus
from conversations.services.messages import set_message_status
from foundation.sealed import CannotUnseal

log = logging.getLogger("pingback.deliveries")

# Several times the 10 s that a try may take: what is not closed by then belongs to a worker that is gone.
LEASE = timedelta(seconds=60)
PER_CHANNEL = 4
MAX_TRIES = 12
MAX_AGE = timedelta(hours=24)
# After the first try, the second, ...; the eleven of them fit into MAX_AGE.
WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 45, 120, 360, 1200, 3600, 7200, 10800, 18000, 43200))
MAX_CRASHES = 5
FAILURES_THAT_HOLD = 5
HOLD = timedelta(seconds=60)

# Set when a row of this process may be due now: the worker beside us need not wait for its next look.
news = threading.Event()


@receiver(events.happened, dispatch_uid="channels_app.deliveries")
def queue(sender: object, *, business_id: UUID, messages: Sequence[Message], **more: Any) -> None:
    """A row for each message that the core marked as leaving the house; in the message's own transaction."""
    rows = [
        Delivery(
            business_id=business_id,
            channel_id=message.conversation.channel_id,
            conversation_id=message.conversation_id,
            message=message,
            seq=message.seq,
            queued_at=Now(),
            due_at=Now(),
        )
        for message in messages
        if message.status == MessageStatus.QUEUED
    ]
    if rows:
        Delivery.objects.bulk_create(rows)
        transaction.on_commit(news.set, robust=True)


# Claiming -------------------------------------------------------------------------------------------------


def claim(most: int) -> list[Delivery]:
    """Up to `most` rows that are due, now ours for LEASE. Two workers never get the same one."""
    channel_ids = list(_ready().order_by().values_list("channel_id", flat=True).distinct())
    random.shuffle(channel_ids)  # none is always served first
    claimed: list[Delivery] = []
    for channel_id in channel_ids:
        if len(claimed) < most:
            claimed += _claim_of(channel_id, most - len(claimed))
    return claimed


@transaction.atomic
def _claim_of(channel_id: UUID | None, most: int) -> list[Delivery]:
    if channel_id:
        # The lock makes counting what is under way and adding to it one step. It lets new rows refer to the channel.
        channel = Channel.objects.select_for_update(no_key=True).filter(pk=channel_id).first()
        if channel is None:
            return []
        under_way = channel.deliveries.filter(state=DeliveryState.QUEUED, leased_until__gt=Now()).count()
        # After a hold, one try shows whether the channel is back.
        at_once = 1 if channel.failures >= FAILURES_THAT_HOLD else PER_CHANNEL
        most = min(most, at_once - under_way)
    if most <= 0:
        return []
    heads = list(_ready().filter(Q(channel_id=channel_id)).order_by("due_at", "pk").values_list("pk", flat=True)[:most])
    lease = uuid4()
    _unclaimed().filter(pk__in=heads).update(lease=lease, leased_until=Now() + LEASE, attempts=F("attempts") + 1)
    return list(
        Delivery.objects.filter(pk__in=heads, lease=lease)
        .select_related("channel", "conversation__customer", "message")
        .order_by("due_at", "pk")
    )


def _unclaimed() -> "QuerySet[Delivery]":
    free = Q(leased_until=None) | Q(leased_until__lte=Now())
    return Delivery.objects.filter(free, state=DeliveryState.QUEUED, due_at__lte=Now())


def _ready() -> "QuerySet[Delivery]":
    """Due, nobody's, first of their conversation, and of a channel that is not held."""
    earlier = Delivery.objects.filter(
        conversation=OuterRef("conversation"), state=DeliveryState.QUEUED, seq__lt=OuterRef("seq")
    )
    not_held = Q(channel=None) | Q(channel__held_until=None) | Q(channel__held_until__lte=Now())
    return _unclaimed().filter(not_held, ~Exists(earlier))


def release(delivery: Delivery) -> None:
    """Give back what was claimed and not begun."""
    _mine(delivery).update(lease=None, leased_until=None, attempts=F("attempts") - 1)


# Trying ---------------------------------------------------------------------------------------------------


def attempt(delivery: Delivery) -> None:
    """One try of a claimed row, and what came of it. Raises only when the database does not answer."""
    try:
        external_id = _adapter(delivery).send(_outbound(delivery))
    except DeliveryError as error:
        _failed(delivery, error)
    except Exception as error:
        _crashed(delivery, error)
    else:
        _close(delivery, DeliveryState.SENT, external_id=external_id)
        if delivery.channel_id:
            Channel.objects.filter(pk=delivery.channel_id, failures__gt=0).update(failures=0, held_until=None)


def try_again(delivery: Delivery) -> bool:
    """By hand, for what failed or was parked: from the start, as if it were new. False when it is neither."""
    with transaction.atomic():
        _lock_conversation(delivery)
        again = Delivery.objects.filter(pk=delivery.pk, state__in=[DeliveryState.FAILED, DeliveryState.PARKED]).update(
            state=DeliveryState.QUEUED,
            attempts=0,
            crashes=0,
            queued_at=Now(),
            due_at=Now(),
            finished_at=None,
            last_error="",
        )
        if again:
            set_message_status(message_id=delivery.message_id, status=MessageStatus.QUEUED)
            transaction.on_commit(news.set, robust=True)
    return bool(again)


def wait_after(tries: int) -> timedelta:
    """How long to wait after that many tries: 5 s to 12 h, a little less at random so that rows spread."""
    return WAITS[min(tries, len(WAITS)) - 1] * random.uniform(0.75, 1)  # noqa: S311


def _adapter(delivery: Delivery) -> ChannelAdapter:
    """Raises DeliveryError, in words for the agent, when there is no way out."""
    channel = delivery.channel
    if delivery.attempts > MAX_TRIES:
        raise DeliveryError(_("The message could not be sent."), permanent=True)
    if channel is None:
        raise DeliveryError(_("Not sent: the channel of this conversation was removed."), permanent=True)
    if not channel.is_active:
        raise DeliveryError(_("Not sent: the channel is switched off."), permanent=True)
    if channel.type != delivery.conversation.channel_type:
        raise DeliveryError(_("Not sent: the channel is now of another type."), permanent=True)
    adapter = ADAPTERS.get(ChannelType(channel.type))
    if adapter is None:
        text = _("Not sent: PingBack cannot send over %(channel)s yet.") % {"channel": form_for(channel.type).title}
        raise DeliveryError(text, permanent=True)
    try:
        return adapter(channel, credentials.reveal(channel))
    except CannotUnseal as error:
        raise DeliveryError(_("Not sent: the channel has to be reconnected."), permanent=True) from error


def _outbound(delivery: Delivery) -> OutboundMessage:
    return OutboundMessage(
        delivery_id=delivery.pk,
        conversation_id=delivery.conversation_id,
        customer=delivery.conversation.customer,
        content=delivery.message.content,
    )


def _failed(delivery: Delivery, error: DeliveryError) -> None:
    if error.permanent:
        _close(delivery, DeliveryState.FAILED, error=error.reason)
        return
    if delivery.channel_id:
        _note_failure(delivery.channel_id)
    _later(delivery, error.reason, wait=error.retry_after)


def _crashed(delivery: Delivery, error: Exception) -> None:
    """Something that nobody foresaw: it is tried again, and after MAX_CRASHES set aside for a person to look at."""
    # Without the exception's own words, which may quote an address with a token in it.
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("Delivery %s raised %s\n%s", delivery.pk, type(error).__name__, frames)
    _mine(delivery).update(crashes=F("crashes") + 1)
    reason = _("Not sent: something went wrong on our side.")
    if delivery.crashes + 1 >= MAX_CRASHES:
        _close(delivery, DeliveryState.PARKED, error=reason)
    else:
        _later(delivery, reason)


def _later(delivery: Delivery, reason: str, *, wait: timedelta | None = None) -> None:
    assert delivery.leased_until
    claimed_at = delivery.leased_until - LEASE
    left = delivery.queued_at + MAX_AGE - claimed_at
    if delivery.attempts >= MAX_TRIES or left <= timedelta(0):
        _close(delivery, DeliveryState.FAILED, error=reason)
        return
    wait = min(wait or wait_after(delivery.attempts), left)
    _mine(delivery).update(lease=None, leased_until=None, due_at=Now() + wait, last_error=reason[:300])


@transaction.atomic
def _close(delivery: Delivery, state: DeliveryState, *, error: str = "", external_id: str = "") -> None:
    """The end of a row, and what the agent sees of it; nothing when the lease was lost to another worker."""
    _lock_conversation(delivery)
    closed = _mine(delivery).update(
        state=state,
        lease=None,
        leased_until=None,
        last_error=error[:300],
        external_id=external_id,
        finished_at=Now(),
    )
    if closed:
        status = MessageStatus.SENT if state == DeliveryState.SENT else MessageStatus.FAILED
        set_message_status(message_id=delivery.message_id, status=status, error=error[:300])


def _lock_conversation(delivery: Delivery) -> None:
    """Before the row itself, as everybody does who writes to both."""
    list(Conversation.objects.select_for_update(no_key=True).filter(pk=delivery.conversation_id).values_list("pk"))


def _mine(delivery: Delivery) -> "QuerySet[Delivery]":
    """The row, as long as the lease under which it was claimed is the last one given."""
    return Delivery.objects.filter(pk=delivery.pk, lease=delivery.lease, state=DeliveryState.QUEUED)


def _note_failure(channel_id: UUID) -> None:
    """A channel that fails several times in a row is left alone for a while, whatever conversation it was."""
    channel = Channel.objects.filter(pk=channel_id)
    channel.update(failures=F("failures") + 1)
    channel.filter(failures__gte=FAILURES_THAT_HOLD).update(held_until=Now() + HOLD)
