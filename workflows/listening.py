"""Who is told of what customers write: read from the feed, a moment later, so that no message waits for it.

Whoever has a conversation or follows it hears of each new message, everybody of a new conversation that nobody has: but
for those who have read it by then, as whoever looks at it does. Each workspace's feed is read once, in order, on from
where the last reading ended; those of many together, in as many questions as one.
"""

import logging
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from businesses.models import Business, FeedEvent, Membership
from conversations.models import Conversation, Follower, Message, ReadMark, SenderType, Status
from foundation import rows
from foundation.prepared import Among, Given, prepared
from theo.assistants import answers_by_itself
from workflows.models import Listened, Notification, NotificationKind
from workflows.notifications import tell

log = logging.getLogger("pingback.worker")

# Events, of all workspaces that are read together.
AT_ONCE = 500
# Whoever writes line by line is not told of line by line.
AGAIN_AFTER = timedelta(minutes=1)
KINDS = ("message.created", "conversation.created", "conversation.assigned", "conversation.updated")

# Of what asks for anybody, what needs nobody any more.
OVER = Q(
    kind__in=[NotificationKind.UNASSIGNED, NotificationKind.TEAM, NotificationKind.WOKE, NotificationKind.HANDOFF],
    conversation__status__in=[Status.RESOLVED, Status.CLOSED],
) | (
    Q(kind__in=[NotificationKind.UNASSIGNED, NotificationKind.TEAM], conversation__assignee__isnull=False)
    | Q(kind=NotificationKind.WOKE, conversation__assignee__isnull=False) & ~Q(conversation__assignee=F("user"))
    | Q(kind=NotificationKind.HANDOFF, conversation__handoff_reason="")
)

# Who is told, and in which workspace.
Told = set[tuple[UUID, UUID]]


def listen(stop: threading.Event) -> None:
    """The worker's: every workspace where something happened since."""
    for business_id, feed_seq in _new()():
        Listened.objects.get_or_create(business_id=business_id, defaults={"feed_seq": feed_seq})
    behind = [pk for (pk,) in _behind()()]
    try:
        _read_all(behind, stop)
    except Exception:
        log.exception("News of %s workspaces are looked for in each alone", len(behind))
        for business_id in behind:
            try:
                _read_all([business_id], stop)
            except Exception:
                log.exception("Nobody is told of what customers write in %s", business_id)


def _read_all(business_ids: Sequence[UUID], stop: threading.Event) -> None:
    while business_ids and not stop.is_set() and _read_on(business_ids):
        pass


@transaction.atomic
def _read_on(business_ids: Sequence[UUID]) -> bool:
    """A batch of these workspaces' feeds; whether there may be more of it. What another worker reads is left to it."""
    left = {place.pk: place for place in _places()(ids=list(business_ids))}
    events = _events()(ids=list(left))
    if not events:
        return False
    told = _news([event for event in events if event.kind in KINDS])
    for event in events:
        left[event.business_id].feed_seq = event.seq
    Listened.objects.bulk_update([left[pk] for pk in {event.business_id for event in events}], ["feed_seq"])
    for business_id, its in groupby(sorted(told), key=itemgetter(0)):
        tell(business_id, {user_id for _business, user_id in its})
    return len(events) == AT_ONCE


def _news(events: Sequence[FeedEvent]) -> Told:
    """Store it; returns whom it is news to."""
    now = timezone.now()
    created = [event.message_id for event in events if event.kind == "message.created" and event.message_id]
    written = _written()(ids=created) if created else []
    business_of = {event.conversation_id: event.business_id for event in events}
    opened = _conversations(events, "conversation.created")
    changed = _conversations(events, "conversation.assigned") | _conversations(events, "conversation.updated")
    told = _store_messages(_about_messages(business_of, written, now))
    for business_id in {business_of[pk] for pk in opened}:
        told |= _about_new(business_id, {pk for pk in opened if business_of[pk] == business_id}, now)
    return told | _forget(changed, now)


def _conversations(events: Sequence[FeedEvent], kind: str) -> set[UUID]:
    return {event.conversation_id for event in events if event.kind == kind and event.conversation_id}


def _about_messages(
    business_of: Mapping[UUID | None, UUID], written: Sequence[tuple[UUID, UUID | None, int]], now: datetime
) -> list[Notification]:
    """For who has or follows the conversation that shows it, and has not read so far. One for each of them.

    written: conversations, what they are merged into, and the numbers of the messages. business_of: conversations.
    """
    shown = {into or pk: business_of[pk] for pk, into, _seq in written}
    if not shown:
        return []
    listeners: dict[UUID, set[UUID]] = {pk: set() for pk in shown}
    for pk, user_id in [*_having()(ids=list(shown)), *_following()(ids=list(shown))]:
        listeners[pk].add(user_id)
    marks = _marks()(ids=[pk for pk, _into, _seq in written])
    read = {(pk, user_id): seq for pk, user_id, seq in marks}
    news = {
        (into or pk, user_id)
        for pk, into, seq in written
        for user_id in listeners[into or pk]
        if read.get((pk, user_id), 0) < seq
    }
    return [_row(shown[pk], user_id, pk, NotificationKind.MESSAGE, now) for pk, user_id in sorted(news)]


def _store_messages(told: Sequence[Notification]) -> Told:
    """Store each, or make the one that is unread still as new as it; returns whom it is news to."""
    if not told:
        return set()
    table = Notification._meta.db_table
    fields = [field for field in Notification._meta.concrete_fields if field.attname != "read_at"]
    columns = ", ".join(field.column or "" for field in fields)
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for row in told for field in fields]
    of_one = f"({', '.join(['%s'] * len(fields))})"
    changes = ", ".join(f"{name} = excluded.{name}" for name in ("created_at", "push_due_at", "mail_due_at"))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({columns}) VALUES {', '.join([of_one] * len(told))}"  # noqa: S608
            " ON CONFLICT (user_id, conversation_id) WHERE kind = 'message' AND read_at IS NULL"
            f" DO UPDATE SET {changes} WHERE {table}.created_at < %s RETURNING business_id, user_id",
            [*values, connection.ops.adapt_datetimefield_value(told[0].created_at - AGAIN_AFTER)],
        )
        return {(rows.as_id(business_id), rows.as_id(user_id)) for business_id, user_id in cursor.fetchall()}


def _about_new(business_id: UUID, opened: set[UUID], now: datetime) -> Told:
    """For the team that it is for, else everybody. Where Theo answers, it says when a person is needed."""
    if answers_by_itself().filter(business_id=business_id).exists():
        return set()
    waiting = Conversation.objects.filter(pk__in=opened, assignee=None, last_message__sender_type=SenderType.CUSTOMER)
    waiting = waiting.filter(merged_into=None)
    members = Membership.objects.filter(business_id=business_id, is_active=True)
    everybody = set(members.values_list("user_id", flat=True))
    read = set(ReadMark.objects.filter(conversation__in=opened, seq__gt=0).values_list("conversation_id", "user_id"))
    told = []
    for pk, team_id in waiting.values_list("pk", "team_id"):
        people = set(members.filter(teams=team_id).values_list("user_id", flat=True)) if team_id else everybody
        told += [
            _row(business_id, user_id, pk, NotificationKind.UNASSIGNED, now)
            for user_id in people
            if (pk, user_id) not in read
        ]
    Notification.objects.bulk_create(told, batch_size=AT_ONCE)
    return {(business_id, row.user_id) for row in told}


def _forget(changed: set[UUID], now: datetime) -> Told:
    """What asked for somebody is over once somebody has it, or it is done. Returns who had not read it."""
    told = Notification.objects.unread().filter(OVER, conversation__in=changed)
    found = set(told.values_list("business_id", "user_id")) if changed else set()
    if found:
        told.update(read_at=now)
    return found


# Asked once a second for as long as the process lives.


@prepared
def _new() -> "QuerySet[Business, tuple[UUID, int]]":
    return Business.objects.filter(listened=None).values_list("pk", "feed_seq")


@prepared
def _behind() -> "QuerySet[Listened, tuple[UUID]]":
    return Listened.objects.filter(feed_seq__lt=F("business__feed_seq")).values_list("pk")


@prepared
def _places() -> "QuerySet[Listened]":
    places = Listened.objects.select_for_update(skip_locked=True)
    return places.filter(Among("business_id", Given("ids"))).order_by("pk")


@prepared
def _events() -> "QuerySet[FeedEvent]":
    behind = FeedEvent.objects.filter(Among("business_id", Given("ids")), seq__gt=F("business__listened__feed_seq"))
    return behind.order_by("business_id", "seq")[:AT_ONCE]


@prepared
def _written() -> "QuerySet[Message, tuple[UUID, UUID | None, int]]":
    messages = Message.objects.filter(Among("id", Given("ids")), sender_type=SenderType.CUSTOMER)
    return messages.values_list("conversation_id", "conversation__merged_into_id", "seq")


@prepared
def _having() -> "QuerySet[Conversation, tuple[UUID, Any]]":
    having = Conversation.objects.filter(Among("id", Given("ids")), assignee__isnull=False, spam_at=None)
    return having.values_list("pk", "assignee_id")


@prepared
def _following() -> "QuerySet[Follower, tuple[UUID, Any]]":
    following = Follower.objects.filter(Among("conversation_id", Given("ids")), conversation__spam_at=None)
    return following.values_list("conversation_id", "user_id")


@prepared
def _marks() -> "QuerySet[ReadMark, tuple[UUID, Any, int]]":
    marks = ReadMark.objects.filter(Among("conversation_id", Given("ids")))
    return marks.values_list("conversation_id", "user_id", "seq")


def _row(
    business_id: UUID, user_id: UUID, conversation_id: UUID, kind: NotificationKind, now: datetime
) -> Notification:
    return Notification(
        business_id=business_id,
        user_id=user_id,
        conversation_id=conversation_id,
        kind=kind,
        created_at=now,
        push_due_at=now,
        mail_due_at=now,
    )
