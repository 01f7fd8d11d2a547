"""What the inbox's pages show of a conversation: a window of its thread, and how messages stand in it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet, prefetch_related_objects
from django.utils import timezone

from conversations.attachments import with_facts
from conversations.models import (
    ChannelType,
    Conversation,
    ConversationQuerySet,
    MailOriginal,
    Message,
    ScheduledMessage,
)
from conversations.selectors import conversations_of_person, messages_after, messages_before
from foundation.prepared import Given, prepared

WINDOW = 50
# So far from the end of a thread, what was found there is shown with all that came after it.
NEAR = 200
# Messages of one person this close together stand as one group.
GROUP_SECONDS = 300


@dataclass(slots=True, kw_only=True)
class Entry:
    """A message as it stands in the thread.

    status: what became of it. day: a mark goes above it. same: it continues the group before it.
    quoted: the message that it answers.
    """

    message: Message
    status: str
    day: date | None
    same: bool
    new: bool = False
    mail: MailOriginal | None = None
    quoted: Message | None = None


def window_before(conversation: Conversation, before: int | None) -> tuple[list[Entry], int | None]:
    """The newest messages (or those before `before`), rising, and where the earlier ones start, None at the top."""
    messages = messages_before(conversation, before, limit=WINDOW + 1)
    earlier = messages[:-WINDOW]
    shown = messages[-WINDOW:]
    entries = list(entries_of(conversation, shown, earlier[-1] if earlier else None))
    if entries:
        entries[0].day = _day(entries[0].message)
    return entries, shown[0].seq if earlier else None


def window_around(conversation: Conversation, at: int) -> tuple[list[Entry], int | None, int | None]:
    """The messages around one: all from a little before it to the end if that is near, else a window that stands still.

    Returns them, where the earlier ones start, and what the window ends before, None at the end of the thread.
    """
    if conversation.last_seq - at >= NEAR:
        before = at + WINDOW // 2
        return *window_before(conversation, before), before
    shown = messages_after(conversation, max(at - WINDOW // 2, 1) - 1, limit=NEAR + WINDOW)
    entries = list(entries_of(conversation, shown, None))
    return entries, shown[0].seq if shown and shown[0].seq > 1 else None, None


def window_after(conversation: Conversation, after: int, limit: int) -> list[Entry]:
    """The messages behind `after`, rising, each standing to the one before it."""
    messages = messages_after(conversation, max(after - 1, 0), limit=limit + 1)
    before = messages.pop(0) if after and messages and messages[0].seq <= after else None
    return list(entries_of(conversation, messages[:limit], before))


def entries_of(conversation: Conversation, messages: Sequence[Message], before: Message | None) -> Iterable[Entry]:
    """messages: of the conversation, rising. before: the one that the first of them stands to."""
    receipts = conversation.receipts
    mails = _mails(conversation, messages)
    quoted = _quoted(conversation, messages)
    day_before = _day(before) if before else None
    for message in messages:
        day = _day(message)
        status = message.status_with(receipts)
        yield Entry(
            message=message,
            status=status,
            day=day if day != day_before else None,
            same=day == day_before and _is_of_the_same(before, message),
            mail=mails.get(message.pk),
            quoted=quoted.get(message.quoted_seq),
        )
        before, day_before = message, day


def quoted_in(conversation: Conversation, seq: int) -> Message | None:
    return conversation.messages.select_related("sender").filter(seq=seq, deleted_at=None).first()


def _quoted(conversation: Conversation, messages: Sequence[Message]) -> dict[int | None, Message]:
    """Those that these answer, by their numbers; one query for those that are not among them."""
    wanted = {message.quoted_seq for message in messages if message.quoted_seq}
    found: dict[int | None, Message] = {message.seq: message for message in messages if message.seq in wanted}
    if missing := wanted - found.keys():
        rows = conversation.messages.select_related("sender").filter(seq__in=missing)
        found |= {message.seq: message for message in rows}
    return found


def _mails(conversation: Conversation, messages: Sequence[Message]) -> Mapping[UUID, MailOriginal]:
    """Without their HTML, which has a page of its own, but with whether it `has_far_pictures`."""
    if conversation.channel_type != ChannelType.EMAIL:
        return {}
    mails = MailOriginal.objects.defer("html", "pictures").annotate(has_far_pictures=Q(html__contains='src="http'))
    return mails.in_bulk([message.pk for message in messages])


def _is_of_the_same(before: Message | None, message: Message) -> bool:
    if before is None:
        return False
    near = (message.created_at - before.created_at).total_seconds() < GROUP_SECONDS
    return near and (before.sender_type, before.sender_id) == (message.sender_type, message.sender_id)


def _day(message: Message) -> date:
    return timezone.localtime(message.created_at).date()


def earlier_conversations(conversation: Conversation) -> list[Conversation]:
    """The customer's other ones, newest first, a handful."""
    customer = conversation.customer
    if customer is None:
        return []
    return earlier_question()(
        business=conversation.business_id, person=customer.person_id, conversation=conversation.pk
    )


@prepared
def earlier_question() -> ConversationQuerySet:
    others = conversations_of_person(Given("business"), Given("person")).exclude(pk=Given("conversation"))
    return others.select_related("last_message").order_by("-updated_at", "-id")[:5]


def mergeable(conversation: Conversation) -> list[Conversation]:
    """Those of the same person that it may be merged into, newest first, as many as one looks through."""
    if conversation.customer is None:
        return []
    others = conversations_of_person(conversation.business_id, conversation.customer.person_id)
    others = others.filter(merged_into=None).exclude(pk=conversation.pk)
    return list(others.select_related("last_message").order_by("-updated_at", "-id")[:20])


def scheduled_in(conversation: Conversation) -> list[ScheduledMessage]:
    """What waits to be sent, the next one first."""
    rows = _scheduled()(conversation=conversation.pk)
    prefetch_related_objects(rows, "files")
    return with_facts(rows)


@prepared
def _scheduled() -> "QuerySet[ScheduledMessage]":
    waiting = ScheduledMessage.objects.shown_in(Given("conversation"))
    return waiting.select_related("author").order_by("send_at", "pk")
