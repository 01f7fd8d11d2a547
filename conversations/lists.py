"""The inbox's lists: which there are, what is in them, and in which order."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Left
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from businesses.models import Team
from businesses.reading import READER, as_reader
from conversations import selectors
from conversations.hues import hue_of
from conversations.models import (
    ChannelType,
    Conversation,
    ConversationQuerySet,
    Mention,
    ReplyDraft,
    Status,
    Tag,
    TagColor,
)
from conversations.names import Named, names_of
from conversations.saved_views import services as saved_views
from conversations.saved_views.filters import FIELDS, question
from conversations.saved_views.models import SavedView
from conversations.search.query import MAX_QUERY
from conversations.sorting import MENTIONED, Part, Sort, page_of
from foundation.ids import parse_id
from foundation.prepared import Prepared, prepared

# On a page, and so many more at once for who scrolls on.
ROWS, MORE = 50, 150
# Characters of a draft in its row.
DRAFT_SHOWN = 140

# Of a search, and what may follow them.
OPERATORS = (
    ("from", _("a name, me, agent or customer")),
    ("tag", _("a tag")),
    ("channel", _("email, whatsapp, widget …")),
    ("status", _("open, pending, resolved or closed")),
    ("before", _("a day like 2026-03-31")),
    ("after", _("a day")),
)


EMPTY = _("Nothing is in this list.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One list of the inbox.

    status: None = any. asks: what else its conversations have in common, for a reader. is_own: for another reader those
    are others. is_spam: of what was marked so, which no other list has. newest: its order by `Sort.NEWEST`. empty: what
    it says when there is nothing in it. channel_type: whose sign stands for it. hue: of a tag.
    """

    name: str
    title: str | Promise
    icon: str = ""
    status: Status | None = Status.OPEN
    asks: Callable[[User], Q] = lambda _user: Q()
    is_own: bool = False
    empty: str | Promise = EMPTY
    channel_type: str = ""
    hue: int = 0
    is_named_by_people: bool = False
    is_spam: bool = False
    newest: str = Sort.NEWEST
    view: SavedView | None = None

    @property
    def usual(self) -> Sort:
        return Sort(self.view.sort) if self.view else Sort.NEWEST

    def order(self, sort: str) -> str:
        """Of `sorting`."""
        return self.newest if sort == Sort.NEWEST else sort

    def rows(self, user: User) -> ConversationQuerySet:
        """What is in it, for a reader who is told when it is asked for (businesses/reading.py)."""
        rows = Conversation.objects.visible_to(READER).filter(self.belongs(user))
        return _with_mention(rows) if self.newest == MENTIONED else rows

    def belongs(self, user: User) -> Q:
        asked = (Q(status=self.status) if self.status else Q()) & self.asks(user)
        # Spam is closed: where nothing closed is, no look is needed.
        return asked & Q(spam_at__isnull=not self.is_spam) if self.status in {None, Status.CLOSED} else asked


LISTS = {
    listing.name: listing
    for listing in (
        Listing(
            name="mine",
            title=_("Mine"),
            icon="user",
            asks=lambda user: Q(assignee_id=user.pk),
            is_own=True,
            empty=_("Nothing of yours is open."),
        ),
        Listing(
            name="unassigned",
            title=_("Unassigned"),
            icon="user-plus",
            asks=lambda _user: Q(assignee_id=None),
            empty=_("Every open conversation has somebody."),
        ),
        Listing(
            name="open",
            title=_("All open"),
            icon="inbox",
            empty=_("Every conversation is answered. What comes in shows here at once."),
        ),
        Listing(
            name="mentions",
            title=_("Mentions"),
            icon="at-sign",
            status=None,
            asks=lambda user: FIELDS["mentioned"].ask(user, "yes"),
            is_own=True,
            newest=MENTIONED,
            empty=_("Nobody has asked for you in a note yet."),
        ),
        Listing(
            name="handoffs",
            title=_("Handed over"),
            icon="hand",
            status=None,
            asks=lambda _user: Q(handoff_at__isnull=False),
            empty=_("Nobody waits for a person. What Theo hands over shows here."),
        ),
        Listing(
            name="not_sent",
            title=_("Not sent"),
            icon="triangle-alert",
            status=None,
            asks=lambda _user: Q(not_sent_at__isnull=False),
            empty=_(
                "Everything went out. What does not reach a customer shows here until it is sent again or resolved."
            ),
        ),
        Listing(
            name="pending",
            title=_("Pending"),
            icon="clock",
            status=Status.PENDING,
            asks=lambda _user: Q(snoozed_until=None),
            empty=_("Nothing waits. A conversation that you park comes back when the customer writes."),
        ),
        Listing(
            name="snoozed",
            title=_("Snoozed"),
            icon="alarm-clock",
            status=Status.PENDING,
            asks=lambda _user: Q(snoozed_until__isnull=False),
            empty=_("Nothing sleeps. What you snooze comes back at its time, or when the customer writes."),
        ),
        Listing(
            name="resolved",
            title=_("Resolved"),
            icon="circle-check",
            status=Status.RESOLVED,
            empty=_("What you resolve is kept here, and opens again when the customer writes."),
        ),
        Listing(
            name="closed",
            title=_("Closed"),
            icon="archive",
            status=Status.CLOSED,
            empty=_("Nothing is closed."),
        ),
        Listing(
            name="spam",
            title=_("Spam"),
            icon="circle-alert",
            status=Status.CLOSED,
            is_spam=True,
            empty=_("Nothing is spam. What you mark so is kept here, and nobody is told when more of it comes."),
        ),
        Listing(name="all", title=_("Everything"), icon="layers", status=None, empty=_("Nobody has written yet.")),
    )
}
DEFAULT = LISTS["open"]
TEAM, CHANNEL, TAG, VIEW = "team-", "channel-", "tag-", "view-"


def team_listing(team_id: UUID, title: str) -> Listing:
    """A team's open conversations, whoever of it has them."""
    return Listing(
        name=f"{TEAM}{team_id}",
        title=title,
        icon="users",
        asks=lambda _user: Q(team_id=team_id),
        empty=_("Nothing of this team is open."),
        is_named_by_people=True,
    )


def channel_listing(channel_id: UUID, channel_type: str, account: str = "") -> Listing:
    """account: what tells it from others of its type, "" where there is no other."""
    return Listing(
        name=f"{CHANNEL}{channel_id}",
        title=f"{ChannelType(channel_type).label} {account}".strip(),
        asks=lambda _user: Q(channel_id=channel_id),
        empty=_("Nothing of this channel is open."),
        channel_type=channel_type,
        is_named_by_people=bool(account),
    )


def channel_listings(channels: list[Named]) -> list[Listing]:
    types = [each.name for each in channels]
    return [channel_listing(each.pk, each.name, each.more if types.count(each.name) > 1 else "") for each in channels]


def tag_listing(tag_id: UUID, title: str, color: str) -> Listing:
    return Listing(
        name=f"{TAG}{tag_id}",
        title=title,
        asks=lambda user: FIELDS["tag"].ask(user, tag_id),
        empty=_("Nothing with this tag is open."),
        hue=hue_of(color),
        is_named_by_people=True,
    )


def view_listing(view: SavedView) -> Listing:
    return Listing(
        name=f"{VIEW}{view.pk}",
        title=view.name,
        icon="list-filter",
        status=None,
        asks=lambda user: question(user, view.filter),
        is_own=True,
        is_named_by_people=True,
        view=view,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the reader is in the inbox: which list, in which order, and what is looked for."""

    listing: Listing
    sort: Sort = Sort.NEWEST
    q: str = ""

    @classmethod
    def of(cls, query: Any, user: User) -> "Place | None":
        """query: a QueryDict; an order that is none counts as not said. None: there is no such list."""
        listing = listing_called(query.get("list") or DEFAULT.name, user)
        if listing is None:
            return None
        asked = query.get("sort", "")
        q = query.get("q", "").strip().replace("\0", "")[:MAX_QUERY]
        return cls(listing=listing, sort=Sort(asked) if asked in Sort.values else listing.usual, q=q)

    @property
    def order(self) -> str:
        return self.listing.order(self.sort)

    def parts(self) -> dict[str, str]:
        return {
            "list": self.listing.name if self.listing.name != DEFAULT.name else "",
            "sort": self.sort if self.sort != self.listing.usual else "",
            "q": self.q,
        }


def listing_called(name: str, user: User) -> Listing | None:
    if name.startswith(TEAM) and (team_id := parse_id(name.removeprefix(TEAM))):
        team = Team.objects.visible_to(user).filter(pk=team_id).first()
        return team_listing(team.pk, team.name) if team else None
    if name.startswith(VIEW) and (view_id := parse_id(name.removeprefix(VIEW))):
        view = saved_views.view_for(user, view_id)
        return view_listing(view) if view else None
    if name.startswith(TAG) and (tag_id := parse_id(name.removeprefix(TAG))):
        tag = Tag.objects.visible_to(user).filter(pk=tag_id).first()
        return tag_listing(tag.pk, tag.name, tag.color) if tag else None
    if name.startswith(CHANNEL):
        return next((each for each in channel_listings(names_of(user).channels) if each.name == name), None)
    return LISTS.get(name)


def named(name: str) -> Listing:
    """The list of a name that `Listing` gave, for what it asks: of the reader's own names it has none."""
    kind, sep, rest = name.partition("-")
    made = {
        TEAM: lambda: team_listing(UUID(rest), ""),
        TAG: lambda: tag_listing(UUID(rest), "", TagColor.GRAY),
        CHANNEL: lambda: channel_listing(UUID(rest), ChannelType.WIDGET),
    }.get(kind + sep)
    return made() if made else LISTS[name]


def rows_of(user: User, place: Place, *, cursor: str | None, many: int = ROWS) -> tuple[list[Conversation], str | None]:
    """One page of a list and the cursor of the next. Raises Unprocessable for a cursor that is none of ours."""

    def read(part: Part, where: dict[str, Any]) -> list[Conversation]:
        is_view = place.listing.view is not None
        asked = _of_view(place, part, user, many) if is_view else question_of(place.listing.name, part, many)
        return asked(**as_reader(user), **where)

    rows, following = page_of(read, place.order, cursor=cursor, limit=many)
    return selectors.with_tags(selectors.with_newest(rows)), following


@prepared
def question_of(name: str, part: Part, many: int = ROWS) -> ConversationQuerySet:
    """What a list, other than a view, asks for: whatever tells it from others is in its name."""
    return _shown(part.of(named(name).rows(READER)))[: many + 1]


def _of_view(place: Place, part: Part, user: User, many: int) -> Prepared[Conversation]:
    """A view's conditions change, and are about the time of day."""
    return Prepared(_shown(part.of(place.listing.rows(user)))[: many + 1])


def _with_mention(rows: ConversationQuerySet) -> ConversationQuerySet:
    """`mention`: the reader's newest there."""
    newest = Mention.objects.filter(conversation=OuterRef("pk"), user_id=READER.pk).order_by("-pk").values("pk")[:1]
    return rows.annotate(mention=Subquery(newest))


def _shown(rows: ConversationQuerySet) -> ConversationQuerySet:
    """With everything that a row shows but its tags. `draft`: the beginning of the reader's own, None without one."""
    rows = rows.with_unread(READER).with_others()
    mine = ReplyDraft.objects.filter(conversation=OuterRef("pk"), user_id=READER.pk)
    rows = rows.annotate(draft=Subquery(mine.values(beginning=Left("content", DRAFT_SHOWN))))
    return rows.select_related("customer", "last_message__sender", "assignee", "team").only(
        *(
            "status",
            "channel_type",
            "priority",
            "waiting_since",
            "snoozed_until",
            "handoff_reason",
            "not_sent_at",
            "updated_at",
        ),
        *("customer__name", "customer__email", "assignee__full_name", "team__name"),
        *(f"last_message__{name}" for name in ("sender_type", "content", "attachments", "status", "deleted_at")),
        *(f"last_message__{name}" for name in ("ai_sources", "created_at", "sent_at", "sender__full_name")),
        *(f"assignee__{name}" for name in ("avatar_url", "avatar_version")),
    )
