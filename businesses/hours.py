"""Business hours: when a workspace answers, by the week and in its own time zone.

Stored on the workspace as `{"monday": [["09:00", "12:30"], ["13:30", "17:00"]], ...}`; None = always. A day without an
entry is closed, and "24:00" is the end of a day. Source: issue "widget"; design.md 2 (a workspace has a time zone).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from businesses import audit
from businesses.models import Business, ReplyTime
from businesses.policy import Action, require
from businesses.services import check_time_zone
from foundation.errors import Unprocessable

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MAX_SPANS = 4
END_OF_DAY = "24:00"
_CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")

Hours = dict[str, list[list[str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """changes_at: when that will be over, UTC; None = it stays so."""

    is_open: bool
    changes_at: datetime | None


def opening(business: Business, *, at: datetime) -> Opening:
    """Whether the workspace is open at that moment, and until when it stays so."""
    if business.hours is None:
        return Opening(is_open=True, changes_at=None)
    zone = ZoneInfo(business.time_zone)
    for start, end in _spans_around(business.hours, zone, at):
        if start > at:
            return Opening(is_open=False, changes_at=start)
        if end > at:
            # Open around the clock, all week: it ends as far ahead as we look, which is never.
            lasts = end - at < timedelta(days=7)
            return Opening(is_open=True, changes_at=end if lasts else None)
    return Opening(is_open=False, changes_at=None)


def checked(hours: object) -> Hours | None:
    """As it may be stored: every day's spans in order and apart. Raises Unprocessable, with the day in its `loc`."""
    if hours is None:
        return None
    if not isinstance(hours, dict):
        raise Unprocessable(_("An object of days, or null for always."), field="hours")
    for day in hours:
        if day not in DAYS:
            raise Unprocessable(_("Days are monday to sunday."), field="hours", path=[str(day)[:20]])
    return {day: _checked_day(day, hours[day]) for day in DAYS if hours.get(day)}


@transaction.atomic
def set_hours(*, actor: User, hours: object, reply_time: str, time_zone: str | None = None) -> Business:
    """When the workspace answers, and how soon it says it does. Owner only. Raises Forbidden, Unprocessable.

    time_zone: the workspace's from now on; None leaves it.
    """
    membership = require(actor, Action.MANAGE_WORKSPACE)
    if reply_time not in ReplyTime.values:
        raise Unprocessable(_("Choose one from the list."), field="reply_time")
    business = Business.objects.select_for_update(no_key=True).get(pk=membership.business_id)
    if time_zone:
        check_time_zone(time_zone)
    given = {"hours": checked(hours), "reply_time": reply_time, "time_zone": time_zone or business.time_zone}
    changes = {name: value for name, value in given.items() if value != getattr(business, name)}
    for name, value in changes.items():
        setattr(business, name, value)
    if changes:
        business.save(update_fields=[*changes, "updated_at"])
        audit.record("workspace.changed", business_id=business.pk, actor=actor, target=business, fields=[*changes])
    return business


def _checked_day(day: str, spans: object) -> list[list[str]]:
    def refusal(detail: str) -> Unprocessable:
        return Unprocessable(detail, field="hours", path=[day])

    if not isinstance(spans, list) or len(spans) > MAX_SPANS:
        raise refusal(_("A list of at most %(most)d times from and to.") % {"most": MAX_SPANS})
    end = ""
    for span in sorted(spans) if all(_is_span(span) for span in spans) else [None]:
        if span is None:
            raise refusal(_("Two times each, like 09:00 and 17:30."))
        if span[0] >= span[1]:
            raise refusal(_("The end must be later than the beginning."))
        if span[0] < end:
            raise refusal(_("These times overlap."))
        end = span[1]
    return sorted(spans)


def _is_span(span: object) -> bool:
    if not isinstance(span, list) or len(span) != 2 or not all(isinstance(clock, str) for clock in span):
        return False
    return bool(_CLOCK.fullmatch(span[0])) and (span[1] == END_OF_DAY or bool(_CLOCK.fullmatch(span[1])))


def _spans_around(hours: Hours, zone: ZoneInfo, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """From the day before to a week and a day ahead; those that touch are one."""
    today = at.astimezone(zone).date()
    begun: tuple[datetime, datetime] | None = None
    for ahead in range(-1, 9):
        day = today + timedelta(days=ahead)
        for span in hours.get(DAYS[day.weekday()], []):
            start, end = (_moment(day, clock, zone) for clock in span)
            if begun and start <= begun[1]:
                begun = (begun[0], end)
                continue
            if begun:
                yield begun
            begun = (start, end)
    if begun:
        yield begun


def _moment(day: date, clock: str, zone: ZoneInfo) -> datetime:
    """The clock on the wall of that day; one that a change of the clocks skips is the moment of the change."""
    if clock == END_OF_DAY:
        day, clock = day + timedelta(days=1), "00:00"
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(ZoneInfo("UTC"))
