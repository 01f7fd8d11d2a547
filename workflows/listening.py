"""Who is told of what customers write: read from the feed, a moment later, so that no message waits for it.

Whoever has a conversation or follows it hears of each new message, everybody of a new conversation that nobody has: but
for those who have read it by then, as whoever looks at it does. Each workspace's feed is read once, in order, on from
where the last reading ended.
"""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from businesses.models import Business, FeedEvent, Membership
from conversations.models import Conversation, Follower, Message, ReadMark, SenderType
from foundation import rows
from theo.assistants import answers_by_itself
from workflows.models import Listened, Notification, NotificationKind
from workflows.notifications import tell

AT_ONCE = 500
# Whoever writes line by line is not told of line by line.
AGAIN_AFTER = timedelta(minutes=1)
KINDS = ("message.created", "conversation.created", "conversation.assigned")


def listen(stop: threading.Event) -> None:
    """The worker's: every workspace where something happened since."""
    for business_id, feed_seq in Business.objects.filter(listened=None).values_list("pk", "feed_seq"):
        Listened.objects.get_or_create(business_id=business_id, defaults={"feed_seq": feed_seq})
    behind = Listened.objects.filter(feed_seq__lt=F("business__feed_seq"))
    for business_id in list(behind.values_list("pk", flat=True)):
        while not stop.is_set() and _read_on(business_id):
            pass


def _read_on(business_id: UUID) -> bool:
    """A batch of one workspace's feed; whether there may be more of it."""
    with transaction.atomic():
        place = Listened.objects.select_for_update(skip_locked=True).filter(pk=business_id).first()
        if place is None:
            return False  # another worker reads it
        events = list(
            FeedEvent.objects.filter(business_id=business_id, seq__gt=place.feed_seq).order_by("seq")[:AT_ONCE]
        )
        if not events:
            return False
        told = _news(business_id, [event for event in events if event.kind in KINDS])
        place.feed_seq = events[-1].seq
        place.save(update_fields=["feed_seq"])
        if told:
            tell(business_id, told)
    return len(events) == AT_ONCE


def _news(business_id: UUID, events: Sequence[FeedEvent]) -> set[UUID]:
    """Store it; returns whom it is news to."""
    now = timezone.now()
    messages = Message.objects.filter(
        pk__in=[event.message_id for event in events if event.kind == "message.created" and event.message_id],
        sender_type=SenderType.CUSTOMER,
    )
    written = list(messages.values_list("conversation_id", "conversation__merged_into_id", "seq"))
    opened = _conversations(events, "conversation.created")
    taken = _conversations(events, "conversation.assigned")
    told = _store_messages(_about_messages(business_id, written, now))
    told |= _about_new(business_id, opened, now)
    return told | _forget_taken(taken, now)


def _conversations(events: Sequence[FeedEvent], kind: str) -> set[UUID]:
    return {event.conversation_id for event in events if event.kind == kind and event.conversation_id}


def _about_messages(
    business_id: UUID, written: Sequence[tuple[UUID, UUID | None, int]], now: datetime
) -> list[Notification]:
    """For who has or follows the conversation that shows it, and has not read so far. One for each of them.

    written: conversations, what they are merged into, and the numbers of the messages.
    """
    shown = {into or pk for pk, into, _seq in written}
    if not shown:
        return []
    listeners: dict[UUID, set[UUID]] = {pk: set() for pk in shown}
    having = Conversation.objects.filter(pk__in=shown, assignee__isnull=False).values_list("pk", "assignee_id")
    following = Follower.objects.filter(conversation__in=shown).values_list("conversation_id", "user_id")
    for pk, user_id in [*having, *following]:
        listeners[pk].add(user_id)
    marks = ReadMark.objects.filter(conversation__in={pk for pk, _into, _seq in written})
    read = {(pk, user_id): seq for pk, user_id, seq in marks.values_list("conversation_id", "user_id", "seq")}
    news = {
        (into or pk, user_id)
        for pk, into, seq in written
        for user_id in listeners[into or pk]
        if read.get((pk, user_id), 0) < seq
    }
    return [_row(business_id, user_id, pk, NotificationKind.MESSAGE, now) for pk, user_id in sorted(news)]


def _store_messages(told: Sequence[Notification]) -> set[UUID]:
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
            f" DO UPDATE SET {changes} WHERE {table}.created_at < %s RETURNING user_id",
            [*values, connection.ops.adapt_datetimefield_value(told[0].created_at - AGAIN_AFTER)],
        )
        return {rows.as_id(user_id) for (user_id,) in cursor.fetchall()}


def _about_new(business_id: UUID, opened: set[UUID], now: datetime) -> set[UUID]:
    """For the team that it is for, else everybody. Where Theo answers, it says when a person is needed."""
    if not opened or answers_by_itself().filter(business_id=business_id).exists():
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
    return {row.user_id for row in told}


def _forget_taken(taken: set[UUID], now: datetime) -> set[UUID]:
    """Somebody has it now: that nobody had it is no news any more. Returns who had not read it."""
    told = Notification.objects.unread().filter(kind=NotificationKind.UNASSIGNED, conversation__in=taken)
    told = told.filter(conversation__assignee__isnull=False)
    user_ids = set(told.values_list("user_id", flat=True)) if taken else set()
    if user_ids:
        told.update(read_at=now)
    return user_ids


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
