"""Search as people mean it: the best hits first, page by page, only what the searcher may see.

Without `type`, the first page begins with a few people and articles; then comes what was said: the words side by side,
then all of them, then the last one just begun, each newest first.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from accounts.models import User
from businesses.models import Membership
from businesses.selectors import membership_of
from conversations.models import ChannelType, Conversation, ConversationTag, Message, Note, SenderType, Status
from conversations.search.engines import engine
from conversations.search.models import SearchEntry, Shelf
from conversations.search.persons import words_of_person
from conversations.search.query import MAX_QUERY, Query, parse
from conversations.search.snippets import snippet_of
from conversations.search.sources import SOURCES, Found
from conversations.search.words import Words, words_of
from foundation.errors import Unprocessable

# Of people and articles, before what was said.
THINGS_FIRST = 5
# Whom `from:` may mean.
MOST_MEANT = 50

_CURSOR = re.compile(r"([tp])([0-3])_([0-9]{1,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """snippet: plain text, what matches between U+E000 and U+E001."""

    type: str
    id: UUID
    found: Found
    snippet: str


def search(
    user: User, text: str, *, type: str = "", cursor: str | None = None, limit: int
) -> tuple[list[Hit], str | None]:
    """One page of hits, and the cursor of the next.

    A page may be short, or empty, and have a next one: then so much was looked at that it is time to answer.
    Raises Unprocessable: the text is too long or says nothing, an operator's value is none, or the cursor is not ours.
    """
    membership = membership_of(user)
    if membership is None:
        return [], None
    if len(text) > MAX_QUERY:
        raise Unprocessable(_("At most %(most)d characters.") % {"most": MAX_QUERY}, field="q", source="query")
    query = parse(text)
    if not query.terms and not query.operators:
        raise Unprocessable(_("Say what to look for."), field="q", source="query", kind="string_too_short")
    finder = Finder(user=user, membership=membership, query=query, type=type)
    entries, following = finder.page(cursor, limit)
    return list(finder.brought(entries)), following


class Finder:
    """One search."""

    def __init__(self, *, user: User, membership: Membership, query: Query, type: str) -> None:
        self.user, self.business_id, self.query, self.type = user, membership.business_id, query, type
        self.engine = engine()
        self.conditions = [self._condition(name, value) for name, value in query.operators]

    def page(self, cursor: str | None, limit: int) -> tuple[list[SearchEntry], str | None]:
        steps = list(self._steps())
        at, below = self._place(cursor, steps)
        entries: list[SearchEntry] = []
        for number in range(at, len(steps)):
            shelf, rank, words, most = steps[number]
            wanted = min(limit - len(entries), most)
            part = self.engine.find(
                self._rows(shelf),
                business_id=self.business_id,
                shelf=shelf,
                words=words,
                below=below,
                limit=wanted,
                is_narrowed=bool(self.type or self.conditions),
            )
            entries += part.entries
            is_first_few = most < limit
            if part.below and not is_first_few:
                return entries, f"{shelf}{rank}_{part.below}"
            if len(entries) == limit:
                following = steps[number + 1 : number + 2]
                return entries, f"{following[0][0]}{following[0][1]}_0" if following else None
            below = None
        return entries, None

    def brought(self, entries: list[SearchEntry]) -> Iterator[Hit]:
        """As people see them. What was deleted since it was found is left out."""
        shown: dict[UUID, Found] = {}
        for kind in {entry.kind for entry in entries} & SOURCES.keys():
            ids = [entry.object_id for entry in entries if entry.kind == kind]
            shown |= SOURCES[kind].bring(self.user, ids)
        for entry in entries:
            if found := shown.get(entry.object_id):
                snippet = snippet_of(found.text, self.query)
                yield Hit(type=entry.kind, id=entry.object_id, found=found, snippet=snippet)

    def _steps(self) -> Iterator[tuple[Shelf, int, Words | None, int]]:
        """Where to look, in order: shelf, rank, words, and at most how many from there."""
        ranks: list[Words | None] = [*self.query.ranks()] or [None]
        most = 10**6
        shelves = {SOURCES[self.type].shelf} if self.type else set(Shelf)
        if Shelf.THINGS in shelves and not self.conditions:  # operators are about what was said
            yield from (
                (Shelf.THINGS, rank, words, most if self.type else THINGS_FIRST)
                for rank, words in enumerate(self._of_things(ranks))
            )
        if Shelf.TALK in shelves:
            yield from ((Shelf.TALK, rank, words, most) for rank, words in enumerate(ranks))

    def _of_things(self, ranks: list[Words | None]) -> list[Words | None]:
        """Whom a telephone number means comes before whatever else holds it."""
        person = words_of_person(tuple(self.query.words))
        if person is None:
            return ranks
        return [person, *(replace(words, without=(*words.without, person)) for words in ranks if words)]

    def _place(self, cursor: str | None, steps: list[tuple[Shelf, int, Words | None, int]]) -> tuple[int, int | None]:
        if not cursor:
            return 0, None
        if match := _CURSOR.fullmatch(cursor):
            for number, (shelf, rank, _words, _most) in enumerate(steps):
                if (shelf, rank) == (match[1], int(match[2])):
                    return number, int(match[3]) or None
        raise Unprocessable(_("Not a cursor of ours."), field="cursor", source="query")

    def _rows(self, shelf: Shelf) -> QuerySet[SearchEntry]:
        rows = SearchEntry.objects.all()
        if self.type:
            rows = rows.filter(kind=self.type)
        for condition in self.conditions:
            rows = rows.filter(condition)
        return rows

    def _condition(self, name: str, value: str) -> Q:
        conditions: dict[str, Callable[[str], Q]] = {
            "from": self._from,
            "tag": self._tag,
            "channel": self._channel,
            "status": self._status,
            "before": lambda value: Q(at__lt=self._day(value, "before")),
            "after": lambda value: Q(at__gte=self._day(value, "after")),
        }
        return conditions[name](value)

    def _from(self, value: str) -> Q:
        """Who wrote it: `me`, `agent`, `customer`, or somebody of that name, Theo as well."""
        said = Message.objects.filter(pk=OuterRef("object_id"))
        noted = Note.objects.filter(pk=OuterRef("object_id"))
        if value.lower() == SenderType.CUSTOMER:
            return Q(Exists(said.filter(sender_type=SenderType.CUSTOMER)))
        if value.lower() == SenderType.AGENT:
            return Q(Exists(said.filter(sender_type=SenderType.AGENT))) | Q(Exists(noted))
        if value.lower() == "me":
            return self._by(said, noted, [self.user.pk])
        members = Membership.objects.filter(business_id=self.business_id).filter(
            Q(user__full_name__icontains=value) | Q(user__email__istartswith=value)
        )
        agents = list(members.values_list("user_id", flat=True)[:MOST_MEANT])
        customers = self._customers(value)
        theirs = said.filter(sender_type=SenderType.CUSTOMER, conversation__customer_id__in=customers)
        found = self._by(said, noted, agents) | Q(Exists(theirs))
        return found | Q(Exists(said.filter(ai_sources__isnull=False))) if value.lower() == "theo" else found

    def _by(self, said: QuerySet[Message], noted: QuerySet[Note], agents: list[UUID]) -> Q:
        return Q(Exists(said.filter(sender_id__in=agents))) | Q(Exists(noted.filter(author_id__in=agents)))

    def _tag(self, value: str) -> Q:
        tagged = ConversationTag.objects.filter(conversation_id=OuterRef("conversation_id"))
        return Q(Exists(tagged.filter(tag__name__iexact=value)))

    def _customers(self, value: str) -> list[UUID]:
        words = words_of(value)
        if not words:
            return []
        part = self.engine.find(
            SearchEntry.objects.filter(kind="customer"),
            business_id=self.business_id,
            shelf=Shelf.THINGS,
            words=words_of_person(words) or Words(tuple((word,) for word in words), is_begun=True),
            below=None,
            limit=MOST_MEANT,
            is_narrowed=True,
        )
        return [entry.object_id for entry in part.entries]

    def _status(self, value: str) -> Q:
        return self._of_conversation("status", self._one_of(Status.values, value, "status"))

    def _channel(self, value: str) -> Q:
        return self._of_conversation("channel_type", self._one_of(ChannelType.values, value, "channel"))

    def _of_conversation(self, column: str, value: str) -> Q:
        return Q(Exists(Conversation.objects.filter(pk=OuterRef("conversation_id"), **{column: value})))

    def _one_of(self, values: list[str], value: str, name: str) -> str:
        if value.lower() in values:
            return value.lower()
        told = {"name": name, "values": ", ".join(values)}
        raise Unprocessable(_("%(name)s: is one of %(values)s.") % told, field="q", source="query")

    def _day(self, value: str, name: str) -> datetime:
        """The beginning of a day where the searcher is."""
        try:
            day = parse_date(value)
        except ValueError:
            day = None
        if day is None or day.year < 1900:
            raise Unprocessable(_("%(name)s: takes a day like 2026-03-31.") % {"name": name}, field="q", source="query")
        return timezone.make_aware(datetime.combine(day, time.min))
