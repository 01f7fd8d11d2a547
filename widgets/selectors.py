"""Reads of the widget's side."""

from uuid import UUID

from conversations.models import WEB, Conversation, ConversationQuerySet
from widgets.domains import host_of_origin
from widgets.models import Visitor, Widget


def conversations_of(visitor: Visitor) -> ConversationQuerySet:
    """The visitor's own, newest change first: those of its customer that are on the web."""
    return (
        Conversation.objects.filter(
            business_id=visitor.business_id, customer_id=visitor.customer_id, channel_type__in=WEB
        )
        .select_related("customer", "assignee", "last_message__sender", "channel", "stored_receipts")
        .order_by("-updated_at", "-id")
    )


def allowed_origin(origin: str, *, business_id: UUID | None = None) -> bool:
    """Whether a page of this Origin may speak for a widget: of this business, or (None) of any.

    A host matches its own domain, `www.` in front of it, and with `allow_subdomains` whatever ends in it.
    """
    host = host_of_origin(origin)
    if host is None:
        return False
    labels = host.split(".")
    parents = {".".join(labels[start:]) for start in range(1, len(labels))}
    widgets = Widget.objects.filter(domain__in={host, *parents})
    if business_id:
        widgets = widgets.filter(business_id=business_id)
    return any(
        host in {widget.domain, f"www.{widget.domain}"} or widget.allow_subdomains
        for widget in widgets.only("domain", "allow_subdomains")
    )
