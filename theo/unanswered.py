"""Questions that Theo found no answer to, those of the same meaning together: what is missing among the articles.

Questions are kept without what says who asked. Source: theo.md 4.
"""

from datetime import timedelta
from uuid import UUID

import numpy as np
from django.db import transaction
from django.utils import timezone
from numpy.typing import NDArray

from conversations.models import Conversation, Message, SenderType
from foundation.rows import one_at_a_time
from theo.answering import Answer
from theo.engine.embedders import embedders, read_question
from theo.engine.lexical import words
from theo.models import Unanswered
from theo.phrases import is_something
from theo.redacting import redacted_question

# Whoever changes the groups of a workspace, or lets several of its articles be read anew.
COUNTING = "unanswered questions"
KEPT_FOR = timedelta(days=90)
MOST_GROUPS = 300
MOST_LETTERS = 300
MOST_WORDINGS = 5
# Of cosines between questions by e5, which lie close together; and of stems in common, where no model is.
ALIKE, ALIKE_WORDS = 0.93, 0.6

_Vector = NDArray[np.float16]


def note_unanswered(*, conversation: Conversation, found: Answer) -> None:
    """Count each question to those like it. What one conversation asks again is counted once."""
    for asked in found.unknown:
        question = redacted_question(conversation, asked, most=MOST_LETTERS)
        if not is_something(question):
            continue
        model = embedders().get("e5")
        vector = read_question(model, question).astype(np.float16) if model else None
        _count(conversation, question, found.up_to_seq, vector, model.name if model else "")


@transaction.atomic
def _count(conversation: Conversation, question: str, up_to_seq: int, vector: _Vector | None, model: str) -> None:
    # As who deletes conversations and forgets their words: the conversation first. It may be gone.
    if not Conversation.objects.select_for_update(no_key=True).filter(pk=conversation.pk).values_list("pk"):
        return
    # Two at once are counted one after the other: the second finds the group that the first has made.
    one_at_a_time(COUNTING, conversation.business_id)
    now = timezone.now()
    groups = list(Unanswered.objects.filter(business_id=conversation.business_id).order_by("-last_at")[:MOST_GROUPS])
    group = _like(groups, question, vector, model)
    if group is None:
        Unanswered.objects.create(
            business_id=conversation.business_id,
            question=question,
            asked_in=[str(conversation.pk)],
            model=model,
            vector=vector.tobytes() if vector is not None else b"",
            conversation=conversation,
            last_seq=up_to_seq,
            first_at=now,
            last_at=now,
        )
        _keep_the_newest(conversation.business_id, len(groups))
        return
    is_known = question in (group.question, *group.wordings)
    if group.conversation_id == conversation.pk and (is_known or group.last_seq == up_to_seq):
        return
    if group.asked_in and not is_known and len(group.wordings) < MOST_WORDINGS:
        group.wordings.append(question)
        group.asked_in.append(str(conversation.pk))
    group.conversation, group.last_seq, group.last_at = conversation, up_to_seq, now
    group.count += 1
    group.save(update_fields=["wordings", "asked_in", "conversation", "last_seq", "last_at", "count"])


def _like(groups: list[Unanswered], question: str, vector: _Vector | None, model: str) -> Unanswered | None:
    asked = set(words(question))
    best, most = None, 0.0
    for group in groups:
        if group.question == question:
            return group
        if vector is not None and group.model == model:
            known = np.frombuffer(bytes(group.vector), np.float16).astype(np.float32)
            alike = float(known @ vector.astype(np.float32)) - ALIKE
        else:
            theirs = set(words(group.question))
            alike = len(asked & theirs) / (len(asked | theirs) or 1) - ALIKE_WORDS
        if alike >= most:
            best, most = group, alike
    return best


def _keep_the_newest(business_id: UUID, known: int) -> None:
    if known < MOST_GROUPS:
        return
    rows = Unanswered.objects.filter(business_id=business_id).order_by("-last_at", "-id")
    Unanswered.objects.filter(pk__in=list(rows.values_list("pk", flat=True)[MOST_GROUPS:])).delete()


def answer_given(group: Unanswered) -> str:
    """What a person told who asked last, "" = nobody did: the beginning of an article."""
    told = Message.objects.filter(
        conversation=group.conversation_id,
        seq__gt=group.last_seq,
        sender_type=SenderType.AGENT,
        ai_sources__isnull=True,
        deleted_at__isnull=True,
    )
    first = told.order_by("seq").first() if group.conversation_id else None
    return first.content if first else ""


def dismiss(group: Unanswered) -> None:
    """Out of sight; it is not shown again when it is asked again."""
    Unanswered.objects.filter(pk=group.pk).update(is_dismissed=True)


def purge(*, most: int = 1_000) -> int:
    """Delete what nobody asked for KEPT_FOR, at most so many; how many."""
    old = Unanswered.objects.filter(last_at__lt=timezone.now() - KEPT_FOR).order_by("last_at")
    return Unanswered.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:most])).delete()[0]
