"""Reads of the widget's side."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet

from channels_app.models import Channel
from conversations.models import WEB, Conversation, ConversationQuerySet
from foundation.prepared import Among, Given, prepared
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


def chats_switched_off(business_ids: Collection[UUID]) -> set[UUID]:
    """Which of these workspaces have web channels, and none that is on: their visitors may not come in."""
    found = set(_web_channels()(businesses={*business_ids}))
    return {business_id for business_id, _on in found} - {business_id for business_id, on in found if on}


@prepared
def _web_channels() -> "QuerySet[Channel, tuple[UUID, bool]]":
    channels = Channel.objects.filter(Among("business_id", Given("businesses")), type__in=WEB)
    return channels.values_list("business_id", "is_active")


def allowed_origin(origin: str, *, business_id: UUID | None = None) -> bool:
    """Whether a page of this Origin may speak for a widget: of this business, or (None) of any.

    A host matches its own domain, `www.` in front of it, and with `allow_subdomains` whatever ends in it.
    """
    host = host_of_origin(origin)
    if host is None:
        return False
    widgets = _around([host])
    if business_id:
        widgets = widgets.filter(business_id=business_id)
    return any(covers(widget, host) for widget in widgets)


def allowed_origins(asked: Collection[tuple[str, UUID]]) -> set[tuple[str, UUID]]:
    """The same for many pages and workspaces: the pairs that are allowed. One query."""
    hosts = {origin: host for origin, _business_id in asked if (host := host_of_origin(origin))}
    widgets = list(_around(hosts.values()).filter(business_id__in={business_id for _origin, business_id in asked}))
    return {
        (origin, business_id)
        for origin, business_id in asked
        if any(w.business_id == business_id and covers(w, hosts[origin]) for w in widgets if origin in hosts)
    }


def _around(hosts: Collection[str]) -> QuerySet[Widget]:
    """Widgets of these hosts' domains and of those above them."""
    domains = {
        ".".join(labels[start:]) for labels in (host.split(".") for host in hosts) for start in range(len(labels))
    }
    return Widget.objects.filter(domain__in=domains).only("business_id", "domain", "allow_subdomains")


def covers(widget: Widget, host: str) -> bool:
    """Whether a page of this host is one of the widget's."""
    if host in {widget.domain, f"www.{widget.domain}"}:
        return True
    return widget.allow_subdomains and host.endswith(f".{widget.domain}")
