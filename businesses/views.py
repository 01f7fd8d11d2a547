"""Settings of the workspace."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from businesses.forms import Workspace
from businesses.pages import member_page
from businesses.policy import Action, may
from businesses.selectors import membership_of
from businesses.services import OPTIONS, PROFILE_FIELDS, update_business


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def workspace(request: HttpRequest) -> HttpResponse:
    membership = membership_of(request.user)
    assert membership is not None
    business = membership.business
    may_change = may(membership, Action.MANAGE_WORKSPACE)
    initial = {name: getattr(business, name) for name in (*PROFILE_FIELDS, *OPTIONS)}
    form = Workspace(request.POST or None, initial=initial)
    if form.done(lambda: update_business(actor=request.user, **form.cleaned_data)):  # type: ignore[arg-type]
        messages.success(request, _("Workspace saved."))
        return redirect("settings-workspace")
    if not may_change:
        for field in form.fields.values():
            field.disabled = True
    context = {
        "section": "settings",
        "tab": "workspace",
        "form": form,
        "may_change": may_change,
    }
    return render(request, "businesses/workspace.html", context, status=form.answer_status)
