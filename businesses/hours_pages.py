"""Settings -> Business hours."""

from dataclasses import dataclass
from datetime import time
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.models import User
from businesses.hours import DAYS, END_OF_DAY, Hours, opening, set_hours
from businesses.models import Business, ReplyTime
from businesses.pages import member_page
from businesses.policy import Action, may
from businesses.selectors import membership_of
from foundation.errors import Refused
from foundation.pages import PageForm

# Of a day: a whole one, or two halves with a break.
SPANS = 2
_MONDAY_TO_FRIDAY: Hours = {day: [["09:00", "17:00"]] for day in DAYS[:5]}


@dataclass(frozen=True, slots=True)
class Day:
    """A row of the form. spans: its fields in pairs, from and to."""

    name: str | Promise
    spans: list[tuple[forms.BoundField, forms.BoundField]]

    @property
    def error(self) -> str:
        return next((str(field.errors[0]) for span in self.spans for field in span if field.errors), "")


class HoursForm(PageForm):
    when = forms.ChoiceField(
        label=gettext_lazy("Open"),
        choices=[("always", gettext_lazy("Always")), ("hours", gettext_lazy("At these times"))],
        widget=forms.RadioSelect,
    )
    reply_time = forms.ChoiceField(
        label=gettext_lazy("You usually reply"),
        choices=ReplyTime.choices,
        help_text=gettext_lazy("“As it was lately” is measured over your last first answers, once there are five."),
    )

    def __init__(self, *args: Any, business: Business, **kwargs: Any) -> None:
        hours = _MONDAY_TO_FRIDAY if business.hours is None else business.hours
        when = "always" if business.hours is None else "hours"
        super().__init__(*args, initial={"when": when, "reply_time": business.reply_time}, **kwargs)
        self.spans = max(SPANS, *(len(spans) for spans in hours.values()), 0)
        for day, label in zip(DAYS, WEEKDAYS.values(), strict=True):
            for number in range(self.spans):
                span = hours.get(day, [])[number : number + 1]
                for end, name in enumerate((_("%(day)s from"), _("%(day)s to"))):
                    clock = span[0][end] if span else ""
                    field = forms.TimeField(
                        label=name % {"day": label},
                        required=False,
                        initial="00:00" if clock == END_OF_DAY else clock,
                        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
                    )
                    self.fields[_field(day, number, end)] = field
                    self._dress(field)

    @property
    def days(self) -> list[Day]:
        numbers = range(self.spans)
        return [
            Day(label, [(self[_field(day, number, 0)], self[_field(day, number, 1)]) for number in numbers])
            for day, label in zip(DAYS, WEEKDAYS.values(), strict=True)
        ]

    @property
    def hours(self) -> dict[str, list[list[str]]] | None:
        """As `set_hours` takes them, unchecked; what ends at 00:00 lasts until the end of the day."""
        if self.cleaned_data["when"] == "always":
            return None
        return {
            day: [
                [_clock(start), END_OF_DAY if end == time(0) else _clock(end)]
                for number in range(self.spans)
                for start, end in [[self.cleaned_data[_field(day, number, which)] for which in (0, 1)]]
                if start is not None or end is not None
            ]
            for day in DAYS
        }

    def refuse(self, refusal: Refused) -> int:
        """What is wrong with a day stands in its row."""
        day = getattr(refusal, "loc", [""])[-1]
        if day not in DAYS:
            return super().refuse(refusal)
        self.add_error(_field(day, 0, 0), refusal.detail)
        return refusal.status


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def hours(request: HttpRequest) -> HttpResponse:
    membership = membership_of(request.user)
    assert membership is not None
    business = membership.business
    may_change = may(membership, Action.MANAGE_WORKSPACE)
    form = HoursForm(request.POST or None, business=business)
    user: User = request.user  # type: ignore[assignment]
    if form.done(lambda: set_hours(actor=user, hours=form.hours, reply_time=form.cleaned_data["reply_time"])):
        messages.success(request, _("Business hours saved."))
        return redirect("settings-hours")
    if not may_change:
        for field in form.fields.values():
            field.disabled = True
    context = {
        "section": "settings",
        "tab": "hours",
        "form": form,
        "may_change": may_change,
        "now": opening(business, at=timezone.now()),
    }
    return render(request, "businesses/hours.html", context, status=form.answer_status)


def _field(day: str, number: int, end: int) -> str:
    return f"{day}_{number + 1}_{'to' if end else 'from'}"


def _clock(moment: time | None) -> str:
    return f"{moment:%H:%M}" if moment else ""
