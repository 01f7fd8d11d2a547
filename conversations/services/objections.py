"""What speaks against a draft, told from rows that are there before anything of its batch is stored."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from django.utils.translation import gettext as _

from conversations.models import Conversation, Message, SenderType
from conversations.selectors import unread_elsewhere
from conversations.services.locking import no_member
from conversations.services.message_drafts import Draft
from conversations.wire import for_member
from foundation import rows
from foundation.errors import Conflict, Forbidden, KeyReused, NotFound, PlanLimit, Refused, Stale, Unprocessable

# Of what a stale reply is told.
MOST_NEWS = 20


class Blocked(Forbidden):
    """The team takes nothing from this customer any more."""

    def __init__(self) -> None:
        super().__init__(_("You cannot write here."))


class Moved(Conflict):
    """The team does not write in a merged conversation. draft: the same words, for the one where they belong."""

    def __init__(self, draft: Draft, into_id: UUID) -> None:
        super().__init__(_("This conversation is merged into another one."))
        # What they answer or had seen is told by numbers of the conversation that they were written in.
        self.draft = replace(draft, conversation_id=into_id, seen_seq=None, quoted_seq=None)


class Held(Exception):
    """Somebody else holds what the message needs; nothing is stored, and it may be tried again."""


def still_there(missing: Collection[UUID]) -> set[UUID]:
    """Of conversations that were not to be had, those that somebody else holds; the others are gone."""
    return set(Conversation.objects.filter(pk__in=missing).values_list("pk", flat=True)) if missing else set()


def refusal_of(
    draft: Draft, conversation: Conversation | None, members: Collection[tuple[UUID, UUID]]
) -> Refused | None:
    """What speaks against it. Looks at rows that are there already: a batch asks nothing for one of its drafts."""
    if conversation is None or (draft.business_id and draft.business_id != conversation.business_id):
        return NotFound()
    if draft.customer_id and (draft.customer_id != conversation.customer_id or not conversation.is_web):
        return NotFound()
    if draft.customer_id and not conversation.rules.takes_messages:
        return Forbidden(_("This chat is switched off."))
    if draft.sender_type == SenderType.CUSTOMER and conversation.rules.is_blocked:
        return Blocked()
    if draft.sender and draft.business_id and (draft.business_id, draft.sender.pk) not in members:
        return no_member()
    if draft.sender and draft.business_id and conversation.merged_into_id:
        return Moved(draft, conversation.merged_into_id)
    if draft.quoted_seq is not None and not 1 <= draft.quoted_seq <= conversation.last_seq:
        return Unprocessable(_("There is no such message here."), field="quoted_seq")
    return None


def reuse(draft: Draft, known: Mapping[str | None, Message], meant: dict[str | None, str]) -> Refused | None:
    """Whether its key stands for other words: those of a message, or of a draft before it in the batch.

    meant: fingerprints of the drafts before, by their keys; its own is noted.
    """
    first = first_of(draft, known)
    words = first.fingerprint if first else meant.setdefault(draft.dedup_key, draft.fingerprint)
    return KeyReused() if (first or draft.dedup_key) and words != draft.fingerprint else None


def staleness(
    draft: Draft, conversation: Conversation | None, known: Mapping[str | None, Message], coming: Collection[UUID]
) -> Refused | Held | None:
    """What others wrote that its sender has not seen: here, or has not read in what is merged into it. Asks nothing
    unless the sender says what was seen, and something may have come.

    coming: conversations where a draft before it in the batch shows; what that is can be told once it is stored.
    """
    if draft.seen_seq is None or conversation is None or first_of(draft, known):
        return None
    if draft.conversation_id in coming:
        return Held()
    news = _news_here(draft, conversation) if conversation.last_seq > draft.seen_seq else []
    if not news and draft.sender and conversation.rules.shows_others:
        news = unread_elsewhere(conversation.pk, draft.sender, limit=MOST_NEWS)
    if not news:
        return None
    first = news[0]
    if first.sender_type == SenderType.AGENT:
        who = first.sender.get_short_name() if first.sender else _("A colleague")
        detail = _("%(name)s replied meanwhile.") % {"name": who}
    else:
        detail = _("The customer wrote meanwhile.")
    return Stale(detail, news=[for_member(message) for message in news])


def beyond_plan(
    draft: Draft,
    conversation: Conversation | None,
    known: Mapping[str | None, Message],
    going: dict[UUID, set[str | int]],
) -> PlanLimit | None:
    """Whether the plan has no room for it this month. Who writes at the same time may take the room away yet: the count
    that is stored with the messages has the last word.

    going: by workspace the drafts before it in the batch that have found room; its own is noted. A key counts once.
    """
    allowance = conversation.rules.replies if conversation else None
    if not (conversation and allowance) or draft.sender_type != SenderType.AGENT or first_of(draft, known):
        return None
    own = going[conversation.business_id]
    key = draft.dedup_key or id(draft)
    if key in own:
        return None
    try:
        replace(allowance, sent=allowance.sent + len(own)).check(adding=1)
    except PlanLimit as refusal:
        return refusal
    own.add(key)
    return None


def _news_here(draft: Draft, conversation: Conversation) -> list[Message]:
    news = Message.objects.filter(conversation_id=conversation.pk, seq__gt=draft.seen_seq)
    if draft.sender:
        news = news.exclude(sender_type=SenderType.AGENT, sender=draft.sender)
    return list(news.select_related("sender", "conversation__stored_receipts").order_by("seq")[:MOST_NEWS])


def look_for_known(drafts: Sequence[Draft]) -> Callable[[], dict[str | None, Message]]:
    """Messages that are stored under the drafts' keys. Sent at once; calling what comes back waits for the answer."""
    keys = [key for draft in drafts for key in (draft.dedup_key, draft.former_key) if key]
    if not keys:
        return dict
    fetch = rows.ask_which(Message, "dedup_key", keys)

    def known() -> dict[str | None, Message]:
        if not fetch():  # as nearly always; what a repeat shows is a wide question
            return {}
        repeated = Message.objects.filter(dedup_key__in=keys).select_related("conversation__stored_receipts", "sender")
        return {message.dedup_key: message for message in repeated}

    return known


def first_of(draft: Draft, known: Mapping[str | None, Message]) -> Message | None:
    """The message that the draft repeats. A former key may be somebody else's: it is older than the visitor."""
    former = known.get(draft.former_key)
    if former and former.conversation.customer_id != draft.customer_id:
        former = None
    return known.get(draft.dedup_key) or former
