"""Out of sight until a time: pending, and open again when it comes or when the customer writes before."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from conversations import events
from conversations.models import ActivityKind, Conversation, Status
from conversations.services.activities import tell
from conversations.services.handling import STANDING, Handled, not_merged
from conversations.services.locking import locked
from conversations.services.standing import standing_of
from foundation.errors import Invalid
from foundation.prepared import Given, prepared

LONGEST = timedelta(days=366)
BATCH = 100
AGAIN_AFTER = timedelta(minutes=1)

log = logging.getLogger("pingback.worker")


@transaction.atomic
def snooze_conversation(*, conversation: Conversation, until: datetime, actor: User) -> Handled:
    """until: aware, in the future. Until the next reply only: `handling.park_conversation`. Raises Invalid."""
    now = timezone.now()
    if not now < until <= now + LONGEST:
        raise Invalid(_("Choose a time in the future, at most a year from now."))
    conversation = locked(conversation)
    if conversation.snoozed_until == until:
        return Handled(conversation=conversation, changed=False)
    not_merged(conversation)
    was = standing_of(conversation, STANDING)
    conversation.reopen()
    conversation.status, conversation.snoozed_until, conversation.updated_at = Status.PENDING, until, now
    conversation.save(
        update_fields=["status", "snoozed_until", "updated_at", "resolved_at", "resolved_by", "closed_at", "spam_at"]
    )
    tell(conversation, ActivityKind.SNOOZED, actor=actor, until=until.isoformat(), was=was)
    events.record(conversation.business_id, [events.conversation_updated(conversation, actor_id=actor.pk)])
    return Handled(conversation=conversation, changed=True)


def wake_due() -> int:
    """Open what has slept long enough, each for itself; how many that were. Safe to repeat, and by many at once.

    What fails for a reason that nobody thought of comes again behind the others.
    """
    woken = 0
    for conversation in _due()(now=timezone.now()):
        try:
            woken += _wake(conversation)
        except Exception:
            log.exception("Conversation %s was not woken, and is tried again", conversation.pk)
            asleep = Conversation.objects.filter(pk=conversation.pk, snoozed_until=conversation.snoozed_until)
            asleep.update(snoozed_until=timezone.now() + AGAIN_AFTER)
    return woken


@prepared
def _due() -> "QuerySet[Conversation]":
    return Conversation.objects.filter(snoozed_until__lte=Given("now")).order_by("snoozed_until")[:BATCH]


@transaction.atomic
def _wake(conversation: Conversation) -> bool:
    conversation = locked(conversation)
    now = timezone.now()
    if conversation.snoozed_until is None or conversation.snoozed_until > now:
        return False  # somebody was there first
    conversation.reopen()
    conversation.updated_at = now
    conversation.save(update_fields=["status", "snoozed_until", "updated_at"])
    tell(conversation, ActivityKind.WOKE, actor=None)
    events.record(conversation.business_id, [events.conversation_woke(conversation)])
    return True
