"""Business hours: when it is open, in the workspace's own time zone, and what may be stored."""

from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.models import User
from businesses.hours import opening, set_hours
from businesses.models import AuditEntry, Business
from foundation.errors import Forbidden, Unprocessable
from tests import builders

pytestmark = pytest.mark.django_db

WEEK = {
    "monday": [["09:00", "12:30"], ["13:30", "17:00"]],
    "friday": [["20:00", "24:00"]],
    "saturday": [["00:00", "02:00"]],
}


def at(text: str) -> datetime:
    """Local time in Lisbon is UTC in winter, an hour ahead in summer."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def lisbon(acme: Business) -> Business:
    acme.time_zone, acme.hours = "Europe/Lisbon", WEEK
    acme.save()
    return acme


@pytest.mark.parametrize(
    ("moment", "is_open", "changes_at"),
    [
        ("2026-11-23 08:59", False, "2026-11-23 09:00"),  # a Monday
        ("2026-11-23 09:00", True, "2026-11-23 12:30"),
        ("2026-11-23 12:30", False, "2026-11-23 13:30"),
        ("2026-11-23 17:00", False, "2026-11-27 20:00"),
        ("2026-11-27 23:30", True, "2026-11-28 02:00"),  # over midnight it stays open
        ("2026-11-28 02:00", False, "2026-11-30 09:00"),
        ("2026-07-06 08:30", True, "2026-07-06 11:30"),  # in summer the same clock is an hour earlier in UTC
        ("2026-10-24 23:30", False, "2026-10-26 09:00"),  # the night in which the clocks go back
    ],
)
def test_it_is_open_by_the_workspaces_own_clock(lisbon: Business, moment: str, is_open: bool, changes_at: str) -> None:
    found = opening(lisbon, at=at(moment))

    assert (found.is_open, found.changes_at) == (is_open, at(changes_at))


def test_without_hours_it_is_always_open_and_without_any_span_never(acme: Business) -> None:
    assert opening(acme, at=at("2026-11-22 03:00")).is_open
    acme.hours = {}
    assert (opening(acme, at=at("2026-11-23 10:00")).is_open, opening(acme, at=at("2026-11-23 10:00")).changes_at) == (
        False,
        None,
    )
    acme.hours = {day: [["00:00", "24:00"]] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
    acme.hours |= {day: [["00:00", "24:00"]] for day in ("saturday", "sunday")}
    assert (opening(acme, at=at("2026-11-23 10:00")).is_open, opening(acme, at=at("2026-11-23 10:00")).changes_at) == (
        True,
        None,
    )


def test_a_time_that_a_change_of_the_clocks_skips_is_no_error(acme: Business) -> None:
    acme.time_zone, acme.hours = "Europe/Berlin", {"sunday": [["02:30", "03:30"]]}

    assert not opening(acme, at=at("2026-03-29 00:59")).is_open


@pytest.mark.parametrize(
    "hours",
    [
        [],
        "always",
        {"montag": []},
        {"monday": "09:00"},
        {"monday": [["09:00"]]},
        {"monday": [["9:00", "17:00"]]},
        {"monday": [["17:00", "09:00"]]},
        {"monday": [["09:00", "09:00"]]},
        {"monday": [["09:00", "12:00"], ["11:00", "13:00"]]},
        {"monday": [["24:00", "24:00"]]},
        {"monday": [["09:00", 17]]},
        {"monday": [[f"0{hour}:00", f"0{hour}:30"] for hour in range(5)]},
    ],
)
def test_what_is_no_week_is_refused(ada: User, acme: Business, hours: Any) -> None:
    with pytest.raises(Unprocessable):
        set_hours(actor=ada, hours=hours, reply_time="measured")
    acme.refresh_from_db()
    assert acme.hours is None


def test_the_owner_sets_them_in_any_order_and_it_is_written_down(ada: User, ben: User, acme: Business) -> None:
    set_hours(actor=ada, hours={"monday": [["13:30", "17:00"], ["09:00", "12:30"]], "sunday": []}, reply_time="day")

    acme.refresh_from_db()
    assert (acme.hours, acme.reply_time) == ({"monday": [["09:00", "12:30"], ["13:30", "17:00"]]}, "day")
    assert AuditEntry.objects.get(action="workspace.changed").data["fields"] == ["hours", "reply_time"]
    with pytest.raises(Forbidden):
        set_hours(actor=ben, hours=None, reply_time="day")


def test_over_the_api_they_are_read_by_all_and_a_flaw_names_the_day(ada: User, ben: User, acme: Business) -> None:
    api = builders.api(ada)
    body = {"hours": {"monday": [["09:00", "17:00"]]}, "reply_time": "hour"}
    assert api.put("/api/v1/business/hours", body).status_code == 200
    read = builders.api(ben).get("/api/v1/business/hours").json()
    assert (read["hours"], read["reply_time"], read["time_zone"]) == (body["hours"], "hour", "UTC")
    assert (
        api.put("/api/v1/business/hours", {**read, "time_zone": "Europe/Lisbon"}).json()["time_zone"] == "Europe/Lisbon"
    )
    assert api.put("/api/v1/business/hours", body).json()["time_zone"] == "Europe/Lisbon"
    nowhere = api.put("/api/v1/business/hours", {**body, "time_zone": "Mars/Base"})
    assert (nowhere.status_code, nowhere.json()["detail"][0]["loc"]) == (422, ["body", "time_zone"])
    bad = api.put("/api/v1/business/hours", {"hours": {"friday": [["x", "y"]]}, "reply_time": "hour"})
    assert (bad.status_code, bad.json()["detail"][0]["loc"]) == (422, ["body", "hours", "friday"])
