"""The figures of a workspace at a glance: six questions to the database, however much there is.

Source: contract/api.md 11 and C21 (a median where the contract says median; no rating is invented).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, Sum

from businesses.models import AgentStatus, Membership
from conversations.models import Conversation, ConversationQuerySet, Rating, Status

WINDOW = timedelta(days=30)
TOP_AGENTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TopAgent:
    name: str
    resolved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The contract's fields. Times are whole seconds, rates 0 to 100."""

    total_conversations: int
    avg_first_response: int
    resolution_rate: float
    active_agents: int
    channel_mix: dict[str, int]
    top_agents: list[TopAgent]
    quick_pulse_open: int
    median_handle_time: int
    customer_happiness: int | None


def overview(*, business_id: UUID, now: datetime) -> Overview:
    """What the last 30 days looked like, and who and what is there right now."""
    own = Conversation.objects.filter(business_id=business_id)
    started = _started(own.filter(created_at__gt=now - WINDOW, created_at__lte=now))
    total = sum(row["count"] for row in started.values())
    answered = sum(row["answered"] for row in started.values())
    waited = sum((row["waited"] for row in started.values() if row["waited"]), timedelta())
    resolved = sum(row["resolved"] for row in started.values())

    done = own.filter(resolved_at__gt=now - WINDOW, resolved_at__lte=now)
    by_agent = _resolved_by(done)
    top = [
        TopAgent(name=row["resolved_by__full_name"], resolved=row["count"]) for row in by_agent if row["resolved_by"]
    ]

    return Overview(
        total_conversations=total,
        avg_first_response=round(waited.total_seconds() / answered) if answered else 0,
        resolution_rate=round(100 * resolved / total, 1) if total else 0.0,
        active_agents=Membership.objects.filter(
            business_id=business_id, is_active=True, status__in=[AgentStatus.LIVE, AgentStatus.AWAY]
        ).count(),
        channel_mix=shares({channel: row["count"] for channel, row in started.items()}),
        top_agents=top[:TOP_AGENTS],
        quick_pulse_open=own.filter(status=Status.OPEN).count(),
        median_handle_time=_median_handle_time(done, count=sum(row["count"] for row in by_agent)),
        customer_happiness=_happiness(business_id, now),
    )


def _happiness(business_id: UUID, now: datetime) -> int | None:
    """The share of ratings 4 and 5 in 0 to 100; None while there is none."""
    rated = Rating.objects.filter(business_id=business_id, rated_at__gt=now - WINDOW, rated_at__lte=now).aggregate(
        count=Count("pk"), happy=Count("pk", filter=Q(score__gte=4))
    )
    return round(100 * rated["happy"] / rated["count"]) if rated["count"] else None


def shares(counts: Mapping[str, int]) -> dict[str, int]:
    """Whole percentages that sum to exactly 100, by the largest remainders; {} when there is nothing to share."""
    total = sum(counts.values())
    if not total:
        return {}
    parts = {name: divmod(100 * count, total) for name, count in counts.items()}
    missing = 100 - sum(whole for whole, _rest in parts.values())
    nearest = sorted(parts, key=lambda name: (-parts[name][1], -counts[name], name))[:missing]
    return {name: whole + (name in nearest) for name, (whole, _rest) in parts.items()}


def _started(rows: ConversationQuerySet) -> dict[str, dict[str, Any]]:
    """By channel type: how many, how many of them answered after how long together, how many resolved by now."""
    waited = ExpressionWrapper(F("first_response_at") - F("created_at"), output_field=DurationField())
    found = (
        rows.order_by()
        .values("channel_type")
        .annotate(
            count=Count("pk"),
            answered=Count("first_response_at"),
            waited=Sum(waited),
            resolved=Count("resolved_at"),
        )
    )
    return {row["channel_type"]: dict(row) for row in found.order_by("-count", "channel_type")}


def _resolved_by(rows: ConversationQuerySet) -> list[dict[str, Any]]:
    """How many each person resolved, most first; one row stands for those whose account is gone."""
    found = rows.order_by().values("resolved_by", "resolved_by__full_name").annotate(count=Count("pk"))
    return [dict(row) for row in found.order_by("-count", "resolved_by__full_name", "resolved_by")]


def _median_handle_time(rows: ConversationQuerySet, *, count: int) -> int:
    """Seconds from creation to resolution. One way for every database: the middle of the sorted ones."""
    took = ExpressionWrapper(F("resolved_at") - F("created_at"), output_field=DurationField())
    middle = slice((count - 1) // 2, count // 2 + 1) if count else slice(0)
    times = list(rows.annotate(took=took).order_by("took").values_list("took", flat=True)[middle])
    return round(sum(times, timedelta()).total_seconds() / len(times)) if times else 0
