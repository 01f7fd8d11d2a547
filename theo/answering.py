"""What Theo would say in a conversation, out of the workspace's own articles and in their own words.

Nothing is made up: a reply is a part of one published article as it stands there. By words alone Theo is never sure
enough to send it (`retrieval.MOST_SURE`), so it is a draft for an agent, and in `auto` a person is asked for.
Source: contract/api.md 10; theo.md 4 and 5.
"""

import re
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from uuid import UUID

from django.db.models import Count, Max

from conversations.models import Conversation, HandoffReason, Message, SenderType
from conversations.services.handoffs import flag_for_person
from theo.markdown import plain
from theo.models import Article, ArticleStatus, Assistant, Mode
from theo.retrieval import MAX_QUESTION, Doc, Hit, Index, words

# Below that, what was found is no help to anybody.
LEAST_SURE = 0.3
# What is written within so long belongs together.
TOGETHER = timedelta(seconds=60)
LAST_MESSAGES = 5
WHOLE, MOST_SENTENCES, MAX_REPLY = 600, 5, 4_000
MOST_INDEXES = 50

_END = re.compile(r"(?<=[.!?…。！？])\s+|\n+")
_PERSON = re.compile(
    r"\b(?:speak|talk|chat|connect|transfer|forward|put|get)\b[^.?!]{0,40}\b(?:human|person|agent|someone|somebody"
    r"|representative|advisor|operator|manager|staff)\b"
    r"|\b(?:real|live|actual) (?:human|person|agent)\b|^\W*(?:agent|human|operator|representative)\W*$|\bcall me\b"
    r"|\bmit (?:einem|einer|jemandem|nem|ner)\b[^.?!]{0,30}\b(?:mensch\w*|person|mitarbeiter\w*|berater\w*)\b"
    r"|\b(?:parler|discuter)\b[^.?!]{0,30}\b(?:humain|personne|quelqu.un|conseiller|agent|responsable)\b"
    r"|\b(?:hablar|contactar)\b[^.?!]{0,30}\b(?:persona|humano|agente|alguien|operador)\b"
    r"|\b(?:falar)\b[^.?!]{0,30}\b(?:pessoa|humano|atendente|algu[eé]m)\b"
    r"|\b(?:parlare)\b[^.?!]{0,30}\b(?:persona|umano|operatore|qualcuno)\b"
    r"|\b(?:met|spreken)\b[^.?!]{0,30}\b(?:een mens|een persoon|medewerker|iemand)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    id: UUID
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """question: what the customer asked, "" = nothing; up_to_seq: the last message that was looked at. reply: plain,
    at most MAX_REPLY characters; None = nothing to say. mode: the one that was used. handoff_reason: why a person is
    waited for, or is needed now.
    """

    question: str
    up_to_seq: int
    reply: str | None
    confidence: float
    mode: Mode
    handoff_reason: str | None = None
    sources: list[Source] = field(default_factory=list)


def answer(*, conversation: Conversation, mode: Mode, threshold: float = Assistant.LEAST_THRESHOLD) -> Answer:
    """Think, and ask for a person where one is needed. A flag that is there already stays: it is never raised twice."""
    found = think(conversation=conversation, mode=mode, threshold=threshold)
    if found.handoff_reason and not conversation.handoff_reason:
        flagged = flag_for_person(conversation=conversation, reason=HandoffReason(found.handoff_reason))
        return replace(found, handoff_reason=flagged.conversation.handoff_reason or None)
    return found


def think(*, conversation: Conversation, mode: Mode, threshold: float) -> Answer:
    """Look for an answer to what the customer said last. Nothing is changed or sent.

    mode: the one that is used (`assistants.effective_mode`). In `auto` there is a reply only when Theo is at least as
    sure as `threshold`.
    """
    question, is_open, up_to_seq = _asked(conversation)
    nothing = Answer(
        question=question,
        up_to_seq=up_to_seq,
        reply=None,
        confidence=0.0,
        mode=mode,
        handoff_reason=conversation.handoff_reason or None,
    )
    if not question:
        return nothing
    if wants_person(question):
        return _handed_over(nothing, HandoffReason.USER_REQUESTED) if is_open else nothing
    best = best_of(conversation.business_id, question)
    article = Article.objects.filter(pk=best.key, status=ArticleStatus.PUBLISHED).first() if best else None
    confidence = best.confidence if best and article else 0.0
    found = replace(nothing, confidence=confidence)
    if article is not None and confidence >= (threshold if mode == Mode.AUTO else LEAST_SURE):
        source = Source(id=article.pk, title=article.title)
        return replace(found, reply=excerpt(plain(article.content), question), sources=[source])
    if mode == Mode.AUTO and is_open and not conversation.assignee_id:
        return _handed_over(found, HandoffReason.LOW_CONFIDENCE)
    return found


def _handed_over(found: Answer, reason: HandoffReason) -> Answer:
    return replace(found, handoff_reason=found.handoff_reason or reason)


def wants_person(question: str) -> bool:
    return bool(_PERSON.search(question))


def best_of(business_id: UUID, question: str) -> Hit | None:
    """Among the workspace's published articles, and no others."""
    return next(iter(_index_of(business_id).find(question, most=1)), None)


def excerpt(text: str, question: str) -> str:
    """All of a short text; of a long one whole sentences around the one that has most of the question."""
    if len(text) <= WHOLE:
        return text
    sentences = [part.strip() for part in _END.split(text) if part.strip()]
    asked = set(words(question))
    best = max(range(len(sentences)), key=lambda n: (len(asked & set(words(sentences[n]))), -n))
    first, end = best, best + 1
    while end - first < MOST_SENTENCES:
        room = WHOLE - sum(map(len, sentences[first:end]))
        if end < len(sentences) and len(sentences[end]) < room:
            end += 1
        elif first and len(sentences[first - 1]) < room:
            first -= 1
        else:
            break
    return " ".join(sentences[first:end])[:MAX_REPLY]


def _asked(conversation: Conversation) -> tuple[str, bool, int]:
    """The customer's last words, those of the same minute joined; whether nobody has answered them; the last number."""
    last = list(Message.objects.filter(conversation=conversation).order_by("-seq")[:LAST_MESSAGES])
    is_open = bool(last) and last[0].sender_type == SenderType.CUSTOMER
    up_to_seq = last[0].seq if last else 0
    while last and last[0].sender_type != SenderType.CUSTOMER:
        del last[0]
    said: list[Message] = []
    for message in last:
        if message.sender_type != SenderType.CUSTOMER or (said and said[-1].created_at - message.created_at > TOGETHER):
            break
        said.append(message)
    return "\n".join(message.content for message in reversed(said)).strip()[:MAX_QUESTION], is_open, up_to_seq


# By workspace, with what says that it is out of date: how many there are, and when one was changed last.
_indexes: OrderedDict[UUID, tuple[tuple[int, datetime | None], Index]] = OrderedDict()
_lock = Lock()


def _index_of(business_id: UUID) -> Index:
    published = Article.objects.filter(business_id=business_id, status=ArticleStatus.PUBLISHED)
    facts = published.aggregate(count=Count("pk"), newest=Max("updated_at"))
    state = (facts["count"], facts["newest"])
    with _lock:
        known = _indexes.get(business_id)
        if known and known[0] == state:
            _indexes.move_to_end(business_id)
            return known[1]
    rows = published.order_by("pk").values_list("pk", "title", "content", "tags")
    index = Index(
        [Doc(key=str(pk), title=title, content=plain(text), tags=tuple(tags)) for pk, title, text, tags in rows]
    )
    with _lock:
        _indexes[business_id] = (state, index)
        while len(_indexes) > MOST_INDEXES:
            _indexes.popitem(last=False)
    return index
