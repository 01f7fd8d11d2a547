"""What a visitor may know of who is there: open or closed, whether somebody is online, how soon an answer comes.

From the business hours and from what is: members who are live now, and how long lately it took until somebody answered.
Nobody's name. Source: issue "widget", conversation.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from businesses.hours import opening
from businesses.models import AgentStatus, Business, Membership, ReplyTime
from conversations.models import WEB, Conversation
from conversations.wire import timestamp
from widgets.models import Widget

# Measured over the newest of so many days, and not said while there are fewer than FEWEST.
NEWEST, FEWEST, LATELY = 50, 5, timedelta(days=30)
_STEPS = [
    (timedelta(minutes=10), ReplyTime.MINUTES),
    (timedelta(hours=1), ReplyTime.HOUR),
    (timedelta(hours=6), ReplyTime.HOURS),
    (timedelta(days=1), ReplyTime.DAY),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """is_online: null when the widget does not show it. changes_at: when `is_open` will change, null = not foreseen.
    reply_time: minutes, hour, hours, day, or null when it is not said.
    """

    is_open: bool
    is_online: bool | None
    changes_at: datetime | None
    reply_time: str | None


def availability_of(widget: Widget) -> Availability:
    """Two questions to the database at most, beside the workspace."""
    business, now = widget.business, timezone.now()
    state = opening(business, at=now)
    online = None
    if widget.show_online_badge:
        live = Membership.objects.filter(business=business, is_active=True, status=AgentStatus.LIVE)
        online = state.is_open and live.exists()
    return Availability(
        is_open=state.is_open,
        is_online=online,
        changes_at=state.changes_at,
        reply_time=_reply_time(business, now),
    )


def payload_of(availability: Availability) -> dict[str, Any]:
    return asdict(availability) | {"changes_at": timestamp(availability.changes_at)}


def _reply_time(business: Business, now: datetime) -> str | None:
    if business.reply_time == ReplyTime.UNSAID:
        return None
    if business.reply_time != ReplyTime.MEASURED:
        return business.reply_time
    answered = Conversation.objects.filter(
        business=business, channel_type__in=WEB, created_at__gt=now - LATELY, first_response_at__isnull=False
    ).order_by("-created_at")
    waits = sorted(
        end - start for start, end in answered.values_list("created_at", "first_response_at")[:NEWEST] if end
    )
    if len(waits) < FEWEST:
        return None
    usual = waits[len(waits) // 2]
    return next((step.value for most, step in _STEPS if usual <= most), None)
