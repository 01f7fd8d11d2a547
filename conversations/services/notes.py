"""Private notes: what the team says among itself beside a thread. Nothing of them ever goes to a customer."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from businesses.models import Membership
from conversations import events
from conversations.attachments import facts_of, take
from conversations.mentions import pattern_of
from conversations.models import Attachment, Conversation, Follower, Mention, Note, SenderType
from conversations.services.assigning import not_a_member
from conversations.services.locking import lock_own, locked
from conversations.services.message_drafts import check_content, check_key, fingerprint_of
from foundation.errors import Forbidden, KeyReused, NotFound, Unprocessable

MOST_MENTIONS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """created: false when the key's note was there already; then nobody is told again."""

    note: Note
    created: bool


def write_note(
    *,
    conversation: Conversation,
    author: User,
    content: str,
    mentions: Collection[UUID] = (),
    attachments: Sequence[UUID] = (),
    key: str = "",
) -> Noted:
    """Store a note behind the newest message. Who is mentioned follows the conversation from now on, and so does the
    author.

    mentions: user ids of active members. attachments: uploaded by the team to the conversation, and not sent.
    key: the caller's own id of this note, as of messages; "" = none.
    Raises Unprocessable, Invalid for who is no member, KeyReused, Forbidden when the author was just removed.
    """
    check_content(content, has_attachments=bool(attachments))
    check_key(key)
    dedup_key = f"note:{author.pk}:{key}" if key else None
    fingerprint = fingerprint_of(conversation.pk, content, *sorted(map(str, mentions)), *attachments)
    try:
        return _write(conversation, author, content, mentions, attachments, dedup_key, fingerprint)
    except IntegrityError:  # the same key at once: by now the other one can be seen
        return _write(conversation, author, content, mentions, attachments, dedup_key, fingerprint)


@transaction.atomic
def _write(
    conversation: Conversation,
    author: User,
    content: str,
    mentions: Collection[UUID],
    attachments: Sequence[UUID],
    dedup_key: str | None,
    fingerprint: str,
) -> Noted:
    lock_own(conversation.business_id, author)
    people = _members(conversation.business_id, mentions)
    conversation = locked(conversation)
    first = Note.objects.filter(dedup_key=dedup_key).first() if dedup_key else None
    if first:
        if first.fingerprint != fingerprint:
            raise KeyReused
        return Noted(note=first, created=False)
    files = take(attachments, conversation_id=conversation.pk, sender_type=SenderType.AGENT)
    now = timezone.now()
    note = Note.objects.create(
        business_id=conversation.business_id,
        conversation=conversation,
        author=author,
        content=content,
        attachments=[facts_of(file) for file in files],
        after_seq=conversation.last_seq,
        dedup_key=dedup_key,
        fingerprint=fingerprint,
        created_at=now,
        updated_at=now,
    )
    Attachment.objects.filter(pk__in=attachments).update(note=note, conversation=conversation)
    _mention(note, people)
    follow_all(conversation, {author.pk, *people})
    events.record(conversation.business_id, [events.note_created(note, actor_id=author.pk, mentions=sorted(people))])
    return Noted(note=note, created=True)


@transaction.atomic
def change_note(*, note: Note, author: User, content: str, mentions: Collection[UUID] | None = None) -> Note:
    """mentions: None = as they are. Raises Forbidden for whoever did not write it; else as `write_note`."""
    check_content(content, has_attachments=bool(note.attachments))
    lock_own(note.business_id, author)
    people = None if mentions is None else _members(note.business_id, mentions)
    conversation = locked(note.conversation)
    note = _own(note, author)
    note.content, note.updated_at = content, timezone.now()
    note.save(update_fields=["content", "updated_at"])
    fresh: set[UUID] = set()
    if people is not None:
        before = set(note.mentions.values_list("user_id", flat=True))
        note.mentions.exclude(user_id__in=people).delete()
        fresh = people - before
        _mention(note, fresh)
        follow_all(conversation, fresh)
    events.record(note.business_id, [events.note_updated(note, actor_id=author.pk, mentions=sorted(fresh))])
    return note


@transaction.atomic
def delete_note(*, note: Note, author: User) -> None:
    """Raises Forbidden for whoever did not write it."""
    locked(note.conversation)
    note = _own(note, author)
    gone = events.note_updated(note, actor_id=author.pk, deleted=True)
    note.mentions.all().delete()
    Note.objects.filter(pk=note.pk).delete()
    events.record(note.business_id, [gone])


def mentions_in(content: str, *, business_id: UUID) -> set[UUID]:
    """Members whose whole name stands behind an @ in the words; of two with one name both."""
    if "@" not in content:
        return set()
    members = Membership.objects.filter(business_id=business_id, is_active=True, user__is_active=True)
    names = {user_id: name for user_id, name in members.values_list("user_id", "user__full_name") if name}
    asked = {found.lower() for found in pattern_of(names.values()).findall(content)} if names else set()
    return {user_id for user_id, name in names.items() if f"@{name}".lower() in asked}


def follow_all(conversation: Conversation, user_ids: Collection[UUID]) -> None:
    """Those who do already go on."""
    Follower.objects.bulk_create(
        [Follower(conversation=conversation, user_id=user_id) for user_id in user_ids], ignore_conflicts=True
    )


def _own(note: Note, author: User) -> Note:
    found = Note.objects.filter(pk=note.pk).first()
    if found is None:
        raise NotFound
    if found.author_id != author.pk:
        raise Forbidden(_("Only who wrote a note changes it."))
    return found


def _members(business_id: UUID, user_ids: Collection[UUID]) -> set[UUID]:
    wanted = set(user_ids)
    if len(wanted) > MOST_MENTIONS:
        raise Unprocessable(_("At most %(most)d people.") % {"most": MOST_MENTIONS}, field="mentions")
    active = Membership.objects.filter(business_id=business_id, is_active=True, user__is_active=True)
    if wanted and wanted != set(active.filter(user_id__in=wanted).values_list("user_id", flat=True)):
        raise not_a_member()
    return wanted


def _mention(note: Note, user_ids: Collection[UUID]) -> None:
    Mention.objects.bulk_create(
        [Mention(note=note, conversation_id=note.conversation_id, user_id=user_id) for user_id in user_ids]
    )
