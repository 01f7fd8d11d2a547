"""Who is told of what, in the transaction of what happened. Nobody is told of their own doing.

What customers write is not among it: workflows/listening.py.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.dispatch import receiver
from django.utils import timezone

from businesses.feed import Event
from businesses.models import Membership
from conversations import events
from conversations.models import Conversation, Message, MessageStatus
from foundation import rows
from foundation.ids import parse_id
from workflows.models import Notification, NotificationKind
from workflows.notifications import tell


@receiver(events.happened, dispatch_uid="workflows.noticing")
def notice(*, changes: Mapping[UUID, events.Change], **_signal: Any) -> None:
    """One statement for all of them, and none when there is nobody to tell; a handoff asks who is there, too."""
    now = timezone.now()
    told = [
        Notification(
            business_id=business_id,
            user_id=user_id,
            conversation_id=conversation_id,
            actor_id=event.actor_id,
            kind=kind,
            created_at=now,
            push_due_at=now,
            mail_due_at=now,
        )
        for business_id, change in changes.items()
        for event in change.events
        if (conversation_id := event.conversation_id)
        for kind, user_ids in _told(business_id, event)
        for user_id in user_ids
        if user_id != event.actor_id
    ]
    rows.insert(told)
    people: dict[UUID, set[UUID]] = {}
    for each in told:
        people.setdefault(each.business_id, set()).add(each.user_id)
    for business_id, user_ids in people.items():
        tell(business_id, user_ids)


def _told(business_id: UUID, event: Event) -> list[tuple[NotificationKind, set[UUID]]]:
    if event.kind == "conversation.assigned":
        # Without a member's id only the team is new, or nobody has it now: no person is told.
        assignee_id = parse_id(event.data["assignee_id"]) if event.data["member_id"] else None
        if assignee_id:
            return [(NotificationKind.ASSIGNED, {assignee_id})]
        conversation = event.subject
        if event.data["is_team_new"] and isinstance(conversation, Conversation) and not conversation.assignee_id:
            return [(NotificationKind.TEAM, _waited_for(business_id, conversation))]
        return []
    if event.kind in {"note.created", "note.updated"}:
        asked = {found for text in event.data["mentions"] if (found := parse_id(text))}
        return [(NotificationKind.MENTIONED, asked)]
    if event.kind == "message.updated" and isinstance(event.subject, Message) and event.actor_id is None:
        failed = event.subject.status == MessageStatus.FAILED
        people = {event.subject.sender_id, event.subject.conversation.assignee_id} - {None}
        return [(NotificationKind.NOT_SENT, people)] if failed else []  # type: ignore[list-item]
    if event.kind == "conversation.updated" and isinstance(event.subject, Conversation) and event.actor_id is None:
        return _told_by_itself(business_id, event.subject, event.data)
    return []


def _told_by_itself(
    business_id: UUID, conversation: Conversation, data: dict[str, Any]
) -> list[tuple[NotificationKind, set[UUID]]]:
    """What nobody did: a time came, or Theo asks."""
    if author_id := parse_id(data.get("returned_to")):
        return [(NotificationKind.RETURNED, {author_id})]
    if data.get("woke"):
        return [(NotificationKind.WOKE, _waited_for(business_id, conversation))]
    if data.get("asks"):
        return [(NotificationKind.HANDOFF, _waited_for(business_id, conversation))]
    return []


def _waited_for(business_id: UUID, conversation: Conversation) -> set[UUID]:
    """Its assignee, if they have not left; else its team, else everybody."""
    members = Membership.objects.filter(business_id=business_id, is_active=True)
    if conversation.assignee_id and members.filter(user=conversation.assignee_id).exists():
        return {conversation.assignee_id}
    if conversation.team_id:
        members = members.filter(teams=conversation.team_id)
    return set(members.values_list("user_id", flat=True))
