"""The lines of a thread beside its messages, written in the transaction of what they tell."""

from typing import Any

from django.utils import timezone

from accounts.models import User
from conversations.models import Activity, ActivityKind, Conversation


def tell(conversation: Conversation, kind: ActivityKind, *, actor: User | None, **data: Any) -> None:
    """The caller has locked the conversation, and records an event of the same change."""
    activity(conversation, kind, actor=actor, **data).save(force_insert=True)


def holders(conversation: Conversation) -> dict[str, str | None]:
    """Who has it, as a line of ActivityKind.ASSIGNED tells it."""
    return {
        "user_id": str(conversation.assignee_id) if conversation.assignee_id else None,
        "team_id": str(conversation.team_id) if conversation.team_id else None,
    }


def activity(conversation: Conversation, kind: ActivityKind, *, actor: User | None, **data: Any) -> Activity:
    """A line that the caller stores. Behind the last message as it stands in memory. data: as ActivityKind says."""
    return Activity(
        conversation=conversation,
        kind=kind,
        actor=actor,
        after_seq=conversation.last_seq,
        data=data,
        created_at=timezone.now(),
    )
