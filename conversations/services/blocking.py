"""Taking nothing from a customer any more."""

from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from conversations import events
from conversations.models import ActivityKind, Conversation, Customer
from conversations.services.activities import tell
from conversations.services.handling import Handled
from conversations.services.locking import locked


@transaction.atomic
def set_blocked(*, conversation: Conversation, blocked: bool, actor: User) -> Handled:
    """The conversation's customer and whoever is the same person, in all of theirs. What they write from now on is
    refused (`objections.Blocked`); what they wrote stays. The line stands in this conversation.
    """
    conversation = locked(conversation)
    changed = _others_than(blocked, conversation.customer)
    if not changed:
        return Handled(conversation=conversation, changed=False)
    Customer.objects.filter(pk__in=changed).update(blocked_at=timezone.now() if blocked else None)
    conversation = Conversation.objects.for_reading().get(pk=conversation.pk)
    tell(conversation, ActivityKind.BLOCKED if blocked else ActivityKind.UNBLOCKED, actor=actor)
    happened = [events.conversation_updated(conversation, actor_id=actor.pk)]
    happened += [events.customer_updated(row) for row in Customer.objects.filter(pk__in=changed).order_by("pk")]
    events.record(conversation.business_id, happened)
    return Handled(conversation=conversation, changed=True)


def _others_than(blocked: bool, customer: Customer | None) -> list[UUID]:
    """Of this person, those that are not so yet; locked."""
    if customer is None:
        return []
    same = Customer.objects.filter(Q(pk=customer.person_id) | Q(merged_into=customer.person_id))
    rows = same.filter(business_id=customer.business_id, blocked_at__isnull=blocked).order_by("pk")
    return list(rows.select_for_update(of=("self",)).values_list("pk", flat=True))
