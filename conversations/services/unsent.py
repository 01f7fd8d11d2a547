"""What did not reach the customer, whenever that shows: whoever has the conversation has it before them again."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from conversations import events
from conversations.models import ActivityKind, HandoffReason, Message, MessageStatus, Status
from conversations.services.activities import tell
from conversations.services.handoffs import flag_for_person
from conversations.services.locking import locked
from conversations.services.messages import set_message_status


@transaction.atomic
def message_failed(*, message_id: UUID, reason: str) -> Message:
    """Who wrote it is told (workflows/noticing.py), and what was resolved because of it is open again. Of Theo's words
    nobody waits to hear that: where nobody has the conversation, a person is asked for.

    reason: a sentence for the agent.
    """
    message = set_message_status(message_id=message_id, status=MessageStatus.FAILED, error=reason[:300])
    conversation = locked(message.conversation)
    if conversation.status == Status.RESOLVED:
        conversation.reopen()
        conversation.updated_at = timezone.now()
        fields = ["status", "snoozed_until", "resolved_at", "resolved_by", "closed_at", "spam_at", "updated_at"]
        conversation.save(update_fields=fields)
        tell(conversation, ActivityKind.REOPENED, actor=None, unsent=True)
        events.record(conversation.business_id, [events.conversation_updated(conversation, actor_id=None)])
    if message.is_theos and not (conversation.assignee_id or conversation.handoff_reason):
        flag_for_person(conversation=conversation, reason=HandoffReason.ERROR)
    return message
