"""Taking nothing from a customer any more."""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from conversations import events
from conversations.models import ActivityKind, Conversation, Customer
from conversations.services.activities import tell
from conversations.services.handling import Handled
from conversations.services.locking import locked


@transaction.atomic
def set_blocked(*, conversation: Conversation, blocked: bool, actor: User) -> Handled:
    """The conversation's customer, in all of theirs. What they write from now on is refused (`objections.Blocked`);
    what they wrote stays. The line stands in this conversation.
    """
    conversation = locked(conversation)
    customer = conversation.customer
    rows = Customer.objects.filter(pk=customer.pk, blocked_at__isnull=blocked) if customer else Customer.objects.none()
    if not rows.update(blocked_at=timezone.now() if blocked else None):
        return Handled(conversation=conversation, changed=False)
    conversation = Conversation.objects.for_reading().get(pk=conversation.pk)
    tell(conversation, ActivityKind.BLOCKED if blocked else ActivityKind.UNBLOCKED, actor=actor)
    happened = [events.conversation_updated(conversation, actor_id=actor.pk)]
    if conversation.customer:
        happened.append(events.customer_updated(conversation.customer))
    events.record(conversation.business_id, happened)
    return Handled(conversation=conversation, changed=True)
