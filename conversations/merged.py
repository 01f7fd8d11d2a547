"""What is said in the conversations that are merged into one, for its thread: between its own messages, by the time."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import takewhile
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from conversations.asides import Asides, Line, Words, words_of
from conversations.models import Conversation, Message, Note, ReadMark, SenderType
from conversations.pages import Entry, entries_of

# Between two ends of a window; the older ones are where they are.
MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """A message of a merged conversation. about: that one. after_seq: of the message of the other that it follows."""

    id: UUID
    about: Conversation
    after_seq: int
    entry: Entry
    created_at: datetime


def with_merged(
    asides: Asides, conversation: Conversation, entries: Sequence[Entry], first: int, last: int | None
) -> Asides:
    """The asides, and what was said elsewhere behind the messages from `first` to `last`, each in order of time.

    entries: those messages, the first one itself or only what follows it.
    """
    places = [(entry.message.seq, entry.message.created_at) for entry in entries]
    ends = {seq for seq in (first, last and last + 1) if seq} - {seq for seq, _at in places}
    times = dict(conversation.messages.filter(seq__in=ends).values_list("seq", "created_at")) if ends else {}
    if not places or places[0][0] != first:
        places.insert(0, (first, times.get(first, datetime.min.replace(tzinfo=UTC))))
    span = Q(created_at__gte=places[0][1])
    if last is not None and last + 1 in times:
        span &= Q(created_at__lt=times[last + 1])
    sources = Conversation.objects.filter(merged_into=conversation).select_related("customer", "stored_receipts")
    by_id = sources.in_bulk()
    found: dict[int, list[Line | Words | Elsewhere]] = defaultdict(list)
    for seq, those in asides.items():
        found[seq] += those

    def place_of(moment: datetime) -> int:
        return places[max(bisect_right(places, moment, key=lambda place: place[1]) - 1, 0)][0]

    for source_id, messages in _messages(by_id, span).items():
        for entry in entries_of(by_id[source_id], messages, None):
            entry.day, entry.same = None, False
            at = entry.message.created_at
            found[place_of(at)].append(
                Elsewhere(
                    id=entry.message.pk,
                    about=by_id[source_id],
                    after_seq=place_of(at),
                    entry=entry,
                    created_at=at,
                )
            )
    notes = Note.objects.filter(span, conversation__in=by_id).select_related("author").prefetch_related("mentioned")
    for note in notes:
        seq = place_of(note.created_at)
        found[seq].append(replace(words_of(note), after_seq=seq))
    return {seq: sorted(those, key=lambda each: (each.created_at, each.id)) for seq, those in found.items()}


def mark_first_new(reader: User, entries: Sequence[Entry], asides: Asides) -> None:
    """`New` goes above the oldest of the customer's last messages, wherever they wrote them, that nobody has answered
    and the reader has not read.

    entries, asides: of the end of the thread, as `with_merged` put them together.
    """
    places = [((entry.message.seq, -1), entry) for entry in entries]
    for seq, those in asides.items():
        places += [((seq, at), each.entry) for at, each in enumerate(those) if isinstance(each, Elsewhere)]
    placed = [entry for _place, entry in sorted(places, key=lambda each: each[0], reverse=True)]
    waiting = list(takewhile(lambda entry: entry.message.sender_type == SenderType.CUSTOMER, placed))
    marks = ReadMark.objects.filter(user=reader, conversation__in={each.message.conversation_id for each in waiting})
    read = dict(marks.values_list("conversation_id", "seq"))
    unread = [each for each in waiting if each.message.seq > read.get(each.message.conversation_id, 0)]
    if unread:
        unread[-1].new = True


def _messages(sources: dict[UUID, Conversation], span: Q) -> dict[UUID, list[Message]]:
    """The newest MOST, by their conversations, rising."""
    rows = Message.objects.filter(span, conversation__in=sources).select_related("sender")
    found = defaultdict(list)
    for message in reversed(rows.order_by("-created_at", "-pk")[:MOST]):
        found[message.conversation_id].append(message)
    return found
