"""The customers of a workspace: which of them a list shows, and all of them as a table."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time

from django.db import models
from django.db.models import F, Q, QuerySet, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Replace, Right
from django.db.models.lookups import Contains, StartsWith
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from businesses import audit
from businesses.policy import Action, require
from conversations.models import Conversation, Customer
from conversations.search.persons import BETWEEN_DIGITS, stranger_number, telephone_digits
from conversations.search.words import words_of
from foundation import throttles
from foundation.api import WIRE_TIME, newest_page

PAGE = 50
EXPORT_BATCH = 500
COLUMNS = ("id", "name", "email", "phone", "external_id", "notes", "verified", "blocked", "created_at", "last_seen_at")


class Sort(models.TextChoices):
    CREATED = "created_at", _("Newest first")
    SEEN = "last_seen_at", _("Last seen first, who has written")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """q: in name, e-mail, telephone however it is written, external id, or a stranger's number.

    seen_since: a day where the reader is. None and "": whatever.
    """

    q: str = ""
    channel: str = ""
    verified: bool | None = None
    blocked: bool | None = None
    seen_since: date | None = None
    sort: str = Sort.CREATED


def customers_of(user: User, wanted: Filter) -> QuerySet[Customer]:
    """Whoever is merged into somebody is found as that one."""
    everybody = Customer.objects.visible_to(user)
    rows = everybody.filter(merged_into=None)
    if q := wanted.q.strip():
        named = _named(q)
        merged = everybody.filter(named, merged_into__isnull=False)
        rows = rows.filter(named | Q(pk__in=merged.values("merged_into")))
    if wanted.channel:
        wrote = Conversation.objects.visible_to(user).filter(channel_type=wanted.channel).order_by().values("customer")
        merged = everybody.filter(pk__in=wrote, merged_into__isnull=False)
        rows = rows.filter(Q(pk__in=wrote) | Q(pk__in=merged.values("merged_into")))
    if wanted.verified is not None:
        rows = rows.filter(verified=wanted.verified)
    if wanted.blocked is not None:
        rows = rows.filter(blocked_at__isnull=not wanted.blocked)
    if wanted.seen_since:
        rows = rows.filter(last_seen_at__gte=timezone.make_aware(datetime.combine(wanted.seen_since, time.min)))
    if wanted.sort == Sort.SEEN:
        return rows.filter(last_seen_at__isnull=False).order_by("-last_seen_at", "-id")
    return rows.order_by("-created_at", "-id")


def _named(q: str) -> Q:
    named = Q(name__icontains=q) | Q(email__icontains=q) | Q(external_id__icontains=q) | Q(phone__icontains=q)
    words = words_of(q)
    if digits := telephone_digits(words):
        stored: Combinable = F("phone")
        for sign in BETWEEN_DIGITS:
            stored = Replace(stored, Value(sign))
        named |= Q(Contains(stored, digits))
    if number := stranger_number(words):
        named |= Q(name="", email="") & Q(StartsWith(Right(Cast("pk", TextField()), 4), number))
    return named


def page(user: User, wanted: Filter, *, cursor: str | None, limit: int = PAGE) -> tuple[list[Customer], str | None]:
    """Customers of the user's workspace and the cursor of the next page. Raises Unprocessable for a cursor not ours."""
    by = Sort.SEEN if wanted.sort == Sort.SEEN else Sort.CREATED
    return newest_page(customers_of(user, wanted), cursor=cursor, limit=limit, by=by.value)


def export(user: User, wanted: Filter) -> Iterator[list[list[str]]]:
    """All rows under the filter for a CSV, in batches, the first with the columns' names; itself written down.

    Raises TooFast.
    """
    membership = require(user, Action.HANDLE_CONVERSATIONS)
    throttles.count("EXPORT", membership.business_id)
    filters = [f"{name}: {value}" for name, value in asdict(wanted).items() if value not in {None, "", Sort.CREATED}]
    audit.record("customers.exported", business_id=membership.business_id, actor=user, filters=filters)
    return _batches(customers_of(user, wanted), wanted)


def _batches(rows: QuerySet[Customer], wanted: Filter) -> Iterator[list[list[str]]]:
    by = Sort.SEEN if wanted.sort == Sort.SEEN else Sort.CREATED
    yield [[*COLUMNS, "attributes"]]
    cursor: str | None = ""
    while cursor is not None:
        batch, cursor = newest_page(rows, cursor=cursor, limit=EXPORT_BATCH, by=by.value)
        if batch:
            yield [_cells(customer) for customer in batch]


def _cells(customer: Customer) -> list[str]:
    return [
        str(customer.pk),
        customer.name,
        customer.email,
        customer.phone,
        customer.external_id,
        customer.notes,
        "true" if customer.verified else "false",
        "true" if customer.blocked_at else "false",
        customer.created_at.astimezone(UTC).strftime(WIRE_TIME),
        customer.last_seen_at.astimezone(UTC).strftime(WIRE_TIME) if customer.last_seen_at else "",
        json.dumps(customer.attributes, ensure_ascii=False) if customer.attributes else "",
    ]


def said(value: str | float | bool) -> str:
    """An attribute as people write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
