"""What the lines of a CSV say of which customers: looked at, or stored."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from conversations import events
from conversations.models import Conversation, Customer
from conversations.services.customers import BOUNDS, fill
from foundation.errors import Refused, Unprocessable
from foundation.ids import parse_id
from foundation.spreadsheets import harmless
from foundation.text import is_clean

MOST_ROWS, MOST_COLUMNS = 50_000, 60
# What our own export has beside, and nobody sets.
LEFT_OUT = {"id", "attributes", "verified", "blocked", "created_at", "last_seen_at"}
# The strongest first.
KEYS = ("id", "external_id", "email")

Row = dict[str, str]
# Its number in the file and its cells.
Line = tuple[int, list[str]]
Flaw = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """flaws: of lines that are about the same customer as one before, and are not among the lines."""

    columns: list[str]
    lines: list[Line]
    flaws: list[Flaw]


@dataclass(slots=True)
class Outcome:
    """good: the lines that say something of somebody; flaws: what is wrong with each of the others."""

    new: list[Customer] = field(default_factory=list)
    changed: list[Customer] = field(default_factory=list)
    same: int = 0
    good: list[Line] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)


def sheet_of(text: str, *, source: str = "file") -> Sheet:
    """text: a CSV with a line of names; columns that we do not know are attributes. source: the field that it came in.

    Raises Unprocessable.
    """
    text = text.removeprefix("\ufeff")
    if not is_clean(text):
        raise Unprocessable(_("Save it as UTF-8, please."), field=source)
    head = text.partition("\n")[0]
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count), strict=True)
        lines = list(islice(reader, 1 + MOST_ROWS + 1))  # no more: a file of line ends has ten million
    except csv.Error as error:
        raise Unprocessable(_("This is not a CSV."), field=source) from error
    names = [_column(name) for name in lines[0]] if lines else []
    if not {*BOUNDS, "id"} & set(names) or len(set(names)) < len(names) or len(names) > MOST_COLUMNS:
        told = _("The first line names the columns: id, name, email, phone, external_id, and your own.")
        raise Unprocessable(told, field=source)
    if len(lines) - 1 > MOST_ROWS:
        raise Unprocessable(_("At most %(most)d lines a file.") % {"most": MOST_ROWS}, field=source)
    written = ((number, list(map(_as_written, line[: len(names)]))) for number, line in enumerate(lines[1:], start=2))
    return _each_once(names, [(number, cells) for number, cells in written if any(cells)])


def _each_once(columns: list[str], lines: list[Line]) -> Sheet:
    sheet, taken = Sheet(columns, [], []), dict[tuple[str, str], int]()
    for number, cells in lines:
        row = dict(zip(columns, cells, strict=False))
        keys = [(name, row[name].lower()) for name in KEYS if row.get(name)][:1]
        if keys and (first := taken.setdefault(keys[0], number)) != number:
            sheet.flaws.append((number, _("The same customer as in line %(number)d.") % {"number": first}))
        else:
            sheet.lines.append((number, cells))
    return sheet


def look_at(*, business_id: UUID, columns: Sequence[str], lines: Sequence[Line]) -> Outcome:
    """What `store_lines` would do with these lines alone, before any others are in; nothing is stored."""
    return _sorted_out(business_id, columns, lines, lock=False)


def store_lines(*, business_id: UUID, columns: Sequence[str], lines: Sequence[Line]) -> Outcome:
    """Store what the good lines say, each to the customer of its strongest key. Within the caller's transaction.

    That is our id; then the external id, of who has proven it or has never written; then an e-mail address, of who has
    never written: what a visitor claims to be finds nobody. What no line names stays as it is.
    """
    outcome = _sorted_out(business_id, columns, lines, lock=True)
    Customer.objects.bulk_create(outcome.new)
    Customer.objects.bulk_update(outcome.changed, [*BOUNDS, "attributes"])
    happened = [events.customer_created(each) for each in outcome.new]
    happened += [events.customer_updated(each) for each in outcome.changed]
    if happened:
        events.record(business_id, happened)
    return outcome


def _sorted_out(business_id: UUID, columns: Sequence[str], lines: Sequence[Line], *, lock: bool) -> Outcome:
    rows = [dict(zip(columns, cells, strict=False)) for _number, cells in lines]
    known, outcome = _Known(business_id, rows, lock=lock), Outcome()
    for line, row in zip(lines, rows, strict=True):
        try:
            customer = known.of(row)
            is_new = customer is None
            customer = customer or Customer(business_id=business_id)
            changes = fill(customer, _facts(row), _attributes(row))
        except Refused as refusal:
            outcome.flaws.append((line[0], refusal.detail))
            continue
        outcome.good.append(line)
        if is_new:
            outcome.new.append(customer)
        elif changes:
            outcome.changed.append(customer)
        else:
            outcome.same += 1
    return outcome


class _Known:
    """The customers that lines may mean, in one query for all lines: each by its strongest key."""

    def __init__(self, business_id: UUID, rows: Sequence[Row], *, lock: bool) -> None:
        strongest = [next(((key, row[key]) for key in KEYS if row.get(key)), ("", "")) for row in rows]
        of = {key: {value for name, value in strongest if name == key} for key in KEYS}
        silent = ~Exists(Conversation.objects.filter(customer=OuterRef("pk")))
        theirs = Customer.objects.filter(business_id=business_id).annotate(is_silent=silent).order_by("pk")
        wanted = Q(pk__in=[found for text in of["id"] if (found := parse_id(text))])
        if of["external_id"]:
            wanted |= Q(external_id__in=of["external_id"]) & (Q(verified=True) | Q(is_silent=True))
        if of["email"]:
            wanted |= Q(email__in=of["email"], verified=False, is_silent=True)
        those = theirs.filter(wanted)
        self.all: list[Any] = list(those.select_for_update(of=("self",), no_key=True) if lock else those)
        self.by_id: dict[UUID, Customer] = {each.pk: each for each in self.all}
        sure = [each for each in self.all if each.verified or each.is_silent]
        # The proven one wins where both are there.
        self.by_number: dict[str, Customer] = {
            each.external_id: each for each in sorted(sure, key=lambda each: each.verified)
        }
        self.by_email: dict[str, Customer] = {each.email: each for each in sure if not each.verified}

    def of(self, row: Row) -> Customer | None:
        if row.get("id"):
            found = self.by_id.get(parse_id(row["id"]) or UUID(int=0))
            if found is None:
                raise Unprocessable(_("There is no such customer."), field="id")
            return found
        if number := row.get("external_id"):
            return self.by_number.get(number)
        return self.by_email.get(row["email"]) if row.get("email") else None


def _facts(row: Row) -> dict[str, str]:
    """What the line says; an empty cell says nothing."""
    told = {name: row[name] for name in BOUNDS if row.get(name)}
    if "email" in told:
        try:
            validate_email(told["email"])
        except ValidationError as error:
            text = _("Write an e-mail address like cleo@example.com.")
            raise Unprocessable(text, field="email") from error
    return told


def _attributes(row: Row) -> dict[str, Any]:
    own = {name: value for name, value in row.items() if name not in {*BOUNDS, *LEFT_OUT} and value}
    if not row.get("attributes"):
        return own
    try:
        exported = json.loads(row["attributes"])
    except (ValueError, RecursionError):
        exported = None
    if not isinstance(exported, dict):
        raise Unprocessable(_("The attributes are no JSON object."), field="attributes")
    return {**exported, **own}


def _column(name: str) -> str:
    known = name.strip().lower()
    return known if known in {*BOUNDS, *LEFT_OUT} else name.strip()


def _as_written(cell: str) -> str:
    """Without the apostrophe that our export puts before what looks like a formula."""
    if not cell.startswith("'"):
        return cell.strip()
    plain = cell.removeprefix("'")
    return (plain if harmless(plain) == cell else cell).strip()
