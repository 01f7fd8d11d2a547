"""Two conversations of one customer that are about the same: one points to the other, and nothing moves.

The one that points is closed, and what was and will be said in it shows in the other's thread, too, in order of time;
its tags are the other's too, and the higher priority is.
Its customer goes on reading and writing where they are; what the team writes goes to the other one, which hears of
everything that the customer writes. Undone, both are what they were, unless something happened to them since.

A pointer is locked before what it points to.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from businesses import audit
from businesses.feed import Event
from conversations import events
from conversations.models import (
    ActivityKind,
    Conversation,
    ConversationTag,
    Message,
    SenderType,
    Status,
    Tag,
)
from conversations.services.activities import tell
from conversations.services.locking import all_locked, locked
from conversations.services.standing import columns, restore, standing_of
from conversations.services.tags import MOST_ON_ONE
from foundation import rows
from foundation.errors import Invalid

# What a merge changes, and its undoing gives back.
STANDING = (
    "status",
    "snoozed_until",
    "waiting_since",
    "resolved_at",
    "resolved_by_id",
    "closed_at",
    "spam_at",
    "handoff_reason",
    "handoff_at",
    "priority",
    "updated_at",
)
MOVED = columns([*STANDING, "not_sent_at"])


@transaction.atomic
def merge_conversations(*, conversation: Conversation, into: Conversation, actor: User) -> Conversation:
    """`conversation` shows in `into` from now on; returns it. Nothing when it already does. Both of one workspace.

    Raises Invalid unless both are of one customer, for itself, and for chains: what is merged takes nothing in.
    """
    if conversation.pk == into.pk:
        raise Invalid(_("Choose another conversation."))
    pair = all_locked([conversation.pk, into.pk])
    conversation, into = pair[conversation.pk], pair[into.pk]
    if conversation.merged_into_id == into.pk:
        return conversation
    if conversation.merged_into_id or into.merged_into_id or conversation.merged.exists():
        raise Invalid(_("One of them is merged already: undo that first."))
    if not (conversation.customer and into.customer and conversation.customer.person_id == into.customer.person_id):
        raise Invalid(_("Only conversations of the same customer are merged."))
    before: dict[str, Any] = {
        "before": standing_of(conversation, STANDING),
        "other_before": standing_of(into, STANDING),
    }
    now = timezone.now()
    if conversation.status == Status.OPEN and into.status != Status.OPEN:
        into.reopen()
    waiting = [each.waiting_since for each in (conversation, into) if each.waiting_since]
    into.waiting_since, into.updated_at = min(waiting, default=None), now
    into.priority = max(conversation.priority, into.priority)
    for each in (conversation, into):
        _forget_what_was_dealt_with(each)
    not_sent = [each.not_sent_at for each in (conversation, into) if each.not_sent_at]
    into.not_sent_at, conversation.not_sent_at = min(not_sent, default=None), None
    tags = [tag for tag in conversation.tag_list if tag not in into.tag_list][: MOST_ON_ONE - len(into.tag_list)]
    conversation.reopen()
    conversation.status, conversation.closed_at, conversation.waiting_since = Status.CLOSED, now, None
    conversation.person_has_it()
    conversation.merged_into, conversation.updated_at = into, now
    before["other_after"] = standing_of(into, STANDING)
    ConversationTag.objects.bulk_create([ConversationTag(conversation=into, tag=tag) for tag in tags])
    before["tags"] = [str(tag.pk) for tag in tags]
    _store(conversation, into, actor=actor, kind=ActivityKind.MERGED, **before)
    return conversation


def _forget_what_was_dealt_with(conversation: Conversation) -> None:
    """What failed in the one after the other's first failure that still counts would count again with it."""
    failed = Message.objects.filter(conversation=conversation, failed_at__isnull=False)
    if since := conversation.not_sent_at:
        failed = failed.filter(failed_at__lt=since)
    failed.update(failed_at=None)


@transaction.atomic
def undo_merge(*, conversation: Conversation, actor: User) -> Conversation:
    """Two again; returns the one that had gone. Nothing when it is merged into none."""
    conversation = locked(conversation)
    if conversation.merged_into_id is None:
        return conversation
    into = locked(Conversation(pk=conversation.merged_into_id))
    told = conversation.activities.filter(kind=ActivityKind.MERGED).order_by("created_at", "pk").last()
    assert told is not None
    conversation.merged_into = None
    wrote_meanwhile, heard = conversation.waiting_since, conversation.updated_at
    restore(conversation, told.data["before"])
    if wrote_meanwhile and not conversation.spam_at:
        conversation.reopen()
        conversation.waiting_since, conversation.updated_at = wrote_meanwhile, heard
    if told.data["other_after"].items() <= standing_of(into, STANDING).items():
        restore(into, told.data["other_before"])
    since, lacking = into.not_sent_at, Message.objects.lacking_in(into)
    conversation.not_sent_at = since if lacking.filter(conversation=conversation).exists() else None
    if not lacking.exclude(conversation=conversation).exists():
        into.not_sent_at = None
    ConversationTag.objects.filter(conversation=into, tag__in=told.data.get("tags", [])).delete()
    _store(conversation, into, actor=actor, kind=ActivityKind.UNMERGED)
    return conversation


def hear(messages: Sequence[Message]) -> list[Event]:
    """What was just written in merged conversations shows where those are merged into, and what customers wrote is
    news there; what to record of it.

    messages: with their conversations, locked by the caller.
    """
    heard = [message for message in messages if message.conversation.merged_into_id]
    if not heard:
        return []
    targets = all_locked({_target_of(message) for message in heard})
    for message in heard:
        if message.sender_type == SenderType.CUSTOMER:
            _is_news(message, targets[_target_of(message)])
    # Not by `save`, which wants to be told at once how many rows it met: the writer's statements are on their way.
    rows.update(list(targets.values()), MOVED)
    return [events.conversation_updated(into, actor_id=None) for into in targets.values()]


def _is_news(message: Message, into: Conversation) -> None:
    into.updated_at = message.created_at
    into.waiting_since = message.created_at if into.is_done else into.waiting_since or message.created_at
    if into.status != Status.OPEN and not into.spam_at:
        into.reopen()
        tell(into, ActivityKind.REOPENED, actor=None)


def _target_of(message: Message) -> UUID:
    target: UUID | None = message.conversation.merged_into_id
    assert target is not None
    return target


def _store(conversation: Conversation, other: Conversation, *, actor: User, kind: ActivityKind, **data: Any) -> None:
    conversation.save(update_fields=[*MOVED, "merged_into"])
    other.save(update_fields=MOVED)
    other.tag_list = list(Tag.objects.filter(conversations=other).order_by("name"))
    other.shows_others = other.merged.values_list("pk", flat=True).first()
    tell(conversation, kind, actor=actor, conversation_id=str(other.pk), **data)
    tell(other, kind, actor=actor, conversation_id=str(conversation.pk), is_target=True)
    merges = kind == ActivityKind.MERGED
    audit.record(
        "conversation.merged" if merges else "conversation.unmerged",
        business_id=conversation.business_id,
        actor=actor,
        target=conversation,
        target_name=str(conversation.pk),
        other=str(other.pk),
    )
    happened = [events.conversation_updated(each, actor_id=actor.pk) for each in (conversation, other)]
    events.record(conversation.business_id, happened)
