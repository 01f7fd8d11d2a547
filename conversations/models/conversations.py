"""The conversation with a customer, and its place in every list."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from businesses.models import Business, Team
from businesses.plans import Allowance
from businesses.querysets import BusinessScoped
from conversations.models.choices import SPAM, WEB, ChannelType, HandoffReason, Priority, SenderType, Status
from conversations.models.customers import Customer
from conversations.models.messages import Message
from conversations.models.reading import ReadMark, Receipts
from conversations.models.tags import ConversationTag, Tag
from foundation.ids import new_id


class ConversationQuerySet(BusinessScoped["Conversation"]):
    def for_reading(self) -> Self:
        """With everything that a row of a list or an event shows.

        In the same query only what each row has of its own: with the few agents, teams and channels joined to them,
        too, PostgreSQL took ten times as long to plan the question as to answer it.
        """
        own = self.with_others().select_related("customer", "last_message", "stored_receipts")
        return own.prefetch_related("assignee", "team", "channel", "last_message__sender", "tags")

    def joined_for_reading(self) -> Self:
        """Likewise in one statement, for questions that are planned once (foundation/prepared.py); but for the tags."""
        joined = "customer", "last_message__sender", "stored_receipts", "assignee", "team", "channel"
        return self.with_others().select_related(*joined)

    def with_others(self) -> Self:
        """`shows_others`: one of those that are merged into it. Asked whether there is any, PostgreSQL would read all
        conversations to know.
        """
        other = self.model.objects.filter(merged_into=OuterRef("pk")).order_by().values("pk")[:1]
        return self.annotate(shows_others=Subquery(other))

    def with_unread(self, user: User) -> Self:
        """`unread`: how many customer's messages lie after the user's read marks, there and in what is merged there."""
        mark = ReadMark.objects.filter(conversation=OuterRef(OuterRef("pk")), user_id=user.pk).values("seq")
        there = ReadMark.objects.filter(conversation=OuterRef("conversation"), user_id=user.pk).values("seq")
        elsewhere = (
            Message.objects.filter(conversation__merged_into=OuterRef("pk"), sender_type=SenderType.CUSTOMER)
            .filter(seq__gt=Coalesce(Subquery(there), Value(0)))
            .order_by()
            .values("conversation__merged_into")
            .annotate(count=Count("pk"))
            .values("count")
        )
        own = self._unread(SenderType.CUSTOMER, mark)
        return self.annotate(unread=own + Coalesce(Subquery(elsewhere, output_field=IntegerField()), Value(0)))

    def with_unread_by_customer(self) -> Self:
        """`unread`: how many of the team's messages lie after what the customer's side has read."""
        mark = Receipts.objects.filter(conversation=OuterRef(OuterRef("pk"))).values("customer_read_seq")
        return self.annotate(unread=self._unread(SenderType.AGENT, mark))

    def _unread(self, sender_type: SenderType, mark: models.QuerySet[Any, Any]) -> Coalesce:
        """mark: by the conversation, not by each message: so the messages before it are not even looked at."""
        unread = (
            Message.objects.filter(conversation=OuterRef("pk"), sender_type=sender_type)
            .filter(seq__gt=Coalesce(Subquery(mark), Value(0)))
            .order_by()
            .values("conversation")
            .annotate(count=Count("pk"))
            .values("count")
        )
        return Coalesce(Subquery(unread, output_field=IntegerField()), Value(0))


def unread_by(user: User) -> Q:
    """Whether `with_unread` would count any; it looks no further than the first.

    What is read to its end is passed over by its number, without a look at its messages; and of what is merged, which
    is little, those with news are found once and not for each row.
    """
    mark = ReadMark.objects.filter(user_id=user.pk)
    news = Message.objects.filter(
        conversation=OuterRef("pk"),
        sender_type=SenderType.CUSTOMER,
        seq__gt=Coalesce(Subquery(mark.filter(conversation=OuterRef(OuterRef("pk"))).values("seq")), Value(0)),
    )
    goes_on = Q(last_seq__gt=Coalesce(Subquery(mark.filter(conversation=OuterRef("pk")).values("seq")), Value(0)))
    merged = Conversation.objects.filter(goes_on, Exists(news), merged_into__isnull=False)
    return goes_on & Q(Exists(news)) | Q(pk__in=merged.values("merged_into"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What other rows say about a conversation when something is written there.

    takes_messages: its channel, if it has one, is switched on.
    is_blocked: its customer is.
    assign_on_reply: whoever answers first takes it.
    replies: what the workspace's plan leaves its agents of this month; None = it does not count.
    seen_at: when its customer last wrote, as far as it was noted (services/sightings.py).
    shows_others: some are merged into it.
    """

    takes_messages: bool
    is_blocked: bool
    assign_on_reply: bool
    replies: Allowance | None
    seen_at: datetime | None
    shows_others: bool


class Conversation(models.Model):
    """One thread with one customer. `last_seq` is the number of its newest message."""

    rules: Rules  # of rows that `locking.rows_locked` brought
    shows_others: UUID | None = None  # of rows that were read `with_others`
    # Of those that are merged into it the newest message, of rows that went through `selectors.with_newest`.
    newest_elsewhere: Message | None = None

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # Without indexes of their own where one below begins with the column: every message pays for each of them.
    business = models.ForeignKey(Business, models.CASCADE, db_index=False, related_name="conversations")
    customer = models.ForeignKey(
        Customer, models.CASCADE, null=True, blank=True, db_index=False, related_name="conversations"
    )
    # By name: everyone expects `conversation.channel`, and it is the one arrow that points up (design.md 3).
    channel = models.ForeignKey(
        "channels_app.Channel", models.SET_NULL, null=True, blank=True, related_name="conversations"
    )
    channel_type = models.CharField(_("channel type"), max_length=20, choices=ChannelType)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="assigned_conversations",
    )
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, db_index=False, related_name="conversations")
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    last_seq = models.PositiveIntegerField(_("messages"), default=0, editable=False)
    last_message = models.ForeignKey("Message", models.SET_NULL, null=True, editable=False, related_name="+")
    first_response_at = models.DateTimeField(_("first response"), null=True, blank=True)
    # Of the oldest of the customer's messages that nobody has answered; None = there is none.
    waiting_since = models.DateTimeField(_("waiting since"), null=True, blank=True, editable=False)
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority, default=Priority.NONE)
    # Pending until then; what the customer writes wakes it before (services/snoozing.py).
    snoozed_until = models.DateTimeField(_("snoozed until"), null=True, blank=True)
    tags = models.ManyToManyField(Tag, through=ConversationTag, related_name="conversations")
    # Closed since then as what nobody asked for: in a list of its own, and not opened by what comes in.
    spam_at = models.DateTimeField(_("marked as spam"), null=True, blank=True, editable=False)
    # Since then something that shows in it did not reach the customer, and nobody has dealt with that: sent it again,
    # or called the conversation done. What failed before was dealt with (`MessageQuerySet.lacking_in`).
    not_sent_at = models.DateTimeField(_("not sent"), null=True, blank=True, editable=False)
    # Its messages stay where they are, and are shown there, too (services/merging.py).
    merged_into = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, editable=False, db_index=False, related_name="merged"
    )
    handoff_reason = models.CharField(_("waits for a person"), max_length=40, choices=HandoffReason, blank=True)
    handoff_at = models.DateTimeField(_("flagged"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"))
    updated_at = models.DateTimeField(_("updated"))

    objects = ConversationQuerySet.as_manager()

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        indexes = [
            models.Index(fields=["business", "-updated_at", "-id"], name="conversation_newest"),
            models.Index(fields=["business", "status", "-updated_at", "-id"], name="conversation_by_status"),
            # The status comes last: a list of few open ones among many done passes over these within the index. And
            # what nobody has needs an index of its own: PostgreSQL sorts behind `IS NULL`, though all are alike in it.
            models.Index(
                fields=["assignee", "business", "-updated_at", "-id", "status"],
                condition=Q(assignee__isnull=False),
                name="conversation_of_assignee",
            ),
            models.Index(
                fields=["business", "-updated_at", "-id", "status"],
                condition=Q(assignee__isnull=True),
                name="conversation_unassigned",
            ),
            models.Index(
                fields=["team", "-updated_at", "-id", "status"],
                condition=Q(team__isnull=False),
                name="conversation_of_team",
            ),
            models.Index(fields=["customer", "-updated_at", "-id"], name="conversation_of_customer"),
            models.Index(
                fields=["business", "waiting_since", "id", "status"],
                condition=Q(waiting_since__isnull=False),
                name="conversation_waiting",
            ),
            models.Index(
                fields=["business", "-priority", "-updated_at", "-id", "status"],
                condition=Q(priority__gt=0),
                name="conversation_by_priority",
            ),
            models.Index(fields=["business", "created_at"], name="conversation_started"),
            models.Index(
                fields=["business", "resolved_at"],
                condition=Q(resolved_at__isnull=False),
                name="conversation_resolved",
            ),
            models.Index(
                fields=["business", "handoff_at", "id"],
                condition=Q(handoff_at__isnull=False),
                name="conversation_handoffs",
            ),
            models.Index(
                fields=["snoozed_until"], condition=Q(snoozed_until__isnull=False), name="conversation_to_wake"
            ),
            models.Index(
                fields=["business", "status", "snoozed_until"],
                condition=Q(snoozed_until__isnull=False),
                name="conversation_snoozed",
            ),
            models.Index(
                fields=["business", "-updated_at", "-id"],
                condition=Q(spam_at__isnull=False),
                name="conversation_spam",
            ),
            models.Index(
                fields=["business", "-updated_at", "-id"],
                condition=Q(not_sent_at__isnull=False),
                name="conversation_not_sent",
            ),
            models.Index(fields=["merged_into"], condition=Q(merged_into__isnull=False), name="conversation_merged"),
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()}: {self.customer or self.id}"

    @property
    def is_web(self) -> bool:
        return self.channel_type in WEB

    @property
    def is_done(self) -> bool:
        return self.status in {Status.RESOLVED, Status.CLOSED}

    @property
    def standing(self) -> str:
        """Its status, or SPAM."""
        return SPAM if self.spam_at else self.status

    @property
    def newest_message(self) -> Message | None:
        """The last one that its thread shows."""
        last, elsewhere = self.last_message, self.newest_elsewhere
        return elsewhere if elsewhere and (last is None or last.created_at < elsewhere.created_at) else last

    @property
    def receipts(self) -> "Receipts | None":
        """None while neither side has received anything. `for_reading` brings it, else it is asked for once."""
        return getattr(self, "stored_receipts", None)

    @cached_property
    def tag_list(self) -> list[Tag]:
        """By their names. `selectors.with_tags` brings those of many rows, else they are asked for once."""
        return list(self.tags.all())

    def nobody_has_it_yet(self) -> None:
        """In memory: what is shown of it from here on is new, so that nobody asks for its receipts."""
        type(self)._meta.get_field("stored_receipts").set_cached_value(self, None)

    def reopen(self) -> None:
        """In memory: open, awake, and no longer resolved, closed or called spam by anybody."""
        self.status, self.snoozed_until = Status.OPEN, None
        self.resolved_at = self.resolved_by = self.closed_at = self.spam_at = None

    def person_has_it(self) -> None:
        """In memory: a person took it up, so that it waits for none."""
        self.handoff_reason, self.handoff_at = "", None
