"""Settings -> Notifications."""

import zoneinfo
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from businesses.pages import member_page
from foundation.errors import NotFound, TooFast
from foundation.pages import PageForm
from workflows import telling
from workflows.models import NOTHING, NotificationKind, NotificationSetting
from workflows.push import GONE, is_taken, public_key, send_test

# By the fields of NotificationSetting that name the kinds that are not told that way.
WAYS = {
    "not_shown": gettext_lazy("Bell"),
    "not_rung": gettext_lazy("Sound and desktop"),
    "not_pushed": gettext_lazy("Push"),
    "not_mailed": gettext_lazy("E-mail"),
}
MAIL_AFTER = {
    "": gettext_lazy("Never"),
    "5": gettext_lazy("5 minutes"),
    "15": gettext_lazy("15 minutes"),
    "30": gettext_lazy("30 minutes"),
    "60": gettext_lazy("An hour"),
    "240": gettext_lazy("4 hours"),
    "1440": gettext_lazy("A day"),
}


# Our key is not the one that the browser subscribed with.
REFUSED = (400, 401, 403)


class SettingForm(PageForm):
    """Beside these, one field for each way: the kinds that are told that way."""

    mail_after = forms.TypedChoiceField(
        label=gettext_lazy("Mail what is unread after"),
        required=False,
        coerce=int,
        empty_value=None,
        help_text=gettext_lazy("One mail for all of it, and only while you are not here."),
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
        help_text=gettext_lazy("Nothing rings or is pushed between them; the bell counts all the same."),
    )
    time_zone = forms.ChoiceField(label=gettext_lazy("Your time zone"))

    def __init__(self, *args: Any, setting: NotificationSetting, **kwargs: Any) -> None:
        initial = {
            "mail_after": "" if setting.mail_after is None else str(setting.mail_after),
            "quiet_from": setting.quiet_from,
            "quiet_until": setting.quiet_until,
            "time_zone": setting.time_zone,
        }
        super().__init__(*args, initial=initial, **kwargs)
        for way, label in WAYS.items():
            told = [kind for kind in NotificationKind.values if kind not in getattr(setting, way)]
            self.fields[way] = forms.MultipleChoiceField(
                label=label, choices=NotificationKind.choices, required=False, initial=told
            )
        zones = sorted(zoneinfo.available_timezones())
        self.fields["time_zone"].choices = [(zone, zone.replace("_", " ")) for zone in zones]  # type: ignore[attr-defined]
        minutes = dict(MAIL_AFTER)
        if setting.mail_after is not None:  # chosen over the API
            minutes.setdefault(str(setting.mail_after), gettext_lazy("Another time"))
        self.fields["mail_after"].choices = list(minutes.items())  # type: ignore[attr-defined]

    @property
    def grid(self) -> list[tuple[str, str, list[tuple[str, str, bool]]]]:
        """A row for each kind: its value and label, and for each way its field, label, and whether it is on."""
        on = {way: set(self[way].value() or []) for way in WAYS}
        return [
            (kind, str(label), [(way, str(name), kind in on[way]) for way, name in WAYS.items()])
            for kind, label in NotificationKind.choices
        ]

    @property
    def changes(self) -> dict[str, Any]:
        """As `telling.change_setting` takes them. Of a form that is valid."""
        told = dict(self.cleaned_data)
        for way in WAYS:
            told[way] = [kind for kind in NotificationKind.values if kind not in told[way]]
        return told


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    form = SettingForm(request.POST or None, setting=telling.setting_of(user))
    if form.done(lambda: telling.change_setting(user=user, **form.changes)):
        messages.success(request, _("Saved."))
        return redirect("settings-notifications")
    context = {"section": "settings", "tab": "notifications", "form": form, "ways": WAYS.values()}
    context["public_key"] = public_key()
    context["browsers"] = [(each, _answer(each.last_status)) for each in telling.own_browsers(user)]
    return render(request, "workflows/settings.html", context, status=form.answer_status)


@member_page
@require_POST
def one_browser(request: HttpRequest, subscription_id: UUID) -> HttpResponse:
    """Push a test to it, or nothing any more."""
    user: User = request.user  # type: ignore[assignment]
    try:
        if request.POST.get("do") == "remove":
            telling.unsubscribe(user=user, subscription_id=subscription_id)
            messages.success(request, _("Nothing is pushed to this browser."))
        else:
            sent = send_test(telling.own_browser(user, subscription_id))
            say = messages.success if is_taken(sent.last_status) else messages.error
            say(request, _answer(sent.last_status))
    except NotFound:
        raise Http404 from None
    except TooFast as refusal:
        messages.error(request, refusal.detail)
    return redirect("settings-notifications")


def _answer(status: int | None) -> str:
    """Of its push service, in words."""
    if status is None:
        return _("Nothing was sent there yet.")
    if is_taken(status):
        return _("Its push service took the last one.")
    if status == NOTHING:
        return _("Its push service did not answer.")
    if status in GONE:
        return _("That browser takes no pushes any more, and is off the list.")
    if status in REFUSED:
        words = _("Its push service refuses us (%(status)s): turn pushes off and on again in that browser.")
        return words % {"status": status}
    return _("Its push service answered %(status)s.") % {"status": status}
