"""Connected endpoints, and what has to leave the house through them."""

from datetime import timedelta
from typing import Any, Self
from uuid import UUID

from django.db import models
from django.db.models import Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.querysets import BusinessScoped
from conversations.models import WEB, Attachment, ChannelType, Conversation, Customer, Message
from foundation.ids import new_id

# SQLite's clock shows whole milliseconds, and what is due at once is due now.
TICK = timedelta(milliseconds=1)


class ChannelState(models.TextChoices):
    CONNECTING = "connecting", _("Connecting")
    CONNECTED = "connected", _("Connected")
    INCOMPLETE = "incomplete", _("Incomplete")
    ERROR = "error", _("Error")


# Nothing goes out until somebody enters something else.
STOPPED = (ChannelState.ERROR, ChannelState.INCOMPLETE)


class ChannelQuerySet(BusinessScoped["Channel"]):
    def in_order(self) -> Self:
        return self.order_by("created_at", "pk")

    def with_account(self) -> Self:
        """`account`: what tells it from others of its type, "" when nothing is known that does."""
        told = (("address", "config"), ("phone_number", "config"), ("account", "setup"))
        return self.annotate(
            account=Coalesce(*(KeyTextTransform(*each) for each in told), Value(""), output_field=models.TextField())
        )

    def default_for(self, business_id: UUID) -> "Channel | None":
        """The oldest active web widget of a business: what a conversation without a channel of its own uses."""
        return self.filter(business_id=business_id, type=ChannelType.WIDGET, is_active=True).in_order().first()


class Channel(models.Model):
    """One connected endpoint of a business.

    config: what everybody of the workspace may read. credentials: field name -> sealed text, opened only by
    `channels_app.credentials`. state: what we know of the connection, whatever `is_active` says.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="channels")
    type = models.CharField(_("type"), max_length=20, choices=ChannelType)
    config: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict, blank=True)
    credentials: "models.JSONField[dict[str, str], dict[str, str]]" = models.JSONField(
        default=dict, blank=True, editable=False
    )
    state = models.CharField(_("state"), max_length=12, choices=ChannelState, default=ChannelState.CONNECTING)
    state_detail = models.CharField(_("state in words"), max_length=300, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    # Sends that failed in a row, and until when none is tried because of them.
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    held_until = models.DateTimeField(_("held until"), null=True, editable=False)
    # Set when the provider agreed to the credentials; and by hand, so that nothing goes out and nothing is lost.
    connected_at = models.DateTimeField(_("connected"), null=True, editable=False)
    paused_at = models.DateTimeField(_("paused"), null=True, editable=False)
    # What is known of its health: when it was last heard and used, and what the provider said when it was asked.
    last_event_at = models.DateTimeField(_("last event"), null=True, editable=False)
    last_sent_at = models.DateTimeField(_("last sent"), null=True, editable=False)
    last_error = models.CharField(_("last error"), max_length=300, blank=True, editable=False)
    last_error_at = models.DateTimeField(_("last error at"), null=True, editable=False)
    setup: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(
        default=dict, blank=True, editable=False
    )
    checked_at = models.DateTimeField(_("last asked about"), null=True, editable=False)
    # What only one channel of the house may be connected to, as a provider sends what comes to one address.
    sole_account = models.CharField(_("account"), max_length=80, null=True, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    objects = ChannelQuerySet.as_manager()

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        indexes = [models.Index(fields=["business", "created_at", "id"], name="channel_of_business")]

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.public_handle}".strip()

    @property
    def is_web(self) -> bool:
        return self.type in WEB

    @property
    def public_handle(self) -> str:
        """How a customer reaches it, for strangers' eyes; "" when there is nothing to show."""
        name = {ChannelType.EMAIL: "address", ChannelType.SMS: "phone_number"}.get(ChannelType(self.type))
        return str(self.config.get(name, "")) if name else ""

    @property
    def shown_account(self) -> str:
        """For the team; "" before its provider told."""
        return self.public_handle or str(self.setup.get("account", ""))


class DeliveryState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Not sent")
    PARKED = "parked", _("Parked")


class Delivery(models.Model):
    """Getting one part of a message out of the house: a row of the message's own transaction, done by the worker.

    A message has several parts when the channel takes less at once: a long text, or each of its files. Those of a
    conversation go out in the order of `seq` and `part`, one at a time. A row under a lease is somebody's until
    `leased_until`; then it is anybody's again.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="deliveries")
    channel = models.ForeignKey(Channel, models.SET_NULL, null=True, related_name="deliveries")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="deliveries")
    message = models.ForeignKey(Message, models.CASCADE, db_index=False, related_name="deliveries")
    seq = models.PositiveIntegerField(_("number"))
    part = models.PositiveSmallIntegerField(_("part"), default=0)
    content = models.TextField(_("text"), blank=True)
    attachment = models.ForeignKey(Attachment, models.SET_NULL, null=True, related_name="+")
    template: "models.JSONField[Any, Any]" = models.JSONField(null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=DeliveryState, default=DeliveryState.QUEUED)
    attempts = models.PositiveIntegerField(_("tries"), default=0)
    crashes = models.PositiveIntegerField(_("crashes"), default=0)
    due_at = models.DateTimeField(_("due"), default=timezone.now)
    lease = models.UUIDField(null=True, editable=False)
    leased_until = models.DateTimeField(_("leased until"), null=True, editable=False)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    external_id = models.CharField(_("id at the provider"), max_length=1000, blank=True)
    # A try that has begun; what has begun and has no end may have been sent. uncertain: how often that was so.
    started_at = models.DateTimeField(_("try begun"), null=True, editable=False)
    uncertain = models.PositiveSmallIntegerField(_("tries without a clear end"), default=0)
    queued_at = models.DateTimeField(_("queued"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished"), null=True)
    # When the provider said that this part is with the customer.
    arrived_at = models.DateTimeField(_("arrived"), null=True, editable=False)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [models.UniqueConstraint(fields=["message", "part"], name="delivery_part_once")]
        indexes = [
            models.Index(fields=["channel", "due_at"], condition=models.Q(state="queued"), name="delivery_due"),
            models.Index(
                fields=["conversation", "seq", "part"], condition=models.Q(state="queued"), name="delivery_head"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()}: {self.message_id}"


class RawState(models.TextChoices):
    ELSEWHERE = "elsewhere", _("To be fetched")
    WAITING = "waiting", _("Waiting")
    DONE = "done", _("Done")
    EMPTIED = "emptied", _("Done, no longer kept")
    FAILED = "failed", _("Failed")


class RawEvent(models.Model):
    """What a provider told us, as it came: stored before the provider hears that we have it, worked off afterwards.

    dedup_key: the provider's own id of the event, so that a repeat is no second one. customer: whose words are in it,
    once that is known; without a constraint, as it says of whom no word may be left (journal.purge). in_file: what came
    is too much for a row and lies beside it (journal.py).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, db_index=False, related_name="+")
    channel = models.ForeignKey(Channel, models.CASCADE, db_index=False, related_name="raw_events")
    customer = models.ForeignKey(
        Customer, models.DO_NOTHING, null=True, db_constraint=False, editable=False, related_name="+"
    )
    dedup_key = models.CharField(max_length=200, editable=False)
    payload: "models.JSONField[Any, Any]" = models.JSONField(_("as it came"))
    in_file = models.BooleanField(default=False, db_default=False, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=RawState, default=RawState.WAITING)
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    due_at = models.DateTimeField(_("due"), default=timezone.now)
    last_error = models.CharField(_("what went wrong"), max_length=300, blank=True)
    received_at = models.DateTimeField(_("received"), default=timezone.now)

    class Meta:
        verbose_name = _("event of a provider")
        verbose_name_plural = _("events of providers")
        constraints = [models.UniqueConstraint(fields=["channel", "dedup_key"], name="raw_event_once")]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(state="waiting"), name="raw_event_due"),
            models.Index(fields=["due_at"], condition=models.Q(state="elsewhere"), name="raw_event_elsewhere"),
            models.Index(
                fields=["channel", "-received_at"], condition=models.Q(state="failed"), name="raw_event_failed"
            ),
            models.Index(fields=["received_at"], name="raw_event_age"),
            models.Index(fields=["received_at"], condition=models.Q(state="done"), name="raw_event_kept"),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()}: {self.dedup_key}"


class Contact(models.Model):
    """One key that a channel knows a customer by. reason: why it is this customer, in words for the team.

    handle: a number, an @name or an address, as the provider told last. unreachable: why nothing reaches them, until
    they write again.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, db_index=False, related_name="+")
    channel = models.ForeignKey(Channel, models.CASCADE, db_index=False, related_name="contacts")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="contacts")
    key = models.CharField(_("key"), max_length=300)
    handle = models.CharField(_("shown as"), max_length=200, blank=True, default="", db_default="")
    proven = models.BooleanField(_("vouched for by the provider"), default=False)
    reason = models.CharField(_("why it is this customer"), max_length=200, blank=True)
    unreachable = models.CharField(_("not reachable"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        constraints = [models.UniqueConstraint(fields=["channel", "key"], name="contact_key_once")]
        indexes = [models.Index(fields=["business", "key"], condition=models.Q(proven=True), name="contact_proven")]

    def __str__(self) -> str:
        return self.key

    @property
    def number(self) -> str:
        return self.key.removeprefix("tel:") if self.key.startswith("tel:") else ""

    @property
    def shown_as(self) -> str:
        """For people to read; "" where the provider tells neither a number nor a name."""
        return self.handle or self.number


# Where we wrote first, nothing was heard yet.
NEWEST_HEARD = models.F("last_heard_at").desc(nulls_last=True)


class Thread(models.Model):
    """A conversation as its provider calls it.

    address: where answers go. last_heard_at: when the customer last wrote.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    channel = models.ForeignKey(Channel, models.CASCADE, db_index=False, related_name="threads")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="threads")
    key = models.CharField(_("key"), max_length=300)
    address = models.CharField(_("answers go to"), max_length=1000)
    last_heard_at = models.DateTimeField(_("last heard"), null=True)

    class Meta:
        verbose_name = _("thread at a provider")
        verbose_name_plural = _("threads at providers")
        constraints = [models.UniqueConstraint(fields=["channel", "key"], name="thread_key_once")]

    def __str__(self) -> str:
        return self.key


class ExternalMessage(models.Model):
    """A message, or a part of one, as its provider calls it; `key` is its id, or a digest of a long one."""

    id = models.BigAutoField(primary_key=True)
    channel = models.ForeignKey(Channel, models.CASCADE, db_index=False, related_name="+")
    message = models.ForeignKey(Message, models.CASCADE, related_name="external")
    key = models.CharField(_("key"), max_length=200)
    external_id = models.CharField(_("id at the provider"), max_length=1000)

    class Meta:
        verbose_name = _("message at a provider")
        verbose_name_plural = _("messages at providers")
        constraints = [models.UniqueConstraint(fields=["channel", "key"], name="external_message_once")]

    def __str__(self) -> str:
        return self.external_id


class Media(models.Model):
    """A file that a customer sent and that is still at the provider; the row goes when it was fetched.

    due_at: None = it is not tried again by itself. error: why it is not there yet, or cannot be had, in a sentence.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    channel = models.ForeignKey(Channel, models.CASCADE, related_name="media")
    message = models.ForeignKey(Message, models.CASCADE, related_name="+")
    ref: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(_("where it is"))
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    due_at = models.DateTimeField(_("due"), default=timezone.now, null=True, db_index=True)
    error = models.CharField(_("why it is not there"), max_length=200, blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("file to fetch")
        verbose_name_plural = _("files to fetch")

    def __str__(self) -> str:
        return str(self.message_id)


class Poll(models.Model):
    """How far a channel was asked for what its provider may have forgotten to push. cursor: the adapter's own."""

    channel = models.OneToOneField(Channel, models.CASCADE, related_name="poll")
    cursor: "models.JSONField[dict[str, str], dict[str, str]]" = models.JSONField(default=dict, blank=True)
    due_at = models.DateTimeField(_("due"), default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("poll")
        verbose_name_plural = _("polls")

    def __str__(self) -> str:
        return str(self.channel_id)


class Mailbox(models.Model):
    """How far the mailbox of an e-mail channel was read.

    name: which one, as `adapters.email.mailbox.Server` calls it. validity, last_uid: IMAP's UIDVALIDITY and the UID of
    the last mail that was taken. refusals: how often in a row it did not let us in.
    """

    channel = models.OneToOneField(Channel, models.CASCADE, related_name="mailbox")
    name = models.CharField(_("mailbox"), max_length=300, blank=True)
    validity = models.BigIntegerField(default=0)
    last_uid = models.BigIntegerField(_("last mail"), default=0)
    refusals = models.PositiveSmallIntegerField(_("refusals in a row"), default=0)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    looked_at = models.DateTimeField(_("last read"), null=True)
    due_at = models.DateTimeField(_("due"), default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("mailbox")
        verbose_name_plural = _("mailboxes")

    def __str__(self) -> str:
        return self.name


class Heartbeat(models.Model):
    """When a background process last said that it lives."""

    name = models.CharField(_("name"), max_length=40, primary_key=True)
    beat_at = models.DateTimeField(_("last heard of"))

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return self.name
