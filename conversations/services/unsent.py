"""What did not reach the customer, whenever that shows: whoever has the conversation has it before them again, to send
it once more.
"""

from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from conversations import events
from conversations.models import ActivityKind, Conversation, HandoffReason, Message, MessageStatus, Status
from conversations.services.activities import tell
from conversations.services.handling import Handled
from conversations.services.handoffs import flag_for_person
from conversations.services.locking import locked
from conversations.services.messages import set_message_status
from foundation.errors import Invalid, Refused

# Each takes a dozen queries, and a selection is of many conversations.
MOST_AT_ONCE = 20


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


def send_again(*, conversation: Conversation) -> Handled:
    """Whatever did not go out there and was not dealt with, in its order, at most so many; what cannot go out now stays
    as it is.

    Raises what speaks against it where none of it can, Invalid where nothing is to be sent.
    """
    retry = import_string(settings.MESSAGE_RETRIER)
    refusal: Refused = Invalid(_("There is nothing to send again."))
    again = 0
    lacking = Message.objects.lacking_in(conversation).order_by("created_at", "seq")
    for message in lacking[:MOST_AT_ONCE]:
        try:
            retry(message=message)
            again += 1
        except Refused as error:
            refusal = error
    if not again:
        raise refusal
    return Handled(conversation=conversation, changed=True)
