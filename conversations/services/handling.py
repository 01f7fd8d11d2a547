"""What a team does with a conversation besides writing: resolve, close, park, reopen, read."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts.models import User
from conversations import events
from conversations.models import (
    SPAM,
    ActivityKind,
    Conversation,
    Message,
    ReadMark,
    SenderType,
    Status,
)
from conversations.services import receipts
from conversations.services.activities import tell
from conversations.services.locking import locked
from conversations.services.standing import columns, not_before_last_message, restore, standing_of
from foundation.errors import Conflict, Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """changed: false when the conversation already was so; then nobody is told."""

    conversation: Conversation
    changed: bool


def not_merged(conversation: Conversation) -> None:
    """Raises Invalid: it is closed for as long as it is merged."""
    if conversation.merged_into_id:
        raise Invalid(_("It is merged into another conversation: undo that first."))


TOLD = {
    Status.OPEN: ActivityKind.REOPENED,
    Status.PENDING: ActivityKind.PENDING,
    Status.RESOLVED: ActivityKind.RESOLVED,
    Status.CLOSED: ActivityKind.CLOSED,
}
# What a change of status changes, and its undoing gives back.
STANDING = (
    "status",
    "snoozed_until",
    "resolved_at",
    "resolved_by_id",
    "closed_at",
    "spam_at",
    "handoff_reason",
    "handoff_at",
    "not_sent_at",
    "updated_at",
)
# The lines that tell of another status.
MOVES = (
    *TOLD.values(),
    ActivityKind.SPAM,
    ActivityKind.SNOOZED,
    ActivityKind.WOKE,
    ActivityKind.HANDED_OVER,
    ActivityKind.MERGED,
    ActivityKind.UNMERGED,
)


# sending: the message that it was done along with, which waits; who takes that back undoes both (later.py).


def resolve_conversation(*, conversation: Conversation, actor: User, sending: UUID | None = None) -> Handled:
    return _set_status(conversation, Status.RESOLVED, actor, sending=sending)


def close_conversation(*, conversation: Conversation, actor: User, sending: UUID | None = None) -> Handled:
    return _set_status(conversation, Status.CLOSED, actor, sending=sending)


def mark_spam(*, conversation: Conversation, actor: User, sending: UUID | None = None) -> Handled:
    """Closed, told apart from what else is, and not opened by what the customer writes; any other status ends that."""
    return _set_status(conversation, Status.CLOSED, actor, is_spam=True, sending=sending)


def reopen_conversation(*, conversation: Conversation, actor: User, sending: UUID | None = None) -> Handled:
    return _set_status(conversation, Status.OPEN, actor, sending=sending)


def park_conversation(*, conversation: Conversation, actor: User, sending: UUID | None = None) -> Handled:
    return _set_status(conversation, Status.PENDING, actor, sending=sending)


# By the status that a conversation then has, or SPAM.
CHANGES: dict[str, Callable[..., Handled]] = {
    Status.OPEN: reopen_conversation,
    Status.PENDING: park_conversation,
    Status.RESOLVED: resolve_conversation,
    Status.CLOSED: close_conversation,
    SPAM: mark_spam,
}


@transaction.atomic
def _set_status(
    conversation: Conversation, status: Status, actor: User, *, is_spam: bool = False, sending: UUID | None = None
) -> Handled:
    """`resolved_at` and `closed_at` say since when; they are empty again once the conversation is reopened. What
    is done is so once more where something failed since.
    """
    conversation = locked(conversation)
    is_asleep = conversation.snoozed_until is not None
    is_so = conversation.status == status and bool(conversation.spam_at) == is_spam and not is_asleep
    if is_so and not (conversation.is_done and conversation.not_sent_at):
        return Handled(conversation=conversation, changed=False)
    not_merged(conversation)
    was, now = standing_of(conversation, STANDING), timezone.now()
    if status == Status.RESOLVED:
        conversation.resolved_at, conversation.resolved_by, conversation.closed_at = now, actor, None
    elif status == Status.CLOSED:
        conversation.closed_at = now
    else:
        conversation.reopen()
    conversation.status, conversation.snoozed_until, conversation.updated_at = status, None, now
    conversation.spam_at = now if is_spam else None
    if conversation.is_done:
        conversation.person_has_it()
        conversation.not_sent_at = None
    return _moved(conversation, actor, was, **({"sending": str(sending)} if sending else {}))


@transaction.atomic
def undo_status(*, conversation: Conversation, actor: User, sending: UUID | None = None) -> Handled:
    """What the actor last made of its status was not meant: asleep, handed over or done as it was before.

    sending: only what was done along with that message.

    Raises Conflict when there is no such change, when it was somebody else, or the customer, who changed it last, and
    when the customer, who has written since, would wait in what is parked or done.
    """
    conversation = locked(conversation)
    last = conversation.activities.filter(kind__in=MOVES).order_by("after_seq", "created_at", "pk").last()
    is_own = last is not None and last.actor_id == actor.pk and "was" in last.data
    if last is None or not is_own or (sending and last.data.get("sending") != str(sending)):
        raise Conflict(_("Its status was changed since, and stays."))
    was, failed_since = standing_of(conversation, STANDING), conversation.not_sent_at
    restore(conversation, last.data["was"])
    not_before_last_message(conversation)
    conversation.not_sent_at = conversation.not_sent_at or failed_since
    if not Message.objects.lacking_in(conversation).exists():
        conversation.not_sent_at = None
    shown = Message.objects.shown_in(conversation.pk)
    opens = conversation.status == Status.OPEN or conversation.spam_at
    if not opens and shown.filter(sender_type=SenderType.CUSTOMER, created_at__gt=last.created_at).exists():
        raise Conflict(_("The customer has written since: it stays as it is."))
    return _moved(conversation, actor, was)


def _moved(conversation: Conversation, actor: User, was: dict[str, Any], **said: str) -> Handled:
    """Store and tell what it is now. was: what undoing that gives back. said: what its line keeps, too."""
    conversation.save(update_fields=columns(STANDING))
    until = conversation.snoozed_until
    if until:
        tell(conversation, ActivityKind.SNOOZED, actor=actor, until=until.isoformat(), was=was)
    else:
        kind = ActivityKind.SPAM if conversation.spam_at else TOLD[Status(conversation.status)]
        tell(conversation, kind, actor=actor, was=was, **said)
    events.record(conversation.business_id, [events.conversation_updated(conversation, actor_id=actor.pk)])
    return Handled(conversation=conversation, changed=True)


def mark_read(*, conversation: Conversation, user: User, seq: int) -> int:
    """Move the user's read mark forward, never back; the user's own screens hear, and the customer of the team.

    Returns how many customer's messages are still unread by this user, with those of what is merged there.
    """
    mark, _created = ReadMark.objects.get_or_create(conversation=conversation, user=user)
    to = min(seq, conversation.last_seq)
    if ReadMark.objects.filter(pk=mark.pk, seq__lt=to).update(seq=to):
        _tell_own_screens(conversation, user, seq=to, is_unread=False)
    mark.refresh_from_db(fields=["seq"])
    if mark.seq == conversation.last_seq:
        import_string(settings.READ_LISTENER)(conversation=conversation, user=user)
    receipts.team_has_read(conversation=conversation, seq=mark.seq)
    unread: int = Conversation.objects.with_unread(user).get(pk=conversation.pk).unread  # type: ignore[attr-defined]
    return unread


def mark_unread(*, conversation: Conversation, user: User) -> bool:
    """Move the user's read mark back before the customer's last message, here or in what is merged here; the user's own
    screens hear. False when it was unread already.

    What the customer was told was read stays so. Raises Invalid when the customer has written nothing.
    """
    written = Message.objects.shown_in(conversation.pk).filter(sender_type=SenderType.CUSTOMER)
    last = written.order_by("-created_at", "-seq").first()
    if last is None:
        raise Invalid(_("The customer has written nothing here."))
    mark = ReadMark.objects.filter(conversation=last.conversation_id, user=user, seq__gte=last.seq)
    is_moved = bool(mark.update(seq=last.seq - 1))
    if is_moved:
        seq = last.seq - 1 if last.conversation_id == conversation.pk else conversation.last_seq
        _tell_own_screens(conversation, user, seq=seq, is_unread=True)
    return is_moved


def undo_unread(*, conversation: Conversation, user: User, at: datetime) -> None:
    """Undo `mark_unread` of that moment: what the customer wrote since stays unread."""
    read = Message.objects.shown_in(conversation.pk).filter(sender_type=SenderType.CUSTOMER, created_at__lte=at)
    last = read.select_related("conversation").order_by("-created_at", "-seq").first()
    if last:
        mark_read(conversation=last.conversation, user=user, seq=last.seq)


def _tell_own_screens(conversation: Conversation, user: User, *, seq: int, is_unread: bool) -> None:
    publish = import_string(settings.READ_PUBLISHER)
    told = {"conversation": conversation, "user": user, "seq": seq, "is_unread": is_unread}
    transaction.on_commit(partial(publish, **told), robust=True)
