"""What a workspace has that its inbox calls by name, each time that it is drawn: all of it in one question."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import CharField, QuerySet, Value

from accounts.models import User
from businesses.models import Team
from businesses.reading import READER, as_reader
from conversations.models import Conversation, Macro, Tag
from foundation.prepared import prepared


class Named(NamedTuple):
    """more: of a tag its color, of a channel, which is called by its type, its account; "" of everything else."""

    pk: UUID
    name: str
    more: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """In the order of their names."""

    teams: list[Named]
    tags: list[Named]
    macros: list[Named]
    channels: list[Named]


def names_of(user: User) -> Names:
    """Of the user's workspace; kept on the user object, which lives as long as the request."""
    if "names" not in user.__dict__:
        found: defaultdict[str, list[Named]] = defaultdict(list)
        for kind, pk, name, more in _question()(**as_reader(user)):
            found[kind].append(Named(pk, name, more))
        for those in found.values():
            those.sort(key=lambda each: (each.name.casefold(), each.more))
        user.__dict__["names"] = Names(
            teams=found["team"],
            tags=found["tag"],
            macros=found["macro"],
            channels=found["channel"],
        )
    return user.__dict__["names"]  # type: ignore[no-any-return]


@prepared
def _question() -> "QuerySet[Any, tuple[str, UUID, str, str]]":
    channel: Any = Conversation._meta.get_field("channel").related_model  # the core imports nothing that lies above it
    return _named("team", Team.objects.all(), "name").union(
        _named("tag", Tag.objects.all(), "name", "color"),
        _named("macro", Macro.objects.all(), "name"),
        _named("channel", channel.objects.with_account(), "type", "account"),
        all=True,
    )


def _named(kind: str, rows: Any, name: str, more: str = "no_more") -> "QuerySet[Any, Any]":
    rows = rows.visible_to(READER).order_by()
    rows = rows.annotate(kind=Value(kind, output_field=CharField()), no_more=Value("", output_field=CharField()))
    return rows.values_list("kind", "pk", name, more)  # type: ignore[no-any-return]
