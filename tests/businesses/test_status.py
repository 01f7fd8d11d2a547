"""Agents' status: chosen by people, offline while they are gone, and told to others exactly when it changes."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from businesses import status
from businesses.models import Business, FeedEvent, Membership
from tests import builders
from tests.conversations.test_messages import together

pytestmark = pytest.mark.django_db


def member_of(user: User) -> Membership:
    return Membership.objects.get(user=user)


def told() -> list[tuple[str, dict[str, Any]]]:
    return list(FeedEvent.objects.order_by("seq").values_list("kind", "data"))


def gone(user: User) -> None:
    """The last socket closed long enough ago."""
    Membership.objects.filter(user=user).update(last_seen_at=timezone.now() - timedelta(seconds=121))


def test_a_member_says_what_others_see_and_they_are_told_once(ben: User, acme: Business) -> None:
    client = builders.api(ben)
    answer = client.patch("/api/v1/team/status", {"status": "away"})
    assert (answer.status_code, answer.json()) == (200, {"status": "away"})
    assert told() == [("agent.status_changed", {"agent_id": str(ben.pk), "status": "away"})]
    assert client.get("/api/v1/team/members").json()[1]["status"] == "away"


@pytest.mark.parametrize("value", ["busy", "", "LIVE", 5, None, [], {}, True])
def test_a_bad_status_is_a_400_as_the_contract_says(ben: User, acme: Business, value: Any) -> None:
    answer = builders.api(ben).patch("/api/v1/team/status", {"status": value})
    assert (answer.status_code, set(answer.json())) == (400, {"detail"})
    assert told() == []
    assert Membership.objects.get(user=ben).chosen_status == "live"


def test_a_missing_status_is_a_422_and_nobodys_a_400(ben: User, acme: Business) -> None:
    assert builders.api(ben).patch("/api/v1/team/status", {}).status_code == 422
    assert builders.api(ben).patch("/api/v1/team/status", []).status_code == 422
    loner = builders.person("Dora")
    assert builders.api(loner).patch("/api/v1/team/status", {"status": "live"}).status_code == 400


def test_a_first_socket_makes_live_and_the_next_ones_write_nothing(
    ben: User, acme: Business, django_assert_num_queries: Any
) -> None:
    member = member_of(ben)
    assert status.is_due(member)
    status.arrive(member.pk)
    member.refresh_from_db()
    assert (member.status, status.is_due(member)) == ("live", False)
    with django_assert_num_queries(2):
        status.seen({member.pk})
    assert [data["status"] for _kind, data in told()] == ["live"]


def test_who_is_gone_for_a_while_is_offline_and_comes_back_as_chosen(ben: User, acme: Business) -> None:
    member = member_of(ben)
    status.arrive(member.pk)
    status.choose_status(actor=ben, status="away")
    assert status.settle_absent() == 0
    gone(ben)
    assert (status.settle_absent(), status.settle_absent()) == (1, 0)
    assert member_of(ben).status == "offline"
    status.arrive(member.pk)
    assert member_of(ben).status == "away"
    assert [data["status"] for _kind, data in told()] == ["live", "away", "offline", "away"]


def test_who_sets_a_status_without_a_socket_is_there_for_as_long_as_others(ben: User, acme: Business) -> None:
    status.choose_status(actor=ben, status="live")
    assert status.settle_absent() == 0
    gone(ben)
    assert status.settle_absent() == 1
    assert [data["status"] for _kind, data in told()] == ["live", "offline"]


def test_a_process_whose_clock_is_wrong_sends_nobody_away_and_keeps_nobody(ben: User, acme: Business) -> None:
    member = member_of(ben)
    for hours in (-3, 3):
        with time_machine.travel(timezone.now() + timedelta(hours=hours)):
            status.arrive(member.pk)
            status.seen({member.pk})
            assert status.settle_absent() == 0
    gone(ben)
    with time_machine.travel(timezone.now() - timedelta(hours=3)):
        assert status.settle_absent() == 1


def test_who_chose_offline_stays_it(ben: User, acme: Business) -> None:
    status.choose_status(actor=ben, status="offline")
    status.arrive(member_of(ben).pk)
    assert member_of(ben).status == "offline"
    gone(ben)
    assert status.settle_absent() == 0
    status.choose_status(actor=ben, status="live")
    assert status.settle_absent() == 0
    assert member_of(ben).status == "live"


def test_a_look_at_the_sockets_mends_what_was_missed_and_waits_from_the_moment_of_leaving(
    ben: User, acme: Business
) -> None:
    member = member_of(ben)
    status.arrive(member.pk)
    gone(ben)
    status.seen(set(), left={member.pk})
    assert status.settle_absent() == 0
    gone(ben)
    status.settle_absent()
    status.seen({member.pk})
    assert member_of(ben).status == "live"


def test_who_is_removed_or_switched_off_does_not_arrive(ben: User, acme: Business) -> None:
    member = member_of(ben)
    Membership.objects.update(is_active=False)
    status.arrive(member.pk)
    status.seen({member.pk})
    assert told() == []


@pytest.mark.django_db(transaction=True)
def test_two_workers_and_a_return_at_once_tell_each_change_once(ben: User, acme: Business) -> None:
    member = member_of(ben)
    status.arrive(member.pk)
    gone(ben)
    results = together(*[status.settle_absent] * 3)
    assert sorted(results) == [0, 0, 1]
    assert [data["status"] for _kind, data in told()] == ["live", "offline"]
