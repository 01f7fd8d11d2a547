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
    """color: of a tag, "" of everything else."""

    pk: UUID
    name: str
    color: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """In the order of their names. channel_types: of the channels that there are."""

    teams: list[Named]
    tags: list[Named]
    macros: list[Named]
    channel_types: list[str]


def names_of(user: User) -> Names:
    """Of the user's workspace; kept on the user object, which lives as long as the request."""
    if "names" not in user.__dict__:
        found: defaultdict[str, list[Named]] = defaultdict(list)
        for kind, pk, name, color in _question()(**as_reader(user)):
            found[kind].append(Named(pk, name, color))
        for those in found.values():
            those.sort(key=lambda each: each.name.casefold())
        user.__dict__["names"] = Names(
            teams=found["team"],
            tags=found["tag"],
            macros=found["macro"],
            channel_types=sorted({channel.name for channel in found["channel"]}),
        )
    return user.__dict__["names"]  # type: ignore[no-any-return]


@prepared
def _question() -> "QuerySet[Any, tuple[str, UUID, str, str]]":
    channel: Any = Conversation._meta.get_field("channel").related_model  # the core imports nothing that lies above it
    return _named("team", Team, "name").union(
        _named("tag", Tag, "name", "color"),
        _named("macro", Macro, "name"),
        _named("channel", channel, "type"),
        all=True,
    )


def _named(kind: str, model: Any, name: str, color: str = "no_color") -> "QuerySet[Any, Any]":
    rows = model.objects.visible_to(READER).order_by()
    rows = rows.annotate(kind=Value(kind, output_field=CharField()), no_color=Value("", output_field=CharField()))
    return rows.values_list("kind", "pk", name, color)  # type: ignore[no-any-return]
