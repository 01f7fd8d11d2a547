"""The overview's figures, from real rows."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from businesses.models import AgentStatus, Business, Membership
from conversations.models import ChannelType, Conversation, Rating
from conversations.services import handling
from reports.overview import shares
from tests import builders

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1/analytics/overview"


def figures(user: User) -> dict[str, Any]:
    answer = builders.api(user).get(ADDRESS)
    assert answer.status_code == 200
    return dict(answer.json())


def started(acme: Business, ago: timedelta, **times: timedelta) -> Conversation:
    """A conversation from so long ago; `times` say how long after its start something happened."""
    conversation = builders.conversation(acme, type=ChannelType.WIDGET)
    return bent(conversation, timezone.now() - ago, **times)


def bent(conversation: Conversation, start: datetime, **times: timedelta) -> Conversation:
    happened = {name: start + after for name, after in times.items()}
    Conversation.objects.filter(pk=conversation.pk).update(created_at=start, **happened)
    return conversation


def test_a_workspace_without_conversations_has_zeros_and_nothing_made_up(ada: User, acme: Business) -> None:
    assert figures(ada) == {
        "total_conversations": 0,
        "avg_first_response": 0,
        "resolution_rate": 0,
        "active_agents": 0,
        "channel_mix": {},
        "top_agents": [],
        "quick_pulse_open": 0,
        "median_handle_time": 0,
        "customer_happiness": None,
    }


def test_what_started_in_the_window_counts_and_nothing_else(ada: User, acme: Business) -> None:
    answer, later = timedelta(seconds=60), timedelta(seconds=120)
    started(acme, timedelta(days=1), first_response_at=answer)
    started(acme, timedelta(days=29), first_response_at=later, resolved_at=later)
    started(acme, timedelta(days=2))
    started(acme, timedelta(days=31), first_response_at=timedelta(days=1))

    shown = figures(ada)

    assert shown["total_conversations"] == 3
    assert shown["avg_first_response"] == 90
    assert shown["resolution_rate"] == 33.3
    assert shown["quick_pulse_open"] == 4


def test_the_handle_time_is_the_median_of_what_was_resolved_in_the_window(ada: User, acme: Business) -> None:
    for seconds in (10, 20, 90_000):
        started(acme, timedelta(days=3), resolved_at=timedelta(seconds=seconds))
    assert figures(ada)["median_handle_time"] == 20
    # Started long ago, resolved lately: it counts. Resolved long ago: it does not.
    started(acme, timedelta(days=40), resolved_at=timedelta(days=39))
    started(acme, timedelta(days=80), resolved_at=timedelta(days=1))
    assert figures(ada)["median_handle_time"] == (20 + 90_000) // 2


def test_what_is_resolved_counts_for_whoever_resolved_it_as_long_as_it_stays_so(
    ada: User, ben: User, acme: Business
) -> None:
    people = [ada, ben, *(builders.person(f"Agent{number}") for number in range(5))]
    for count, person in enumerate(people, start=1):
        for _ in range(count):
            handling.resolve_conversation(conversation=builders.conversation(acme), actor=person)
    again = builders.conversation(acme)
    handling.resolve_conversation(conversation=again, actor=ben)
    builders.says(again, "It broke again")
    closed = builders.conversation(acme)
    handling.resolve_conversation(conversation=closed, actor=ben)
    handling.close_conversation(conversation=closed, actor=ada)
    ben.refresh_from_db()

    assert figures(ada)["top_agents"] == [
        {"name": "Agent4", "resolved": 7},
        {"name": "Agent3", "resolved": 6},
        {"name": "Agent2", "resolved": 5},
        {"name": "Agent1", "resolved": 4},
        {"name": "Agent0", "resolved": 3},
    ]
    people[-1].delete()
    assert [agent["name"] for agent in figures(ada)["top_agents"]][-1] == "Ben"
    assert figures(ada)["top_agents"][-1]["resolved"] == 3


def test_only_members_who_are_live_or_away_are_active(ada: User, ben: User, acme: Business) -> None:
    chosen = [AgentStatus.LIVE, AgentStatus.AWAY, AgentStatus.OFFLINE, AgentStatus.LIVE]
    for number, status in enumerate(chosen):
        membership = builders.member(acme, builders.person(f"Agent{number}"))
        Membership.objects.filter(pk=membership.pk).update(status=status, is_active=number < 3)
    assert figures(ada)["active_agents"] == 2


def test_the_channels_shares_sum_to_a_hundred(ada: User, acme: Business) -> None:
    for channel_type, count in ((ChannelType.WIDGET, 3), (ChannelType.EMAIL, 3), (ChannelType.SMS, 1)):
        for _ in range(count):
            builders.conversation(acme, type=channel_type)
    assert figures(ada)["channel_mix"] == {"email": 43, "widget": 43, "sms": 14}


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({}, {}),
        ({"a": 1}, {"a": 100}),
        ({"a": 1, "b": 1, "c": 1}, {"a": 34, "b": 33, "c": 33}),
        ({"a": 999, "b": 1}, {"a": 100, "b": 0}),
        ({"a": 1, "b": 2, "c": 3, "d": 5, "e": 7, "f": 11}, {"a": 4, "b": 7, "c": 10, "d": 17, "e": 24, "f": 38}),
    ],
)
def test_shares_go_to_the_largest_remainders(counts: dict[str, int], expected: dict[str, int]) -> None:
    assert shares(counts) == expected
    assert sum(expected.values()) in {0, 100}


def test_figures_cost_the_same_for_one_conversation_and_for_many(
    ada: User, acme: Business, django_assert_num_queries: Any
) -> None:
    client = builders.api(ada)
    handling.resolve_conversation(conversation=builders.conversation(acme), actor=ada)
    # who calls, started, resolved, median, agents, open, ratings
    with django_assert_num_queries(7):
        client.get(ADDRESS)
    for _ in range(10):
        handling.resolve_conversation(conversation=builders.conversation(acme), actor=ada)
    with django_assert_num_queries(7):
        client.get(ADDRESS)


def test_figures_are_of_ones_own_workspace(ada: User, acme: Business, mallory: User) -> None:
    builders.conversation(acme)
    assert figures(mallory)["total_conversations"] == figures(mallory)["quick_pulse_open"] == 0
    assert builders.api(builders.person("Newcomer")).get(ADDRESS).status_code == 400
    assert builders.api().get(ADDRESS).status_code == 401


def test_happiness_is_the_share_of_ratings_4_and_5_of_the_last_30_days(
    ada: User, acme: Business, mallory: User
) -> None:
    def rated(business: Business, score: int, *, ago: timedelta = timedelta(days=1)) -> None:
        conversation = builders.conversation(business)
        Rating.objects.create(conversation=conversation, business=business, score=score, rated_at=timezone.now() - ago)

    for score in (5, 4, 3):
        rated(acme, score)
    rated(acme, 1, ago=timedelta(days=31))
    rated(mallory.memberships.get().business, 1)

    assert figures(ada)["customer_happiness"] == 67
