"""The orders of a list, and its pages by the last row's place, so that what is new in the meantime shifts nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Q, TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from foundation.errors import Unprocessable
from foundation.prepared import Given

if TYPE_CHECKING:
    from conversations.models import Conversation, ConversationQuerySet


class Sort(TextChoices):
    NEWEST = "newest", _("Newest")
    OLDEST = "oldest", _("Oldest")
    WAITING = "waiting", _("Longest waiting")
    PRIORITY = "priority", _("Priority")


Order = tuple[str, ...]
_NEWEST: Order = ("-updated_at", "-id")
# The order of what a note asks for the reader in, the newest of those first: of rows `with_mention` (lists.py).
MENTIONED = "mentioned"
# What comes first, each with its order; so that each part is read in order from an index of its own.
_PARTS: dict[str, list[tuple[Q, Order]]] = {
    Sort.NEWEST: [(Q(), _NEWEST)],
    Sort.OLDEST: [(Q(), ("updated_at", "id"))],
    Sort.WAITING: [
        (Q(waiting_since__isnull=False), ("waiting_since", "id")),
        (Q(waiting_since=None), _NEWEST),
    ],
    Sort.PRIORITY: [
        (Q(priority__gt=0), ("-priority", "-updated_at", "-id")),
        (Q(priority=0), _NEWEST),
    ],
    MENTIONED: [(Q(), ("-mention", "-id"))],
}


@dataclass(frozen=True, slots=True)
class Part:
    """What of a list in an order is read at once: the first of the order's parts or the second, from its start on or
    from a place on.
    """

    sort: str
    number: int
    is_placed: bool = False

    def of(self, rows: "ConversationQuerySet") -> "ConversationQuerySet":
        condition, order = _PARTS[self.sort][self.number]
        if self.is_placed:
            rows = rows.filter(_behind(order, [Given(f"place_{at}") for at in range(len(order))]))
        return rows.filter(condition).order_by(*order)


def page_of(
    read: "Callable[[Part, dict[str, Any]], list[Conversation]]", sort: str, *, cursor: str | None, limit: int
) -> "tuple[list[Conversation], str | None]":
    """One page in this order, and the cursor of the next. Raises Unprocessable for a cursor that is none of ours.

    read: one more than the limit of a part, where it is given this place.
    """
    parts = _PARTS[sort]
    number, place = _place(cursor, parts) if cursor else (0, [])
    found: list[Conversation] = []
    for at in range(number, len(parts)):
        found += read(Part(sort, at, bool(place)), {f"place_{at}": value for at, value in enumerate(place)})
        place = []
        if len(found) > limit:
            last = found[limit - 1]
            return found[:limit], _cursor(last, parts)
    return found, None


def window_of(
    read: "Callable[[Part, slice], list[Conversation]]", count: Callable[[Part], int], sort: str, window: slice
) -> "list[Conversation]":
    """The rows of this order from one number to another, whichever of its parts they are in.

    read: those of a part, by their numbers there. count: how many a part has.
    """
    first, *others = (Part(sort, number) for number in range(len(_PARTS[sort])))
    found = read(first, window)
    if others and len(found) < window.stop - window.start:
        # What came to its end is as long as that; what had ended before is counted.
        passed = window.start + len(found) if found or not window.start else count(first)
        if passed < window.stop:  # it may have grown between the two questions
            found += read(others[0], slice(max(window.start - passed, 0), window.stop - passed))
    return found


def _cursor(row: "Conversation", parts: list[tuple[Q, Order]]) -> str:
    at = 0
    if len(parts) > 1:
        first = parts[0][1][0].lstrip("-")
        at = 0 if getattr(row, first) else 1
    values = [getattr(row, name.lstrip("-")) for name in parts[at][1]]
    return "_".join([str(at), *(value.isoformat() if isinstance(value, datetime) else str(value) for value in values)])


def _place(cursor: str, parts: list[tuple[Q, Order]]) -> tuple[int, list[Any]]:
    number, *texts = cursor.split("_")
    try:
        order = parts[int(number)][1] if number in {"0", "1"} else ()
        return int(number), [_value(name, text) for name, text in zip(order, texts, strict=True)]
    except (ValueError, IndexError, OverflowError) as error:
        raise Unprocessable(gettext("Not a cursor of ours."), field="cursor", source="query") from error


def _value(name: str, text: str) -> Any:
    if name.endswith("id"):
        return UUID(text)
    if name.endswith("priority"):
        return int(text[:4])
    if name.endswith("mention"):
        return int(text[:18])
    moment = datetime.fromisoformat(text.replace(" ", "+"))
    if moment.tzinfo is None or not 1 < moment.year < 9999:
        raise ValueError(text)
    return moment


def _behind(order: Order, place: list[Any]) -> Q:
    """What comes after a row in this order. Its first column's bound is where the index is entered."""
    (name, value), *others = zip(order, place, strict=True)
    column, beyond = name.lstrip("-"), "lt" if name.startswith("-") else "gt"
    if not others:
        return Q(**{f"{column}__{beyond}": value})
    inner = _behind(order[1:], place[1:])
    return Q(**{f"{column}__{beyond}e": value}) & (Q(**{f"{column}__{beyond}": value}) | inner)
