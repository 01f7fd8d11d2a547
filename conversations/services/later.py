"""Sending later: words wait for their time, seen by the team, and can be taken back until then.

Five seconds are enough to undo what leaves the house; what somebody else wrote meanwhile sends the words back.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from conversations import events
from conversations.attachments import take
from conversations.models import ActivityKind, Attachment, Conversation, ScheduledMessage, SenderType
from conversations.services.activities import tell
from conversations.services.drafts import draft_of, keep_draft
from conversations.services.locking import lock_own, locked
from conversations.services.message_drafts import MAX_CONTENT, check_content, check_key
from conversations.services.messages import send_reply
from foundation.errors import Forbidden, Invalid, NotFound, Refused, Unprocessable
from foundation.prepared import Given, prepared

LONGEST = timedelta(days=366)
UNDO = timedelta(seconds=5)
# In one conversation: a list of them is never longer than a page.
MOST = 50
BATCH = 100


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
) -> ScheduledMessage:
    """send_at: aware, in the future. The rest as of `send_reply`; the same key again gives the first.

    Raises Unprocessable, Invalid for a time that is none, Forbidden when the author was just removed.
    """
    check_content(content, has_attachments=bool(attachments))
    check_key(key)
    if not timezone.now() < send_at <= timezone.now() + LONGEST:
        raise Invalid(_("Choose a time in the future, at most a year from now."))
    lock_own(conversation.business_id, author)
    conversation = locked(conversation)
    own = ScheduledMessage.objects.filter(conversation=conversation, author=author)
    if key and (first := own.filter(key=key).first()):
        return first
    if quoted_seq is not None and not 1 <= quoted_seq <= conversation.last_seq:
        raise Unprocessable(_("There is no such message here."), field="quoted_seq")
    if conversation.scheduled.count() >= MOST:
        raise Invalid(_("At most %(most)d messages wait in a conversation.") % {"most": MOST})
    files = take(attachments, conversation_id=conversation.pk, sender_type=SenderType.AGENT)
    row = own.create(
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
    return row


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


def send_due() -> int:
    """Send what is due, each for itself; how many that were. Safe to repeat, and by many at once."""
    return sum(_send(pk) for (pk,) in _due()(now=timezone.now()))


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
            files = list(row.files.order_by("pk").values_list("pk", flat=True))
            row.files.update(scheduled=None)
            send_reply(
                conversation=row.conversation,
                author=row.author,
                content=row.content,
                key=row.key or f"later-{row.pk}",
                seen_seq=row.seen_seq,
                quoted_seq=row.quoted_seq,
                attachments=files,
            )
            ScheduledMessage.objects.filter(pk=pk).delete()
    except Refused as refusal:
        _back_to_draft(row)
        conversation = locked(row.shown_in)
        tell(conversation, ActivityKind.RETURNED, actor=row.author, reason=refusal.detail)
        events.record(row.business_id, [events.conversation_updated(conversation, actor_id=row.author_id)])
    return True


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
