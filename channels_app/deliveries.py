"""Getting messages out of the house: rows written with the message, claimed under a lease, tried until done.

Every time is the database's: workers whose clocks differ must agree on whose a row is, and on when it is due.

What a try came to is known, or it is not: a time-out after the request, a worker that died. Then the provider's echo or
status has AMBIGUOUS_WAIT to tell, and after that it is sent once more, no more often, with the same delivery id.
Source: promises, "Sent on" and "No jam".
"""

import logging
import random
import threading
import time
import traceback
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import InterfaceError, OperationalError, connections, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.dispatch import receiver
from django.utils.translation import gettext as _

from channels_app import credentials, identity, threads
from channels_app.adapters import ADAPTERS
from channels_app.adapters.base import ChannelAdapter, SendResult
from channels_app.adapters.errors import DeliveryError, Kind
from channels_app.carrying import check_limits
from channels_app.connect_forms import form_for
from channels_app.keys import remember
from channels_app.models import STOPPED, TICK, Channel, ChannelState, Delivery, DeliveryState, Thread
from channels_app.parts import outbound_of, rows_of
from channels_app.reconnecting import needs_reconnecting
from conversations import events
from conversations.models import ActivityKind, ChannelType, Conversation, MessageStatus
from conversations.services import activities
from conversations.services.messages import set_message_status
from conversations.services.unsent import message_failed
from foundation.prepared import prepared
from foundation.sealed import CannotUnseal

log = logging.getLogger("pingback.deliveries")

# Several times the 10 s that a try may take: what is not closed by then belongs to a worker that is gone.
LEASE = timedelta(seconds=60)
# Seconds, within the lease.
DATABASE_WAITS = (1, 2, 4, 8, 16)
PER_CHANNEL = 4
PER_TYPE = 8
MAX_TRIES = 12
MAX_AGE = timedelta(hours=24)
# After the first try, the second, ...; the eleven of them fit into MAX_AGE.
WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 45, 120, 360, 1200, 3600, 7200, 10800, 18000, 43200))
MAX_CRASHES = 5
FAILURES_THAT_HOLD = 5
HOLD = timedelta(seconds=60)
AMBIGUOUS_WAIT = timedelta(seconds=60)
# How often a part may be sent without our learning what came of it.
MAX_UNCERTAIN = 2

# Set when a row of this process may be due now: the worker beside us need not wait for its next look.
news = threading.Event()


@receiver(events.happened, dispatch_uid="channels_app.deliveries")
def queue(*, changes: Mapping[UUID, events.Change], **_signal: Any) -> None:
    """A row for each message that the core marked as leaving the house; in the message's own transaction.

    Raises Unprocessable for one that its channel does not carry: then nothing of it is stored.
    """
    rows: list[Delivery] = []
    for business_id, change in changes.items():
        for message in change.messages:
            if message.status == MessageStatus.QUEUED:
                check_limits(message.conversation, content=message.content, attachments=message.attachments)
                rows += rows_of(business_id, message)
    if rows:
        Delivery.objects.bulk_create(rows)
        transaction.on_commit(news.set, robust=True)


# Claiming -------------------------------------------------------------------------------------------------


def claim(most: int, *, under_way: Mapping[str, int] | None = None) -> list[Delivery]:
    """Up to `most` rows that are due, now ours for LEASE. Two workers never get the same one.

    under_way: how many of each type of channel this process is at. A provider that hangs holds no more than PER_TYPE of
    its hands, however many channels it has; what is free is shared evenly among the channels that wait.
    """
    waiting = _channels_that_wait()()
    random.shuffle(waiting)  # none is always served first
    share = max(1, most // len(waiting)) if waiting else 0
    busy = Counter(under_way or {})
    claimed: list[Delivery] = []
    for channel_id, channel_type in waiting:
        room = min(share, most - len(claimed), PER_TYPE - busy[channel_type])
        if room > 0:
            found = _claim_of(channel_id, room)
            busy[channel_type] += len(found)
            claimed += found
    return claimed


@prepared
def _channels_that_wait() -> "QuerySet[Delivery, tuple[UUID | None, Any]]":
    """Asked once a second for as long as the process lives."""
    return _ready().order_by().values_list("channel_id", "channel__type").distinct()


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
    mine = _unclaimed().filter(pk__in=heads)
    # A try that somebody began and never ended may have gone out.
    mine.filter(started_at__isnull=False).update(uncertain=F("uncertain") + 1)
    _unclaimed().filter(pk__in=heads).update(
        lease=lease, leased_until=Now() + LEASE, attempts=F("attempts") + 1, started_at=None
    )
    return list(
        Delivery.objects.filter(pk__in=heads, lease=lease)
        .select_related("channel", "conversation__customer", "message", "attachment")
        .order_by("due_at", "pk")
    )


def _unclaimed() -> "QuerySet[Delivery]":
    free = Q(leased_until=None) | Q(leased_until__lte=Now() + TICK)
    return Delivery.objects.filter(free, state=DeliveryState.QUEUED, due_at__lte=Now() + TICK)


def _ready() -> "QuerySet[Delivery]":
    """Due, nobody's, first of their conversation, and of a channel that is not held."""
    earlier = Delivery.objects.filter(
        Q(seq__lt=OuterRef("seq")) | Q(seq=OuterRef("seq"), part__lt=OuterRef("part")),
        conversation=OuterRef("conversation"),
        state=DeliveryState.QUEUED,
    )
    not_held = Q(channel__held_until=None) | Q(channel__held_until__lte=Now() + TICK)
    # Connected anew: with credentials that are wrong, or another account's, all that waits would fail for good.
    unchecked = Q(channel__state=ChannelState.CONNECTING, channel__is_active=True, channel__connected_at__isnull=False)
    # What was written over another type of channel is told at once that it is of no use any more.
    stopped = Q(channel__state__in=STOPPED, channel__type=F("conversation__channel_type"))
    open_to_all = Q(channel__paused_at=None) & ~stopped & ~unchecked
    return _unclaimed().filter(Q(channel=None) | (not_held & open_to_all), ~Exists(earlier))


def release(delivery: Delivery) -> None:
    """Give back what was claimed and not begun."""
    _mine(delivery).update(lease=None, leased_until=None, started_at=None, attempts=F("attempts") - 1)


# Trying ---------------------------------------------------------------------------------------------------


def attempt(delivery: Delivery) -> None:
    """One try of a claimed row, and what came of it. Raises only when the database does not answer."""
    adapter = None
    try:
        adapter = adapter_for(delivery)
        outbound = outbound_of(delivery)
        # The whole lease is for the try, however long the row waited for its turn.
        if not _mine(delivery).update(started_at=Now(), leased_until=Now() + LEASE):
            return  # it waited for its turn longer than its lease: whoever has it now sends it
        result = adapter.send(outbound)
    except DeliveryError as error:
        _failed(delivery, error)
    except (OperationalError, InterfaceError):
        raise  # no fault of the message's: its lease gives it back
    except Exception as error:
        _crashed(delivery, error, may_be_out=adapter is not None and adapter.sends_now)
    else:
        _say_sent(delivery, result)


def _say_sent(delivery: Delivery, result: SendResult) -> None:
    """Again and again while the database does not answer, or it would be sent once more when the lease ends."""
    for seconds in DATABASE_WAITS:
        try:
            _sent(delivery, result)
        except (OperationalError, InterfaceError):
            connections.close_all()
            time.sleep(seconds)
        else:
            return
    _sent(delivery, result)


@events.gathered()
def _sent(delivery: Delivery, result: SendResult) -> None:
    """Whoever has the lease by now: what is out needs no second try."""
    lock_conversation(delivery.conversation_id)
    if delivery.channel_id:
        Channel.objects.filter(pk=delivery.channel_id).update(failures=0, held_until=None, last_sent_at=Now())
        if result.to:
            thread = Thread.objects.filter(conversation_id=delivery.conversation_id, channel=delivery.channel_id)
            thread.exclude(address=result.to).update(address=result.to)
    if delivery.channel and result.known_as:
        identity.change(delivery.channel, result.known_as)
    unknown = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.QUEUED)
    if finish(unknown, delivery, DeliveryState.SENT, external_ids=result.external_ids) and result.left_out:
        tell_of_copies(delivery, result.left_out)


def tell_of_copies(delivery: Delivery, left_out: Sequence[str]) -> None:
    """Who should have got a copy and did not: it is sent, and yet somebody has to know."""
    conversation = Conversation.objects.for_reading().get(pk=delivery.conversation_id)
    activities.tell(conversation, ActivityKind.LEFT_OUT, actor=None, addresses=list(left_out))
    events.record(delivery.business_id, [events.conversation_updated(conversation, actor_id=None)])


def wait_after(tries: int) -> timedelta:
    """How long to wait after that many tries: 5 s to 12 h, a little less at random so that rows spread."""
    return WAITS[min(tries, len(WAITS)) - 1] * random.uniform(0.75, 1)  # noqa: S311


def adapter_for(delivery: Delivery) -> ChannelAdapter:
    """Raises DeliveryError, in words for the agent, when there is no way out."""
    channel = delivery.channel
    if delivery.attempts > MAX_TRIES:
        raise DeliveryError(_("The message could not be sent."), kind=Kind.PERMANENT)
    if delivery.uncertain >= MAX_UNCERTAIN:
        raise DeliveryError(_("It may have arrived, perhaps twice: the provider never said."), kind=Kind.PERMANENT)
    if channel is None:
        raise DeliveryError(_("Not sent: the channel of this conversation was removed."), kind=Kind.PERMANENT)
    if not channel.is_active:
        raise DeliveryError(_("Not sent: the channel is switched off."), kind=Kind.PERMANENT)
    if channel.type != delivery.conversation.channel_type:
        raise DeliveryError(_("Not sent: the channel is now of another type."), kind=Kind.PERMANENT)
    adapter = ADAPTERS.get(ChannelType(channel.type))
    if adapter is None:
        text = _("Not sent: PingBack cannot send over %(channel)s yet.") % {"channel": form_for(channel.type).title}
        raise DeliveryError(text, kind=Kind.PERMANENT)
    try:
        return adapter(channel, credentials.reveal(channel))
    except CannotUnseal as error:
        raise DeliveryError(_("Not sent: the channel has to be reconnected."), kind=Kind.PERMANENT) from error


def _failed(delivery: Delivery, error: DeliveryError) -> None:
    if delivery.channel_id:
        Channel.objects.filter(pk=delivery.channel_id).update(last_error=error.reason[:300], last_error_at=Now())
    if error.kind == Kind.UNREACHABLE and delivery.channel:
        threads.not_reached(delivery.channel, delivery.conversation, error.reason)
    if error.kind == Kind.WINDOW_CLOSED and delivery.channel:
        threads.window_closed(delivery.channel, delivery.message)
    if error.permanent:
        _close(delivery, DeliveryState.FAILED, error=error.reason)
    elif error.kind == Kind.CREDENTIALS and delivery.channel:
        needs_reconnecting(delivery.channel, error.reason)
        _mine(delivery).update(
            lease=None,
            leased_until=None,
            started_at=None,
            attempts=F("attempts") - 1,
            due_at=Now(),
            last_error=error.reason[:300],
        )
    elif error.kind == Kind.AMBIGUOUS:
        if delivery.channel_id:
            _note_failure(delivery.channel_id)
        _in_doubt(delivery, error.reason)
    else:
        if delivery.channel_id and error.kind == Kind.RATE_LIMITED and error.whole_channel:
            wait = error.retry_after or HOLD
            Channel.objects.filter(pk=delivery.channel_id).update(held_until=Now() + wait)
        elif delivery.channel_id and error.kind != Kind.RATE_LIMITED:
            _note_failure(delivery.channel_id)
        if error.kind == Kind.RATE_LIMITED and error.retry_after:
            _mine(delivery).update(attempts=F("attempts") - 1)  # it did as it was told
            delivery.attempts -= 1
        _later(delivery, error.reason, wait=error.retry_after)


def _in_doubt(delivery: Delivery, reason: str) -> None:
    """Begun and without an end: whoever claims it next counts it."""
    _mine(delivery).update(lease=None, leased_until=None, due_at=Now() + AMBIGUOUS_WAIT, last_error=reason[:300])


def _crashed(delivery: Delivery, error: Exception, *, may_be_out: bool) -> None:
    """Something that nobody foresaw: it is tried again, and after MAX_CRASHES set aside for a person to look at."""
    # Without the exception's own words, which may quote an address with a token in it.
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("Delivery %s raised %s\n%s", delivery.pk, type(error).__name__, frames)
    _mine(delivery).update(crashes=F("crashes") + 1)
    reason = _("Not sent: something went wrong on our side.")
    if delivery.crashes + 1 >= MAX_CRASHES:
        _close(delivery, DeliveryState.PARKED, error=reason)
    elif may_be_out:
        _in_doubt(delivery, _("Something went wrong on our side while it was sent."))
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
    _mine(delivery).update(lease=None, leased_until=None, started_at=None, due_at=Now() + wait, last_error=reason[:300])


@transaction.atomic
def _close(delivery: Delivery, state: DeliveryState, *, error: str) -> None:
    """A row that did not get out, and what the agent sees of it; nothing when its lease was lost to another worker."""
    lock_conversation(delivery.conversation_id)
    finish(_mine(delivery), delivery, state, error=error)


def finish(
    row: "QuerySet[Delivery]",
    delivery: Delivery,
    state: DeliveryState,
    *,
    error: str = "",
    external_ids: Sequence[str] = (),
) -> bool:
    """With the conversation locked. The message is sent when all of its parts are, and failed when one is."""
    closed = row.update(
        state=state,
        lease=None,
        leased_until=None,
        started_at=None,
        last_error=error[:300],
        external_id=external_ids[0][:1000] if external_ids else "",
        finished_at=Now(),
    )
    if not closed:
        return False
    if delivery.channel and external_ids:
        remember(delivery.channel, delivery.message, *external_ids)
    if state != DeliveryState.SENT:
        # Half a message is worse than one that somebody knows to be missing its end.
        rest = Delivery.objects.filter(message_id=delivery.message_id, state=DeliveryState.QUEUED)
        rest.update(state=state, lease=None, leased_until=None, last_error=error[:300], finished_at=Now())
        message_failed(message_id=delivery.message_id, reason=error)
        return True
    conclude(delivery)
    return True


def conclude(delivery: Delivery) -> None:
    """With the conversation locked: the message is sent once all of its parts are."""
    parts = Delivery.objects.filter(message_id=delivery.message_id).values_list("state", "uncertain")
    if all(part == DeliveryState.SENT for part, _uncertain in parts):
        adapter = ADAPTERS.get(ChannelType(delivery.channel.type)) if delivery.channel else None
        is_doubtful = any(uncertain for _state, uncertain in parts) and not (adapter and adapter.repeats_unseen)
        doubt = _("It may have arrived twice: the provider did not say what became of the first try.")
        set_message_status(
            message_id=delivery.message_id, status=MessageStatus.SENT, error=doubt if is_doubtful else ""
        )


# Holding and going on -------------------------------------------------------------------------------------


def resume(channel: Channel) -> None:
    """What waited for new credentials goes on, in its order; the time that it waited does not count."""
    rows = Delivery.objects.filter(channel=channel, state=DeliveryState.QUEUED)
    rows.update(due_at=Now(), queued_at=Now())
    transaction.on_commit(news.set, robust=True)


def lock_conversation(conversation_id: UUID) -> None:
    """Before the row itself, as everybody does who writes to both."""
    list(Conversation.objects.select_for_update(no_key=True).filter(pk=conversation_id).values_list("pk"))


def _mine(delivery: Delivery) -> "QuerySet[Delivery]":
    """The row, as long as the lease under which it was claimed is the last one given."""
    return Delivery.objects.filter(pk=delivery.pk, lease=delivery.lease, state=DeliveryState.QUEUED)


def _note_failure(channel_id: UUID) -> None:
    """A channel that fails several times in a row is left alone for a while, whatever conversation it was."""
    channel = Channel.objects.filter(pk=channel_id)
    channel.update(failures=F("failures") + 1)
    channel.filter(failures__gte=FAILURES_THAT_HOLD).update(held_until=Now() + HOLD)
