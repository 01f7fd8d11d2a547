"""What a language model is writing, shown to the agent who asked for it before it is done. Source: theo.md 6."""

import time

from django.conf import settings
from django.utils.module_loading import import_string

from businesses.models import Membership
from conversations.models import Conversation
from theo.port import OnText

# A model writes faster than anybody reads.
EVERY_SECONDS = 0.15
MOST = 4_000


def told_to(membership: Membership, conversation: Conversation) -> OnText:
    """For `answering.answer`: tells the member's sockets all that came so far, unchecked."""
    publish = import_string(settings.THEO_DRAFT_PUBLISHER)
    told_at = float("-inf")

    def tell(text: str) -> None:
        nonlocal told_at
        if time.monotonic() - told_at < EVERY_SECONDS:
            return
        told_at = time.monotonic()
        publish(membership=membership, conversation_id=conversation.pk, content=text[:MOST])

    return tell
