"""The inbox's lists with their counts, drawn once for as long as they show the same, whoever looks at them."""

from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeText
from django.utils.translation import get_language

from conversations.lists import DEFAULT
from conversations.sidebar import Entry
from conversations.sorting import Sort
from foundation.drawing import filled

register = template.Library()

# Some ten KB each.
KEPT = 500


class Link(NamedTuple):
    """Everything that a list shows there, and nothing else: what is equal looks alike. query: of its address."""

    query: str
    title: str
    icon: str
    channel_type: str
    hue: int
    is_named_by_people: bool
    number: int
    more: bool
    unread: int
    is_current: bool


# Of each group its name, its title and its links.
Groups = tuple[tuple[str, str, tuple[Link, ...]], ...]


@register.simple_tag(takes_context=True)
def links_of_lists(context: template.Context) -> Groups:
    """Of the context's `groups`; the reader is in its `listing` (or None), and in none while looking for something."""
    listing = context["listing"]
    current = listing.name if listing and not context.get("q") else None
    return tuple(
        (group.name, str(group.title), tuple(_link(entry, current) for entry in group.entries))
        for group in context["groups"]
    )


@register.simple_tag
def drawn_lists(groups: Groups, id: str, tabs: bool = False) -> SafeText:
    """groups: `{% links_of_lists %}`. tabs: in a line, without their groups."""
    draw = _draw.__wrapped__ if settings.DEBUG else _draw  # a template that was edited shows at once
    return draw(groups, id, tabs, get_language())


@lru_cache(maxsize=KEPT)
def _draw(groups: Groups, id: str, tabs: bool, language: str | None) -> SafeText:
    return render_to_string("conversations/lists.html", {"groups": groups, "id": id, "tabs": tabs})


class Sorting(NamedTuple):
    """Everything that the menu of a list's orders shows. place: where the reader is. change: a view that is theirs."""

    sort: str
    place: tuple[tuple[str, str], ...]
    change: UUID | None

    @property
    def choices(self) -> list[tuple[str, Any]]:
        return Sort.choices

    @property
    def parts(self) -> dict[str, str]:
        return dict(self.place)


@register.simple_tag(takes_context=True)
def list_sort(context: template.Context) -> SafeText:
    """Of the context's `listing`; nothing while looking for something."""
    if context["q"]:
        return filled("conversations/list_sort.html", None)
    view, place = context["listing"].view, tuple(context["place"].items())
    change = view.id if view and context["may_change_view"] else None
    return filled("conversations/list_sort.html", Sorting(context["sort"], place, change))


def _link(entry: Entry, current: str | None) -> Link:
    listing = entry.listing
    return Link(
        query=f"?list={listing.name}" if listing.name != DEFAULT.name else "",
        title=str(listing.title),
        icon=listing.icon,
        channel_type=listing.channel_type,
        hue=listing.hue,
        is_named_by_people=listing.is_named_by_people,
        number=entry.count,
        more=entry.more,
        unread=entry.unread,
        is_current=listing.name == current,
    )
