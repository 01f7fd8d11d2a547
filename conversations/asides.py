"""What stands between the messages of a thread: notes and what happened, in words."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, prefetch_related_objects
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.models import User
from businesses.models import Team
from conversations.attachments import Facts
from conversations.mentions import pattern_of
from conversations.models import Activity, ActivityKind, Conversation, Customer, HandoffReason, Note, Priority
from foundation.ids import parse_id
from foundation.prepared import Given, prepared

ICONS = {
    ActivityKind.ASSIGNED: "user-check",
    ActivityKind.RESOLVED: "check",
    ActivityKind.CLOSED: "archive",
    ActivityKind.SPAM: "circle-alert",
    ActivityKind.REOPENED: "rotate-ccw",
    ActivityKind.PENDING: "circle-pause",
    ActivityKind.SNOOZED: "alarm-clock",
    ActivityKind.WOKE: "alarm-clock",
    ActivityKind.TAGGED: "tag",
    ActivityKind.UNTAGGED: "tag",
    ActivityKind.PRIORITY: "chevrons-up",
    ActivityKind.HANDED_OVER: "hand",
    ActivityKind.BLOCKED: "user-x",
    ActivityKind.UNBLOCKED: "user-check",
    ActivityKind.MERGED: "layers",
    ActivityKind.UNMERGED: "layers",
    ActivityKind.CUSTOMER_MERGED: "users",
    ActivityKind.CUSTOMER_UNMERGED: "users",
    ActivityKind.RETURNED: "clock",
    ActivityKind.LEFT_OUT: "circle-alert",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An activity as it is told. who: "" when nobody of the team did it. address: of what it speaks of, "" for none."""

    id: UUID
    after_seq: int
    icon: str
    who: str
    text: str
    address: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A note. parts: its words in pieces; those that are true name somebody whom it asks for."""

    id: UUID
    conversation_id: UUID
    after_seq: int
    author_id: UUID | None
    author: str
    full_name: str
    picture: str
    parts: list[tuple[bool, str]]
    files: list[Facts]
    created_at: datetime
    is_changed: bool


# Of several kinds: what conversations that are merged into it say (conversations/merged.py) is among them.
Asides = Mapping[int, Sequence[Any]]


def asides_of(conversation: Conversation, *, reader: User, first: int, last: int | None) -> Asides:
    """By the number of the message that they stand behind, from `first` to `last` (None = to the end), in order.

    conversation: as `selectors.conversation_of` has it.
    """
    place = {"conversation": conversation.pk, "first": first, "last": last}
    notes = _notes(is_last=last is None)(**place) if conversation.has_notes else []  # type: ignore[attr-defined]
    prefetch_related_objects(notes, "mentioned")
    lines = _activities(is_last=last is None)(**place)
    names = _names(lines)
    found: dict[int, list[Line | Words]] = defaultdict(list)
    asides: list[Line | Words] = [words_of(note) for note in notes]
    asides += [_line(line, reader, names) for line in lines]
    for aside in sorted(asides, key=lambda each: (each.after_seq, each.created_at, each.id)):
        found[aside.after_seq].append(aside)
    return dict(found)


@prepared
def _notes(*, is_last: bool) -> QuerySet[Note]:
    return Note.objects.filter(_place(is_last=is_last)).select_related("author")


@prepared
def _activities(*, is_last: bool) -> QuerySet[Activity]:
    return Activity.objects.filter(_place(is_last=is_last)).select_related("actor")


def _place(*, is_last: bool) -> Q:
    place = Q(conversation_id=Given("conversation"), after_seq__gte=Given("first"))
    return place if is_last else place & Q(after_seq__lte=Given("last"))


def words_of(note: Note) -> Words:
    return Words(
        id=note.pk,
        conversation_id=note.conversation_id,
        after_seq=note.after_seq,
        author_id=note.author_id,
        author=note.author.get_short_name() if note.author else _("A former colleague"),
        full_name=note.author.full_name if note.author else "?",
        picture=note.author.picture if note.author else "",
        parts=_parts(note.content, [user.full_name for user in note.mentioned.all()]),
        files=note.attachments,
        created_at=note.created_at,
        is_changed=note.updated_at != note.created_at,
    )


def _parts(content: str, names: list[str]) -> list[tuple[bool, str]]:
    if not names:
        return [(False, content)] if content else []
    return [(bool(number % 2), piece) for number, piece in enumerate(pattern_of(names).split(content))]


def _names(lines: Collection[Activity]) -> dict[UUID, str]:
    """What to call people, teams and customers that lines speak of. A query for each kind that they speak of."""
    people = {found for line in lines if (found := parse_id(line.data.get("user_id")))}
    teams = {found for line in lines if (found := parse_id(line.data.get("team_id")))}
    customers = {found for line in lines if (found := parse_id(line.data.get("customer_id")))}
    names: dict[UUID, str] = {}
    if people:
        names |= {user.pk: user.get_short_name() for user in User.objects.filter(pk__in=people)}
    if teams:
        names |= dict(Team.objects.filter(pk__in=teams).values_list("pk", "name"))
    if customers:
        names |= {each.pk: each.display_name for each in Customer.objects.filter(pk__in=customers)}
    return names


def _line(line: Activity, reader: User, names: Mapping[UUID, str]) -> Line:
    who = ""
    if line.actor:
        who = _("You") if line.actor_id == reader.pk else line.actor.get_short_name()
    return Line(
        id=line.pk,
        after_seq=line.after_seq,
        icon=ICONS.get(ActivityKind(line.kind), "clock"),
        who=who,
        text=_told(ActivityKind(line.kind), line.data, line.actor_id, names),
        address=_address(line.data),
        created_at=line.created_at,
    )


def _address(data: dict[str, Any]) -> str:
    other = parse_id(data.get("conversation_id"))
    return reverse("conversation", args=[other]) if other else ""


def _told(kind: ActivityKind, data: dict[str, Any], actor_id: UUID | None, names: Mapping[UUID, str]) -> str:
    """Reads on from the name of whoever did it, and stands alone where nobody did."""
    if kind == ActivityKind.ASSIGNED:
        return _assigned(data, actor_id, names)
    if kind == ActivityKind.SNOOZED:
        until = parse_datetime(data["until"])
        return _("snoozed it until %(time)s") % {"time": date_format(localtime(until), "j M, H:i") if until else ""}
    if kind in {ActivityKind.TAGGED, ActivityKind.UNTAGGED}:
        told = _("added %(tags)s") if kind == ActivityKind.TAGGED else _("took off %(tags)s")
        return told % {"tags": ", ".join(data["tags"])}
    if kind in {ActivityKind.CUSTOMER_MERGED, ActivityKind.CUSTOMER_UNMERGED}:
        merged = kind == ActivityKind.CUSTOMER_MERGED
        told = _("merged this customer into %(name)s") if merged else _("undid the merge with %(name)s")
        if not actor_id:
            told = _("Merged: the channel says that this customer is also %(name)s")
        other = parse_id(data.get("customer_id"))
        return told % {"name": names.get(other, _("somebody who is gone")) if other else ""}
    if kind == ActivityKind.MERGED:
        is_target = data.get("is_target")
        return _("merged another conversation into this one") if is_target else _("merged this into another one")
    if kind == ActivityKind.PRIORITY:
        if not data["priority"]:
            return _("took the priority off")
        return _("set priority %(priority)s") % {"priority": Priority.of(data["priority"]).label}
    if kind == ActivityKind.HANDED_OVER:
        reason = HandoffReason(data["reason"]).label if data.get("reason") in HandoffReason.values else ""
        return _("Theo handed over: %(reason)s") % {"reason": reason}
    if kind == ActivityKind.RETURNED:
        return _("has a planned message back as a draft: %(reason)s") % {"reason": data["reason"]}
    if kind == ActivityKind.LEFT_OUT:
        return _("The mail server took no copy for %(whom)s") % {"whom": ", ".join(data["addresses"])}
    if kind == ActivityKind.REOPENED and data.get("unsent"):
        return _("Open again: a message could not be sent")
    if kind == ActivityKind.REOPENED:
        return _("reopened it") if actor_id else _("Open again: the customer wrote")
    return {
        ActivityKind.RESOLVED: _("resolved it"),
        ActivityKind.CLOSED: _("closed it"),
        ActivityKind.SPAM: _("marked it as spam"),
        ActivityKind.PENDING: _("parked it until the customer writes"),
        ActivityKind.WOKE: _("Open again: its time has come"),
        ActivityKind.UNMERGED: _("undid the merge with another conversation"),
        ActivityKind.BLOCKED: _("blocked this customer"),
        ActivityKind.UNBLOCKED: _("unblocked this customer"),
    }.get(kind, str(kind.label))


def _assigned(data: dict[str, Any], actor_id: UUID | None, names: Mapping[UUID, str]) -> str:
    person, team = parse_id(data.get("user_id")), parse_id(data.get("team_id"))
    if person and person == actor_id:
        return _("took it")
    whom = [names.get(each, _("somebody who is gone")) for each in (person, team) if each]
    if not whom:
        return _("left it to nobody") if actor_id else _("Nobody has it now")
    told = _("assigned it to %(whom)s") if actor_id else _("Assigned to %(whom)s")
    return told % {"whom": ", ".join(whom)}
