"""The inbox's lists with their counts, drawn once for as long as they show the same, whoever looks at them."""

from dataclasses import dataclass
from functools import lru_cache

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeText
from django.utils.translation import get_language

from conversations.lists import DEFAULT, Entry

register = template.Library()

# Some ten KB each.
KEPT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Everything that a list shows there, and nothing else: what is equal looks alike. query: of its address."""

    query: str
    title: str
    icon: str
    channel_type: str
    hue: int
    is_named_by_people: bool
    count: int
    more: bool
    is_current: bool


@register.simple_tag(takes_context=True)
def drawn_lists(context: template.Context, id: str, tabs: bool = False) -> SafeText:
    """The context's `groups`; the reader is in its `listing` (or None), and in none while looking for something.

    tabs: in a line, without their groups.
    """
    draw = _draw.__wrapped__ if settings.DEBUG else _draw  # a template that was edited shows at once
    listing = context["listing"]
    current = listing.name if listing and not context.get("q") else None
    groups = tuple(
        (group.name, str(group.title), tuple(_link(entry, current) for entry in group.entries))
        for group in context["groups"]
    )
    return draw(groups, id, tabs, get_language())


@lru_cache(maxsize=KEPT)
def _draw(groups: tuple[tuple[str, str, tuple[Link, ...]], ...], id: str, tabs: bool, language: str | None) -> SafeText:
    return render_to_string("conversations/lists.html", {"groups": groups, "id": id, "tabs": tabs})


def _link(entry: Entry, current: str | None) -> Link:
    listing = entry.listing
    return Link(
        query=f"?list={listing.name}" if listing.name != DEFAULT.name else "",
        title=str(listing.title),
        icon=listing.icon,
        channel_type=listing.channel_type,
        hue=listing.hue,
        is_named_by_people=listing.is_named_by_people,
        count=entry.count,
        more=entry.more,
        is_current=listing.name == current,
    )
