"""Who asks for a person, or complains, need not wait until an agent has read it: the worker looks at what customers
wrote just now.

Whoever is assigned to, or waits for a person already, is left alone. Source: theo.md 5.
"""

import threading
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from businesses.models import Business
from conversations.models import Conversation, SenderType, Status
from conversations.services.handoffs import flag_for_person
from foundation.prepared import Given, prepared
from theo.assistants import answers_by_itself
from theo.phrases import said_needs_person

EVERY_SECONDS = 3.0
# Each message is looked at several times: a worker that was away for a moment misses none.
LATELY = timedelta(seconds=60)
AT_ONCE = 500


def every() -> float:
    """Seconds between two looks."""
    return EVERY_SECONDS


def flag_who_wants_a_person(stop: threading.Event) -> None:
    """The worker's chore. One query when nobody does. Where Theo answers by itself, `replying` asks for the person."""
    for conversation in _waiting()(since=timezone.now() - LATELY):
        if stop.is_set():
            return
        said = conversation.last_message.content if conversation.last_message else ""
        if reason := said_needs_person(said):
            flag_for_person(conversation=conversation, reason=reason)


@prepared
def _waiting() -> "QuerySet[Conversation]":
    waiting = Conversation.objects.filter(
        business_id__in=Business.objects.values("pk"),  # so that the index of each workspace's newest is used
        updated_at__gt=Given("since"),
        status=Status.OPEN,
        assignee__isnull=True,
        handoff_reason="",
        last_message__sender_type=SenderType.CUSTOMER,
        last_message__automated=False,
    )
    waiting = waiting.exclude(business_id__in=answers_by_itself().values("business_id"))
    return waiting.select_related("last_message").order_by("updated_at")[:AT_ONCE]
