"""What the inbox's pages show: its lists, a window of a thread, and how messages stand in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import IntegerField, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from businesses.models import Business, Team
from businesses.selectors import membership_of
from conversations.models import Conversation, ConversationQuerySet, Message, Status
from conversations.search.query import MAX_QUERY
from conversations.selectors import inbox, messages_after, messages_before
from foundation.api import newest_page
from foundation.ids import parse_id

ROWS = 50
WINDOW = 50
# So far from the end of a thread, what was found there is shown with all that came after it.
NEAR = 200
MOST = 99
# Messages of one person this close together stand as one group.
GROUP_SECONDS = 300


# Of a search, and what may follow them.
OPERATORS = (
    ("from", _("a name, me, agent or customer")),
    ("channel", _("email, whatsapp, widget …")),
    ("status", _("open, pending, resolved or closed")),
    ("before", _("a day like 2026-03-31")),
    ("after", _("a day")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One list of the inbox. status: None = any. empty: what it says when there is nothing in it."""

    name: str
    title: str | Promise
    icon: str
    status: Status | None
    empty: str | Promise
    team_id: UUID | None = None


LISTS = {
    listing.name: listing
    for listing in (
        Listing(
            name="open",
            title=_("All open"),
            icon="inbox",
            status=Status.OPEN,
            empty=_("Every conversation is answered. What comes in shows here at once."),
        ),
        Listing(name="mine", title=_("Mine"), icon="user", status=Status.OPEN, empty=_("Nothing of yours is open.")),
        Listing(
            name="unassigned",
            title=_("Unassigned"),
            icon="user-plus",
            status=Status.OPEN,
            empty=_("Every open conversation has somebody."),
        ),
        Listing(
            name="handoffs",
            title=_("Handed over"),
            icon="hand",
            status=None,
            empty=_("Nobody waits for a person. What Theo hands over shows here."),
        ),
        Listing(
            name="pending",
            title=_("Pending"),
            icon="clock",
            status=Status.PENDING,
            empty=_("Nothing waits. A conversation that you park comes back when the customer writes."),
        ),
        Listing(
            name="resolved",
            title=_("Resolved"),
            icon="circle-check",
            status=Status.RESOLVED,
            empty=_("What you resolve is kept here, and opens again when the customer writes."),
        ),
        Listing(name="closed", title=_("Closed"), icon="archive", status=Status.CLOSED, empty=_("Nothing is closed.")),
        Listing(name="all", title=_("Everything"), icon="layers", status=None, empty=_("Nobody has written yet.")),
    )
}


TEAM = "team-"


def team_listing(team_id: UUID, title: str | Promise = "") -> Listing:
    """A team's open conversations, whoever of it has them."""
    return Listing(
        name=f"{TEAM}{team_id}",
        title=title or _("Team"),
        icon="users",
        status=Status.OPEN,
        empty=_("Nothing of this team is open."),
        team_id=team_id,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the reader is in the inbox: which list, and what is looked for."""

    listing: Listing
    q: str

    @classmethod
    def of(cls, query: Any) -> "Place":
        """query: a QueryDict; what is unknown in it counts as not said."""
        name = query.get("list", "")
        listing = LISTS.get(name, LISTS["open"])
        if name.startswith(TEAM) and (team_id := parse_id(name.removeprefix(TEAM))):
            listing = team_listing(team_id)
        return cls(listing=listing, q=query.get("q", "").strip().replace("\0", "")[:MAX_QUERY])

    def parts(self) -> dict[str, str]:
        return {"list": self.listing.name if self.listing.name != "open" else "", "q": self.q}


def rows_of(user: User, place: Place, *, cursor: str | None) -> tuple[list[Conversation], str | None]:
    """One page of a list and the cursor of the next. Raises Unprocessable for a cursor that is none of ours."""
    rows: ConversationQuerySet = inbox(user)
    return newest_page(rows.filter(_belongs(place.listing, user)), cursor=cursor, limit=ROWS)


def counts_of(user: User) -> list[dict[str, Any]]:
    """The lists in order, each with how many conversations are in it, up to MOST, and whether there are `more`.

    One query, and it stops counting: every open inbox asks for this at every event.
    """
    membership = membership_of(user)
    assert membership is not None
    own = Business.objects.filter(pk=membership.business_id)
    seen = Conversation.objects.visible_to(user)
    counted = own.annotate(**{name: _count(seen.filter(_belongs(listing, user))) for name, listing in LISTS.items()})
    numbers = counted.values_list(*LISTS).get()
    return [_counted(listing, number) for listing, number in zip(LISTS.values(), numbers, strict=True)]


def team_counts_of(user: User) -> list[dict[str, Any]]:
    """The same for each team of the workspace, in the order of their names. One query."""
    theirs = Conversation.objects.filter(team=OuterRef("pk"), status=Status.OPEN)
    teams = Team.objects.visible_to(user).annotate(number=_count(theirs)).order_by("name")
    return [_counted(team_listing(pk, name), number) for pk, name, number in teams.values_list("pk", "name", "number")]


def _count(rows: ConversationQuerySet) -> Subquery:
    return Subquery(
        rows.order_by().values("pk")[: MOST + 1],
        template="(SELECT COUNT(*) FROM (%(subquery)s) AS counted)",
        output_field=IntegerField(),
    )


def _counted(listing: Listing, number: int) -> dict[str, Any]:
    return {"listing": listing, "count": min(number, MOST), "more": number > MOST}


def _belongs(listing: Listing, user: User) -> Q:
    found = Q(status=listing.status) if listing.status else Q()
    if listing.name == "handoffs":
        return Q(handoff_at__isnull=False)
    if listing.name == "mine":
        return found & Q(assignee_id=user.pk)
    if listing.name == "unassigned":
        return found & Q(assignee_id=None)
    if listing.team_id:
        return found & Q(team_id=listing.team_id)
    return found


@dataclass(slots=True, kw_only=True)
class Entry:
    """A message as it stands in the thread.

    status: what became of it. day: a mark goes above it. same: it continues the group before it.
    """

    message: Message
    status: str
    day: date | None
    same: bool
    new: bool = False


def window_before(conversation: Conversation, before: int | None) -> tuple[list[Entry], int | None]:
    """The newest messages (or those before `before`), rising, and where the earlier ones start, None at the top."""
    messages = messages_before(conversation, before, limit=WINDOW + 1)
    earlier = messages[:-WINDOW]
    shown = messages[-WINDOW:]
    entries = list(_entries(conversation, shown, earlier[-1] if earlier else None))
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
    entries = list(_entries(conversation, shown, None))
    return entries, shown[0].seq if shown and shown[0].seq > 1 else None, None


def window_after(conversation: Conversation, after: int, limit: int) -> list[Entry]:
    """The messages behind `after`, rising, each standing to the one before it."""
    messages = messages_after(conversation, max(after - 1, 0), limit=limit + 1)
    before = messages.pop(0) if after and messages and messages[0].seq <= after else None
    return list(_entries(conversation, messages[:limit], before))


def _entries(conversation: Conversation, messages: Iterable[Message], before: Message | None) -> Iterable[Entry]:
    receipts = conversation.receipts
    for message in messages:
        other_day = before is None or _day(before) != _day(message)
        status = message.status_with(receipts)
        yield Entry(
            message=message, status=status, day=_day(message) if other_day else None, same=_same(before, message)
        )
        before = message


def _same(before: Message | None, message: Message) -> bool:
    if before is None or _day(before) != _day(message):
        return False
    near = (message.created_at - before.created_at).total_seconds() < GROUP_SECONDS
    return near and (before.sender_type, before.sender_id) == (message.sender_type, message.sender_id)


def _day(message: Message) -> date:
    return timezone.localtime(message.created_at).date()


def earlier_conversations(conversation: Conversation) -> list[Conversation]:
    """The customer's other ones, newest first, a handful."""
    if conversation.customer_id is None:
        return []
    others = Conversation.objects.filter(business_id=conversation.business_id, customer_id=conversation.customer_id)
    return list(others.exclude(pk=conversation.pk).select_related("last_message").order_by("-updated_at", "-id")[:5])


def visible_conversation(user: User, conversation_id: UUID) -> Conversation | None:
    """With what the page shows of it and `unread`, in one query."""
    rows = Conversation.objects.visible_to(user).for_reading().select_related("rating").with_unread(user)
    return rows.filter(pk=conversation_id).first()
