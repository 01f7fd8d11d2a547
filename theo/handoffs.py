"""What Theo had looked at when it asked for a person: kept for the agent who takes the conversation over.

Source: theo.md 5.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from conversations.models import Conversation, HandoffReason
from theo.answering import LEAST_SURE, Answer, think
from theo.models import Article, Assistant, Handoff, Mode, Reply
from theo.outcomes import remember

MOST_NEAR = 3

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """near: articles with how sure Theo was of each, in percent. draft: None = nothing, or it was dropped. is_again:
    the customer has read already what comes nearest, and asks on.
    """

    question: str
    near: list[tuple[Article, int]]
    draft: Reply | None
    is_again: bool

    @property
    def percent(self) -> int:
        """How sure Theo was of the draft."""
        return round(self.draft.confidence * 100) if self.draft else 0


def look_over(conversation: Conversation) -> Answer | None:
    """What an agent is shown who takes it over: as for a draft, in an article's own words.

    None: it failed, and a person is asked for all the same.
    """
    try:
        return think(conversation=conversation, mode=Mode.ASSIST, threshold=Assistant.LEAST_THRESHOLD, seconds=0)
    except Exception:
        logger.exception("Theo cannot look anything up for conversation %s.", conversation.pk)
        return None


def keep_handoff(conversation: Conversation, found: Answer, *, told: Collection[str] = ()) -> None:
    """found: of `look_over`. told: ids of articles that the customer has read; none is suggested again."""
    is_news = found.sources and str(found.sources[0].id) not in told
    considered = [
        {"article_id": hit.key, "confidence": round(hit.confidence, 3), "is_told": hit.key in told}
        for hit in found.considered
    ]
    Handoff.objects.update_or_create(
        conversation=conversation,
        defaults={
            "question": found.question,
            "considered": considered,
            "draft": remember(conversation=conversation, found=found) if is_news else None,
            "created_at": timezone.now(),
        },
    )


def handoff_of(conversation: Conversation) -> Shown | None:
    """Of a conversation that waits for a person; None when Theo had not looked for an answer. Two queries."""
    if not conversation.handoff_at:
        return None
    rows = Handoff.objects.filter(conversation=conversation, created_at__gte=conversation.handoff_at)
    kept = rows.select_related("draft").first()
    if kept is None:
        return None
    sure = {UUID(each["article_id"]): round(each["confidence"] * 100) for each in kept.considered}
    draft = kept.draft if kept.draft and not kept.draft.outcome else None
    is_unsure = conversation.handoff_reason == HandoffReason.LOW_CONFIDENCE and draft is None
    is_again = is_unsure and any(
        each.get("is_told") and each["confidence"] >= LEAST_SURE for each in kept.considered[:1]
    )
    return Shown(question=kept.question, near=near(conversation.business_id, sure), draft=draft, is_again=is_again)


def near_of(found: Answer, business_id: UUID) -> list[tuple[Article, int]]:
    return near(business_id, {UUID(hit.key): round(hit.confidence * 100) for hit in found.considered})


def near(business_id: UUID, sure: dict[UUID, int]) -> list[tuple[Article, int]]:
    """sure: by article, the likeliest first. The first MOST_NEAR, with how sure Theo is of each, in percent."""
    first = dict(list(sure.items())[:MOST_NEAR])
    articles = Article.objects.filter(business=business_id).defer("content").in_bulk(list(first))
    return [(articles[key], percent) for key, percent in first.items() if key in articles]
