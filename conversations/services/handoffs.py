"""The assistant's way of asking for a person. What a person does then takes the flag away (`person_has_it`)."""

from django.db import transaction
from django.utils import timezone

from conversations import events
from conversations.models import Activity, ActivityKind, Conversation, HandoffReason
from conversations.services.activities import tell
from conversations.services.handling import Handled
from conversations.services.locking import locked


@transaction.atomic
def flag_for_person(*, conversation: Conversation, reason: HandoffReason) -> Handled:
    """Put the conversation into the queue that waits for a person; a parked one is open again.

    Who waits already keeps its place, and the weightier reason. What is resolved or closed waits for nobody and stays
    as it is.
    Source: contract/api.md 6 and 10.
    """
    conversation = locked(conversation)
    if conversation.is_done or not reason.outweighs(conversation.handoff_reason):
        return Handled(conversation=conversation, changed=False)
    is_new = conversation.handoff_at is None
    conversation.reopen()
    conversation.handoff_reason = reason
    conversation.updated_at = timezone.now()
    conversation.handoff_at = conversation.handoff_at or conversation.updated_at
    conversation.save(update_fields=["status", "snoozed_until", "handoff_reason", "handoff_at", "updated_at"])
    tell(conversation, ActivityKind.HANDED_OVER, actor=None, reason=reason)
    event = (
        events.person_asked_for(conversation) if is_new else events.conversation_updated(conversation, actor_id=None)
    )
    events.record(conversation.business_id, [event])
    return Handled(conversation=conversation, changed=True)


def was_handed_over(conversation: Conversation, up_to_seq: int) -> bool:
    """Whether somebody was asked for because of the message `up_to_seq` already, and what a person did since took the
    flag away: only what is said after it counts. Source: theo.md 5.
    """
    lines = Activity.objects.filter(conversation=conversation, after_seq__gte=up_to_seq)
    return lines.filter(kind=ActivityKind.HANDED_OVER).exists()
