"""What can be asked of a conversation: `{"all" or "any": [{"field", "op", "value"} or one nested group]}`.

Each field knows its words, what it may be compared with, and its question to the database; nothing else of a filter
reaches a query.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import User
from businesses.models import Membership, Team
from conversations.models import (
    UNFINISHED,
    ChannelType,
    ConversationTag,
    Follower,
    Mention,
    Priority,
    Status,
    Tag,
    unread_by,
)
from conversations.names import names_of
from foundation.errors import Unprocessable
from foundation.text import is_clean

MAX_CONDITIONS = 20
MAX_TEXT = 200
MAX_MINUTES = 60 * 24 * 366

ME, NOBODY = "me", "none"

IS = {"is": lazy("is"), "is_not": lazy("is not")}
HOLDS = {"contains": lazy("contains"), "contains_not": lazy("does not contain")}
WHEN = {"before": lazy("before"), "after": lazy("since")}
FOR = {"longer": lazy("over (minutes)"), "shorter": lazy("under (minutes)")}

Choices = Sequence[tuple[str, str | Promise]]
Filter = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """title, ops: in words. choices: what it may be compared with, for a reader; None = `kind` says.

    kind: choice, text, day or number. ask: the question for a value that was checked. is_costly: other rows are looked
    at for each conversation.
    """

    title: str | Promise
    ops: Mapping[str, str | Promise]
    ask: Callable[[User, Any], Q]
    kind: str = "choice"
    choices: Callable[[User], Choices] | None = None
    is_costly: bool = False


def _column(name: str) -> Callable[[User, Any], Q]:
    return lambda _user, value: Q(**{name: value})


def _people(user: User) -> Choices:
    members = Membership.objects.visible_to(user).filter(is_active=True).select_related("user")
    names = sorted((str(each.user_id), each.user.full_name) for each in members)
    return [(ME, _("Me")), (NOBODY, _("Nobody")), *sorted(names, key=lambda pair: pair[1].lower())]


def _assigned(user: User, value: str) -> Q:
    if value == NOBODY:
        return Q(assignee=None)
    return Q(assignee_id=user.pk if value == ME else value)


def _teams(user: User) -> Choices:
    teams = Team.objects.visible_to(user).order_by("name").values_list("pk", "name")
    return [(NOBODY, _("No team")), *((str(pk), name) for pk, name in teams)]


def _tags(user: User) -> Choices:
    return [(str(pk), name) for pk, name in Tag.objects.visible_to(user).values_list("pk", "name")]


def _tagged(_user: User, tag_id: str) -> Q:
    return Q(pk__in=ConversationTag.objects.filter(tag_id=tag_id).values("conversation_id"))


def _channels(user: User) -> Choices:
    return [(str(each.pk), f"{ChannelType(each.name).label} {each.more}".strip()) for each in names_of(user).channels]


def _of_reader(model: type[Mention] | type[Follower]) -> Callable[[User, str], Q]:
    """Whether there is such a row of the reader's."""

    def ask(user: User, value: str) -> Q:
        found = Q(pk__in=model.objects.filter(user_id=user.pk).values("conversation_id"))
        return found if value == "yes" else ~found

    return ask


YES = [("yes", lazy("Yes")), ("no", lazy("No"))]

FIELDS: dict[str, Field] = {
    "status": Field(title=lazy("Status"), ops=IS, choices=lambda _user: Status.choices, ask=_column("status")),
    "channel_type": Field(
        title=lazy("Channel"), ops=IS, choices=lambda _user: ChannelType.choices, ask=_column("channel_type")
    ),
    "channel": Field(title=lazy("Connected channel"), ops=IS, choices=_channels, ask=_column("channel_id")),
    "assignee": Field(title=lazy("Assignee"), ops=IS, choices=_people, ask=_assigned),
    "team": Field(
        title=lazy("Team"),
        ops=IS,
        choices=_teams,
        ask=lambda _user, value: Q(team=None) if value == NOBODY else Q(team_id=value),
    ),
    "tag": Field(title=lazy("Tag"), ops=IS, choices=_tags, ask=_tagged),
    "priority": Field(
        title=lazy("Priority"),
        ops={**IS, "at_least": lazy("is at least")},
        choices=lambda _user: [(each.name.lower(), each.label) for each in Priority],
        ask=lambda _user, value: Q(priority=Priority[value.upper()]),
    ),
    "snoozed": Field(
        title=lazy("Snoozed"),
        ops={"is": IS["is"]},
        choices=lambda _user: YES,
        ask=lambda _user, value: Q(snoozed_until__isnull=value == "no"),
    ),
    "handed_over": Field(
        title=lazy("Waits for a person"),
        ops={"is": IS["is"]},
        choices=lambda _user: YES,
        ask=lambda _user, value: Q(handoff_at__isnull=value == "no"),
    ),
    "not_sent": Field(
        title=lazy("Has a message that was not sent"),
        ops={"is": IS["is"]},
        choices=lambda _user: YES,
        ask=lambda _user, value: Q(not_sent_at__isnull=value == "no"),
    ),
    "unread": Field(
        title=lazy("Unread by me"),
        ops={"is": IS["is"]},
        choices=lambda _user: YES,
        ask=lambda user, value: unread_by(user) if value == "yes" else ~unread_by(user),
        is_costly=True,
    ),
    "mentioned": Field(
        title=lazy("Asks for me in a note"),
        ops={"is": IS["is"]},
        choices=lambda _user: YES,
        ask=_of_reader(Mention),
    ),
    "followed": Field(
        title=lazy("Followed by me"), ops={"is": IS["is"]}, choices=lambda _user: YES, ask=_of_reader(Follower)
    ),
    "customer": Field(
        title=lazy("Customer’s name or e-mail"),
        ops=HOLDS,
        kind="text",
        ask=lambda _user, value: Q(customer__name__icontains=value) | Q(customer__email__icontains=value),
        is_costly=True,
    ),
    "waiting": Field(
        title=lazy("Waiting for an answer"),
        ops=FOR,
        kind="number",
        ask=lambda _user, minutes: Q(
            waiting_since__lt=timezone.now() - timedelta(minutes=minutes), status__in=UNFINISHED
        ),
    ),
    "created": Field(title=lazy("Started"), ops=WHEN, kind="day", ask=lambda _user, day: Q(created_at__lt=_start(day))),
    "updated": Field(
        title=lazy("Last changed"), ops=WHEN, kind="day", ask=lambda _user, day: Q(updated_at__lt=_start(day))
    ),
}
# What turns a field's question round. Nobody who waits waits neither longer nor shorter.
_ROUND = {"is_not", "contains_not", "after", "shorter"}


def checked(user: User, given: Any) -> Filter:
    """The filter as it is kept. Raises Unprocessable, saying where it is wrong."""
    key, conditions = _group(given, "filter")
    kept, nested = [], 0
    for number, each in enumerate(conditions):
        at = ["filter", key, str(number)]
        if isinstance(each, dict) and {"all", "any"} & each.keys():
            nested += 1
            if nested > 1:
                raise _wrong(_("At most one group in a filter."), at)
            inner, those = _group(each, *at)
            kept.append({inner: [_condition(user, one, [*at, inner, str(place)]) for place, one in enumerate(those)]})
        else:
            kept.append(_condition(user, each, at))
    if sum(len(next(iter(each.values()))) if "field" not in each else 1 for each in kept) > MAX_CONDITIONS:
        raise _wrong(_("At most %(most)d conditions.") % {"most": MAX_CONDITIONS}, ["filter"])
    return {key: kept}


def question(user: User, kept: Filter) -> Q:
    """What a filter that was checked asks of conversations, for this reader."""
    ((key, conditions),) = kept.items()
    asked = Q()
    for each in conditions:
        one = _asked(user, each) if "field" in each else question(user, each)
        asked = asked & one if key == "all" else asked | one
    return asked


def in_two(user: User, kept: Filter) -> tuple[Q, Q]:
    """The same question as two that both hold: what costs little, and the rest, empty where nothing is costly."""
    ((key, conditions),) = kept.items()
    little: list[Any] = []
    rest: list[Any] = []
    for each in conditions if key == "all" else [kept]:
        (rest if _is_costly(each) else little).append(each)
    return question(user, {"all": little}), question(user, {"all": rest})


def _is_costly(asked: dict[str, Any]) -> bool:
    return any(FIELDS[one["field"]].is_costly for one in ([asked] if "field" in asked else conditions_of(asked)))


def conditions_of(kept: Filter) -> list[dict[str, Any]]:
    """All of them, the nested ones too."""
    ((_key, conditions),) = kept.items()
    return [one for each in conditions for one in ([each] if "field" in each else conditions_of(each))]


def _asked(user: User, condition: dict[str, Any]) -> Q:
    field, op = FIELDS[condition["field"]], condition["op"]
    if op == "at_least":
        return Q(priority__gte=Priority[condition["value"].upper()])
    asked = field.ask(user, condition["value"])
    if op not in _ROUND:
        return asked
    waits = Q(waiting_since__isnull=False, status__in=UNFINISHED)
    return waits & ~asked if condition["field"] == "waiting" else ~asked


def _group(given: Any, *at: str) -> tuple[str, list[Any]]:
    if not isinstance(given, dict) or len(given) != 1 or not {"all", "any"} & given.keys():
        raise _wrong(_("Give `all` or `any` with a list of conditions."), list(at))
    ((key, conditions),) = given.items()
    if not isinstance(conditions, list) or not 1 <= len(conditions) <= MAX_CONDITIONS:
        raise _wrong(_("Give 1 to %(most)d conditions.") % {"most": MAX_CONDITIONS}, [*at, key])
    return key, conditions


def _condition(user: User, given: Any, at: list[str]) -> dict[str, Any]:
    if not isinstance(given, dict) or given.keys() != {"field", "op", "value"}:
        raise _wrong(_("A condition is a field, an op and a value."), at)
    name, op, value = given["field"], given["op"], given["value"]
    field = FIELDS.get(name) if isinstance(name, str) else None
    if field is None:
        raise _wrong(_("There is no such field."), [*at, "field"])
    if not isinstance(op, str) or op not in field.ops:
        raise _wrong(_("Use one of: %(ops)s.") % {"ops": ", ".join(field.ops)}, [*at, "op"])
    return {"field": name, "op": op, "value": _checked_value(user, field, value, [*at, "value"])}


def _checked_value(user: User, field: Field, value: Any, at: list[str]) -> Any:
    if field.kind == "number":
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_MINUTES:
            raise _wrong(_("Give a number of minutes, at most a year of them."), at)
        return value
    if not isinstance(value, str) or not 1 <= len(value.strip()) <= MAX_TEXT or not is_clean(value):
        raise _wrong(_("Give a text of at most %(most)d characters.") % {"most": MAX_TEXT}, at)
    value = value.strip()
    if field.kind == "day":
        _start(value, at)
    if field.choices and value not in {key for key, _title in field.choices(user)}:
        # Unknown and foreign are alike.
        raise _wrong(_("There is no such choice."), at)
    return value


def _start(day: str, at: list[str] | None = None) -> datetime:
    """The beginning of a day like 2026-03-31, where the reader is."""
    try:
        found = parse_date(day)
    except ValueError:
        found = None
    if found is None or not 1900 < found.year < 9000:
        raise _wrong(_("Give a day like 2026-03-31."), at or ["filter"])
    return timezone.make_aware(datetime.combine(found, time.min))


def _wrong(text: str, at: list[str]) -> Unprocessable:
    return Unprocessable(text, field=at[0], path=at[1:])
