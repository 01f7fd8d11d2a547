"""What providers told us, from the stored event to the conversation.

Stored with a unique key before the provider hears 200; worked off in the order of arrival, each event and all that it
changes in one transaction. One that fails is tried again, and then kept with its reason until somebody replays it.
"""

import logging
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast
from uuid import UUID

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from channels_app import credentials, deliveries, files, identity, journal, letters, receipts, signs, threads
from channels_app.adapters import ADAPTERS
from channels_app.adapters.errors import Kind, Unreadable
from channels_app.adapters.events import (
    AccountTold,
    AddedToGroup,
    ContactChanged,
    CredentialsRevoked,
    EchoReceived,
    InboundEvent,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    ReactionChanged,
    Routed,
    StatusChanged,
)
from channels_app.connecting import learn
from channels_app.keys import key_of, known_message, remember
from channels_app.models import Channel, Media, RawEvent, RawState
from channels_app.reconnecting import needs_reconnecting
from channels_app.wording import content_of
from conversations import events
from conversations.models import ChannelType, Conversation, Message, MessageStatus, SenderType
from conversations.services.editing import deleted_elsewhere, edited_elsewhere, reacted
from conversations.services.message_drafts import MAX_CONTENT, Draft
from conversations.services.messages import post_messages
from conversations.services.objections import Blocked
from conversations.services.opening import open_conversation
from conversations.services.receipts import mark_delivered, mark_read
from foundation.text import storable

log = logging.getLogger("pingback.intake")

MAX_TRIES = 5
WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600))
# A provider's word on a message can come before its answer to our sending it; so long it waits for that.
PATIENCE = timedelta(seconds=60)
ECHO_PATIENCE = timedelta(seconds=3)
# One process of an installation works at a time, so that two messages of one customer keep their order.
_ADVISORY = 0x70696E67_0001


class NotYet(Exception):
    """What the event is about may still turn up. until: when it is looked at again."""

    def __init__(self, *, until: datetime) -> None:
        self.until = until


def store(channel: Channel, items: Sequence[Routed]) -> None:
    """Keep what came; a repeat is dropped by its key."""
    if not items:
        return
    keys = [key_of(item.dedup_key) for item in items]
    known = set(RawEvent.objects.filter(channel=channel, dedup_key__in=keys).values_list("dedup_key", flat=True))
    received = [
        RawEvent(
            business_id=channel.business_id,
            channel=channel,
            dedup_key=key,
            payload=item.payload,
            state=_first_state(item.payload),
            received_at=Now() + timedelta(microseconds=number),  # what came together has an order, too
            due_at=Now(),
        )
        for number, (key, item) in enumerate(zip(keys, items, strict=True))
    ]
    for row, item in zip(received, items, strict=True):
        if row.dedup_key not in known:
            journal.fill(row, item.body)
    with transaction.atomic():
        RawEvent.objects.bulk_create(received, ignore_conflicts=True)
        Channel.objects.filter(pk=channel.pk).update(last_event_at=Now())
        transaction.on_commit(deliveries.news.set, robust=True)
    if in_files := {row.pk for row in received if row.in_file}:  # somebody stored the same at the same time
        journal.remove(in_files - set(RawEvent.objects.filter(pk__in=in_files).values_list("pk", flat=True)))


def _first_state(payload: Any) -> RawState:
    return RawState.ELSEWHERE if isinstance(payload, dict) and "elsewhere" in payload else RawState.WAITING


def work(*, most: int = 100) -> int:
    """Work off events that are due, oldest first, and behind them what was put off.

    Returns how many were done with, for good or until later.
    """
    if not journal.due(RawState.WAITING, 1)():
        return 0
    with _turn() as is_ours:
        if not is_ours:
            return 0
        due = RawEvent.objects.filter(state=RawState.WAITING, due_at__lte=Now())
        due = due.annotate(is_put_off=Q(due_at__gt=F("received_at") + timedelta(seconds=1)))
        due = due.order_by("is_put_off", "received_at", "pk")
        tries = dict(due.values_list("pk", "attempts")[:most])
        # Counted before they are tried, or what kills the process would be tried for ever: new ones together, and one
        # by one those that were tried before, as one of them may be the killer.
        RawEvent.objects.filter(pk__in=[pk for pk, tried in tries.items() if not tried]).update(attempts=1)
        for raw_id, tried in tries.items():
            if tried >= MAX_TRIES:
                reason = _("It broke off each time that it was worked off.")
                RawEvent.objects.filter(pk=raw_id).update(state=RawState.FAILED, last_error=reason)
                continue
            if tried:
                RawEvent.objects.filter(pk=raw_id).update(attempts=tried + 1)
            _work_off(raw_id)
        return len(tries)


def replay(raw: RawEvent) -> bool:
    """By hand, what failed: as if it had just come. False when it had not failed."""
    again = RawEvent.objects.filter(pk=raw.pk, state=RawState.FAILED)
    done = again.update(state=_first_state(raw.payload), attempts=0, due_at=Now(), last_error="")
    deliveries.news.set()
    return bool(done)


@contextmanager
def _turn() -> Iterator[bool]:
    if connection.vendor != "postgresql":
        yield True
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_ADVISORY])
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_ADVISORY])


def _work_off(raw_id: UUID) -> None:
    try:
        raw = RawEvent.objects.select_related(None).get(pk=raw_id)
        channel = Channel.objects.get(pk=raw.channel_id)
        adapter = ADAPTERS[ChannelType(channel.type)](channel, credentials.reveal(channel))
        # Before anything is locked: a big mail takes its time, and nobody has to wait for it with a lock.
        parsed = adapter.parse(journal.payload_of(raw))
        with events.gathered():
            raw = RawEvent.objects.select_for_update().select_related(None).get(pk=raw_id)
            if raw.state != RawState.WAITING:
                return
            for event in parsed:
                with suppress(Blocked), transaction.atomic():  # of whom the team takes nothing any more
                    _take_in(channel, raw, event)
            RawEvent.objects.filter(pk=raw_id).update(state=RawState.DONE, last_error="", customer_id=raw.customer_id)
    except NotYet as wait:
        # No failure of its own: this try does not count.
        RawEvent.objects.filter(pk=raw_id).update(due_at=wait.until, attempts=F("attempts") - 1)
    except RawEvent.DoesNotExist:
        return
    except Unreadable as error:
        RawEvent.objects.filter(pk=raw_id).update(state=RawState.FAILED, last_error=str(error)[:300])
    except (OperationalError, InterfaceError):
        # The database's trouble: it is the first again at the next look, and none overtakes it. No try of its own when
        # the database is away; a statement that it broke off may be one that it always breaks off.
        if not connection.is_usable():
            with suppress(DatabaseError):
                RawEvent.objects.filter(pk=raw_id).update(attempts=F("attempts") - 1)
        raise
    except Exception as error:
        _failed(raw_id, error)


def _failed(raw_id: UUID, error: Exception) -> None:
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("Event %s raised %s\n%s", raw_id, type(error).__name__, frames)
    raw = RawEvent.objects.filter(pk=raw_id).first()
    if raw is None:
        return
    raw.last_error = _("%(error)s while it was worked off.") % {"error": type(error).__name__}
    if raw.attempts >= MAX_TRIES:
        raw.state = RawState.FAILED
    else:
        raw.due_at = timezone.now() + WAITS[raw.attempts - 1]
    raw.save(update_fields=["last_error", "state", "due_at"])


def _take_in(channel: Channel, raw: RawEvent, event: InboundEvent) -> None:
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
    identity.note(channel, event.contact, conversation.customer_id)
    raw.customer_id = conversation.customer_id
    if not customer.name and ADAPTERS[ChannelType(channel.type)].asks_names:
        transaction.on_commit(partial(signs.learn_name, channel, customer.pk, event.contact.keys[0]), robust=True)
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
        sent_at=event.occurred_at,
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
        reason = event.error.reason if event.error else _("The provider could not deliver it.")
        if event.error and event.error.kind == Kind.WINDOW_CLOSED:
            threads.window_closed(channel, found)
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


def _contact(channel: Channel, raw: RawEvent, event: ContactChanged) -> None:
    identity.change(channel, event)


def _added_to_group(channel: Channel, raw: RawEvent, event: AddedToGroup) -> None:
    transaction.on_commit(partial(signs.decline_group, channel, event.group), robust=True)


def _account(channel: Channel, raw: RawEvent, event: AccountTold) -> None:
    learn(channel, event.name, event.value)


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
    CredentialsRevoked: _revoked,
}
