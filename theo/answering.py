"""What Theo would say in a conversation, out of the workspace's own articles and in their own words.

Nothing is made up: a reply is a part of one published article as it stands there, or, where there is a language model,
what it made of such articles and code could check (`writing`). Complaints, and who wants a person, are never answered.
Source: contract/api.md 10; theo.md 4 to 6.
"""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from businesses.models import Business
from conversations.models import Conversation, HandoffReason, Message, SenderType
from conversations.services.handoffs import flag_for_person
from theo.engine.index import MAX_QUESTION, UNSENT, Hit
from theo.engine.lexical import words
from theo.engine.passages import sentences_each, spans_of
from theo.indexing import find
from theo.language_models import is_there
from theo.markdown import plain
from theo.models import Article, ArticleStatus, Assistant, Mode
from theo.parts import MOST_PARTS, asked_in, parts_of
from theo.phrases import goes_on, is_small_talk, is_thanks, needs_person
from theo.redacting import redacted
from theo.speaking import ENGLISH, framed, language_for, small_talk
from theo.writing import last_messages, write

# Below that, what was found is no help to anybody.
LEAST_SURE = 0.3
# What is written within so long belongs together.
TOGETHER = timedelta(seconds=60)
LAST_MESSAGES = 5
WHOLE, MOST_SENTENCES, MAX_REPLY = 600, 5, 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """quotes: what the reply took from it, word for word."""

    id: UUID
    title: str
    quotes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """question: the customer's last words, those of the same minute joined, "" = none; before: what the customer said
    before that. is_open: nobody has answered it yet. is_first: nobody of ours has said anything lately. up_to_seq: the
    last number. language: the customer's, one that Theo speaks.
    """

    question: str
    before: str
    is_open: bool
    is_first: bool
    up_to_seq: int
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """question: what the customer asked, "" = nothing; up_to_seq: the last message that was looked at. reply: plain,
    at most MAX_REPLY characters; None = nothing to say. mode: the one that was used. handoff_reason: why a person is
    waited for, or is needed now. considered: the workspace's articles that come nearest, the likeliest first. by_model:
    a language model worded it, from the sources. unknown: questions of it that no article answers surely enough.
    together: articles that each answer one of several questions, so that fewer of them do not answer the customer.
    language: the customer's, one that Theo speaks. took_ms: to think about it.
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
    unknown: tuple[str, ...] = ()
    together: frozenset[str] = frozenset()
    language: str = ENGLISH
    took_ms: int = 0


def answer(
    *,
    conversation: Conversation,
    mode: Mode,
    threshold: float = Assistant.LEAST_THRESHOLD,
    on_text: Callable[[str], None] | None = None,
    seconds: float | None = None,
) -> Answer:
    """Think, and ask for a person where one is needed. A flag that is there already is never raised twice."""
    found = think(conversation=conversation, mode=mode, threshold=threshold, on_text=on_text, seconds=seconds)
    if found.handoff_reason and found.handoff_reason != conversation.handoff_reason:
        flagged = flag_for_person(conversation=conversation, reason=HandoffReason(found.handoff_reason))
        return replace(found, handoff_reason=flagged.conversation.handoff_reason or None)
    return found


def think(
    *,
    conversation: Conversation,
    mode: Mode,
    threshold: float,
    on_text: Callable[[str], None] | None = None,
    seconds: float | None = None,
) -> Answer:
    """Look for an answer to what the customer said last. Nothing is changed or sent.

    mode: the one that is used (`assistants.effective_mode`). In `auto` there is a reply only when Theo is at least as
    sure as `threshold`. on_text: is told what a language model writes, while it does and before it is checked.
    seconds: for the model; None = what a request may wait for, 0 = it is not asked.
    """
    started = time.monotonic()
    heard = asked(conversation)
    has_person = conversation.assignee_id is not None
    waits = heard.is_open and not has_person
    found = consider(
        business_id=conversation.business_id,
        question=heard.question,
        before=heard.before,
        mode=mode,
        threshold=threshold,
        is_open=heard.is_open,
        has_person=has_person,
        language=heard.language,
    )
    if found.sources and seconds != 0 and is_there(conversation.business_id):
        found = _worded(
            found,
            conversation.business,
            last_messages(conversation),
            waits=waits,
            least=least_sure(mode, threshold),
            on_text=on_text,
            seconds=seconds,
        )
    found = _framed(_whole(found, waits=waits), heard.language, greets=heard.is_first)
    reason = found.handoff_reason
    if not reason or not HandoffReason(reason).outweighs(conversation.handoff_reason):
        reason = conversation.handoff_reason or None
    took_ms = round((time.monotonic() - started) * 1_000)
    return replace(found, up_to_seq=heard.up_to_seq, handoff_reason=reason, language=heard.language, took_ms=took_ms)


def try_out(*, business: Business, question: str, mode: Mode, threshold: float) -> Answer:
    """As for a customer who asks this and nothing before it. Nothing is stored but the tokens that it takes."""
    started = time.monotonic()
    language = language_for([question])
    found = consider(business_id=business.pk, question=question, mode=mode, threshold=threshold, language=language)
    if found.sources and is_there(business.pk):
        said = [{"from": "customer", "text": redacted(question)}]
        found = _worded(found, business, said, waits=True, least=least_sure(mode, threshold))
    found = _framed(_whole(found, waits=True), language, greets=True)
    return replace(found, took_ms=round((time.monotonic() - started) * 1_000))


def _whole(found: Answer, *, waits: bool) -> Answer:
    """Nothing, where it answers one of several questions: the customer would be left with the others."""
    if found.reply is None or {str(source.id) for source in found.sources} >= found.together:
        return found
    return replace(found, reply=None, sources=[], handoff_reason=HandoffReason.COMPLEX_ISSUE if waits else None)


def _framed(found: Answer, language: str, *, greets: bool) -> Answer:
    """What is quoted begins with a greeting; a language model begins as it likes."""
    if found.reply is None or not found.sources or found.by_model:
        return found
    return replace(found, reply=framed(found.reply, language=language, greets=greets)[:MAX_REPLY])


def consider(
    *,
    business_id: UUID,
    question: str,
    mode: Mode,
    threshold: float,
    before: str = "",
    is_open: bool = True,
    has_person: bool = False,
    language: str = ENGLISH,
) -> Answer:
    """What to do about one question, wherever it comes from.

    before: what the customer said before it. is_open: nobody has answered it yet. has_person: somebody has the
    conversation who asked it. language: that small talk is answered in.
    """
    nothing = Answer(question=question, reply=None, confidence=0.0, mode=mode)
    waits = is_open and not has_person
    if not question:
        # Without a word there are files, which Theo cannot read.
        unread = mode == Mode.AUTO and waits
        return replace(nothing, handoff_reason=HandoffReason.LOW_CONFIDENCE) if unread else nothing
    if is_small_talk(question):
        if mode == Mode.AUTO or not waits:
            return nothing
        # No article says it, and nobody has to be asked for it: for an agent to send.
        return replace(nothing, reply=small_talk(language=language, is_thanks=is_thanks(question)), confidence=UNSENT)
    if (reason := needs_person(question)) is not None:
        # Nothing is said; an agent who looks at it sees what comes near. Who wants a person said before what for.
        about = before if before and reason == HandoffReason.USER_REQUESTED else question
        near = found_for(business_id, about, before, by_itself=False) if mode == Mode.ASSIST else []
        return replace(nothing, considered=near, handoff_reason=reason if waits else None)
    hits = found_for(business_id, question, before, by_itself=mode == Mode.AUTO)
    best = next(iter(hits), None)
    article = Article.objects.filter(pk=best.key, status=ArticleStatus.PUBLISHED).first() if best else None
    confidence = best.confidence if best and article else 0.0
    found = replace(nothing, confidence=confidence, considered=hits)
    if best and article and confidence >= least_sure(mode, threshold):
        together, unknown = _beside(business_id, question, best.key) if mode == Mode.AUTO else (frozenset(), ())
        if unknown:  # the answer would leave the customer with the other question
            return replace(found, unknown=unknown, handoff_reason=HandoffReason.COMPLEX_ISSUE if waits else None)
        text = excerpt(plain(article.content), question, near=best.sentence)
        source = Source(id=article.pk, title=article.title, quotes=(text,))
        return replace(found, reply=text, sources=[source], together=together)
    found = replace(found, unknown=_unknown(business_id, question, least_sure(mode, threshold)))
    if mode == Mode.AUTO and waits:
        return replace(found, handoff_reason=HandoffReason.LOW_CONFIDENCE)
    return found


def _beside(business_id: UUID, question: str, best: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Of a question that the article `best` answers: the articles that answer its parts, where these are several, and
    what is asked in it that none answers.
    """
    surely, unknown, asks = set(), [], asked_in(question)
    for part in parts_of(question):
        sure = {hit.key: hit.confidence for hit in find(business_id, part)}
        first = max(sure, key=lambda key: sure[key], default="")
        if sure.get(first, 0.0) >= Assistant.LEAST_THRESHOLD:
            surely.add(first)
        elif part in asks and sure.get(best, 0.0) < LEAST_SURE:
            unknown.append(part)
    return frozenset(surely if len(surely) > 1 else ()), (*unknown, *asks[MOST_PARTS:])


def _unknown(business_id: UUID, question: str, least: float) -> tuple[str, ...]:
    """Of a question that no article answers what nobody could answer: each one alone, where several are asked."""
    asks = asked_in(question)[:MOST_PARTS]
    if len(asks) < 2:
        return (question,)
    firsts = [(part, next(iter(find(business_id, part)), None)) for part in asks]
    return tuple(part for part, hit in firsts if hit is None or hit.confidence < least)


def found_for(business_id: UUID, question: str, before: str, *, by_itself: bool) -> list[Hit]:
    """The articles that come nearest to it, the likeliest first.

    What goes on from something said before is understood with that: a draft is made from both. What is sent by itself
    goes by the question alone, since with the old one in front a new one that no article answers was answered with the
    old article in 5 of 7 cases; and only as surely as both together mean the same article: "what if I have to cancel
    it?".
    """
    hits = find(business_id, question)
    sure = hits[0].confidence if hits else 0.0
    is_sure = sure >= Assistant.LEAST_THRESHOLD
    # What is sent by itself has to be sure alone; what is a draft for an agent may be read with what was before.
    if not hits or is_sure != by_itself or not before or not goes_on(question):
        return hits
    both = find(business_id, f"{before}\n{question}"[:MAX_QUESTION])
    if by_itself:
        is_same = bool(both) and both[0].key == hits[0].key
        return hits if is_same and _is_clear(both) else _at_most(both[0].confidence if is_same else UNSENT, hits)
    return _at_most(UNSENT, both) if both and both[0].confidence > sure else hits


def _is_clear(hits: list[Hit]) -> bool:
    """Rather yes than no, and twice as likely as anything else."""
    first, *others = (hit.confidence for hit in hits)
    return first >= 0.5 and first >= 2 * max(others, default=0.0)


def _at_most(confidence: float, hits: list[Hit]) -> list[Hit]:
    return [replace(hit, confidence=min(hit.confidence, confidence)) for hit in hits]


def least_sure(mode: Mode, threshold: float) -> float:
    """From when on there is a reply."""
    return threshold if mode == Mode.AUTO else LEAST_SURE


def _worded(
    found: Answer,
    business: Business,
    said: list[dict[str, str]],
    *,
    waits: bool,
    least: float,
    on_text: Callable[[str], None] | None = None,
    seconds: float | None = None,
) -> Answer:
    """The same in the language model's words; it may make Theo less sure, or ask for a person.

    said: as of `writing.last_messages`. waits: nobody has answered, and nobody has the conversation.
    """
    written = write(
        business=business,
        said=said,
        question=found.question,
        hits=found.considered,
        least=least,
        on_text=on_text,
        seconds=seconds,
    )
    if written is None:
        return found
    silent = replace(found, reply=None, sources=[], confidence=written.confidence)
    if written.handoff and waits:
        return replace(silent, handoff_reason=written.handoff)
    if written.confidence < least:
        return replace(silent, handoff_reason=HandoffReason.LOW_CONFIDENCE if waits else None)
    if not written.reply:
        return replace(found, confidence=written.confidence)
    sources = [Source(id=cited.pk, title=cited.title, quotes=quotes) for cited, quotes in written.cited]
    return replace(silent, reply=written.reply, sources=sources, by_model=True)


def excerpt(text: str, question: str, *, near: int | None = None) -> str:
    """All of a short text; of a long one whole sentences as they stand there, around the one that answers best.

    near: where the passage begins that means the likest; in it, or in all of the text, most of the question's words say
    which sentence that is.
    """
    if len(text) <= WHOLE:
        return text
    spans = spans_of(text)
    asked = set(words(question))
    within = range(len(spans))
    if near is not None and near < len(spans):
        within = range(near, min(len(spans), near + sentences_each(len(spans))))
    best = max(within, key=lambda n: (len(asked & set(words(text[slice(*spans[n])]))), -n))
    first, last = best, best
    while last - first + 1 < MOST_SENTENCES:
        start, end = spans[first][0], spans[last][1]
        if last + 1 < len(spans) and spans[last + 1][1] - start <= WHOLE:
            last += 1
        elif first and end - spans[first - 1][0] <= WHOLE:
            first -= 1
        else:
            break
    return text[spans[first][0] : spans[last][1]][:MAX_REPLY]


def asked(conversation: Conversation) -> Asked:
    rows = list(Message.objects.filter(conversation=conversation).order_by("-seq")[:LAST_MESSAGES])
    theirs = [message for message in rows if message.sender_type == SenderType.CUSTOMER]
    last = list(itertools.dropwhile(lambda message: message.sender_type != SenderType.CUSTOMER, rows))
    said: list[Message] = []
    for message in last:
        if message.sender_type != SenderType.CUSTOMER or (said and said[-1].created_at - message.created_at > TOGETHER):
            break
        said.append(message)
    before = next((message.content for message in theirs[len(said) :] if message.content.strip()), "")
    return Asked(
        question="\n".join(message.content for message in reversed(said)).strip()[:MAX_QUESTION],
        before=before[:MAX_QUESTION],
        is_open=rows[:1] == theirs[:1] != [],
        is_first=len(rows) == len(theirs),
        up_to_seq=rows[0].seq if rows else 0,
        language=language_for([message.content for message in theirs], customer_id=conversation.customer_id),
    )
