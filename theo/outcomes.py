"""What Theo said, and what became of it: the report's and the playground's figures, and what examples are made of.

A draft is judged by what the agent sent instead, an automatic answer by whether a person had to come after all for what
it was about; the worker looks at both. A person may say that one was wrong. Source: theo.md 4.
"""

import logging
import threading
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Avg, Count, F, Q, QuerySet
from django.utils import timezone

from conversations import events
from conversations.models import Conversation, Message, SenderType, Status
from conversations.services.answers import call_answer_wrong
from foundation.prepared import Given, prepared
from theo.answering import LEAST_SURE, Answer, found_for
from theo.engine.index import MAX_QUESTION
from theo.indexing import hold
from theo.learning import LIGHTLY_EDITED, learn
from theo.models import Outcome, Reply
from theo.phrases import goes_on, needs_person

logger = logging.getLogger(__name__)

EVERY_SECONDS = 5.0
AT_ONCE = 100
# A draft that nobody sent anything after says nothing; an automatic answer that nobody came after was enough.
DRAFT_WAITS, ANSWER_WAITS = timedelta(hours=1), timedelta(days=1)
KEPT_FOR = timedelta(days=365)
# How much of a draft is in what was sent: from there on the answer is made of it.
EDITED = 0.5
MOST_LETTERS = 2_000
SENT_SINCE = 10
RIGHT = (Outcome.ACCEPTED, Outcome.EDITED, Outcome.SOLVED)


def every() -> float:
    """Seconds between two looks."""
    return EVERY_SECONDS


def remember(*, conversation: Conversation, found: Answer, message: Message | None = None) -> Reply | None:
    """Keep what Theo said to the conversation's last message; None when that was nothing.

    message: as which it was sent; None = a draft. Of drafts for the same words the newest is the one, until something
    became of it.
    """
    if found.reply is None or not found.sources:
        return None
    cited = str(found.sources[0].id)
    hit = next((each for each in found.considered if each.key == cited), None)
    said = {
        "message": message,
        "article_id": found.sources[0].id,
        "quotes": [{"article_id": str(one.id), "quote": quote} for one in found.sources for quote in one.quotes],
        "mode": found.mode,
        "by_model": found.by_model,
        "question": found.question,
        "text": found.reply,
        "confidence": found.confidence,
        "engine": hit.engine if hit else "",
        "features": dict(hit.features) if hit else {},
        "took_ms": found.took_ms,
        "created_at": timezone.now(),
    }
    reply, created = Reply.objects.get_or_create(
        conversation=conversation,
        asked_seq=found.up_to_seq,
        is_sent=message is not None,
        defaults={
            **said,
            "business_id": conversation.business_id,
            "looked_seq": message.seq if message else found.up_to_seq,
        },
    )
    if not created and Reply.objects.filter(pk=reply.pk, outcome="", is_sent=False).update(**said):
        reply.refresh_from_db()
    return reply


def settle(stop: threading.Event) -> None:
    """The worker's chore. One query when there is nothing to judge."""
    now = timezone.now()
    for reply in _due()(answered_before=now - ANSWER_WAITS, drafted_before=now - DRAFT_WAITS):
        if stop.is_set():
            return
        try:
            _settle(reply)
        except Exception:  # those behind it have their turn
            logger.exception("What became of Theo's reply %s cannot be told.", reply.pk)


@prepared
def _due() -> "QuerySet[Reply]":
    talked_on = Q(conversation__last_seq__gt=F("looked_seq"))
    ended = Q(conversation__status__in=[Status.RESOLVED, Status.CLOSED]) | ~Q(conversation__handoff_reason="")
    sent = Q(is_sent=True) & (talked_on | ended | Q(created_at__lt=Given("answered_before")))
    draft = Q(is_sent=False) & (talked_on | Q(created_at__lt=Given("drafted_before")))
    due = Reply.objects.filter(sent | draft, outcome="").select_related("conversation")
    return due.order_by("created_at")[:AT_ONCE]


def _settle(reply: Reply) -> None:
    conversation = reply.conversation
    by_people = Message.objects.filter(
        conversation=conversation, seq__gt=reply.asked_seq, sender_type=SenderType.AGENT, ai_sources__isnull=True
    )
    if reply.is_sent:
        if conversation.handoff_reason or by_people.filter(seq__gt=reply.looked_seq).exists():
            conclude(reply, Outcome.SOLVED if _was_about_something_else(reply) else Outcome.HANDED_OVER)
        elif conversation.is_done or reply.created_at < timezone.now() - ANSWER_WAITS:
            conclude(reply, Outcome.SOLVED)
        else:  # the customer wrote on: those behind it have their turn until somebody says more
            Reply.objects.filter(pk=reply.pk).update(looked_seq=conversation.last_seq)
        return
    sent = list(by_people.order_by("seq").values_list("content", flat=True)[:SENT_SINCE])
    likeness = max((likeness_of(reply.text, each) for each in sent), default=0.0)
    if likeness == 1:
        conclude(reply, Outcome.ACCEPTED, likeness)
    elif likeness >= EDITED:
        conclude(reply, Outcome.EDITED, likeness)
    elif reply.created_at > timezone.now() - DRAFT_WAITS:
        # "One moment, please" is not yet the answer.
        Reply.objects.filter(pk=reply.pk).update(looked_seq=conversation.last_seq)
    elif sent:
        conclude(reply, Outcome.DISCARDED)
    else:
        reply.delete()


def _was_about_something_else(reply: Reply) -> bool:
    """Whether the person was needed for what the customer asked later: a question of its own, that the same article
    does not come nearest to.
    """
    if Reply.objects.filter(conversation=reply.conversation, is_sent=True, asked_seq__gt=reply.asked_seq).exists():
        return True
    since = Message.objects.filter(conversation=reply.conversation, seq__gt=reply.asked_seq).order_by("seq")
    said = since.filter(sender_type=SenderType.CUSTOMER).values_list("content", flat=True).first() or ""
    if not said.strip() or goes_on(said) or needs_person(said):
        return False
    nearest = next(iter(found_for(reply.business_id, said[:MAX_QUESTION], "", by_itself=True)), None)
    is_same = nearest and nearest.key == str(reply.article_id) and nearest.confidence >= LEAST_SURE
    return not is_same


def conclude(reply: Reply, outcome: Outcome, likeness: float = 0.0) -> bool:
    """Whether it was open until now; Theo learns from it then. likeness: of a draft to what was sent, 0 to 1."""
    known = Reply.objects.filter(pk=reply.pk, outcome="")
    changed = bool(known.update(outcome=outcome, likeness=likeness, outcome_at=timezone.now()))
    if changed:
        learn(reply=reply, outcome=outcome, likeness=likeness)
    return changed


def drop_draft(conversation: Conversation) -> bool:
    """The agent does not want the newest draft; whether there was one that nothing had become of yet."""
    drafts = Reply.objects.filter(conversation=conversation, is_sent=False, outcome="")
    newest = drafts.order_by("-asked_seq").first()
    return newest is not None and conclude(newest, Outcome.DISCARDED)


def visitor_said(reply: Reply, *, helped: bool) -> None:
    """The customer's own word takes the place of what was seen or said before, but for a person's that it was wrong."""
    outcome = Outcome.SOLVED if helped else Outcome.HANDED_OVER
    known = Reply.objects.filter(pk=reply.pk).exclude(outcome=Outcome.WRONG)
    if known.update(helped=helped, outcome=outcome, outcome_at=timezone.now()):
        learn(reply=reply, outcome=outcome, likeness=0.0)


@events.gathered()
def call_wrong(reply: Reply) -> None:
    """A person says that the answer was wrong, whatever became of it."""
    if reply.message:
        call_answer_wrong(message=reply.message)
    if reply.article_id and not hold(reply.article_id):
        reply.article = None
    Reply.objects.filter(pk=reply.pk).update(outcome=Outcome.WRONG, outcome_at=timezone.now())
    learn(reply=reply, outcome=Outcome.WRONG, likeness=0.0)


def likeness_of(draft: str, sent: str) -> float:
    """0 to 1; 1 = word for word. A draft with something around it is at least lightly edited.

    By the pieces of three letters that both have, which one pass over each tells: what compares them in order takes
    minutes for two texts that repeat themselves.
    """
    draft, sent = " ".join(draft.split())[:MOST_LETTERS], " ".join(sent.split())[:MOST_LETTERS]
    if draft == sent:
        return 1.0
    ours, theirs = _pieces(draft), _pieces(sent)
    ratio = min(0.99, 2 * (ours & theirs).total() / (ours.total() + theirs.total()))
    return max(ratio, LIGHTLY_EDITED) if draft and draft in sent else ratio


def _pieces(text: str) -> Counter[str]:
    text = f" {text.lower()} "
    return Counter(text[n : n + 3] for n in range(len(text) - 1))


def purge(*, most: int = 1_000) -> int:
    """Delete rows older than KEPT_FOR, at most so many; how many."""
    old = Reply.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).order_by("created_at").values("pk")[:most]
    return Reply.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Replies whose confidence was within, in percent; right: of them, in percent; said: what Theo said on average."""

    least: int
    most: int
    count: int
    said: int
    right: int


def buckets(business_id: UUID) -> list[Bucket]:
    """How often Theo was right when it was how sure; those without a reply are left out. One query."""
    settled = _settled(business_id)
    made = []
    sums = {f"n{least}": Count("pk", filter=_within(least)) for least in range(0, 100, 10)}
    sums |= {f"r{least}": Count("pk", filter=_within(least) & Q(outcome__in=RIGHT)) for least in range(0, 100, 10)}
    means = {f"m{least}": Avg("confidence", filter=_within(least)) for least in range(0, 100, 10)}
    found = settled.aggregate(**sums, **means)
    for least in range(0, 100, 10):
        if count := found[f"n{least}"]:
            right = round(found[f"r{least}"] / count * 100)
            said = round(found[f"m{least}"] * 100)
            made.append(Bucket(least=least, most=least + 10, count=count, said=said, right=right))
    return made


def counts(business_id: UUID) -> list[tuple[str, int]]:
    """By outcome, how many; those that there were."""
    rows = _settled(business_id).values_list("outcome").annotate(count=Count("pk")).order_by("-count")
    return [(str(Outcome(outcome).label), count) for outcome, count in rows]


def _settled(business_id: UUID) -> QuerySet[Reply]:
    return Reply.objects.filter(business_id=business_id).exclude(outcome="")


def _within(least: int) -> Q:
    most = least + 10 if least < 90 else 101
    return Q(confidence__gte=least / 100, confidence__lt=most / 100)
