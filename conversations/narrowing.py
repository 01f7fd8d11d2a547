"""Conversations as the API lists them: all, or a list of the inbox, narrowed by what else can be asked of one."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, QuerySet

from accounts.models import User
from businesses.reading import READER, as_reader
from conversations.lists import Listing, named
from conversations.models import Conversation, ConversationQuerySet
from conversations.saved_views.filters import FIELDS, question
from conversations.selectors import with_newest, with_tags
from conversations.sorting import Part, Sort, window_of
from foundation.prepared import Given, Prepared, prepared

# Fields of saved_views/filters.py, each with what it is.
Asked = tuple[tuple[str, str | UUID], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What tells one question from another, whoever asks; ids are told when it is asked, and have "" here.

    listing: the name of a list, "" = none, or a view, whose conditions change. spam: only what is.
    """

    listing: str = ""
    asked: tuple[tuple[str, str], ...] = ()
    spam: bool = False


def narrowed(
    user: User,
    *,
    window: slice,
    listing: Listing | None = None,
    asked: Asked = (),
    spam: bool = False,
    sort: str | None = None,
) -> list[Conversation]:
    """The user's conversations with what the API shows of them.

    listing: None = everything but spam. spam: only that. sort: None = as the list is usually.
    """
    ids = {name: value for name, value in asked if isinstance(value, UUID)}
    view = listing.view if listing else None
    shape = Shape(
        listing=listing.name if listing and not view else "",
        asked=tuple((name, "" if isinstance(value, UUID) else value) for name, value in asked),
        spam=spam,
    )
    given = {**as_reader(user), **ids}
    order = listing.order(sort or listing.usual) if listing else sort or Sort.NEWEST
    mine = _rows(shape).filter(question(user, view.filter)) if view else None

    def read(part: Part, where: slice) -> list[Conversation]:
        if mine is None:
            return page_question(shape, part, where.start, where.stop)(**given)
        return Prepared(_page(mine, part)[where])(**given)

    def count(part: Part) -> int:
        length = length_question(shape, part) if mine is None else Prepared(_length(mine, part))
        return next((number for (number,) in length(**given)), 0)

    return with_tags(with_newest(window_of(read, count, order, window)))


@prepared
def page_question(shape: Shape, part: Part, start: int, stop: int) -> ConversationQuerySet:
    return _page(_rows(shape), part)[start:stop]


@prepared
def length_question(shape: Shape, part: Part) -> "QuerySet[Conversation, tuple[int]]":
    return _length(_rows(shape), part)


def _rows(shape: Shape) -> ConversationQuerySet:
    rows = named(shape.listing).rows(READER) if shape.listing else Conversation.objects.visible_to(READER)
    if shape.spam or not shape.listing:
        rows = rows.filter(spam_at__isnull=not shape.spam)
    for name, value in shape.asked:
        rows = rows.filter(FIELDS[name].ask(READER, value or Given(name)))
    return rows


def _page(rows: ConversationQuerySet, part: Part) -> ConversationQuerySet:
    rows = part.of(rows).with_unread(READER).with_others()
    return rows.select_related("customer", "last_message__sender", "stored_receipts")


def _length(rows: ConversationQuerySet, part: Part) -> "QuerySet[Conversation, tuple[int]]":
    return part.of(rows).order_by().values("business").annotate(count=Count("pk")).values_list("count")
