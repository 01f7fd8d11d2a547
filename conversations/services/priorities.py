"""How urgent a conversation is."""

from django.db import transaction

from accounts.models import User
from conversations import events
from conversations.models import ActivityKind, Conversation, Priority
from conversations.services.activities import tell
from conversations.services.handling import Handled
from conversations.services.locking import locked


@transaction.atomic
def set_priority(*, conversation: Conversation, priority: Priority, actor: User) -> Handled:
    """It keeps its place in lists by time."""
    conversation = locked(conversation)
    if conversation.priority == priority:
        return Handled(conversation=conversation, changed=False)
    conversation.priority = priority
    conversation.save(update_fields=["priority"])
    tell(conversation, ActivityKind.PRIORITY, actor=actor, priority=priority.word)
    events.record(conversation.business_id, [events.conversation_updated(conversation, actor_id=actor.pk)])
    return Handled(conversation=conversation, changed=True)
