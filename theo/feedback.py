"""A visitor says whether an answer of Theo's helped, which is the surest word on it. Source: theo.md 4.

Whoever was not helped is handed to a person, as long as nobody has said anything since.
"""

from uuid import UUID

from django.http import Http404

from conversations.models import Conversation, HandoffReason
from theo.models import Reply
from theo.outcomes import visitor_said
from theo.replying import hand_over


def take_feedback(*, conversation: Conversation, message_id: UUID, helped: bool) -> Reply:
    """Of what Theo answered by itself; the last word counts. Raises Http404 for any other message."""
    reply = Reply.objects.select_related("message").filter(conversation=conversation, message=message_id).first()
    if reply is None or reply.message is None:
        raise Http404
    if not helped:
        hand_over(conversation, reply.message.seq, HandoffReason.LOW_CONFIDENCE)
    visitor_said(reply, helped=helped)
    reply.refresh_from_db()
    return reply
