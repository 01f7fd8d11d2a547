"""Storing messages: the one way in for widget, API, pages and providers."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone

from accounts.models import User
from businesses.feed import Event
from businesses.selectors import membership_of
from conversations import events
from conversations.attachments import facts_of, no_such_attachment, take
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
from conversations.services.locking import lock_members, rows_locked
from conversations.services.merging import hear
from conversations.services.message_drafts import Draft, check_content, reply_draft
from conversations.services.objections import (
    Held,
    Moved,
    beyond_plan,
    first_of,
    look_for_known,
    refusal_of,
    reuse,
    staleness,
    still_there,
)
from foundation import rows
from foundation.errors import Refused, Unprocessable
from foundation.instances import made

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


def post_each(drafts: Sequence[Draft]) -> list[Posted | Exception]:
    """As post_messages, in one transaction if it can be; one that cannot be stored falls out alone.

    drafts: of texts that `check_content` has passed.
    Returns what came of each, in order: the message, or what post_messages would have raised for it alone; Held
    instead of waiting for somebody: the others have nothing to do with it.
    """
    try:
        with transaction.atomic(), rows.pipelined(commits=True):
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
    ask_known = look_for_known(drafts)
    members, conversations, known = ask_members(), ask_conversations(), ask_known()
    held = set() if wait else still_there(ids - conversations.keys())
    meant: dict[str | None, str] = {}
    coming: set[UUID] = set()
    files: dict[UUID, Attachment] = {}
    going: dict[UUID, set[str | int]] = defaultdict(set)
    refusals: list[Refused | Held | None] = []
    for draft in drafts:
        if held and draft.conversation_id in held:
            refusals.append(Held())
        else:
            conversation = conversations.get(draft.conversation_id)
            refusals.append(
                refusal_of(draft, conversation, members)
                or reuse(draft, known, meant)
                or staleness(draft, conversation, known, coming)
                or _take_files(draft, known, files)
                or beyond_plan(draft, conversation, known, going)
            )
            coming.add(draft.conversation_id)
            if conversation and conversation.merged_into_id:
                coming.add(conversation.merged_into_id)
    sound = [draft for draft, refusal in zip(drafts, refusals, strict=True) if refusal is None]
    posted, happenings = _append(conversations, sound, known, files)
    for event in hear([item.message for item in posted if item.created]):
        assert isinstance(event.subject, Conversation)
        conversations[event.subject.pk] = event.subject
        happenings.append(event)
    _bring_people(happenings)
    changes: dict[UUID, events.Change] = defaultdict(events.Change)
    for event in happenings:
        changes[conversations[event.conversation_id].business_id].events.append(event)  # type: ignore[index]
    for item in posted:
        if item.created:
            changes[item.message.conversation.business_id].messages.append(item.message)
    events.record_each(changes)
    stored = iter(posted)
    return [next(stored) if refusal is None else refusal for refusal in refusals]


def _bring_people(happenings: Sequence[Event]) -> None:
    """Whoever is told of a changed conversation sees whose it is and who has it: read once, not once for each."""
    changed = [event.subject for event in happenings if isinstance(event.subject, Conversation)]
    if changed:
        prefetch_related_objects(changed, "customer", "tags", "assignee")


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

    attachments, seen_seq, quoted_seq: see Draft. In a merged conversation the words go where it is merged into.
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
    try:
        return post_messages([draft])[0]
    except Moved as moved:
        return post_messages([moved.draft])[0]


@transaction.atomic
def set_message_status(*, message_id: UUID, status: MessageStatus, error: str = "") -> Message:
    """What became of a message on its way out. error: a sentence for the agent, with FAILED; and with SENT
    when it may have arrived twice."""
    # The conversation is the lock of everything in it: two outcomes at once are told in the order they are stored.
    Conversation.objects.select_for_update(no_key=True).get(messages=message_id)
    message = Message.objects.select_related("conversation__customer", "sender").get(pk=message_id)
    was, message.status, message.error = message.status, status, error
    message.failed_at = timezone.now() if status == MessageStatus.FAILED else None
    message.save(update_fields=["status", "error", "failed_at"])
    if MessageStatus.FAILED in {was, status}:
        _note_not_sent(message)
    event = events.message_updated(message)
    if status == MessageStatus.FAILED:  # nobody's doing: who wrote it hears of it, too
        event = replace(event, actor_id=None)
    events.record(message.conversation.business_id, [event])
    return message


def _note_not_sent(message: Message) -> None:
    """Where it shows: that it did not go out, or that by now all that did not is on its way."""
    shown = message.conversation
    if shown.merged_into_id:  # locked, too: what fails there meanwhile is not missed
        shown = Conversation.objects.select_for_update(no_key=True).get(pk=shown.merged_into_id)
    if message.failed_at:
        shown.not_sent_at = min(message.failed_at, shown.not_sent_at or message.failed_at)
    elif not Message.objects.lacking_in(shown).exists():
        shown.not_sent_at = None
    shown.save(update_fields=["not_sent_at"])


def open_with(conversation: Conversation, draft: Draft) -> tuple[Posted, list[Event]]:
    """Store the first message of a conversation that this transaction made; as `_append`."""
    known = look_for_known([draft])()
    if refusal := reuse(draft, known, {}):
        raise refusal
    files: dict[UUID, Attachment] = {}
    if refusal := _take_files(draft, known, files):
        raise refusal
    posted, happenings = _append({conversation.pk: conversation}, [draft], known, files)
    return posted[0], happenings


def _append(
    conversations: dict[UUID, Conversation],
    drafts: Sequence[Draft],
    known: dict[str | None, Message],
    files: Mapping[UUID, Attachment],
) -> tuple[list[Posted], list[Event]]:
    """Store the drafts and their conversations' new state; return what came of each, and what to record.

    conversations: every one that a draft names, locked by this transaction or made in it.
    known: messages that drafts repeat, by their keys, looked up under those locks; the drafts mean those words.
    files: those that the drafts name, by their ids.
    """
    posted, new, touched = [], [], {}
    sent: list[Attachment] = []
    lines: list[Activity] = []
    happenings: list[Event] = []
    now = timezone.now()
    for draft in drafts:
        if first := first_of(draft, known):
            posted.append(Posted(message=first, created=False))
            continue
        conversation = conversations[draft.conversation_id]
        before = status, assignee_id, _handoff = _standing(conversation)
        message = _take(conversation, draft, now)
        sent += _attach(message, draft, files)
        if draft.dedup_key:
            known[draft.dedup_key] = message
        new.append(message)
        touched[conversation.pk] = conversation
        posted.append(Posted(message=message, created=True))
        happenings.append(events.message_created(message))
        if draft.sender and assignee_id != conversation.assignee_id:
            happenings.append(_taken_by(draft.sender, conversation))
            lines.append(activity(conversation, ActivityKind.ASSIGNED, actor=draft.sender, **holders(conversation)))
        elif before != _standing(conversation):
            if status != conversation.status:
                lines.append(activity(conversation, ActivityKind.REOPENED, actor=draft.sender))
            actor_id = draft.sender.pk if draft.sender else None
            happenings.append(events.conversation_updated(conversation, actor_id=actor_id))
    rows.insert(new)
    rows.insert(lines)
    rows.update(sent, ["message", "conversation"])
    rows.update(list(touched.values()), MOVED_BY_A_MESSAGE)
    return posted, happenings


def _take_files(draft: Draft, known: dict[str | None, Message], files: dict[UUID, Attachment]) -> Unprocessable | None:
    """Put the files that the draft sends to those of the batch, or say that they are not there for it."""
    if not draft.attachments or first_of(draft, known):
        return None
    try:
        own = take(draft.attachments, conversation_id=draft.conversation_id, sender_type=draft.sender_type)
    except Unprocessable as refusal:
        return refusal
    files |= {file.pk: file for file in own}
    return None


def _attach(message: Message, draft: Draft, files: Mapping[UUID, Attachment]) -> list[Attachment]:
    """The files that the draft names become the message's. The caller stores both. Raises Unprocessable when a draft
    before it in the batch has one of them.
    """
    own = [files[attachment_id] for attachment_id in draft.attachments]
    for file in own:
        if file.message_id:
            raise no_such_attachment()
        file.message, file.conversation = message, message.conversation
    if own:
        message.attachments = [facts_of(file) for file in own]
    return own


def _standing(conversation: Conversation) -> tuple[str, UUID | None, str]:
    """Status, assignee and why it waits for a person: what a message may change besides the thread; the team is told
    when it did.
    """
    return conversation.status, conversation.assignee_id, conversation.handoff_reason


def _taken_by(sender: User, conversation: Conversation) -> Event:
    membership = membership_of(sender)
    here = membership is not None and membership.business_id == conversation.business_id
    membership_id = membership.pk if membership and here else None
    return events.conversation_assigned(conversation, actor_id=sender.pk, membership_id=membership_id)


def _take(conversation: Conversation, draft: Draft, now: datetime) -> Message:
    """Give the draft its number and move the conversation."""
    leaves_the_house = draft.sender_type == SenderType.AGENT and not conversation.is_web and not draft.sent_elsewhere
    conversation.last_seq += 1
    conversation.nobody_has_it_yet()
    conversation.updated_at = now
    message = made(
        Message,
        {"conversation": conversation, "sender": draft.sender},
        seq=conversation.last_seq,
        sender_type=draft.sender_type,
        content=draft.content,
        status=MessageStatus.QUEUED if leaves_the_house else MessageStatus.SENT,
        dedup_key=draft.dedup_key,
        fingerprint=draft.fingerprint,
        ai_sources=draft.ai_sources,
        automated=draft.automated,
        sent_at=draft.sent_at,
        quoted_seq=draft.quoted_seq,
        created_at=now,
    )
    conversation.last_message = message
    if draft.sender_type == SenderType.CUSTOMER:
        if draft.automated and not draft.opens:
            return message
        # What was done with waits anew.
        conversation.waiting_since = now if conversation.is_done else conversation.waiting_since or now
        if conversation.status != Status.OPEN and not (conversation.merged_into_id or conversation.spam_at):
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
    return message
