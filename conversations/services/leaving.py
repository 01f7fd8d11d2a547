"""What becomes of conversations when somebody leaves, or a team goes: nobody has them, and everybody sees it."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.dispatch import receiver
from django.utils import timezone

from accounts.models import User
from businesses.models import Membership, Team
from businesses.signals import member_removed, team_deleted
from conversations import events
from conversations.models import Conversation, ConversationQuerySet, Status
from conversations.services.locking import hold

# In one transaction: the workspace waits while their feed rows are written.
BATCH = 100


@receiver(member_removed)
def take_back_after_removal(*, business_id: UUID, user: User, actor: User, **_signal: Any) -> None:
    """Once the removal is committed: from then on nobody gives them anything, and we hold none of its locks.

    A process that dies in between leaves some behind; `sweep` finds them.
    """
    theirs = _unfinished().filter(business_id=business_id, assignee_id=user.pk)

    def take_back() -> None:
        while _unassign(theirs, actor_id=actor.pk):
            pass

    transaction.on_commit(take_back, robust=True)


@receiver(team_deleted)
def tell_of_deleted_team(*, team: Team, actor: User, **_signal: Any) -> None:
    """The database takes the team off its conversations; who has them open hears of it once that is committed."""
    theirs = list(Conversation.objects.filter(team=team).order_by("pk").values_list("pk", flat=True))

    def tell() -> None:
        for start in range(0, len(theirs), BATCH):
            _tell(theirs[start : start + BATCH], actor_id=actor.pk)

    transaction.on_commit(tell, robust=True)


def sweep() -> int:
    """One batch of what is assigned to people who are no longer there; says how many that were. Safe to repeat."""
    there = Membership.objects.filter(
        business_id=OuterRef("business_id"), user_id=OuterRef("assignee_id"), is_active=True, user__is_active=True
    )
    left = _unfinished().filter(~Exists(there), assignee__isnull=False)
    first = left.values_list("business_id", flat=True).first()
    return _unassign(left.filter(business_id=first), actor_id=None) if first else 0


def _unfinished() -> ConversationQuerySet:
    return Conversation.objects.filter(Q(status=Status.OPEN) | Q(status=Status.PENDING))


@transaction.atomic
def _unassign(rows: ConversationQuerySet, *, actor_id: UUID | None) -> int:
    """A batch of one workspace's; how many that were."""
    ids = hold(rows, most=BATCH)
    Conversation.objects.filter(pk__in=ids).update(assignee=None, updated_at=timezone.now())
    return _record(ids, actor_id=actor_id)


@transaction.atomic
def _tell(ids: list[UUID], *, actor_id: UUID | None) -> None:
    """A batch that the database itself has changed."""
    rows = Conversation.objects.filter(pk__in=ids)
    hold(rows)
    rows.update(updated_at=timezone.now())
    _record(ids, actor_id=actor_id)


def _record(ids: list[UUID], *, actor_id: UUID | None) -> int:
    """Feed rows for locked conversations of one workspace that have changed hands; how many those were."""
    freed = list(Conversation.objects.for_reading().filter(pk__in=ids).order_by("pk"))
    if freed:
        happened = [events.conversation_assigned(conversation, actor_id=actor_id) for conversation in freed]
        events.record(freed[0].business_id, happened)
    return len(freed)
