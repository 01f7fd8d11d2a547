"""The core: who writes in, the conversation with them, and its messages in one order without gaps."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Count, IntegerField, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from businesses.models import Business, Team
from businesses.querysets import BusinessScoped
from businesses.selectors import membership_of
from foundation.ids import new_id


class Status(models.TextChoices):
    OPEN = "open", _("Open")
    PENDING = "pending", _("Pending")
    RESOLVED = "resolved", _("Resolved")
    CLOSED = "closed", _("Closed")


class ChannelType(models.TextChoices):
    WEBCHAT = "webchat", _("Web chat")
    WIDGET = "widget", _("Website")
    EMAIL = "email", _("E-mail")
    WHATSAPP = "whatsapp", _("WhatsApp")
    TELEGRAM = "telegram", _("Telegram")
    INSTAGRAM = "instagram", _("Instagram")
    X = "x", _("X")
    SMS = "sms", _("SMS")


# On our own sockets: the live event is the delivery, nothing leaves the house.
WEB = frozenset({ChannelType.WIDGET, ChannelType.WEBCHAT})


class SenderType(models.TextChoices):
    AGENT = "agent", _("Agent")
    CUSTOMER = "customer", _("Customer")

    @property
    def other(self) -> "SenderType":
        """The side that receives what this one writes."""
        return SenderType.CUSTOMER if self == SenderType.AGENT else SenderType.AGENT


class MessageStatus(models.TextChoices):
    QUEUED = "queued", _("Queued")
    SENT = "sent", _("Sent")
    DELIVERED = "delivered", _("Delivered")
    READ = "read", _("Read")
    FAILED = "failed", _("Not sent")


class HandoffReason(models.TextChoices):
    """Why the assistant wants a person. Source: contract/api.md 10."""

    LOW_CONFIDENCE = "low_confidence", _("Theo was not sure")
    USER_REQUESTED = "user_requested", _("Asked for a person")
    COMPLEX_ISSUE = "complex_issue", _("Too complex for Theo")


class Customer(models.Model):
    """Who writes in. Name, e-mail and external id are claims until `verified`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="customers")
    name = models.CharField(_("name"), max_length=200, blank=True)
    email = models.CharField(_("e-mail"), max_length=254, blank=True)
    external_id = models.CharField(_("id in your system"), max_length=200, blank=True)
    verified = models.BooleanField(_("verified"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = BusinessScoped["Customer"].as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        indexes = [models.Index(fields=["business", "-created_at"], name="customer_newest")]
        constraints = [
            # Whoever is proven to be somebody is that customer, however many browsers prove it at once.
            models.UniqueConstraint(
                fields=["business", "external_id"],
                condition=models.Q(verified=True) & ~models.Q(external_id=""),
                name="customer_verified_once",
            )
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """What to call the person; a stranger has a number to tell strangers apart."""
        return self.name or self.email or _("Visitor %(number)s") % {"number": self.id.hex[-4:].upper()}


class ConversationQuerySet(BusinessScoped["Conversation"]):
    def for_reading(self) -> Self:
        """With everything that a row of a list or an event shows.

        In the same query only what each row has of its own: with the few agents, teams and channels joined to them,
        too, PostgreSQL took ten times as long to plan the question as to answer it.
        """
        own = self.select_related("customer", "last_message", "stored_receipts")
        return own.prefetch_related("assignee", "team", "channel", "last_message__sender")

    def with_unread(self, user: User) -> Self:
        """`unread`: how many customer's messages lie after the user's read mark."""
        mark = ReadMark.objects.filter(conversation=OuterRef(OuterRef("pk")), user_id=user.pk).values("seq")
        return self._with_unread(SenderType.CUSTOMER, mark)

    def with_unread_by_customer(self) -> Self:
        """`unread`: how many of the team's messages lie after what the customer's side has read."""
        mark = Receipts.objects.filter(conversation=OuterRef(OuterRef("pk"))).values("customer_read_seq")
        return self._with_unread(SenderType.AGENT, mark)

    def _with_unread(self, sender_type: SenderType, mark: models.QuerySet[Any, Any]) -> Self:
        """mark: by the conversation, not by each message: so the messages before it are not even looked at."""
        unread = (
            Message.objects.filter(conversation=OuterRef("pk"), sender_type=sender_type)
            .filter(seq__gt=Coalesce(Subquery(mark), Value(0)))
            .order_by()
            .values("conversation")
            .annotate(count=Count("pk"))
            .values("count")
        )
        return self.annotate(unread=Coalesce(Subquery(unread, output_field=IntegerField()), Value(0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What other rows say about a conversation when something is written there.

    takes_messages: its channel, if it has one, is switched on.
    assign_on_reply: whoever answers first takes it.
    """

    takes_messages: bool
    assign_on_reply: bool


class Conversation(models.Model):
    """One thread with one customer. `last_seq` is the number of its newest message."""

    rules: Rules  # of rows that `locking.rows_locked` brought

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
    def receipts(self) -> "Receipts | None":
        """None while neither side has received anything. `for_reading` brings it, else it is asked for once."""
        return getattr(self, "stored_receipts", None)

    def nobody_has_it_yet(self) -> None:
        """In memory: what is shown of it from here on is new, so that nobody asks for its receipts."""
        type(self)._meta.get_field("stored_receipts").set_cached_value(self, None)

    def reopen(self) -> None:
        """In memory: open, and no longer resolved or closed by anybody."""
        self.status = Status.OPEN
        self.resolved_at = self.resolved_by = self.closed_at = None

    def person_has_it(self) -> None:
        """In memory: a person took it up, so that it waits for none."""
        self.handoff_reason, self.handoff_at = "", None


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        membership = membership_of(user)
        return self.filter(conversation__business_id=membership.business_id) if membership else self.none()


class Message(models.Model):
    """One entry. `seq` counts from 1 within the conversation, without gaps: the only order there is."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # The constraint's index begins with it.
    conversation = models.ForeignKey(Conversation, models.CASCADE, db_index=False, related_name="messages")
    seq = models.PositiveIntegerField(_("number"))
    sender_type = models.CharField(_("written by"), max_length=10, choices=SenderType)
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    content = models.TextField(_("text"), blank=True)
    # What the payload shows of its Attachment rows, so that no list asks for them (conversations/attachments.py).
    attachments = models.JSONField(default=list, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=MessageStatus, default=MessageStatus.SENT)
    error = models.CharField(_("why it was not sent"), max_length=300, blank=True)
    # The same send twice is one message: the constraint decides, keys never expire.
    dedup_key = models.CharField(max_length=300, null=True, unique=True, editable=False)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(_("when"))

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["conversation_id", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="message_seq_once"),
            models.CheckConstraint(condition=Q(seq__gte=1), name="message_seq_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.seq}: {self.content[:60]}"

    @property
    def preview(self) -> str:
        """What a list shows of it: its words, else what came with it."""
        if self.content.strip() or not self.attachments:
            return self.content
        if len(self.attachments) > 1:
            return gettext("%(count)d files") % {"count": len(self.attachments)}
        first = self.attachments[0]
        if first["content_type"].startswith("image/"):
            return gettext("Photo")
        return gettext("File: %(name)s") % {"name": first["filename"]}

    def status_with(self, receipts: "Receipts | None") -> str:
        """`status`, and of an agent's message that is out, how far the other side is with it.

        receipts: of its conversation.
        """
        if not receipts or self.sender_type != SenderType.AGENT or self.status != MessageStatus.SENT:
            return self.status
        if receipts.read_at(self):
            return MessageStatus.READ
        return MessageStatus.DELIVERED if receipts.delivered_at(self) else self.status

    @property
    def client_message_id(self) -> str | None:
        """What the sender's client called it, for echoing to the sender's own side only."""
        source, _sep, rest = (self.dedup_key or "").partition(":")
        return rest.partition(":")[2] if source in {"w", "api"} else None


class Attachment(models.Model):
    """A file of a conversation. It has no message until it is sent; what never is goes after a day.

    The bytes lie under MEDIA_ROOT by the row's id (conversations/attachments.py), never by a name from outside.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="attachments")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="files")
    message = models.ForeignKey(Message, models.CASCADE, null=True, related_name="files")
    # An agent; None for the customer's side.
    uploader = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    sender_type = models.CharField(_("sent by"), max_length=10, choices=SenderType)
    filename = models.CharField(_("name"), max_length=200)
    content_type = models.CharField(_("type"), max_length=100)
    size = models.PositiveIntegerField(_("bytes"))
    # Of a picture, in pixels as it is shown; a picture has a thumbnail.
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    objects = BusinessScoped["Attachment"].as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        indexes = [
            models.Index(fields=["created_at"], name="attachment_unsent", condition=Q(message=None)),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def is_picture(self) -> bool:
        return self.width is not None


class Rating(models.Model):
    """What the customer thinks of a conversation that is over: 1, bad, to 5, great."""

    conversation = models.OneToOneField(Conversation, models.CASCADE, primary_key=True, related_name="rating")
    business = models.ForeignKey(Business, models.CASCADE, db_index=False, related_name="ratings")
    score = models.PositiveSmallIntegerField(_("rating"))
    comment = models.TextField(_("comment"), blank=True)
    # Who had the conversation when it was rated.
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    rated_at = models.DateTimeField(_("when"))

    objects = BusinessScoped["Rating"].as_manager()

    class Meta:
        verbose_name = _("rating")
        verbose_name_plural = _("ratings")
        indexes = [models.Index(fields=["business", "rated_at"], name="rating_lately")]
        constraints = [models.CheckConstraint(condition=Q(score__range=(1, 5)), name="rating_from_1_to_5")]

    def __str__(self) -> str:
        return f"{self.score} of 5"


class ReadMark(models.Model):
    """How far one agent has read one conversation."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, db_index=False, related_name="read_marks")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="read_marks")
    seq = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("read mark")
        verbose_name_plural = _("read marks")
        constraints = [models.UniqueConstraint(fields=["conversation", "user"], name="read_mark_once")]

    def __str__(self) -> str:
        return f"{self.user} read to {self.seq}"


class Receipts(models.Model):
    """How far each side of a conversation has received and read what the other one wrote.

    A watermark counts for every message up to its `seq`, and its time for all of them: when it last rose.
    It only rises (services/receipts.py). A row of its own, so that receipts wait for no message.
    """

    conversation = models.OneToOneField(Conversation, models.CASCADE, primary_key=True, related_name="stored_receipts")
    customer_delivered_seq = models.PositiveIntegerField(db_default=0)
    customer_delivered_at = models.DateTimeField(null=True)
    customer_read_seq = models.PositiveIntegerField(db_default=0)
    customer_read_at = models.DateTimeField(null=True)
    agent_delivered_seq = models.PositiveIntegerField(db_default=0)
    agent_delivered_at = models.DateTimeField(null=True)
    agent_read_seq = models.PositiveIntegerField(db_default=0)
    agent_read_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("receipts")
        verbose_name_plural = _("receipts")

    def __str__(self) -> str:
        return f"customer read to {self.customer_read_seq}, team to {self.agent_read_seq}"

    def delivered_at(self, message: Message) -> datetime | None:
        """When the other side's client had it, None before."""
        return self._at(message, "delivered")

    def read_at(self, message: Message) -> datetime | None:
        """When it was shown to the other side, None before."""
        return self._at(message, "read")

    def _at(self, message: Message, what: str) -> datetime | None:
        mark = f"{SenderType(message.sender_type).other}_{what}"
        at: datetime | None = getattr(self, f"{mark}_at")
        return at if getattr(self, f"{mark}_seq") >= message.seq else None


from conversations.saved_views.models import SavedView  # noqa: E402, F401  a part of this app
from conversations.search.models import IndexedKind, SearchEntry  # noqa: E402, F401  likewise
