"""Customers out of a CSV: all good lines at once or none, and what is wrong with each of the others."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from accounts.models import User
from businesses import audit
from businesses.policy import Action, require
from conversations import events
from conversations.models import Conversation, Customer
from conversations.services.customers import BOUNDS, fill
from foundation.errors import Refused, Unprocessable
from foundation.ids import parse_id
from foundation.spreadsheets import harmless
from foundation.text import is_clean

MOST_BYTES, MOST_ROWS, MOST_COLUMNS = 256 * 1024, 1_000, 60
BATCH = 50
# What our own export has beside, and nobody sets.
LEFT_OUT = {"id", "attributes", "verified", "blocked", "created_at", "last_seen_at"}

Row = dict[str, str]


@dataclass(slots=True)
class Outcome:
    """flaws: the number of a line and what is wrong with it; those are left out."""

    new: list[Customer] = field(default_factory=list)
    changed: list[Customer] = field(default_factory=list)
    same: int = 0
    flaws: list[tuple[int, str]] = field(default_factory=list)


def rows_of(text: str, *, source: str = "file") -> list[Row]:
    """text: a CSV with a line of names; columns that we do not know are attributes. source: the field that it came in.

    Raises Unprocessable.
    """
    text = text.removeprefix("\ufeff")
    if not is_clean(text) or len(text.encode()) > MOST_BYTES:
        raise Unprocessable(_("A text of at most %(most)d KB in UTF-8.") % {"most": MOST_BYTES // 1024}, field=source)
    head = text.partition("\n")[0]
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count), strict=True))
    except csv.Error as error:
        raise Unprocessable(_("This is not a CSV."), field=source) from error
    names = [_column(name) for name in lines[0]] if lines else []
    if not {*BOUNDS, "id"} & set(names) or len(set(names)) < len(names) or len(names) > MOST_COLUMNS:
        told = _("The first line names the columns: id, name, email, phone, external_id, and your own.")
        raise Unprocessable(told, field=source)
    if len(lines) - 1 > MOST_ROWS:
        raise Unprocessable(_("At most %(most)d lines a file.") % {"most": MOST_ROWS}, field=source)
    return [dict(zip(names, map(_as_written, line), strict=False)) for line in lines[1:]]


def preview(*, actor: User, rows: Sequence[Row]) -> Outcome:
    """What `import_customers` would do; nothing is stored."""
    return _sorted_out(actor, rows, lock=False)


@transaction.atomic
def import_customers(
    *, actor: User, rows: Sequence[Row], tell: Callable[[int, int], None] = lambda _done, _of: None
) -> Outcome:
    """Store what the good lines say, each to the customer of its strongest key. tell: how many are stored, of how many.

    That is our id; then the external id, of who has proven it or has never written; then an e-mail address, of who has
    never written: what a visitor claims to be finds nobody. What no line names stays as it is.
    """
    outcome = _sorted_out(actor, rows, lock=True)
    business_id = require(actor, Action.HANDLE_CONVERSATIONS).business_id
    done, whole = 0, len(outcome.new) + len(outcome.changed)
    for store, those in ((_create, outcome.new), (_update, outcome.changed)):
        for at in range(0, len(those), BATCH):
            batch = those[at : at + BATCH]
            store(batch)
            done += len(batch)
            tell(done, whole)
    happened = [events.customer_created(each) for each in outcome.new]
    happened += [events.customer_updated(each) for each in outcome.changed]
    audit.record(
        "customers.imported",
        business_id=business_id,
        actor=actor,
        new=len(outcome.new),
        changed=len(outcome.changed),
    )
    if happened:
        events.record(business_id, happened)
    return outcome


def _create(batch: list[Customer]) -> None:
    Customer.objects.bulk_create(batch)


def _update(batch: list[Customer]) -> None:
    Customer.objects.bulk_update(batch, [*BOUNDS, "attributes"])


def _sorted_out(actor: User, rows: Sequence[Row], *, lock: bool) -> Outcome:
    business_id = require(actor, Action.HANDLE_CONVERSATIONS).business_id
    known, outcome = _Known(business_id, rows, lock=lock), Outcome()
    taken: dict[tuple[str, str], int] = {}
    for number, row in enumerate(rows, start=2):
        if not any(row.values()):
            continue
        try:
            keys = [(name, row[name].lower()) for name in ("id", "external_id", "email") if row.get(name)][:1]
            if keys and (first := taken.setdefault(keys[0], number)) != number:
                raise Unprocessable(_("The same customer as in line %(number)d.") % {"number": first}, field="id")
            customer = known.of(row)
            is_new = customer is None
            customer = customer or Customer(business_id=business_id)
            changes = fill(customer, _facts(row), _attributes(row))
        except Refused as refusal:
            outcome.flaws.append((number, refusal.detail))
            continue
        if is_new:
            outcome.new.append(customer)
        elif changes:
            outcome.changed.append(customer)
        else:
            outcome.same += 1
    return outcome


class _Known:
    """The customers that lines may mean, in one query for all lines."""

    def __init__(self, business_id: UUID, rows: Sequence[Row], *, lock: bool) -> None:
        ids = {found for row in rows if (found := parse_id(row.get("id")))}
        numbers = {row["external_id"] for row in rows if row.get("external_id")}
        emails = {row["email"] for row in rows if row.get("email")}
        silent = ~Exists(Conversation.objects.filter(customer=OuterRef("pk")))
        theirs = Customer.objects.filter(business_id=business_id).annotate(is_silent=silent).order_by("pk")
        wanted = Q(pk__in=ids)
        wanted |= Q(external_id__in=numbers) & (Q(verified=True) | Q(is_silent=True))
        wanted |= Q(email__in=emails, verified=False, is_silent=True)
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
    plain = cell.removeprefix("'")
    return (plain if harmless(plain) == cell else cell).strip()
