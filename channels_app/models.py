"""Connected endpoints, and what has to leave the house through them."""

from typing import Any, Self
from uuid import UUID

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.querysets import BusinessScoped
from conversations.models import WEB, ChannelType, Conversation, Message
from foundation.ids import new_id


class ChannelState(models.TextChoices):
    CONNECTING = "connecting", _("Connecting")
    CONNECTED = "connected", _("Connected")
    INCOMPLETE = "incomplete", _("Incomplete")
    ERROR = "error", _("Error")


class ChannelQuerySet(BusinessScoped["Channel"]):
    def in_order(self) -> Self:
        return self.order_by("created_at", "pk")

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


class DeliveryState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Not sent")
    PARKED = "parked", _("Parked")


class Delivery(models.Model):
    """Getting one message out of the house: a row of the message's own transaction, done by the worker.

    A conversation's rows go out in the order of `seq`, one at a time. A row under a lease is somebody's until
    `leased_until`; then it is anybody's again.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="deliveries")
    channel = models.ForeignKey(Channel, models.SET_NULL, null=True, related_name="deliveries")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="deliveries")
    message = models.OneToOneField(Message, models.CASCADE, related_name="delivery")
    seq = models.PositiveIntegerField(_("number"))
    state = models.CharField(_("state"), max_length=10, choices=DeliveryState, default=DeliveryState.QUEUED)
    attempts = models.PositiveIntegerField(_("tries"), default=0)
    crashes = models.PositiveIntegerField(_("crashes"), default=0)
    due_at = models.DateTimeField(_("due"), default=timezone.now)
    lease = models.UUIDField(null=True, editable=False)
    leased_until = models.DateTimeField(_("leased until"), null=True, editable=False)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    external_id = models.CharField(_("id at the provider"), max_length=1000, blank=True)
    queued_at = models.DateTimeField(_("queued"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        indexes = [
            models.Index(fields=["channel", "due_at"], condition=models.Q(state="queued"), name="delivery_due"),
            models.Index(fields=["conversation", "seq"], condition=models.Q(state="queued"), name="delivery_head"),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()}: {self.message_id}"


class Heartbeat(models.Model):
    """When a background process last said that it lives."""

    name = models.CharField(_("name"), max_length=40, primary_key=True)
    beat_at = models.DateTimeField(_("last heard of"))

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return self.name
