"""Reads that join tables, one per screen or endpoint. Each is put together once (foundation/prepared.py)."""

from collections import defaultdict
from itertools import accumulate
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, prefetch_related_objects
from django.db.models.functions import Coalesce, Length

from businesses.reading import READER, as_reader
from conversations.models import (
    Attachment,
    Conversation,
    ConversationQuerySet,
    ConversationTag,
    Customer,
    Follower,
    Message,
    MessageQuerySet,
    Note,
    ReadMark,
    ReplyDraft,
    ScheduledMessage,
    SenderType,
    Tag,
)
from foundation.prepared import Among, Given, prepared

if TYPE_CHECKING:
    from accounts.models import User
    from channels_app.models import Channel, ChannelQuerySet


def with_tags(conversations: list[Conversation]) -> list[Conversation]:
    """The same, each with its `tag_list`: one statement, none for no conversation."""
    if conversations:
        tags: dict[UUID, list[Tag]] = defaultdict(list)
        for link in _tags_of()(ids=[conversation.id for conversation in conversations]):
            tags[link.conversation_id].append(link.tag)
        for conversation in conversations:
            conversation.tag_list = tags[conversation.id]
    return conversations


@prepared
def _tags_of() -> "QuerySet[ConversationTag]":
    links = ConversationTag.objects.filter(Among("conversation_id", Given("ids")))
    return links.select_related("tag").order_by("tag__name")


def with_newest(conversations: list[Conversation]) -> list[Conversation]:
    """The same, each with its `newest_elsewhere`: one statement, none where nothing is merged into any of them."""
    showing = {row.id: row for row in conversations if row.shows_others}
    if not showing:
        return conversations
    for row in showing.values():
        row.newest_elsewhere = None
    merged = Conversation.objects.filter(merged_into__in=showing, last_message__isnull=False)
    for other in merged.select_related("last_message__sender", "stored_receipts"):
        into, newest = showing[other.merged_into_id], _in(other, [other.last_message])[0]  # type: ignore[index,list-item]
        if into.newest_elsewhere is None or into.newest_elsewhere.created_at < newest.created_at:
            into.newest_elsewhere = newest
    return conversations


def conversation_of(user: "User", conversation_id: UUID) -> Conversation | None:
    """One of the user's, with everything that is shown of it: `unread`, `is_followed`, `has_draft` and `has_unsent`
    files by the user, its rating, `merged_count`, how many are merged into it, and whether it `has_notes` and
    `has_scheduled` messages.
    """
    found = _conversation()(**as_reader(user), id=conversation_id)
    return next(iter(with_tags(with_newest(found))), None)


@prepared
def _conversation() -> ConversationQuerySet:
    follows = Exists(Follower.objects.filter(conversation=OuterRef("pk"), user_id=READER.pk))
    rows = Conversation.objects.visible_to(READER).joined_for_reading().select_related("rating").with_unread(READER)
    merged = Conversation.objects.filter(merged_into=OuterRef("pk")).order_by().values("merged_into")
    count = Subquery(merged.annotate(count=Count("pk")).values("count"), output_field=IntegerField())
    mine = Attachment.objects.filter(conversation=OuterRef("pk"), uploader_id=READER.pk)
    unsent = Exists(mine.unsent())
    rows = rows.annotate(is_followed=follows, has_unsent=unsent, merged_count=Coalesce(count, 0))
    rows = rows.annotate(
        has_draft=Exists(ReplyDraft.objects.filter(conversation=OuterRef("pk"), user_id=READER.pk)),
        has_notes=Exists(Note.objects.filter(conversation=OuterRef("pk"))),
        has_scheduled=Exists(ScheduledMessage.objects.filter(conversation=OuterRef("pk"))),
    )
    return rows.filter(pk=Given("id"))


def conversations_of_person(business_id: UUID | Given, person_id: UUID | Given) -> ConversationQuerySet:
    """A customer's, and those of whoever is the same person."""
    same = Customer.objects.filter(business_id=business_id)
    same = same.filter(Q(pk=person_id) | Q(merged_into_id=person_id))
    return Conversation.objects.filter(business_id=business_id, customer__in=same)


def pending_handoffs(user: "User") -> ConversationQuerySet:
    """The user's conversations that wait for a person, the longest waiting first."""
    rows = Conversation.objects.visible_to(user).filter(handoff_at__isnull=False)
    return rows.order_by("handoff_at", "id")


def messages_after(conversation: Conversation, seq: int, *, limit: int, characters: int | None = None) -> list[Message]:
    """Up to `limit` messages behind `seq`, rising.

    characters: of what they say altogether. The one that is too much is the last, so that one can tell.
    """
    given = {"conversation": conversation.pk, "seq": seq}
    if characters is not None:
        sizes = (size for (size,) in _sizes_after(limit)(**given))
        limit = min(limit, 1 + sum(so_far <= characters for so_far in accumulate(sizes)))
    return _in(conversation, next_messages(limit)(**given))


def messages_before(conversation: Conversation, seq: int | None, *, limit: int) -> list[Message]:
    """The `limit` messages just before `seq` (None = the newest ones), rising."""
    asked = last_messages(limit, is_first=seq is None)
    return _in(conversation, asked(conversation=conversation.pk, seq=seq)[::-1])


def unread_elsewhere(conversation_id: UUID, user: "User", *, limit: int) -> list[Message]:
    """What customers wrote, and the user has not read, in the conversations that are merged into this one."""
    mark = ReadMark.objects.filter(conversation=OuterRef("conversation"), user=user).values("seq")
    rows = Message.objects.filter(conversation__merged_into=conversation_id, sender_type=SenderType.CUSTOMER)
    rows = rows.filter(seq__gt=Coalesce(Subquery(mark), 0)).select_related("conversation__stored_receipts")
    return list(rows.order_by("created_at", "pk")[:limit])


def whole_history(conversation: Conversation) -> list[Message]:
    """All of it. The senders come once each: a long history has few, and a row joined to each would double its cost."""
    messages = _in(conversation, _all_messages()(conversation=conversation.pk))
    prefetch_related_objects(messages, "sender")
    return messages


def channel_for(user: "User", channel_id: UUID) -> "Channel | None":
    """One of the user's channels, through the relation: the core does not import what lies above it."""
    return _channels().visible_to(user).filter(pk=channel_id).first()


def default_channel(business_id: UUID) -> "Channel | None":
    return _channels().default_for(business_id)


def _channels() -> "ChannelQuerySet":
    model: type[Channel] = Conversation._meta.get_field("channel").related_model  # type: ignore[assignment]
    return model.objects.all()


def _in(conversation: Conversation, messages: list[Message]) -> list[Message]:
    field: Any = Message._meta.get_field("conversation")
    for message in messages:
        field.set_cached_value(message, conversation)
    return messages


@prepared
def next_messages(limit: int) -> MessageQuerySet:
    return _messages().filter(seq__gt=Given("seq")).order_by("seq")[:limit]


@prepared
def _sizes_after(limit: int) -> "QuerySet[Message, tuple[int]]":
    rows = Message.objects.filter(conversation_id=Given("conversation"), seq__gt=Given("seq")).order_by("seq")
    return rows.values_list(Length("content"))[:limit]


@prepared
def last_messages(limit: int, *, is_first: bool) -> MessageQuerySet:
    rows = _messages() if is_first else _messages().filter(seq__lt=Given("seq"))
    return rows.order_by("-seq")[:limit]


@prepared
def _all_messages() -> MessageQuerySet:
    return Message.objects.filter(conversation_id=Given("conversation")).order_by("seq")


def _messages() -> MessageQuerySet:
    return Message.objects.filter(conversation_id=Given("conversation")).select_related("sender")
