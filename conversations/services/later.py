"""Sending later: words wait for their time, seen by the team, and can be taken back until then.

Five seconds are enough to undo what leaves the house; what somebody else wrote meanwhile sends the words back.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts.models import User
from conversations import events
from conversations.attachments import facts_of, take
from conversations.models import ActivityKind, Attachment, Conversation, Message, ScheduledMessage, SenderType
from conversations.services.activities import tell
from conversations.services.drafts import draft_of, keep_draft
from conversations.services.handling import undo_status
from conversations.services.locking import lock_own, locked
from conversations.services.message_drafts import MAX_CONTENT, check_content, check_key
from conversations.services.messages import send_reply
from foundation.errors import Conflict, Forbidden, Invalid, KeyReused, NotFound, Refused, Stale, Unprocessable
from foundation.prepared import Given, prepared

LONGEST = timedelta(days=366)
UNDO = timedelta(seconds=5)
# In one conversation: a list of them is never longer than a page.
MOST = 50
BATCH = 100
AGAIN_AFTER = timedelta(minutes=1)

log = logging.getLogger("pingback.worker")


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """created: false when the key's message waited already; then nobody is told again."""

    scheduled: ScheduledMessage
    created: bool


@transaction.atomic
def send_later(
    *,
    conversation: Conversation,
    author: User,
    content: str,
    send_at: datetime,
    seen_seq: int | None = None,
    quoted_seq: int | None = None,
    key: str = "",
    attachments: Sequence[UUID] = (),
) -> Planned:
    """send_at: aware, in the future. The rest as of `send_reply`; the same key again gives the first, as it waits.

    Raises Unprocessable, also for what the channel does not carry, Invalid for a time that is none, KeyReused for other
    words or another conversation, Forbidden when the author was just removed.
    """
    check_content(content, has_attachments=bool(attachments))
    check_key(key)
    if not timezone.now() < send_at <= timezone.now() + LONGEST:
        raise Invalid(_("Choose a time in the future, at most a year from now."))
    lock_own(conversation.business_id, author)
    conversation = locked(conversation)
    if key and (first := ScheduledMessage.objects.filter(author=author, key=key).first()):
        asked = conversation.pk, content, quoted_seq, set(attachments)
        if asked != (first.conversation_id, first.content, first.quoted_seq, {file.pk for file in first.files.all()}):
            raise KeyReused
        return Planned(scheduled=first, created=False)
    if quoted_seq is not None and not 1 <= quoted_seq <= conversation.last_seq:
        raise Unprocessable(_("There is no such message here."), field="quoted_seq")
    if conversation.scheduled.count() >= MOST:
        raise Invalid(_("At most %(most)d messages wait in a conversation.") % {"most": MOST})
    files = take(attachments, conversation_id=conversation.pk, sender_type=SenderType.AGENT)
    import_string(settings.ANSWER_CHECK)(conversation, content=content, attachments=[facts_of(file) for file in files])
    row = ScheduledMessage.objects.create(
        business_id=conversation.business_id,
        conversation=conversation,
        author=author,
        content=content,
        send_at=send_at,
        seen_seq=seen_seq,
        quoted_seq=quoted_seq,
        key=key,
    )
    Attachment.objects.filter(pk__in=[file.pk for file in files]).update(scheduled=row)
    events.record(conversation.business_id, [events.conversation_updated(conversation, actor_id=author.pk)])
    return Planned(scheduled=row, created=True)


@transaction.atomic
def take_back(*, scheduled: ScheduledMessage, actor: User) -> None:
    """It is a draft again. Raises Forbidden for whoever did not write it, NotFound when it is sent."""
    row = ScheduledMessage.objects.select_for_update().filter(pk=scheduled.pk).first()
    if row is None:
        raise NotFound
    if row.author_id != actor.pk:
        raise Forbidden(_("Only who wrote a message takes it back."))
    _back_to_draft(row)
    conversation = Conversation.objects.for_reading().get(pk=row.shown_in.pk)
    events.record(row.business_id, [events.conversation_updated(conversation, actor_id=actor.pk)])


@events.gathered()
def undo_send(*, scheduled: ScheduledMessage, actor: User) -> None:
    """Take it back, and the status that was set along with it. Raises as `take_back`."""
    conversation = scheduled.shown_in
    take_back(scheduled=scheduled, actor=actor)
    with suppress(Conflict):  # none was set, or somebody went on
        undo_status(conversation=conversation, actor=actor, sending=scheduled.pk)


def send_due() -> int:
    """Send what is due, each for itself; how many that were. Safe to repeat, and by many at once.

    What fails for a reason that nobody thought of comes again behind the others.
    """
    sent = 0
    for (pk,) in _due()(now=timezone.now()):
        try:
            sent += _send(pk)
        except Exception:
            log.exception("The planned message %s was not sent, and is tried again", pk)
            ScheduledMessage.objects.filter(pk=pk).update(send_at=timezone.now() + AGAIN_AFTER)
    return sent


@prepared
def _due() -> "QuerySet[ScheduledMessage, tuple[UUID]]":
    due = ScheduledMessage.objects.filter(send_at__lte=Given("now")).order_by("send_at", "pk")
    return due.values_list("pk")[:BATCH]


@transaction.atomic
def _send(pk: UUID) -> bool:
    rows = ScheduledMessage.objects.select_for_update(skip_locked=True, of=("self",))
    row = rows.select_related("conversation", "author").filter(pk=pk).first()
    if row is None:
        return False  # somebody was there first
    try:
        with transaction.atomic():
            _check_news_elsewhere(row)
            files = list(row.files.order_by("pk").values_list("pk", flat=True))
            row.files.update(scheduled=None)
            ScheduledMessage.objects.filter(pk=pk).delete()
            send_reply(
                conversation=row.conversation,
                author=row.author,
                content=row.content,
                key=row.key or f"later-{row.pk}",
                seen_seq=row.seen_seq,
                quoted_seq=row.quoted_seq,
                attachments=files,
            )
    except Refused as refusal:
        _give_back(row, refusal.detail)
    return True


def _give_back(row: ScheduledMessage, reason: str) -> None:
    """Its author is told, and what somebody thought done with is open: the customer has no answer."""
    conversation = locked(row.shown_in)
    _back_to_draft(row)
    if conversation.is_done and not conversation.spam_at:
        conversation.reopen()
        conversation.updated_at = timezone.now()
        conversation.save(
            update_fields=["status", "snoozed_until", "resolved_at", "resolved_by", "closed_at", "updated_at"]
        )
    tell(conversation, ActivityKind.RETURNED, actor=row.author, reason=reason)
    events.record(row.business_id, [events.message_returned(conversation, author_id=row.author_id)])


def _check_news_elsewhere(row: ScheduledMessage) -> None:
    """The number of what was seen says nothing where its conversation is merged by now. Raises Stale."""
    own, target = row.conversation, row.conversation.merged_into_id
    if target is None or row.seen_seq is None:
        return
    there = Q(conversation__merged_into=target) | Q(conversation=target)
    news = Message.objects.filter(
        Q(conversation=own, seq__gt=row.seen_seq) | there & ~Q(conversation=own) & Q(created_at__gt=row.created_at)
    )
    if news.exclude(sender_type=SenderType.AGENT, sender=row.author).exists():
        raise Stale(_("There are newer messages."), news=[])


def _back_to_draft(row: ScheduledMessage) -> None:
    """Before what its author has begun meanwhile; nothing that was written is lost, and no file for a day.

    Of what is merged meanwhile it is a draft where the team writes now.
    """
    place = row.shown_in
    begun = draft_of(place, row.author)
    both = f"{row.content}\n{begun.content}" if begun else row.content
    keep_draft(conversation=place, user=row.author, content=both[:MAX_CONTENT])
    row.files.update(scheduled=None, conversation=place, created_at=timezone.now())
    row.delete()
