"""Who is there: the status that people choose, and what becomes of it while they are gone.

Sockets say twice a minute that their member is there, in a row (`last_seen_at`), so that neither a closed laptop nor a
killed process leaves anybody live for ever. Whoever was not seen for AGENT_OFFLINE_AFTER is offline until the next
socket, and then again what they had chosen. A status set over the API counts as being seen at that moment: a program
without a socket sets it again before the time is over. Times are the database's: a process whose clock is wrong neither
sends anybody away nor keeps them.
Source: contract/api.md 6; design.md 5 and 9.
"""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from businesses import feed
from businesses.models import AgentStatus, Membership
from businesses.policy import Action, require
from foundation.errors import Invalid, NotFound

# Of AGENT_OFFLINE_AFTER: noted again four times before it would be too late.
A_WHILE = 0.25


@transaction.atomic
def choose_status(*, actor: User, status: str) -> Membership:
    """What the actor wants others to see in the current workspace; they are told, also when it was that before.

    Raises Invalid for no status of ours and without a workspace, NotFound when the membership just ended.
    """
    membership = require(actor, Action.HANDLE_CONVERSATIONS)
    if status not in AgentStatus.values:
        raise Invalid(_("Choose live, away or offline."))
    member = _locked(Membership.objects.filter(pk=membership.pk))
    if member is None:
        raise NotFound
    member.chosen_status = AgentStatus(status)
    member.last_seen_at = Now()
    _become(member, member.chosen_status, told_anyway=True)
    return member


def is_due(member: Membership) -> bool:
    """Whether a socket that opens now changes anything worth writing down. A guess by our own clock: the next look at
    all sockets, which asks the database, mends it.
    """
    return (
        member.status != member.chosen_status
        or not member.last_seen_at
        or member.last_seen_at < timezone.now() - A_WHILE * _patience()
    )


@transaction.atomic
def arrive(membership_id: UUID) -> None:
    """A socket of theirs is open: they are what they chose."""
    member = _locked(Membership.objects.filter(pk=membership_id, is_active=True))
    if member:
        member.last_seen_at = Now()
        _become(member, member.chosen_status)


def seen(present: Collection[UUID], *, left: Collection[UUID] = ()) -> None:
    """Note who is there. A query or two for all of them, and a write only for those not noted for a while.

    present: memberships with an open socket. left: those whose last one closed since the last look.
    """
    rows = Membership.objects.filter(is_active=True)
    for member in rows.filter(pk__in=present).filter(Q(last_seen_at=None) | ~Q(status=F("chosen_status"))):
        arrive(member.pk)
    rows.filter(pk__in={*present, *left}, last_seen_at__lt=Now() - A_WHILE * _patience()).update(last_seen_at=Now())


def settle_absent(*, most: int = 200) -> int:
    """Put offline who was not seen for AGENT_OFFLINE_AFTER, at most so many; returns how many. For the worker."""
    absent = Membership.objects.filter(last_seen_at__lt=Now() - _patience()).exclude(status=AgentStatus.OFFLINE)
    settled = 0
    for membership_id in list(absent.values_list("pk", flat=True)[:most]):
        with transaction.atomic():
            member = _locked(absent.filter(pk=membership_id))
            if member:  # neither back nor settled by another worker
                member.last_seen_at = None
                _become(member, AgentStatus.OFFLINE)
                settled += 1
    return settled


def _become(member: Membership, status: str, *, told_anyway: bool = False) -> None:
    """The last statements of the transaction: one feed row when others see a difference."""
    told = told_anyway or member.status != status
    member.status = AgentStatus(status)
    member.save(update_fields=["status", "chosen_status", "last_seen_at"])
    if told:
        data = {"agent_id": str(member.user_id), "status": member.status}
        event = feed.Event(kind="agent.status_changed", subject=member, actor_id=member.user_id, data=data)
        feed.record(member.business_id, [event])


def _locked(rows: QuerySet[Membership]) -> Membership | None:
    return rows.select_for_update(no_key=True).first()


def _patience() -> timedelta:
    return timedelta(seconds=settings.AGENT_OFFLINE_AFTER)
