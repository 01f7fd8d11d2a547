"""Settings -> General: whether everybody needs a second factor."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from businesses.pages import member_page
from businesses.second_factor import set_rule
from foundation.errors import Refused


@require_POST
@member_page
def second_factor(request: HttpRequest) -> HttpResponse:
    required = request.POST.get("required") == "true"
    try:
        set_rule(actor=request.user, required=required)  # type: ignore[arg-type]
    except Refused as refusal:
        messages.error(request, refusal.detail)
    else:
        done = _("Everybody needs a second factor now.") if required else _("A second factor is everybody’s choice.")
        messages.success(request, done)
    return redirect("settings-workspace")
