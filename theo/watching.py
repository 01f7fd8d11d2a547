"""Who asks for a person, or complains, need not wait until an agent has read it: the worker looks at what customers
wrote just now.

Whoever somebody has is left alone. Who waits because Theo could not answer waits for what they say from then on; they
were told already that somebody will come. Source: theo.md 5.
"""

import threading
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from businesses.models import Business
from conversations.models import Conversation, HandoffReason, SenderType, Status
from conversations.services.handoffs import flag_for_person, was_handed_over
from foundation.prepared import Given, prepared
from theo.assistants import answers_by_itself
from theo.needs import said_needs_person

EVERY_SECONDS = 3.0
# Each message is looked at several times, since a change may be seen later than another one of its time.
LATELY = timedelta(seconds=60)
# How far back a process that starts looks: what a worker that was away has missed.
AWAY = timedelta(days=1)
AT_ONCE = 500
# Whatever is older was looked at, by this process; None = it has just started.
_since: datetime | None = None


def every() -> float:
    """Seconds between two looks."""
    return EVERY_SECONDS


def flag_who_wants_a_person(stop: threading.Event) -> None:
    """The worker's chore. One query when nobody does. Where Theo answers by itself, `replying` asks for the person."""
    global _since
    now = timezone.now()
    since = _since or now - AWAY
    found = _waiting()(since=since)
    for conversation in found:
        if stop.is_set():
            return
        said = conversation.last_message.content if conversation.last_message else ""
        reason = said_needs_person(said)
        if reason and (conversation.handoff_reason or not was_handed_over(conversation, conversation.last_seq)):
            flag_for_person(conversation=conversation, reason=reason)
    if len(found) < AT_ONCE:
        _since = max(since, now - LATELY)
    else:  # many may have the time of one change
        _since = max(found[-1].updated_at, since + timedelta(microseconds=1))


@prepared
def _waiting() -> "QuerySet[Conversation]":
    waiting = Conversation.objects.filter(
        business_id__in=Business.objects.values("pk"),  # so that the index of each workspace's newest is used
        updated_at__gte=Given("since"),
        status=Status.OPEN,
        assignee__isnull=True,
        last_message__sender_type=SenderType.CUSTOMER,
        last_message__automated=False,
    )
    theos = Q(business_id__in=answers_by_itself().values("business_id"))
    waiting = waiting.filter(
        Q(handoff_reason="") & ~theos | Q(handoff_reason__in=[HandoffReason.LOW_CONFIDENCE, HandoffReason.ERROR])
    )
    return waiting.select_related("last_message").order_by("updated_at")[:AT_ONCE]
