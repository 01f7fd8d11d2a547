"""The words that columns of the core are limited to."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    OPEN = "open", _("Open")
    PENDING = "pending", _("Pending")
    RESOLVED = "resolved", _("Resolved")
    CLOSED = "closed", _("Closed")


UNFINISHED = (Status.OPEN, Status.PENDING)

# A closed one that nobody asked for (`Conversation.spam_at`), as pages call it beside the statuses.
SPAM = "spam"


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
    ERROR = "error", _("Theo could not send its answer")

    def outweighs(self, other: str) -> bool:
        """Whether it takes the place of the reason `other`, "" = none: what a customer says counts for more than what
        Theo could not do."""
        said = (self.USER_REQUESTED, self.COMPLEX_ISSUE)
        return not other or (self in said and other not in said)


class Priority(models.IntegerChoices):
    """Higher comes first. On the wire: `low`, `normal`, `high`, `urgent`, and null for NONE (`word`)."""

    NONE = 0, _("No priority")
    LOW = 1, _("Low")
    NORMAL = 2, _("Normal")
    HIGH = 3, _("High")
    URGENT = 4, _("Urgent")

    @property
    def word(self) -> str | None:
        return self.name.lower() if self.value else None

    @classmethod
    def of(cls, word: str | None) -> "Priority":
        """Raises KeyError for a word that is none of ours."""
        return cls[word.upper()] if word else cls.NONE


class ActivityKind(models.TextChoices):
    """What a thread tells beside its messages. `Activity.data` has: assigned `user_id`, `team_id` (null = nobody,
    no team); tagged, untagged `tags`; snoozed `until`; priority `priority`; merged, unmerged `conversation_id`, of
    the other, and `is_target` there (services/merging.py); customer_merged, customer_unmerged `customer_id`, of the
    other; handed_over `reason`; reopened `unsent`, when that was because of a message of ours; returned `reason`, a
    sentence; left_out `addresses`, of copies that no server took.
    """

    ASSIGNED = "assigned", _("Assigned")
    RESOLVED = "resolved", _("Resolved")
    CLOSED = "closed", _("Closed")
    SPAM = "spam", _("Marked as spam")
    REOPENED = "reopened", _("Reopened")
    PENDING = "pending", _("Parked")
    SNOOZED = "snoozed", _("Snoozed")
    WOKE = "woke", _("Woke up")
    TAGGED = "tagged", _("Tagged")
    UNTAGGED = "untagged", _("Tag taken off")
    PRIORITY = "priority", _("Priority changed")
    HANDED_OVER = "handed_over", _("Handed over by Theo")
    BLOCKED = "blocked", _("Customer blocked")
    UNBLOCKED = "unblocked", _("Customer unblocked")
    MERGED = "merged", _("Merged")
    UNMERGED = "unmerged", _("Merge undone")
    CUSTOMER_MERGED = "customer_merged", _("Customer merged")
    CUSTOMER_UNMERGED = "customer_unmerged", _("Merge of the customer undone")
    RETURNED = "returned", _("Not sent as planned")
    LEFT_OUT = "left_out", _("Copy not sent")
