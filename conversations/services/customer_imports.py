"""Customers out of a file, in the background: looked at first, where somebody is to see what would happen, then stored.

Part by part, each stored and counted in one transaction: whatever dies in between, the next one goes on behind it, and
no line comes in twice.
"""

import logging
import threading
from datetime import timedelta
from uuid import UUID

from django.db import OperationalError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from businesses import audit
from businesses.policy import Action, require
from conversations.models import UNDER_WAY, CustomerImport, CustomerImportPart, ImportState
from conversations.services.importing_customers import Outcome, Sheet, look_at, store_lines
from foundation.errors import Invalid
from foundation.prepared import Given, prepared
from foundation.rows import one_at_a_time

logger = logging.getLogger(__name__)

EVERY_SECONDS = 0.5
# Lines at a time: what writes meanwhile waits no longer than for these, and no socket is cut for their events
# (pingback/realtime/connection.py).
SOME = 200
AT_ONCE = 5
MOST_FLAWS = 100
KEPT = 10
# What was looked at and never begun is forgotten then.
UNDECIDED = timedelta(days=1)


def receive_file(*, actor: User, sheet: Sheet, name: str = "", looks_first: bool) -> CustomerImport:
    """Keep its lines, and do the first ones. looks_first: until `begin_import` nothing is stored of it, and what the
    workspace still has looked at is stopped for it.

    Raises Invalid while another one comes in.
    """
    business_id = require(actor, Action.HANDLE_CONVERSATIONS).business_id
    with transaction.atomic():
        _make_room(business_id, looks_first=looks_first)
        made = CustomerImport.objects.create(
            business_id=business_id,
            actor=actor,
            name=name[:200],
            state=ImportState.LOOKING if looks_first else ImportState.RUNNING,
            columns=sheet.columns,
            total=len(sheet.lines),
            left_out=len(sheet.flaws),
            flaws=sheet.flaws[:MOST_FLAWS],
            created_at=timezone.now(),
        )
        CustomerImportPart.objects.bulk_create(
            (
                CustomerImportPart(customer_import=made, number=number, lines=sheet.lines[at : at + SOME])
                for number, at in enumerate(range(0, len(sheet.lines), SOME))
            ),
            batch_size=10,
        )
        newest = CustomerImport.objects.filter(business_id=business_id).order_by("-created_at", "-pk")
        older = CustomerImport.objects.filter(pk__in=list(newest.values_list("pk", flat=True)[KEPT:]))
        older.exclude(state__in=UNDER_WAY).delete()
        if not looks_first:
            _write_down(made, actor)
    return _went_on(made)


@transaction.atomic
def _begin(one: CustomerImport, actor: User) -> None:
    _make_room(one.business_id, looks_first=False)
    fresh = {"actor": actor, "at": 0, "done": 0, "new": 0, "changed": 0, "same": 0, "state": ImportState.RUNNING}
    if not CustomerImport.objects.filter(pk=one.pk, state=ImportState.LOOKED_AT).update(**fresh):
        raise Invalid(_("Only what was looked at and has not begun yet can be begun."))
    _write_down(one, actor)


def begin_import(*, one: CustomerImport, actor: User) -> CustomerImport:
    """Store what was looked at. Raises Invalid while another one comes in, and where nothing waits for it."""
    _begin(one, actor)
    return _went_on(one)


def stop_import(*, one: CustomerImport) -> None:
    """What is in stays."""
    _break_off(one.pk, ImportState.STOPPED)


def go_on(stop: threading.Event) -> None:
    """The worker's chore: of each import a part. One query when there is none."""
    for (pk,) in _due()(undecided=timezone.now() - UNDECIDED):
        if stop.is_set():
            return
        _take(pk)


@prepared
def _due() -> "QuerySet[CustomerImport, tuple[UUID]]":
    undecided = Q(state=ImportState.LOOKED_AT, created_at__lte=Given("undecided"))
    due = CustomerImport.objects.filter(Q(state__in=UNDER_WAY) | undecided)
    return due.order_by("at", "created_at").values_list("pk")[:AT_ONCE]


def _make_room(business_id: UUID, *, looks_first: bool) -> None:
    """One is looked at and one runs in a workspace, whatever asks at once: until the transaction ends others wait here.

    Raises Invalid.
    """
    one_at_a_time("customer import", business_id)
    theirs = CustomerImport.objects.filter(business_id=business_id)
    if looks_first:
        for pk in theirs.filter(state=ImportState.LOOKING).values_list("pk", flat=True):
            _break_off(pk, ImportState.STOPPED)
    elif theirs.filter(state=ImportState.RUNNING).exists():
        raise Invalid(_("An import is under way. Wait for it, or stop it."))


def _write_down(one: CustomerImport, actor: User) -> None:
    """Who has it come in, and from where: the worker that ends it knows neither session nor address."""
    audit.record("customers.import_begun", business_id=one.business_id, actor=actor, lines=one.total)


def _went_on(one: CustomerImport) -> CustomerImport:
    """With its first part done at once, which is all of most files."""
    _take(one.pk)
    one.refresh_from_db()
    return one


def _take(pk: UUID) -> None:
    try:
        _do_a_part(pk)
    except OperationalError:  # the database is away or busy: the part is there still
        logger.warning("A part of import %s is tried again", pk, exc_info=True)
    except Exception:
        logger.exception("Import %s broke off", pk)
        _break_off(pk, ImportState.FAILED)


@transaction.atomic
def _break_off(pk: UUID, state: ImportState) -> None:
    one = CustomerImport.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if one and (one.is_under_way or one.state == ImportState.LOOKED_AT):
        _end(one, state)
        one.save(update_fields=["state"])


@transaction.atomic
def _do_a_part(pk: UUID) -> None:
    """Or what is left to do where there is none. What another worker is at is left to it."""
    mine = CustomerImport.objects.select_for_update(skip_locked=True, no_key=True)
    one = mine.filter(pk=pk).first()
    if one is None:
        return
    if not one.is_under_way:
        if one.state == ImportState.LOOKED_AT and one.created_at <= timezone.now() - UNDECIDED:
            one.delete()
        return
    part = one.parts.filter(number=one.at).first()
    if part:
        is_looking = one.state == ImportState.LOOKING
        do = look_at if is_looking else store_lines
        outcome = do(business_id=one.business_id, columns=one.columns, lines=part.lines)
        _count(one, outcome, lines=len(part.lines))
        if is_looking:
            part.lines = outcome.good
            part.save(update_fields=["lines"])
        else:
            part.delete()
    if not one.parts.filter(number__gte=one.at).exists():
        _end(one, ImportState.LOOKED_AT if one.state == ImportState.LOOKING else ImportState.DONE)
    one.save(update_fields=["state", "at", "total", "done", "new", "changed", "same", "left_out", "flaws"])


def _count(one: CustomerImport, outcome: Outcome, *, lines: int) -> None:
    one.at += 1
    one.done += lines
    one.new += len(outcome.new)
    one.changed += len(outcome.changed)
    one.same += outcome.same
    one.left_out += len(outcome.flaws)
    one.flaws = [*one.flaws, *outcome.flaws][:MOST_FLAWS]


def _end(one: CustomerImport, state: ImportState) -> None:
    """In memory, but for its parts and what is written down of it."""
    was, one.state = one.state, state
    if state == ImportState.LOOKED_AT:
        one.total = one.new + one.changed + one.same
        return
    one.parts.all().delete()
    if was == ImportState.RUNNING:
        audit.record(
            "customers.imported", business_id=one.business_id, actor=one.actor, new=one.new, changed=one.changed
        )
