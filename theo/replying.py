"""Theo answers by itself: the worker looks at what customers wrote just now, where the workspace turned that on, and
the API asks in `auto`.

Each message is answered from an article or handed to a person, once: what is sent has the number of the message that it
answers in its key. A person who has spoken, is assigned or is waited for has the conversation; Theo is silent then.
Source: contract/api.md 10 and C19; theo.md 4 and 5.
"""

import logging
import queue
import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from channels_app.carrying import is_public
from conversations import events
from conversations.models import ChannelType, Conversation, HandoffReason, Message, SenderType, Status
from conversations.services.handoffs import flag_for_person, was_handed_over
from conversations.services.locking import locked
from conversations.services.message_drafts import Draft
from conversations.services.messages import post_messages
from foundation import throttles
from foundation.errors import Refused, TooFast
from foundation.later import Pool
from foundation.prepared import Among, Given, prepared
from theo import language_models
from theo.answering import Answer, asked, think
from theo.assistants import LATELY, answers_by_itself, assistant_of
from theo.handoffs import keep_handoff, look_over
from theo.language_models import is_there
from theo.models import Article, ArticleStatus, Mode
from theo.outcomes import remember
from theo.phrases import is_small_talk, needs_person
from theo.speaking import handoff_words
from theo.turns import turn
from theo.unanswered import note_unanswered

logger = logging.getLogger(__name__)

EVERY_SECONDS = 1.0
# How far back a process that starts looks: what a worker that was away has missed.
AWAY = timedelta(days=1)
AT_ONCE = 100
# Without a person in between (promises 7).
MOST_IN_A_ROW = 6
MOST_ROUNDS = 10
# Of workspaces with a language model, as many as may ask theirs at once; and which of them are asking now, each with
# the time of the conversation that it is for.
_beside = Pool(threads=language_models.AT_ONCE, most=100)
_under_way: dict[UUID, datetime] = {}
# Whatever is older was looked at, by this process; None = it has just started.
_since: datetime | None = None
# Conversations that were looked at and left, with their last number; of this process.
MOST_LEFT = 1_000
_nothing_to_say: OrderedDict[UUID, int] = OrderedDict()


def every() -> float:
    """Seconds between two looks."""
    return EVERY_SECONDS


def answer_waiting(stop: threading.Event) -> None:
    """The worker's chore. One query when nobody waits."""
    for _round in range(MOST_ROUNDS):
        begun = _look(stop)
        if not begun or stop.is_set():
            return  # else those that one workspace left no room for have their turn now


def _look(stop: threading.Event) -> bool:
    """Whether there may be more, since those of a workspace whose model thinks now took all the room."""
    global _since
    now = timezone.now()
    busy = dict(_under_way)
    found = waiting()
    is_full = len(found) == AT_ONCE
    # What is too old is handed over, and no model asked.
    asking = {one for one in {row.business_id for row in found if row.updated_at > now - LATELY} if is_there(one)}
    beside = [row for row in found if row.business_id in asking and row.updated_at > now - LATELY]
    begun = _answer_beside(beside)
    for conversation in found:
        if stop.is_set():
            return False
        if conversation not in beside:
            _answer(conversation)
    until = found[-1].updated_at if is_full else now
    _since = max(_since or now - AWAY, min([until, now - 2 * LATELY, *busy.values()]))
    return is_full and begun


def _answer_beside(conversations: list[Conversation]) -> bool:
    """A model that takes its time holds up nobody but its own workspace, which has one thread at most, and that for
    one conversation at a time: the oldest. Whether one was begun.
    """
    begun = False
    for conversation in conversations:
        if conversation.business_id in _under_way:
            continue
        _under_way[conversation.business_id] = conversation.updated_at
        try:
            _beside.submit(partial(_answer_and_go, conversation))
        except queue.Full:  # they wait for the next look
            _under_way.pop(conversation.business_id)
            return False
        begun = True
    return begun


def _answer_and_go(conversation: Conversation) -> None:
    try:
        _answer(conversation)
    finally:
        _under_way.pop(conversation.business_id, None)


def _answer(conversation: Conversation) -> None:
    try:
        answer_by_itself(conversation)
    except Exception:  # of one; the others go on waiting for theirs
        logger.exception("Theo cannot answer conversation %s.", conversation.pk)
        hand_over(conversation, conversation.last_seq, HandoffReason.ERROR)


def waiting() -> list[Conversation]:
    """Whose last word is a customer's own, and nobody but Theo has them; oldest first, at most AT_ONCE.

    None of a workspace whose model is thinking: those would leave no room for others.
    """
    asked = _waiting(AT_ONCE + len(_nothing_to_say))
    found = asked(since=_since or timezone.now() - AWAY, busy=list(_under_way))
    return [row for row in found if _nothing_to_say.get(row.pk) != row.last_seq][:AT_ONCE]


@prepared
def _waiting(most: int) -> "QuerySet[Conversation]":
    since = F("business__assistant__auto_since")
    rows = Conversation.objects.filter(
        Q(business__assistant__auto_since=None) | Q(last_message__created_at__gte=since),
        business_id__in=answers_by_itself().values("business_id"),
        updated_at__gte=Given("since"),
        status=Status.OPEN,
        assignee__isnull=True,
        handoff_reason="",
        last_message__sender_type=SenderType.CUSTOMER,
        last_message__automated=False,
    ).exclude(Among("business_id", Given("busy")))
    return rows.select_related("business__plan", "customer").order_by("updated_at")[:most]


def answer_by_itself(conversation: Conversation) -> Message | None:
    """What was sent; None: nothing, since a person has it, it has moved on meanwhile, or only thanks were said.

    One worker at a time has a conversation's turn, and no agent's draft is written meanwhile.
    """
    with turn(conversation.pk) as is_ours:
        return _take_turn(conversation) if is_ours else None


def _take_turn(conversation: Conversation) -> Message | None:
    in_a_row, told = _own_words(conversation.pk)
    heard = asked(conversation)
    now = Conversation.objects.filter(pk=conversation.pk).first()
    if now is None or not heard.is_open or not _is_ours(now, heard.up_to_seq):
        return None  # another worker has answered since it was looked for, or a person has come
    is_said = was_handed_over(conversation, heard.up_to_seq)  # a person gave it back, who knows why
    if in_a_row is None and not is_said and (reason := needs_person(heard.question)):
        return hand_over(conversation, heard.up_to_seq, reason)
    if in_a_row is None or is_said or (heard.question and is_small_talk(heard.question)):
        _leave(conversation.pk, heard.up_to_seq)
        return None
    if is_public(conversation):  # everybody reads it, and it has no room for what Theo says
        return hand_over(conversation, heard.up_to_seq, HandoffReason.LOW_CONFIDENCE)
    if conversation.updated_at < timezone.now() - LATELY:
        return hand_over(conversation, heard.up_to_seq, needs_person(heard.question) or HandoffReason.ERROR)
    try:
        throttles.count("THEO_CUSTOMER", conversation.customer_id)
    except TooFast:
        return hand_over(conversation, heard.up_to_seq, HandoffReason.LOW_CONFIDENCE)
    try:
        _count_mail(conversation)
    except TooFast:  # two machines that answer each other end here: not even that a person will come is said
        return hand_over(conversation, heard.up_to_seq, HandoffReason.LOW_CONFIDENCE, silently=True)
    assistant = assistant_of(conversation.business_id)
    found = think(
        conversation=conversation,
        mode=Mode.AUTO,
        threshold=assistant.threshold,
        seconds=language_models.MOST_SECONDS,  # no request waits for it
    )
    says_it_again = any(str(source.id) in told for source in found.sources)
    if found.reply is None or says_it_again or in_a_row >= MOST_IN_A_ROW:
        note_unanswered(conversation=conversation, found=found)
        reason = HandoffReason(found.handoff_reason or HandoffReason.LOW_CONFIDENCE)
        return hand_over(conversation, found.up_to_seq, reason)
    return _send(conversation, found)


def send_if_nobody_has_it(conversation: Conversation, found: Answer) -> Message | None:
    """What was found for who asked over the API, as it would be sent without being asked for: within the same limits.

    None: a person has it or has spoken last, it was said before, or nobody waits for an answer.
    """
    in_a_row, told = _own_words(conversation.pk)
    is_silent = in_a_row is None or in_a_row >= MOST_IN_A_ROW or is_public(conversation)
    is_news = found.sources and not any(str(source.id) in told for source in found.sources)
    if found.reply is None or is_silent or not is_news or not asked(conversation).is_open:
        return None
    try:
        throttles.count("THEO_CUSTOMER", conversation.customer_id)
        _count_mail(conversation)
    except TooFast:
        return None
    return _send(conversation, found)


def _leave(conversation_id: UUID, up_to_seq: int) -> None:
    """Not to be looked at again until somebody writes: those that wait behind it have their turn."""
    _nothing_to_say[conversation_id] = up_to_seq
    while len(_nothing_to_say) > MOST_LEFT:
        _nothing_to_say.popitem(last=False)


def _count_mail(conversation: Conversation) -> None:
    """Raises TooFast. Source: channels.md 8.6."""
    if conversation.channel_type == ChannelType.EMAIL:
        throttles.count("THEO_MAIL", conversation.pk)
        throttles.count("THEO_MAIL_CUSTOMER", conversation.customer_id)


def _own_words(conversation_id: UUID) -> tuple[int | None, set[str]]:
    """How often Theo has spoken, and from which articles; None when a person has spoken last.

    No longer than MOST_IN_A_ROW: who was told as much has a person, or waits for one.
    """
    ours = Message.objects.filter(conversation_id=conversation_id, sender_type=SenderType.AGENT).order_by("-seq")
    sources = list(ours.values_list("ai_sources", flat=True)[:MOST_IN_A_ROW])
    if sources and sources[0] is None:
        return None, set()
    count = next((number for number, each in enumerate(sources) if each is None), len(sources))
    return count, {source["id"] for each in sources for source in each or []}


@events.gathered()
def _send(conversation: Conversation, found: Answer) -> Message | None:
    if not _is_still_ours(conversation, found.up_to_seq) or not _still_stand(found):
        return None
    sources = [{"id": str(source.id), "title": source.title} for source in found.sources]
    sent = _post(conversation, found.up_to_seq, found.reply or "", sources)
    if sent is None:
        flag_for_person(conversation=conversation, reason=HandoffReason.ERROR)
    else:
        remember(conversation=conversation, found=found, message=sent)
    return sent


def _still_stand(found: Answer) -> bool:
    """Whether all that it cites is still published; what was taken back meanwhile is not said."""
    cited = {source.id for source in found.sources}
    return Article.objects.filter(pk__in=cited, status=ArticleStatus.PUBLISHED).count() == len(cited)


def hand_over(
    conversation: Conversation, up_to_seq: int, reason: HandoffReason, *, silently: bool = False
) -> Message | None:
    """Ask for a person, and tell the customer so; the agent who comes sees what Theo had looked at."""
    looked = look_over(conversation)
    with events.gathered():
        if not _is_still_ours(conversation, up_to_seq):
            return None
        flag_for_person(conversation=conversation, reason=reason)
        if looked:
            _in_a_row, told = _own_words(conversation.pk)
            keep_handoff(conversation, looked, told=told)
        if silently or is_public(conversation):
            return None
        business = conversation.business
        language = asked(conversation).language
        words = handoff_words(business, assistant_of(business.pk), at=timezone.now(), language=language)
        return _post(conversation, up_to_seq, words, [])


def _is_still_ours(conversation: Conversation, up_to_seq: int) -> bool:
    """Looked at again under its lock: a person may have come, or the customer have written more, while Theo thought."""
    return _is_ours(locked(conversation), up_to_seq)


def _is_ours(now: Conversation, up_to_seq: int) -> bool:
    has_nobody = now.assignee_id is None and not now.handoff_reason
    return has_nobody and now.status == Status.OPEN and now.last_seq == up_to_seq


def _post(conversation: Conversation, up_to_seq: int, content: str, sources: list[dict[str, str]]) -> Message | None:
    """None when the workspace may not send."""
    draft = Draft(
        conversation_id=conversation.pk,
        sender_type=SenderType.AGENT,
        content=content,
        dedup_key=f"theo:{conversation.pk}:{up_to_seq}",
        ai_sources=sources,
    )
    try:
        return post_messages([draft])[0].message
    except Refused:  # the plan's messages of this month are used up
        return None
