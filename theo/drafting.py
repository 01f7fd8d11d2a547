"""Theo is asked, by an agent or over the API: the answer, and everything that is kept of it.

Who asks while a language model writes for somebody else gets what that one gets: the model is asked once.
Source: contract/api.md 10; theo.md 4.
"""

import time
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import F
from django.utils import timezone

from conversations.models import Conversation
from theo.answering import Answer, Source, answer
from theo.handoffs import keep_handoff, look_over
from theo.language_models import is_there, seconds_in_all
from theo.models import Article, Assistant, Mode, Reply
from theo.outcomes import remember
from theo.replying import send_if_nobody_has_it
from theo.turns import turn
from theo.unanswered import note_unanswered

LOOK_SECONDS = 0.2

_Drafted = tuple[Answer, Reply | None]


def draft(
    *,
    conversation: Conversation,
    mode: Mode = Mode.ASSIST,
    threshold: float = Assistant.LEAST_THRESHOLD,
    on_text: Callable[[str], None] | None = None,
) -> _Drafted:
    """As `answering.answer`, and what is kept of it for an agent; None = nothing was said, or it was sent.

    In `auto` it is sent where nobody else has the conversation. Where somebody else's turn takes too long, articles are
    quoted.
    """

    def asked(seconds: float | None) -> _Drafted:
        was_waiting = bool(conversation.handoff_reason)
        found = answer(conversation=conversation, mode=mode, threshold=threshold, on_text=on_text, seconds=seconds)
        is_sent = mode == Mode.AUTO and send_if_nobody_has_it(conversation, found) is not None
        kept = None if is_sent else remember(conversation=conversation, found=found)
        note_unanswered(conversation=conversation, found=found)
        if found.handoff_reason and not was_waiting and (looked := look_over(conversation)):
            keep_handoff(conversation, looked)
        return found, kept

    if not is_there(conversation.business_id):
        return asked(None)
    began, until = timezone.now(), time.monotonic() + seconds_in_all()
    while (left := until - time.monotonic()) > 0:
        with turn(conversation.pk) as is_ours:
            if is_ours:
                return _made_since(began, conversation, mode) or asked(left)
        if not connection.in_atomic_block:
            connection.close()  # others may have it meanwhile
        time.sleep(LOOK_SECONDS)
    return asked(0)


def _made_since(began: datetime, conversation: Conversation, mode: Mode) -> _Drafted | None:
    """The draft that somebody else was given while we waited, as long as it is of the last message."""
    kept = Reply.objects.filter(
        conversation=conversation,
        asked_seq=F("conversation__last_seq"),
        is_sent=False,
        mode=mode,
        outcome="",
        created_at__gte=began,
    ).first()
    if kept is None:
        return None
    cited = Article.objects.in_bulk({UUID(each["article_id"]) for each in kept.quotes})
    found = Answer(
        question=kept.question,
        up_to_seq=kept.asked_seq,
        reply=kept.text,
        confidence=kept.confidence,
        mode=mode,
        handoff_reason=conversation.handoff_reason or None,
        sources=[Source(id=article.pk, title=article.title) for article in cited.values()],
        by_model=kept.by_model,
        took_ms=kept.took_ms,
    )
    return found, kept
