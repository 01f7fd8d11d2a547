"""When a customer was last seen: after the commit, and at most every few minutes, so that no message pays for it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.dispatch import receiver
from django.utils import timezone

from conversations import events
from conversations.models import Conversation, Customer, Rules, SenderType

AT_MOST_EVERY = timedelta(minutes=5)


@receiver(events.happened)
def note_sightings(*, changes: Mapping[UUID, events.Change], **_signal: object) -> None:
    limit = timezone.now() - AT_MOST_EVERY
    seen = {
        message.conversation.customer_id
        for change in changes.values()
        for message in change.messages
        if message.sender_type == SenderType.CUSTOMER
        and message.conversation.customer_id
        and not _was_seen_since(limit, message.conversation)
    }
    if seen:
        transaction.on_commit(lambda: _note(seen), robust=True)


def _was_seen_since(limit: datetime, conversation: Conversation) -> bool:
    """As nearly always, when the lock of the conversation brought it."""
    rules: Rules | None = getattr(conversation, "rules", None)
    return rules is not None and rules.seen_at is not None and rules.seen_at > limit


def _note(seen: set[UUID]) -> None:
    now = timezone.now()
    stale = Q(last_seen_at=None) | Q(last_seen_at__lt=now - AT_MOST_EVERY)
    # Reading first: a read keeps no other writer waiting.
    rows = Customer.objects.filter(stale, pk__in=seen)
    if not rows.exists():
        return
    with transaction.atomic():
        # In one order, without waits in a circle.
        left = list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
        Customer.objects.filter(pk__in=left).update(last_seen_at=now)
