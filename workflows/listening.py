"""Who is told of what customers write: read from the feed, a moment later, so that no message waits for it.

Whoever has a conversation or follows it hears of each new message; where nobody is to answer, its team hears, else
everybody: but for those who have read it by then, as whoever looks at it does. Each workspace's feed is read once, in
order, on from where the last reading ended; those of many together, in as many questions as one.
"""

import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
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
# A whole team is told again of what none of them has looked at.
ANEW_AFTER = timedelta(minutes=15)
KINDS = ("message.created", "conversation.assigned", "conversation.updated")

# What asks for anybody.
ASKING = [NotificationKind.UNASSIGNED, NotificationKind.TEAM, NotificationKind.WOKE, NotificationKind.HANDOFF]


def _is_there(assignee: str) -> Exists:
    """Whether somebody has it who has not left. assignee: the name of the column."""
    there = Membership.objects.filter(business=OuterRef("business"), user=OuterRef(assignee), is_active=True)
    return Exists(there.filter(user__is_active=True))


# Of that, what needs nobody any more.
OVER = Q(kind__in=ASKING, conversation__status__in=[Status.RESOLVED, Status.CLOSED]) | (
    Q(_is_there("conversation__assignee"), kind__in=[NotificationKind.UNASSIGNED, NotificationKind.TEAM])
    | Q(_is_there("conversation__assignee"), ~Q(conversation__assignee=F("user")), kind=NotificationKind.WOKE)
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
    rows.update([left[pk] for pk in {event.business_id for event in events}], ["feed_seq"])
    for business_id, its in groupby(sorted(told), key=itemgetter(0)):
        tell(business_id, {user_id for _business, user_id in its})
    return len(events) == AT_ONCE


def _news(events: Sequence[FeedEvent]) -> Told:
    """Store it; returns whom it is news to."""
    now = timezone.now()
    changed = {event.conversation_id for event in events if event.kind != "message.created" and event.conversation_id}
    told = _forget(changed, now)
    created = [event.message_id for event in events if event.kind == "message.created" and event.message_id]
    news = _written_news(_written()(ids=created)) if created else []
    told |= _store_messages([_row(each, NotificationKind.MESSAGE, now) for each in news if not each.asks])
    return told | _store_asking([each for each in news if each.asks], now)


@dataclass(frozen=True, slots=True)
class _News:
    """A conversation where a customer has written what somebody has not read. asks: nobody is to answer there."""

    business_id: UUID
    conversation_id: UUID
    user_id: UUID
    asks: bool


def _written_news(written: Sequence[tuple[UUID, UUID | None, int, datetime | None]]) -> list[_News]:
    """One for each conversation that shows it and each person who is to hear of it.

    written: conversations, what they are merged into, the numbers of the messages, and since when they wait.
    """
    shown = {into or pk for pk, into, _seq, _since in written}
    standing = {each.pk: each for each in _standing()(ids=list(shown))} if shown else {}
    listeners: dict[UUID, set[Any]] = {
        pk: {each.assignee_id} if each.is_there else set()  # type: ignore[attr-defined]
        for pk, each in standing.items()
    }
    for pk, user_id in _following()(ids=list(standing)) if standing else []:
        listeners[pk].add(user_id)
    waiting = {into or pk for pk, into, _seq, since in written if since}
    asked = _asked([each for pk, each in standing.items() if pk in waiting])
    marks = _marks()(ids=[pk for pk, _into, _seq, _since in written]) if standing else []
    read = {(pk, user_id): seq for pk, user_id, seq in marks}
    news = {
        _News(standing[shows].business_id, shows, user_id, user_id not in listeners[shows])
        for pk, into, seq, _since in written
        if (shows := into or pk) in standing
        for user_id in listeners[shows] | asked.get(shows, set())
        if read.get((pk, user_id), 0) < seq
    }
    return sorted(news, key=attrgetter("conversation_id", "user_id"))


def _asked(standing: Iterable[Conversation]) -> dict[UUID, set[UUID]]:
    """Who may take up what waits where nobody is to answer: its team, else everybody.

    Where Theo answers by itself it says when a person is needed; where a person has come before, it leaves it to them.
    """
    left = [each for each in standing if not each.is_there and not each.is_done]  # type: ignore[attr-defined]
    if not left:
        return {}
    business_ids = {each.business_id for each in left}
    theos = set(answers_by_itself().filter(business__in=business_ids).values_list("business_id", flat=True))
    members = Membership.objects.filter(business__in=business_ids, is_active=True)
    people: dict[UUID, set[UUID]] = {}
    for whose, user_id in [
        *members.values_list("business_id", "user_id"),
        *members.filter(teams__in={each.team_id for each in left} - {None}).values_list("teams", "user_id"),
    ]:
        people.setdefault(whose, set()).add(user_id)
    return {
        each.pk: people.get(each.team_id) or people.get(each.business_id, set())  # type: ignore[arg-type]
        for each in left
        if each.business_id not in theos or each.handoff_reason or each.first_response_at
    }


def _store_asking(news: Sequence[_News], now: datetime) -> Told:
    """Once for each person until they have read it, or are told anew; returns whom it is news to."""
    if not news:
        return set()
    unread = _unread_asking()(ids=list({each.conversation_id for each in news}))
    known = {(row.conversation_id, row.user_id): row for row in unread}
    rows_of = [(each, known.get((each.conversation_id, each.user_id))) for each in news]
    new = [_row(each, NotificationKind.UNASSIGNED, now) for each, row in rows_of if row is None]
    old = [row for _each, row in rows_of if row and row.created_at < now - ANEW_AFTER]
    Notification.objects.bulk_create(new, batch_size=AT_ONCE)
    Notification.objects.unread().filter(pk__in=[row.pk for row in old]).update(
        created_at=now, push_due_at=now, mail_due_at=now
    )
    return {(row.business_id, row.user_id) for row in [*new, *old]}


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
def _written() -> "QuerySet[Message, tuple[UUID, UUID | None, int, datetime | None]]":
    messages = Message.objects.filter(Among("id", Given("ids")), sender_type=SenderType.CUSTOMER)
    return messages.values_list("conversation_id", "conversation__merged_into_id", "seq", "conversation__waiting_since")


@prepared
def _standing() -> "QuerySet[Conversation]":
    """`is_there`: its assignee is."""
    asked = Conversation.objects.filter(Among("id", Given("ids")), spam_at=None)
    return asked.annotate(is_there=_is_there("assignee"))


@prepared
def _unread_asking() -> "QuerySet[Notification]":
    return Notification.objects.unread().filter(Among("conversation_id", Given("ids")), kind__in=ASKING)


@prepared
def _following() -> "QuerySet[Follower, tuple[UUID, Any]]":
    following = Follower.objects.filter(Among("conversation_id", Given("ids")))
    return following.values_list("conversation_id", "user_id")


@prepared
def _marks() -> "QuerySet[ReadMark, tuple[UUID, Any, int]]":
    marks = ReadMark.objects.filter(Among("conversation_id", Given("ids")))
    return marks.values_list("conversation_id", "user_id", "seq")


def _row(news: _News, kind: NotificationKind, now: datetime) -> Notification:
    return Notification(
        business_id=news.business_id,
        user_id=news.user_id,
        conversation_id=news.conversation_id,
        kind=kind,
        created_at=now,
        push_due_at=now,
        mail_due_at=now,
    )
