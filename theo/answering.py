"""What Theo would say in a conversation, out of the workspace's own articles and in their own words.

Nothing is made up: a reply is a part of one published article as it stands there, or, where there is a language model,
what it made of such articles and code could check (`writing`). Complaints, and who wants a person, are never answered.
Source: contract/api.md 10; theo.md 4 to 6.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from businesses.models import Business
from conversations.models import Conversation, HandoffReason, Message, SenderType
from conversations.services.handoffs import flag_for_person
from theo.engine.index import MAX_QUESTION, Hit
from theo.engine.lexical import words
from theo.engine.passages import sentences_of
from theo.indexing import find
from theo.language_models import is_there
from theo.markdown import plain
from theo.models import Article, ArticleStatus, Assistant, Mode
from theo.phrases import is_small_talk, needs_person
from theo.redacting import redacted
from theo.writing import last_messages, write

# Below that, what was found is no help to anybody.
LEAST_SURE = 0.3
# What is written within so long belongs together.
TOGETHER = timedelta(seconds=60)
LAST_MESSAGES = 5
WHOLE, MOST_SENTENCES, MAX_REPLY = 600, 5, 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    id: UUID
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """question: what the customer asked, "" = nothing; up_to_seq: the last message that was looked at. reply: plain,
    at most MAX_REPLY characters; None = nothing to say. mode: the one that was used. handoff_reason: why a person is
    waited for, or is needed now. considered: the workspace's articles that come nearest, the likeliest first. by_model:
    a language model worded it, from the sources. is_unknown: it is a question, and no article answers it surely enough.
    took_ms: to think about it.
    """

    question: str
    up_to_seq: int = 0
    reply: str | None
    confidence: float
    mode: Mode
    handoff_reason: str | None = None
    sources: list[Source] = field(default_factory=list)
    considered: list[Hit] = field(default_factory=list)
    by_model: bool = False
    is_unknown: bool = False
    took_ms: int = 0


def answer(
    *,
    conversation: Conversation,
    mode: Mode,
    threshold: float = Assistant.LEAST_THRESHOLD,
    on_text: Callable[[str], None] | None = None,
) -> Answer:
    """Think, and ask for a person where one is needed. A flag that is there already stays: it is never raised twice."""
    found = think(conversation=conversation, mode=mode, threshold=threshold, on_text=on_text)
    if found.handoff_reason and not conversation.handoff_reason:
        flagged = flag_for_person(conversation=conversation, reason=HandoffReason(found.handoff_reason))
        return replace(found, handoff_reason=flagged.conversation.handoff_reason or None)
    return found


def think(
    *, conversation: Conversation, mode: Mode, threshold: float, on_text: Callable[[str], None] | None = None
) -> Answer:
    """Look for an answer to what the customer said last. Nothing is changed or sent.

    mode: the one that is used (`assistants.effective_mode`). In `auto` there is a reply only when Theo is at least as
    sure as `threshold`. on_text: is told what a language model writes, while it does and before it is checked.
    """
    started = time.monotonic()
    question, is_open, up_to_seq = asked(conversation)
    found = consider(
        business_id=conversation.business_id,
        question=question,
        mode=mode,
        threshold=threshold,
        is_open=is_open,
        has_person=conversation.assignee_id is not None,
    )
    if found.reply is not None and is_there(conversation.business_id):
        found = _worded(
            found,
            conversation.business,
            last_messages(conversation),
            is_open=is_open,
            waits=is_open and not conversation.assignee_id,
            least=least_sure(mode, threshold),
            on_text=on_text,
        )
    reason = conversation.handoff_reason or found.handoff_reason
    took_ms = round((time.monotonic() - started) * 1_000)
    return replace(found, up_to_seq=up_to_seq, handoff_reason=reason or None, took_ms=took_ms)


def try_out(*, business: Business, question: str, mode: Mode, threshold: float) -> Answer:
    """As for a customer who asks this and nothing before it. Nothing is stored but the tokens that it takes."""
    started = time.monotonic()
    found = consider(business_id=business.pk, question=question, mode=mode, threshold=threshold)
    if found.reply is not None and is_there(business.pk):
        said = [{"from": "customer", "text": redacted(question)}]
        found = _worded(found, business, said, is_open=True, waits=True, least=least_sure(mode, threshold))
    return replace(found, took_ms=round((time.monotonic() - started) * 1_000))


def consider(
    *,
    business_id: UUID,
    question: str,
    mode: Mode,
    threshold: float,
    is_open: bool = True,
    has_person: bool = False,
) -> Answer:
    """What to do about one question, wherever it comes from.

    is_open: nobody has answered it yet. has_person: somebody has the conversation who asked it.
    """
    nothing = Answer(question=question, reply=None, confidence=0.0, mode=mode)
    waits = is_open and not has_person
    if is_small_talk(question):
        # Without a word there are files, which Theo cannot read.
        unread = mode == Mode.AUTO and waits and not question
        return replace(nothing, handoff_reason=HandoffReason.LOW_CONFIDENCE) if unread else nothing
    if (reason := needs_person(question)) is not None:
        return replace(nothing, handoff_reason=reason) if is_open else nothing
    hits = find(business_id, question)
    best = next(iter(hits), None)
    article = Article.objects.filter(pk=best.key, status=ArticleStatus.PUBLISHED).first() if best else None
    confidence = best.confidence if best and article else 0.0
    found = replace(nothing, confidence=confidence, considered=hits)
    if article is not None and confidence >= least_sure(mode, threshold):
        source = Source(id=article.pk, title=article.title)
        return replace(found, reply=excerpt(plain(article.content), question), sources=[source])
    found = replace(found, is_unknown=True)
    if mode == Mode.AUTO and waits:
        return replace(found, handoff_reason=HandoffReason.LOW_CONFIDENCE)
    return found


def least_sure(mode: Mode, threshold: float) -> float:
    """From when on there is a reply."""
    return threshold if mode == Mode.AUTO else LEAST_SURE


def _worded(
    found: Answer,
    business: Business,
    said: list[dict[str, str]],
    *,
    is_open: bool,
    waits: bool,
    least: float,
    on_text: Callable[[str], None] | None = None,
) -> Answer:
    """The same in the language model's words; it may make Theo less sure, or ask for a person.

    said: as of `writing.last_messages`. waits: nobody has answered, and nobody has the conversation.
    """
    written = write(
        business=business, said=said, question=found.question, hits=found.considered, least=least, on_text=on_text
    )
    if written is None:
        return found
    silent = replace(found, reply=None, sources=[], confidence=written.confidence)
    if written.handoff and is_open:
        return replace(silent, handoff_reason=written.handoff)
    if written.confidence < least:
        return replace(silent, handoff_reason=HandoffReason.LOW_CONFIDENCE if waits else None)
    if not written.reply:
        return replace(found, confidence=written.confidence)
    sources = [Source(id=cited.pk, title=cited.title) for cited in written.articles]
    return replace(silent, reply=written.reply, sources=sources, by_model=True)


def excerpt(text: str, question: str) -> str:
    """All of a short text; of a long one whole sentences around the one that has most of the question."""
    if len(text) <= WHOLE:
        return text
    sentences = sentences_of(text)
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


def asked(conversation: Conversation) -> tuple[str, bool, int]:
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
