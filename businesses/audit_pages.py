"""Settings, Audit log: reading it, looking for something in it, and taking it along."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from accounts.devices import device_name
from accounts.models import User
from businesses import audit_log
from businesses.audit_words import Group
from businesses.models import AuditEntry, Membership
from businesses.pages import member_page
from businesses.policy import Action, may
from businesses.selectors import membership_of
from foundation.errors import Refused, Unprocessable
from foundation.pages import FilterForm
from foundation.spreadsheets import csv_download


class AuditFilter(FilterForm):
    group = forms.ChoiceField(label=_("What"), required=False)
    person = forms.ChoiceField(label=_("Who"), required=False)
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, data: QueryDict, *, membership: Membership) -> None:
        super().__init__(data)
        self.fields["q"].widget.attrs["placeholder"] = _("A name or address")
        people = membership.business.memberships.select_related("user").order_by("user__full_name", "pk")
        who = [(str(person.user_id), person.user.full_name) for person in people]
        who += audit_log.people_who_left(membership.business_id)
        self.fields["group"].choices = [("", _("Everything")), *Group.choices]  # type: ignore[attr-defined]
        self.fields["person"].choices = [("", _("Everybody")), *who]  # type: ignore[attr-defined]

    def wanted(self) -> audit_log.Filter:
        self.full_clean()
        chosen = self.cleaned_data
        person = chosen.get("person")
        return audit_log.Filter(
            group=chosen.get("group", ""),
            actor_id=User._meta.pk.to_python(person) if person else None,
            since=chosen.get("since"),
            until=chosen.get("until"),
            text=chosen.get("q", ""),
        )


@member_page
@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    membership = membership_of(request.user)
    assert membership is not None
    return _page(request, membership, AuditFilter(request.GET, membership=membership))


def _page(request: HttpRequest, membership: Membership, form: AuditFilter) -> HttpResponse:
    """A filter that is wrong says so, and is a 422."""
    context: dict[str, Any] = {"section": "settings", "tab": "audit"}
    if not may(membership, Action.READ_AUDIT_LOG):
        return render(request, "businesses/audit_closed.html", context, status=403)
    wanted = form.wanted()
    status = 200 if form.is_valid() else 422
    try:
        rows, following = audit_log.page(
            request.user,  # type: ignore[arg-type]
            wanted,
            cursor=request.GET.get("cursor"),
        )
    except Unprocessable:  # an old or edited address: from the newest on
        return redirect(f"{reverse('settings-audit')}?{form.query()}")
    context |= {
        "form": form,
        "is_filtered": bool(wanted),
        "days": list(_by_day(rows)),
        "older": form.query(cursor=following) if following else "",
        "newest": form.query() if request.GET.get("cursor") else None,
    }
    return render(request, "businesses/audit.html", context, status=status)


@member_page
@require_POST
def audit_export(request: HttpRequest) -> HttpResponseBase:
    """A POST, for it is written down: no link of somebody else's page starts one."""
    membership = membership_of(request.user)
    assert membership is not None
    form = AuditFilter(request.POST, membership=membership)
    if may(membership, Action.READ_AUDIT_LOG) and not form.is_valid():
        # What was asked for is not known, and everything is not it.
        return _page(request, membership, form)
    try:
        batches = audit_log.export(request.user, form.wanted())  # type: ignore[arg-type]
    except Refused as refusal:
        messages.error(request, refusal.detail)
        return redirect("settings-audit")
    return csv_download(f"audit-log-{timezone.localdate():%Y-%m-%d}.csv", batches)


def _by_day(rows: list[AuditEntry]) -> Iterator[dict[str, Any]]:
    names = audit_log.names_of(rows)
    for _day, same in groupby(rows, key=lambda row: timezone.localdate(row.created_at)):
        shown = [
            {
                "row": row,
                "sentence": audit_log.sentence(row, names),
                "device": device_name(row.user_agent),
                "facts": audit_log.facts(row),
            }
            for row in same
        ]
        yield {"moment": shown[0]["row"].created_at, "entries": shown}  # type: ignore[attr-defined]
