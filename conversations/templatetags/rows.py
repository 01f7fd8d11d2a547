"""The rows of a list, each drawn once for as long as it shows the same.

Every open inbox asks for its list at every event, and of fifty rows one is new.
"""

from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeText
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.devices import device_name
from accounts.models import User
from conversations import people
from conversations.hues import hue_of
from conversations.models import Conversation, MessageStatus, Priority, SenderType, Status
from conversations.search.snippets import pieces_of

register = template.Library()

# Some two KB each.
KEPT = 4_000
MOST_TAGS = 3


class Clock(NamedTuple):
    """What words about a time depend on beside it."""

    today: date
    zone: str
    language: str | None

    @classmethod
    def now(cls) -> "Clock":
        return cls(today=timezone.localdate(), zone=timezone.get_current_timezone_name(), language=get_language())


class Row(NamedTuple):
    """Everything that a row shows, and nothing else: what is equal looks alike. A tuple, as a page makes fifty of them.

    query: of its address, the place in the inbox. author: of the last message, None when the customer wrote it.
    text: None without a message. draft: what the reader has begun to write, None without. status: None when it is the
    list's own. tags: names and hues.
    """

    clock: Clock
    query: str
    pk: UUID
    updated_at: datetime
    name: str
    customer_id: UUID | None
    channel_type: str
    unread: int
    is_opened: bool
    author: str | None
    text: str | None
    draft: str | None
    is_failed: bool
    needs_person: bool
    status: str | None
    team: str | None
    assignee_id: UUID | None
    assignee: str
    picture: str
    tags: tuple[tuple[str, int], ...]
    priority: int
    snoozed_until: datetime | None


@register.simple_tag(takes_context=True)
def drawn_rows(context: template.Context, query: str) -> SafeText:
    """The context's `rows`, as list items. query: `{% here %}`."""
    draw = _draw.__wrapped__ if settings.DEBUG else _draw  # a template that was edited shows at once
    clock = Clock.now()
    reader, listed, opened_id = context["user"], context["listing"].status, context["opened_id"]
    you = _("You")
    shown = [_row(row, clock, query, reader, you, listed, is_opened=row.id == opened_id) for row in context["rows"]]
    return SafeText("".join(map(draw, shown)))


@register.filter
def pieces(snippet: str) -> list[tuple[str, bool]]:
    """A snippet in pieces, each with whether it was found."""
    return pieces_of(snippet)


@register.filter
def priority_name(priority: int) -> str:
    return str(Priority(priority).label)


@register.filter
def status_name(status: str) -> str:
    return str(Status(status).label)


@lru_cache(maxsize=KEPT)
def _draw(row: Row) -> SafeText:
    return render_to_string("conversations/row.html", {"row": row})


def _row(
    row: Conversation, clock: Clock, query: str, reader: User, you: str, listed: Status | None, *, is_opened: bool
) -> Row:
    """you: what the reader is called."""
    last, assignee, customer, team = row.newest_message, row.assignee, row.customer, row.team
    author = None
    if last and last.sender_type == SenderType.AGENT:
        if last.sender_id == reader.id:
            author = you
        elif last.sender:
            author = last.sender.get_short_name()
        else:
            author = last.team_name
    return Row(
        clock=clock,
        query=query,
        pk=row.id,
        updated_at=row.updated_at,
        name=customer.display_name if customer else _("Unknown"),
        customer_id=row.customer_id,
        channel_type=row.channel_type,
        unread=row.unread,  # type: ignore[attr-defined]
        is_opened=is_opened,
        author=author,
        text=last.preview if last else None,
        draft=row.draft,  # type: ignore[attr-defined]
        is_failed=row.not_sent_at is not None or (last is not None and last.status == MessageStatus.FAILED),
        needs_person=bool(row.handoff_reason),
        status=None if row.status == (listed or Status.OPEN) else row.status,
        team=team.name if team else None,
        assignee_id=row.assignee_id,
        assignee=assignee.full_name if assignee else "",
        picture=assignee.picture if assignee else "",
        tags=tuple((tag.name, hue_of(tag.color)) for tag in row.tag_list[:MOST_TAGS]),
        priority=row.priority,
        snoozed_until=row.snoozed_until,
    )


@register.filter
def page_words(address: str) -> str:
    """A page's address as people read it: without the protocol and a last slash."""
    return address.partition("://")[2].rstrip("/")


@register.filter
def device(browser: str) -> str:
    return device_name(browser)


@register.filter
def said(value: str | float | bool) -> str:
    """`{{ value|said }}`: a customer's attribute as people write it."""
    return people.said(value)
