"""The same change to many conversations, each for itself: one that cannot be changed holds up no other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from accounts.models import User
from conversations.models import Conversation, Priority
from conversations.services.handling import Handled
from foundation.errors import NotFound, Refused

MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """Who had a conversation until it was changed, and how urgent it was, to undo it."""

    id: UUID
    assignee_id: UUID | None
    team_id: UUID | None
    priority: Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """done: those that are now as wanted. changed: of them, those that were not before.

    failed: with a sentence for people.
    """

    done: list[UUID] = field(default_factory=list)
    changed: list[Before] = field(default_factory=list)
    failed: list[tuple[UUID, str]] = field(default_factory=list)


def change_many(*, actor: User, ids: Sequence[UUID], change: Callable[[Conversation], Handled]) -> Outcome:
    """Each in a transaction of its own, so that they keep their order among themselves in lists by time.

    ids: at most MOST; unknown and foreign ones fail alike.

    change: one of the services, for this actor; the caller has asked the policy.
    """
    rows = Conversation.objects.visible_to(actor).in_bulk(list(ids))
    outcome = Outcome(failed=[(pk, NotFound().detail) for pk in dict.fromkeys(ids) if pk not in rows])
    for conversation in sorted(rows.values(), key=lambda row: (row.updated_at, row.pk)):
        try:
            before = Before(
                id=conversation.pk,
                assignee_id=conversation.assignee_id,
                team_id=conversation.team_id,
                priority=Priority(conversation.priority),
            )
            handled = change(conversation)
        except Refused as refusal:
            outcome.failed.append((conversation.pk, refusal.detail))
            continue
        outcome.done.append(conversation.pk)
        if handled.changed:
            outcome.changed.append(before)
    return outcome
