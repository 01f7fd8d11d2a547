"""Settings -> Security: what protects the person's own account. It needs no workspace."""

import contextlib

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from accounts import passwords, sessions
from accounts.factors.views import overview
from accounts.forms import ChangePassword
from accounts.models import User
from foundation.errors import NotFound


def security_page(request: HttpRequest, *, password_form: ChangePassword, status: int = 200) -> HttpResponse:
    assert isinstance(request.user, User)
    context = {
        "section": "settings",
        "tab": "security",
        "password_form": password_form,
        "sessions": sessions.sessions_of(request.user),
        "current_session": request.user.auth_session,
        **overview(request.user, host=request.get_host()),
    }
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
    user, form = request.user, ChangePassword(request.POST)
    if form.done(lambda: passwords.change_password(user=user, **form.cleaned_data)):
        update_session_auth_hash(request, user)
        messages.success(request, _("Password changed. Every other device is signed out."))
        return redirect("settings-security")
    return security_page(request, password_form=form, status=form.answer_status)


@login_required
@require_POST
def end_session(request: HttpRequest, session_id: str) -> HttpResponse:
    """One that is gone already is what was wished for."""
    assert isinstance(request.user, User)
    with contextlib.suppress(NotFound):
        sessions.end_own_session(user=request.user, session_id=session_id)
    messages.success(request, _("That device is signed out."))
    return redirect("settings-security")


@login_required
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    sessions.end_other_sessions(user=request.user)
    messages.success(request, _("Every other device is signed out."))
    return redirect("settings-security")
