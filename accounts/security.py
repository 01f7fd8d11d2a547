"""Settings -> Security: what protects the person's own account. It needs no workspace."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from accounts import passwords
from accounts.forms import ChangePassword
from accounts.models import User
from foundation.errors import Refused


def security_page(request: HttpRequest, *, password_form: ChangePassword, status: int = 200) -> HttpResponse:
    context = {"section": "settings", "tab": "security", "password_form": password_form}
    return render(request, "accounts/security.html", context, status=status)


@login_required
@require_safe
def security(request: HttpRequest) -> HttpResponse:
    return security_page(request, password_form=ChangePassword())


@sensitive_post_parameters("current_password", "new_password")
@login_required
@require_POST
def change_password(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    form = ChangePassword(request.POST)
    status = 422
    if form.is_valid():
        try:
            passwords.change_password(user=request.user, **form.cleaned_data)
        except Refused as refusal:
            status = form.refuse(refusal)
        else:
            update_session_auth_hash(request, request.user)
            messages.success(request, _("Password changed. Every other device is signed out."))
            return redirect("settings-security")
    return security_page(request, password_form=form, status=status)
