"""Reads that join tables, one per screen or endpoint."""

from itertools import accumulate
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Length

from conversations.models import (
    Conversation,
    ConversationQuerySet,
    Customer,
    Message,
    MessageQuerySet,
    ReadMark,
    SenderType,
)

if TYPE_CHECKING:
    from accounts.models import User
    from channels_app.models import Channel, ChannelQuerySet


def inbox(
    user: "User",
    *,
    status: str | None = None,
    assignee_id: UUID | None = None,
    team_id: UUID | None = None,
    unassigned: bool = False,
) -> ConversationQuerySet:
    """The user's conversations, newest change first, with what a row shows and how much of it is unread.

    unassigned: only those that no person has, be it a team's or nobody's.
    """
    rows = Conversation.objects.visible_to(user).for_reading().with_unread(user).order_by("-updated_at", "-id")
    if status:
        rows = rows.filter(status=status)
    if assignee_id:
        rows = rows.filter(assignee_id=assignee_id)
    if team_id:
        rows = rows.filter(team_id=team_id)
    if unassigned:
        rows = rows.filter(assignee=None)
    return rows


def conversations_of_person(customer: Customer) -> ConversationQuerySet:
    """The customer's, and those of whoever is the same person."""
    same = Customer.objects.filter(business_id=customer.business_id)
    same = same.filter(Q(pk=customer.person_id) | Q(merged_into=customer.person_id))
    return Conversation.objects.filter(business_id=customer.business_id, customer__in=same)


def pending_handoffs(user: "User") -> ConversationQuerySet:
    """The user's conversations that wait for a person, the longest waiting first."""
    rows = Conversation.objects.visible_to(user).filter(handoff_at__isnull=False)
    return rows.order_by("handoff_at", "id")


def messages_after(conversation: Conversation, seq: int, *, limit: int, characters: int | None = None) -> list[Message]:
    """Up to `limit` messages behind `seq`, rising.

    characters: of what they say altogether. The one that is too much is the last, so that one can tell.
    """
    rows = _messages(conversation).filter(seq__gt=seq).order_by("seq")
    if characters is not None:
        sizes = rows.values_list(Length("content"), flat=True)[:limit]
        limit = min(limit, 1 + sum(so_far <= characters for so_far in accumulate(sizes)))
    return list(rows[:limit])


def messages_before(conversation: Conversation, seq: int | None, *, limit: int) -> list[Message]:
    """The `limit` messages just before `seq` (None = the newest ones), rising."""
    rows = _messages(conversation)
    if seq is not None:
        rows = rows.filter(seq__lt=seq)
    return list(rows.order_by("-seq")[:limit])[::-1]


def unread_elsewhere(conversation_id: UUID, user: "User", *, limit: int) -> list[Message]:
    """What customers wrote, and the user has not read, in the conversations that are merged into this one."""
    mark = ReadMark.objects.filter(conversation=OuterRef("conversation"), user=user).values("seq")
    rows = Message.objects.filter(conversation__merged_into=conversation_id, sender_type=SenderType.CUSTOMER)
    rows = rows.filter(seq__gt=Coalesce(Subquery(mark), 0)).select_related("conversation__stored_receipts")
    return list(rows.order_by("created_at", "pk")[:limit])


def whole_history(conversation: Conversation) -> list[Message]:
    """All of it. The senders come once each: a long history has few, and a row joined to each would double its cost."""
    return list(conversation.messages.prefetch_related("sender").order_by("seq"))


def channel_for(user: "User", channel_id: UUID) -> "Channel | None":
    """One of the user's channels, through the relation: the core does not import what lies above it."""
    return _channels().visible_to(user).filter(pk=channel_id).first()


def default_channel(business_id: UUID) -> "Channel | None":
    return _channels().default_for(business_id)


def channel_types(user: "User") -> list[str]:
    """Of the channels that the workspace has, in the order of their names."""
    return sorted(set(_channels().visible_to(user).values_list("type", flat=True)))


def _channels() -> "ChannelQuerySet":
    model: type[Channel] = Conversation._meta.get_field("channel").related_model  # type: ignore[assignment]
    return model.objects.all()


def _messages(conversation: Conversation) -> MessageQuerySet:
    rows: MessageQuerySet = conversation.messages.select_related("sender")
    return rows
