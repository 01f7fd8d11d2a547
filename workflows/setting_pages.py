"""Settings -> Notifications."""

import zoneinfo
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.models import User
from businesses.pages import member_page
from foundation.errors import Refused
from foundation.pages import PageForm
from workflows import telling
from workflows.models import NotificationKind, NotificationSetting
from workflows.push import public_key


class SettingForm(PageForm):
    pushed = forms.MultipleChoiceField(
        label=gettext_lazy("Push to my browsers"),
        choices=NotificationKind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    quiet_from = forms.TimeField(
        label=gettext_lazy("Quiet from"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    quiet_until = forms.TimeField(
        label=gettext_lazy("Quiet until"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=gettext_lazy("Nothing is pushed between them; the bell counts all the same."),
    )
    time_zone = forms.ChoiceField(label=gettext_lazy("Your time zone"))

    def __init__(self, *args: Any, setting: NotificationSetting, **kwargs: Any) -> None:
        initial = {
            "pushed": [kind for kind in NotificationKind.values if kind not in setting.not_pushed],
            "quiet_from": setting.quiet_from,
            "quiet_until": setting.quiet_until,
            "time_zone": setting.time_zone,
        }
        super().__init__(*args, initial=initial, **kwargs)
        zones = sorted(zoneinfo.available_timezones())
        self.fields["time_zone"].choices = [(zone, zone.replace("_", " ")) for zone in zones]  # type: ignore[attr-defined]


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    form = SettingForm(request.POST or None, setting=telling.setting_of(user))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            changes = dict(form.cleaned_data)
            pushed = changes.pop("pushed")
            try:
                not_pushed = [kind for kind in NotificationKind.values if kind not in pushed]
                telling.change_setting(user=user, not_pushed=not_pushed, **changes)
            except Refused as refusal:
                status = form.refuse(refusal)
            else:
                messages.success(request, _("Saved."))
                return redirect("settings-notifications")
    context = {"section": "settings", "tab": "notifications", "form": form, "public_key": public_key()}
    return render(request, "workflows/settings.html", context, status=status)
