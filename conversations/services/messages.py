"""Storing messages: the one way in for widget, API, pages and providers."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from businesses.feed import Event
from businesses.selectors import membership_of
from conversations import events
from conversations.attachments import facts_of, take
from conversations.models import (
    Activity,
    ActivityKind,
    Attachment,
    Conversation,
    Message,
    MessageStatus,
    SenderType,
    Status,
)
from conversations.services.activities import activity, holders
from conversations.services.locking import lock_members, no_member, rows_locked
from conversations.wire import for_member
from foundation import rows
from foundation.errors import Forbidden, KeyReused, NotFound, Refused, Stale, Unprocessable
from foundation.text import is_clean

MAX_CONTENT = 10_000
MAX_KEY = 128
# Of what a stale reply is told.
MOST_NEWS = 20
# Milliseconds that a batch waits for rows that somebody else holds; those of conversations it does not wait for.
MAX_LOCK_WAIT = 250
MOVED_BY_A_MESSAGE = (
    "status",
    "assignee",
    "last_seq",
    "last_message",
    "first_response_at",
    "waiting_since",
    "resolved_at",
    "resolved_by",
    "closed_at",
    "handoff_reason",
    "handoff_at",
    "snoozed_until",
    "updated_at",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message before it has a number.

    content: plain text, 1 to MAX_CONTENT characters; "" only with attachments.
    sender: the agent who wrote it; None for a customer.
    business_id: the workspace that the writer belongs to. A conversation elsewhere does not exist for it, and a
        `sender` must be a member there when it is stored. None: the caller has looked at both, under their locks.
    customer_id: likewise for a visitor, whose conversations are its customer's on the web.
    dedup_key: `w:<visitor>:<client id>`, `api:<user>:<key>` or `<channel>:<provider id>`; None = no protection.
    former_key: another key that the same words may have been stored under before.
    opens: the conversation comes with it: to write first is not yet to take it.
    fingerprint: `fingerprint_of` what was asked; another one under the same key is refused.
    attachments: uploaded by the same side to the same conversation, and not sent yet (`attachments.ids_in`).
    sent_elsewhere: an agent's that left the house with another tool: there is nothing to deliver.
    ai_sources: Theo's own words, and the articles that they are from (Message.ai_sources). They take no conversation,
        stop no clock of the first response, and leave who waits for a person waiting.
    automated: a customer's that no person wrote (Message.automated). It reopens nothing, and nobody waits because of it
        unless it opens the conversation.
    seen_seq: the sender has seen everything up to this message; what others wrote behind it refuses the draft, as
        Stale. None: whatever came.
    quoted_seq: the message of the conversation that it answers.
    """

    conversation_id: UUID
    sender_type: SenderType
    content: str
    sender: User | None = None
    business_id: UUID | None = None
    customer_id: UUID | None = None
    dedup_key: str | None = None
    former_key: str | None = None
    fingerprint: str = ""
    opens: bool = False
    attachments: tuple[UUID, ...] = ()
    sent_elsewhere: bool = False
    ai_sources: list[dict[str, str]] | None = None
    automated: bool = False
    seen_seq: int | None = None
    quoted_seq: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    message: Message
    created: bool


def post_messages(drafts: Sequence[Draft]) -> list[Posted]:
    """Store messages in the order given, each with the next number of its conversation.

    Safe to repeat: a key that is known gives the first message, and nobody is told again. A customer's message
    reopens what was parked or done; an agent's first one is the response that the clock waited for.
    Raises KeyReused, NotFound (no such conversation), Forbidden (the sender is no member any more, the chat is switched
    off), PlanLimit, Unprocessable (text out of bounds); then nothing is stored.
    Source: design.md 1; promises, "Once" and "Ordered".
    """
    for draft in drafts:
        check_content(draft.content, has_attachments=bool(draft.attachments))
    try:
        return _post_all(drafts)
    except IntegrityError:
        # The same key arrived twice at once and the other one won: by now its row can be seen.
        return _post_all(drafts)


class Blocked(Forbidden):
    """The team takes nothing from this customer any more."""

    def __init__(self) -> None:
        super().__init__(_("You cannot write here."))


class Held(Exception):
    """Somebody else holds what the message needs; nothing is stored, and it may be tried again."""


def post_each(drafts: Sequence[Draft]) -> list[Posted | Exception]:
    """As post_messages, in one transaction if it can be; one that cannot be stored falls out alone.

    drafts: of texts that `check_content` has passed.
    Returns what came of each, in order: the message, or what post_messages would have raised for it alone; Held
    instead of waiting for somebody: the others have nothing to do with it.
    """
    try:
        with transaction.atomic(), rows.pipelined():
            rows.wait_for_locks_at_most(milliseconds=MAX_LOCK_WAIT)
            return list(_post(drafts, wait=False))
    except (OperationalError, InterfaceError) as error:
        if not rows.is_lock_trouble(error):  # no word of anybody: the database does not answer
            return [error] * len(drafts)
        if len(drafts) == 1:
            return [Held()]
    except Exception as error:  # a neighbour's too: whatever it is, it is one draft's alone
        if len(drafts) == 1:
            return [_last_word(drafts[0], error)]
    middle = len(drafts) // 2
    return post_each(drafts[:middle]) + post_each(drafts[middle:])


def _last_word(draft: Draft, error: Exception) -> Posted | Exception:
    """On a draft that failed alone: whose key was taken meanwhile is a repeat."""
    if not isinstance(error, IntegrityError):
        return error
    try:
        return post_messages([draft])[0]
    except Exception as again:
        return again


@transaction.atomic
def _post_all(drafts: Sequence[Draft]) -> list[Posted]:
    posted = []
    for outcome in _post(drafts, wait=True):
        if not isinstance(outcome, Posted):
            raise outcome
        posted.append(outcome)
    return posted


def _post(drafts: Sequence[Draft], *, wait: bool) -> list[Posted | Refused | Held]:
    """Store those that nothing speaks against before a row is written, in the caller's transaction."""
    ids = {draft.conversation_id for draft in drafts}
    ask_members = lock_members(
        {(draft.business_id, draft.sender.pk) for draft in drafts if draft.sender and draft.business_id}
    )
    ask_conversations = rows_locked(ids, wait=wait)
    ask_known = _look_for_known(drafts)
    members, conversations, known = ask_members(), ask_conversations(), ask_known()
    held = set() if wait else _still_there(ids - conversations.keys())
    meant: dict[str | None, str] = {}
    coming: set[UUID] = set()
    refusals: list[Refused | Held | None] = []
    for draft in drafts:
        if draft.conversation_id in held:
            refusals.append(Held())
        else:
            conversation = conversations.get(draft.conversation_id)
            refusals.append(
                _refusal(draft, conversation, members)
                or _reuse(draft, known, meant)
                or _staleness(draft, conversation, known, coming)
            )
            coming.add(draft.conversation_id)
    posted, happenings = _append(
        conversations, [draft for draft, refusal in zip(drafts, refusals, strict=True) if refusal is None], known
    )
    _bring_customers(happenings)
    changes: dict[UUID, events.Change] = defaultdict(events.Change)
    for event in happenings:
        changes[conversations[event.conversation_id].business_id].events.append(event)  # type: ignore[index]
    for item in posted:
        if item.created:
            changes[item.message.conversation.business_id].messages.append(item.message)
    events.record_each(changes)
    stored = iter(posted)
    return [next(stored) if refusal is None else refusal for refusal in refusals]


def _still_there(missing: Collection[UUID]) -> set[UUID]:
    """Of conversations that were not to be had, those that somebody else holds; the others are gone."""
    return set(Conversation.objects.filter(pk__in=missing).values_list("pk", flat=True)) if missing else set()


def _bring_customers(happenings: Sequence[Event]) -> None:
    """Whoever is told of a changed conversation sees whose it is: read once, not once for each."""
    changed = [event.subject for event in happenings if isinstance(event.subject, Conversation)]
    if changed:
        prefetch_related_objects(changed, "customer", "tags")


def _refusal(draft: Draft, conversation: Conversation | None, members: Collection[tuple[UUID, UUID]]) -> Refused | None:
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
    if draft.quoted_seq is not None and not 1 <= draft.quoted_seq <= conversation.last_seq:
        return Unprocessable(_("There is no such message here."), field="quoted_seq")
    return None


def _reuse(draft: Draft, known: Mapping[str | None, Message], meant: dict[str | None, str]) -> Refused | None:
    """Whether its key stands for other words: those of a message, or of a draft before it in the batch.

    meant: fingerprints of the drafts before, by their keys; its own is noted.
    """
    first = _first_of(draft, known)
    words = first.fingerprint if first else meant.setdefault(draft.dedup_key, draft.fingerprint)
    return KeyReused() if (first or draft.dedup_key) and words != draft.fingerprint else None


def _staleness(
    draft: Draft, conversation: Conversation | None, known: Mapping[str | None, Message], coming: Collection[UUID]
) -> Refused | Held | None:
    """What others wrote that its sender has not seen. Asks nothing unless the sender says what was seen.

    coming: conversations that a draft before it in the batch writes in; what that is can be told once it is stored.
    """
    if draft.seen_seq is None or conversation is None or _first_of(draft, known):
        return None
    if draft.conversation_id in coming:
        return Held()
    if conversation.last_seq <= draft.seen_seq:
        return None
    news = Message.objects.filter(conversation_id=conversation.pk, seq__gt=draft.seen_seq)
    if draft.sender:
        news = news.exclude(sender_type=SenderType.AGENT, sender=draft.sender)
    shown = list(news.select_related("sender", "conversation__stored_receipts").order_by("seq")[:MOST_NEWS])
    if not shown:
        return None
    first = shown[0]
    if first.sender_type == SenderType.AGENT:
        who = first.sender.get_short_name() if first.sender else _("A colleague")
        detail = _("%(name)s replied meanwhile.") % {"name": who}
    else:
        detail = _("The customer wrote meanwhile.")
    return Stale(detail, news=[for_member(message) for message in shown])


def send_reply(
    *,
    conversation: Conversation,
    author: User,
    content: str,
    key: str = "",
    attachments: Sequence[UUID] = (),
    seen_seq: int | None = None,
    quoted_seq: int | None = None,
) -> Posted:
    """What an agent writes. `key`: the caller's own id of this send, at most MAX_KEY characters; "" = none.

    attachments, seen_seq, quoted_seq: see Draft.
    Raises Stale; else as post_messages; KeyReused also when the key came with other words or for another conversation;
    Forbidden when the author was just removed.
    """
    draft = reply_draft(
        business_id=conversation.business_id,
        conversation_id=conversation.pk,
        author=author,
        content=content,
        key=key,
        attachments=attachments,
        seen_seq=seen_seq,
        quoted_seq=quoted_seq,
    )
    return post_messages([draft])[0]


def reply_draft(
    *,
    business_id: UUID,
    conversation_id: UUID,
    author: User,
    content: str,
    key: str = "",
    attachments: Sequence[UUID] = (),
    seen_seq: int | None = None,
    quoted_seq: int | None = None,
) -> Draft:
    """`send_reply` before it is stored, for the writer. Raises Unprocessable for a key that cannot be one."""
    check_key(key)
    return Draft(
        conversation_id=conversation_id,
        sender_type=SenderType.AGENT,
        sender=author,
        business_id=business_id,
        content=content,
        dedup_key=api_key(author, key),
        fingerprint=fingerprint_of(conversation_id, content, *attachments, *([quoted_seq] if quoted_seq else [])),
        attachments=tuple(attachments),
        seen_seq=seen_seq,
        quoted_seq=quoted_seq,
    )


def fingerprint_of(*asked: object) -> str:
    """A digest of what a request asks for, so that its key cannot be used for something else."""
    return hashlib.sha256("\0".join(str(part) for part in asked).encode()).hexdigest()


def check_key(key: str) -> None:
    """Raises Unprocessable. A key is the caller's to choose, within what a column holds."""
    if len(key) > MAX_KEY or not is_clean(key):
        text = _("At most %(most)d characters that can be stored.") % {"most": MAX_KEY}
        raise Unprocessable(text, field="client_message_id")


def api_key(user: User, key: str) -> str | None:
    """One person's keys never meet another's."""
    return f"api:{user.pk}:{key}" if key else None


@transaction.atomic
def set_message_status(*, message_id: UUID, status: MessageStatus, error: str = "") -> Message:
    """What became of a message on its way out. error: a sentence for the agent, only with FAILED."""
    # The conversation is the lock of everything in it: two outcomes at once are told in the order they are stored.
    Conversation.objects.select_for_update(no_key=True).get(messages=message_id)
    message = Message.objects.select_related("conversation__customer", "sender").get(pk=message_id)
    message.status, message.error = status, error
    message.save(update_fields=["status", "error"])
    events.record(message.conversation.business_id, [events.message_updated(message)])
    return message


def open_with(conversation: Conversation, draft: Draft) -> tuple[Posted, list[Event]]:
    """Store the first message of a conversation that this transaction made; as `_append`."""
    known = _look_for_known([draft])()
    if refusal := _reuse(draft, known, {}):
        raise refusal
    posted, happenings = _append({conversation.pk: conversation}, [draft], known)
    return posted[0], happenings


def _append(
    conversations: dict[UUID, Conversation], drafts: Sequence[Draft], known: dict[str | None, Message]
) -> tuple[list[Posted], list[Event]]:
    """Store the drafts and their conversations' new state; return what came of each, and what to record.

    conversations: every one that a draft names, locked by this transaction or made in it.
    known: messages that drafts repeat, by their keys, looked up under those locks; the drafts mean those words.
    """
    posted, new, touched = [], [], {}
    sent: list[Attachment] = []
    lines: list[Activity] = []
    happenings: list[Event] = []
    for draft in drafts:
        if first := _first_of(draft, known):
            posted.append(Posted(message=first, created=False))
            continue
        conversation = conversations[draft.conversation_id]
        before = _standing(conversation)
        _take(conversation, draft)
        message = conversation.last_message
        assert message is not None
        sent += _attach(message, draft)
        if draft.dedup_key:
            known[draft.dedup_key] = message
        new.append(message)
        touched[conversation.pk] = conversation
        posted.append(Posted(message=message, created=True))
        happenings.append(events.message_created(message))
        if draft.sender and before["assignee"] != conversation.assignee_id:
            happenings.append(_taken_by(draft.sender, conversation))
            lines.append(activity(conversation, ActivityKind.ASSIGNED, actor=draft.sender, **holders(conversation)))
        elif before != _standing(conversation):
            if before["status"] != conversation.status:
                lines.append(activity(conversation, ActivityKind.REOPENED, actor=draft.sender))
            actor_id = draft.sender.pk if draft.sender else None
            happenings.append(events.conversation_updated(conversation, actor_id=actor_id))
    rows.insert(new)
    rows.insert(lines)
    rows.update(sent, ["message"])
    rows.update(list(touched.values()), MOVED_BY_A_MESSAGE)
    return posted, happenings


def _attach(message: Message, draft: Draft) -> list[Attachment]:
    """The files that the draft names become the message's. The caller stores both. Raises Unprocessable."""
    if not draft.attachments:
        return []
    files = take(draft.attachments, conversation_id=message.conversation_id, sender_type=draft.sender_type)
    for file in files:
        file.message = message
    message.attachments = [facts_of(file) for file in files]
    return files


def check_content(content: str, *, has_attachments: bool = False) -> None:
    """Raises Unprocessable."""
    if not content.strip() and not has_attachments:
        raise Unprocessable(_("Write a message."), field="content", kind="string_too_short")
    if len(content) > MAX_CONTENT:
        text = _("At most %(most)d characters.") % {"most": MAX_CONTENT}
        raise Unprocessable(text, field="content", kind="string_too_long")
    if not is_clean(content):
        raise Unprocessable(_("The text holds a character that cannot be stored."), field="content")


def _look_for_known(drafts: Sequence[Draft]) -> Callable[[], dict[str | None, Message]]:
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


def _first_of(draft: Draft, known: Mapping[str | None, Message]) -> Message | None:
    """The message that the draft repeats. A former key may be somebody else's: it is older than the visitor."""
    former = known.get(draft.former_key)
    if former and former.conversation.customer_id != draft.customer_id:
        former = None
    return known.get(draft.dedup_key) or former


def _standing(conversation: Conversation) -> dict[str, object]:
    """What a message may change besides the thread; the team is told when it did."""
    return {
        "status": conversation.status,
        "assignee": conversation.assignee_id,
        "handoff": conversation.handoff_reason,
    }


def _taken_by(sender: User, conversation: Conversation) -> Event:
    membership = membership_of(sender)
    here = membership is not None and membership.business_id == conversation.business_id
    membership_id = membership.pk if membership and here else None
    return events.conversation_assigned(conversation, actor_id=sender.pk, membership_id=membership_id)


def _take(conversation: Conversation, draft: Draft) -> None:
    """Give the draft its number and move the conversation."""
    now = timezone.now()
    leaves_the_house = draft.sender_type == SenderType.AGENT and not conversation.is_web and not draft.sent_elsewhere
    conversation.last_seq += 1
    conversation.nobody_has_it_yet()
    conversation.updated_at = now
    conversation.last_message = Message(
        conversation=conversation,
        seq=conversation.last_seq,
        sender_type=draft.sender_type,
        sender=draft.sender,
        content=draft.content,
        status=MessageStatus.QUEUED if leaves_the_house else MessageStatus.SENT,
        dedup_key=draft.dedup_key,
        fingerprint=draft.fingerprint,
        ai_sources=draft.ai_sources,
        automated=draft.automated,
        quoted_seq=draft.quoted_seq,
        created_at=now,
    )
    if draft.sender_type == SenderType.CUSTOMER:
        if draft.automated and not draft.opens:
            return
        conversation.waiting_since = conversation.waiting_since or now
        if conversation.status != Status.OPEN:
            conversation.reopen()
    else:
        if draft.ai_sources is None:
            conversation.first_response_at = conversation.first_response_at or now
        if draft.ai_sources != []:  # that a person will come is no answer
            conversation.waiting_since = None
        if not draft.opens and conversation.assignee_id is None and draft.sender and conversation.rules.assign_on_reply:
            conversation.assignee = draft.sender
        if draft.sender:
            conversation.person_has_it()
