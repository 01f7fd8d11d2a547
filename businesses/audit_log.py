"""Reading the audit log: what an owner filters, the words of a row, and the rows of an export."""

import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from accounts.models import User
from businesses import audit
from businesses.audit_words import ACTIONS, actions_of
from businesses.models import AuditEntry, Membership
from businesses.policy import Action, require
from foundation import throttles
from foundation.api import WIRE_TIME, newest_page

EXPORT_BATCH = 500
MOST_WHO_LEFT = 100
# A name from our own code, like is_active.
_NAME = re.compile(r"[a-z]+(?:_[a-z]+)+")
# What a sentence says in bold.
BOLD = ("actor", "target")
COLUMNS = (
    "when",
    "action",
    "what happened",
    "who",
    "who (e-mail)",
    "who (id)",
    "address",
    "browser or program",
    "kind of thing",
    "thing",
    "thing (id)",
    "facts",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """group: of `audit_words`. since, until: days in the current time zone, both included. text: in names."""

    group: str = ""
    actor_id: UUID | None = None
    since: date | None = None
    until: date | None = None
    text: str = ""

    def __bool__(self) -> bool:
        return self != Filter()


def entries(user: User, wanted: Filter) -> QuerySet[AuditEntry]:
    """Rows of the user's workspace, newest first. Raises Forbidden to all but the owner."""
    require(user, Action.READ_AUDIT_LOG)
    rows = AuditEntry.objects.visible_to(user).order_by("-created_at", "-id")
    if wanted.group:
        rows = rows.filter(action__in=actions_of(wanted.group))
    if wanted.actor_id:
        rows = rows.filter(actor_id=wanted.actor_id)
    if wanted.since and wanted.since.year > MINYEAR:
        rows = rows.filter(created_at__gte=_begin(wanted.since))
    if wanted.until and wanted.until.year < MAXYEAR:
        rows = rows.filter(created_at__lt=_begin(wanted.until + timedelta(days=1)))
    if wanted.text:
        rows = rows.filter(Q(target_name__icontains=wanted.text) | Q(actor_name__icontains=wanted.text))
    return rows


def page(
    user: User, wanted: Filter, *, cursor: str | None = None, limit: int = 50
) -> tuple[list[AuditEntry], str | None]:
    """One page and the cursor of the next. Raises as `entries`, and Unprocessable for a cursor that is none of ours."""
    return newest_page(entries(user, wanted), cursor=cursor, limit=limit, by="created_at")


def names_of(rows: Sequence[AuditEntry]) -> dict[UUID, str]:
    """What the people who did it are called today, by id; who is gone keeps the address in the row."""
    ids = {row.actor_id for row in rows if row.actor_id}
    return dict(User.objects.filter(pk__in=ids).values_list("pk", "full_name"))


def people_who_left(business_id: UUID) -> list[tuple[str, str]]:
    """Id and e-mail of who was removed and is no member again, the latest first: of them an owner asks, too."""
    members = Membership.objects.filter(business_id=business_id).values_list("user_id", flat=True)
    inside = {str(user_id) for user_id in members}
    removed = AuditEntry.objects.filter(business_id=business_id, action="member.removed").order_by("-created_at", "-id")
    left = dict(removed.values_list("target_id", "target_name")[:MOST_WHO_LEFT])
    return [(user_id, name) for user_id, name in left.items() if user_id not in inside]


def sentence(row: AuditEntry, names: dict[UUID, str]) -> str:
    """What happened, for people, with the names of people and things in bold."""
    words, gaps = _words_and_gaps(row, names)
    return format_html(
        words, **{name: format_html("<b>{}</b>", text) if name in BOLD else text for name, text in gaps.items()}
    )


def plain_sentence(row: AuditEntry, names: dict[UUID, str]) -> str:
    """The same as text, for programs and spreadsheets."""
    words, gaps = _words_and_gaps(row, names)
    return words.format(**gaps)


def _words_and_gaps(row: AuditEntry, names: dict[UUID, str]) -> tuple[str, dict[str, str]]:
    """The sentence of this action, and what stands in each of its gaps."""
    words = str(ACTIONS[row.action].sentence) if row.action in ACTIONS else _("{actor}: {action} {target}")
    known = {name: _plain(value) for name, value in row.data.items()}
    known |= {"action": row.action, "actor": _who(row, names), "target": row.target_name or "…"}
    gaps = {name for _text, name, _spec, _conversion in string.Formatter().parse(words) if name}
    return words, {name: known.get(name, "…") for name in gaps}


def facts(row: AuditEntry) -> list[tuple[str, str]]:
    """What the row holds besides, by name."""
    return [(name.replace("_", " "), _plain(value)) for name, value in sorted(row.data.items())]


def export(user: User, wanted: Filter) -> Iterator[list[list[str]]]:
    """The rows of a CSV in batches, the first with the columns' names; itself written down and limited.

    Rows that come while it is read are not in it. Raises Forbidden, TooFast.
    """
    rows, until = entries(user, wanted), timezone.now()
    membership = require(user, Action.READ_AUDIT_LOG)
    throttles.count("EXPORT", membership.business_id)
    filters = [f"{name}: {value}" for name, value in asdict(wanted).items() if value]
    audit.record("audit.exported", business_id=membership.business_id, actor=user, filters=filters)
    return _batches(rows.filter(created_at__lt=until))


def _batches(rows: QuerySet[AuditEntry]) -> Iterator[list[list[str]]]:
    yield [list(COLUMNS)]
    cursor: str | None = ""
    while cursor is not None:
        batch, cursor = newest_page(rows, cursor=cursor, limit=EXPORT_BATCH, by="created_at")
        names = names_of(batch)
        if batch:
            yield [_cells(row, names) for row in batch]


def _cells(row: AuditEntry, names: dict[UUID, str]) -> list[str]:
    return [
        row.created_at.astimezone(UTC).strftime(WIRE_TIME),
        row.action,
        plain_sentence(row, names),
        _who(row, names),
        row.actor_name,
        str(row.actor_id or ""),
        row.address or "",
        row.user_agent,
        row.target_type,
        row.target_name,
        row.target_id,
        "; ".join(f"{name}: {value}" for name, value in facts(row)),
    ]


def _who(row: AuditEntry, names: dict[UUID, str]) -> str:
    if row.actor_id is None:
        return "PingBack"
    return names.get(row.actor_id, "") or row.actor_name


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(part) for part in value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    text = str(value)
    if _NAME.fullmatch(text):
        return text.replace("_", " ")
    return text if value not in (None, "") else "…"


def _begin(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())
