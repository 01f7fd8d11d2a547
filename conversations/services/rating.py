"""How a customer rates a conversation once it is done: 1 to 5, and a comment."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations import events
from conversations.models import Conversation, Rating
from conversations.services.locking import locked
from foundation.errors import Invalid, Unprocessable
from foundation.text import is_clean

LOWEST, HIGHEST = 1, 5
MAX_COMMENT = 1_000


@transaction.atomic
def rate_conversation(*, conversation: Conversation, score: int, comment: str) -> Rating:
    """Store what the customer thinks of it; a later rating takes the place of the one before.

    comment: plain text, at most MAX_COMMENT characters; "" = none.
    Raises Invalid while the conversation goes on, or when nobody of the team has written in it; Unprocessable.
    Not a change of the conversation: it keeps its place in every list.
    """
    if not LOWEST <= score <= HIGHEST:
        raise Unprocessable(_("A number from 1 to 5."), field="score")
    if len(comment) > MAX_COMMENT or not is_clean(comment):
        raise Unprocessable(_("A text of at most %(most)d characters.") % {"most": MAX_COMMENT}, field="comment")
    conversation = locked(conversation)
    if not conversation.is_done or conversation.first_response_at is None:
        raise Invalid(_("A conversation is rated once it was answered and is over."))
    rating, _created = Rating.objects.update_or_create(
        conversation=conversation,
        business_id=conversation.business_id,
        defaults={
            "score": score,
            "comment": comment.strip(),
            "agent": conversation.assignee,
            "rated_at": timezone.now(),
        },
    )
    conversation.rating = rating
    events.record(conversation.business_id, [events.conversation_updated(conversation, actor_id=None)])
    return rating
