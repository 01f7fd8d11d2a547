"""The reader's lists beside the inbox, each with how many conversations are in it, and how many of them they have not
read. Every open inbox asks for this at every event: whatever there is, few questions and a bound to each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from businesses.models import Business
from businesses.reading import READER, as_reader
from businesses.selectors import membership_of
from conversations.lists import (
    LISTS,
    VIEW,
    Listing,
    channel_listings,
    named,
    tag_listing,
    team_listing,
    view_listing,
)
from conversations.models import Conversation, ConversationQuerySet, Status, unread_by
from conversations.names import names_of
from conversations.saved_views import services as saved_views
from conversations.saved_views.filters import question
from conversations.saved_views.models import SavedView
from conversations.saved_views.services import MOST_COUNTED
from foundation.prepared import Given, prepared

# The others are found in the builder of views, or by `tag:`.
MOST_TAGS = 12
# Whether they are unread is looked at for so many of the newest open ones: what a customer writes opens it, and is new.
MOST_LOOKED_AT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """count: up to MOST_COUNTED. more: there are further ones. unread: by the reader, of those that were looked at."""

    listing: Listing
    count: int
    more: bool
    unread: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Lists that belong together; the first has no title."""

    name: str
    title: str | Promise
    entries: list[Entry]


# Each is a few numbers; by workspace, position of its feed, and lists.
MOST_KEPT = 500
_kept: dict[tuple[UUID, int, tuple[str, ...]], list[int]] = {}
_keeping = Lock()


def groups_of(user: User) -> list[Group]:
    names = names_of(user)
    views = _views()(**as_reader(user))
    groups: list[tuple[str, str | Promise, list[Listing]]] = [
        ("inbox", "", list(LISTS.values())),
        ("views", _("Views"), [view_listing(view) for view in views]),
        ("teams", _("Teams"), [team_listing(team.pk, team.name) for team in names.teams]),
        ("tags", _("Tags"), [tag_listing(*tag) for tag in names.tags[:MOST_TAGS]]),
        ("channels", _("Channels"), channel_listings(names.channels)),
    ]
    listings = [listing for _name, _title, each in groups for listing in each if listing.view is None]
    alike = [listing.name for listing in listings if not listing.is_own]
    own = [listing.name for listing in listings if listing.is_own]
    counts = dict(zip(alike, _kept_counts(user, alike), strict=True)) | dict(zip(own, _counts(user, own), strict=True))
    found = {name: saved_views.Count(min(count, MOST_COUNTED), count > MOST_COUNTED) for name, count in counts.items()}
    of_views = saved_views.counts(user, [view.filter for view in views])
    found |= {f"{VIEW}{view.pk}": count for view, count in zip(views, of_views, strict=True)}
    unread = _unread(user, [*alike, *own]) | _unread_in_views(user, views)
    return [
        Group(
            name=name,
            title=title,
            entries=[
                Entry(
                    listing=each,
                    count=found[each.name].number,
                    more=found[each.name].more,
                    unread=unread.get(each.name, 0),
                )
                for each in listings
            ],
        )
        for name, title, listings in groups
    ]


@prepared
def _views() -> "QuerySet[SavedView]":
    return SavedView.objects.visible_to(READER).order_by("name", "pk")


def _kept_counts(user: User, names: Sequence[str]) -> list[int]:
    """Of lists that are alike for everybody, counted once for as long as nothing happens in the workspace."""
    membership = membership_of(user)
    assert membership is not None
    key = membership.business_id, membership.business.feed_seq, tuple(names)
    counts = _kept.get(key) or _counts(user, names)
    with _keeping:
        _kept.pop(key, None)
        _kept[key] = counts
        if len(_kept) > MOST_KEPT:
            del _kept[next(iter(_kept))]
    return counts


def _counts(user: User, names: Sequence[str]) -> list[int]:
    return list(_counted(*names)(**as_reader(user))[0])


@prepared
def _counted(*names: str) -> "QuerySet[Business, tuple[int, ...]]":
    rows = Conversation.objects.visible_to(READER)
    asked = {
        f"list_{number}": saved_views.counted(rows.filter(named(name).belongs(READER)))
        for number, name in enumerate(names)
    }
    return Business.objects.filter(pk=Given("business")).annotate(**asked).values_list(*asked)


def _unread(user: User, names: Sequence[str]) -> dict[str, int]:
    rows = _unread_counted(*names)(**as_reader(user))
    return dict(zip(names, rows[0], strict=True)) if rows else {}


@prepared
def _unread_counted(*names: str) -> "QuerySet[Conversation, tuple[int, ...]]":
    return _in_each(_newest_unread(READER), [named(name).belongs(READER) for name in names])


def _unread_in_views(user: User, views: Sequence[SavedView]) -> dict[str, int]:
    if not views:
        return {}
    rows = list(_in_each(_newest_unread(user), [question(user, view.filter) for view in views]))
    return dict(zip((f"{VIEW}{view.pk}" for view in views), rows[0], strict=True)) if rows else {}


def _newest_unread(user: User) -> ConversationQuerySet:
    newest = Conversation.objects.visible_to(user).filter(status=Status.OPEN).order_by("-updated_at", "-id")
    return Conversation.objects.filter(unread_by(user), pk__in=newest[:MOST_LOOKED_AT].values("pk"))


def _in_each(rows: ConversationQuerySet, questions: Sequence[Q]) -> "QuerySet[Conversation, tuple[int, ...]]":
    """One row with how many of them each question means; none when there are none."""
    asked = {f"list_{number}": Count("pk", filter=asked) for number, asked in enumerate(questions)}
    return rows.order_by().values("business_id").annotate(**asked).values_list(*asked)
