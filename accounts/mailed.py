"""Pages behind the links in our mails. Looking at one uses nothing up: mail programs look, too.

Their addresses are secrets. SECURE_REFERRER_POLICY tells others our origin and no path; `no-referrer` would hide no
more, and make browsers post the form with `Origin: null`, which the CSRF check rightly refuses.
"""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts import address, links, passwords, verification
from accounts.forms import Forgot, Reset
from accounts.models import MailLink, User
from foundation.errors import Invalid, Refused

# No report of an error shows it.
holds_a_token = sensitive_variables("token")


@require_http_methods(["GET", "HEAD", "POST"])
def forgot(request: HttpRequest) -> HttpResponse:
    form = Forgot(request.POST or None)
    is_sent = form.done(lambda: passwords.ask_for_reset(email=form.cleaned_data["email"]))
    context = {"form": form, "sent_to": form.cleaned_data["email"] if is_sent else ""}
    return render(request, "accounts/forgot.html", context, status=form.answer_status)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@holds_a_token
def reset(request: HttpRequest, token: str) -> HttpResponse:
    form = Reset(request.POST or None)
    status = 200
    try:
        email = links.find(token, MailLink.Purpose.RESET).email
        if request.method == "POST":
            status = 422
            if form.is_valid():
                passwords.reset(token=token, password=form.cleaned_data["password"])
                messages.success(request, _("Your new password is set. Log in with it."))
                return redirect("login")
    except Invalid as refusal:
        context = {"detail": refusal.detail, "again": "forgot"}
        return render(request, "accounts/dead_link.html", context, status=refusal.status)
    except Refused as refusal:
        status = form.refuse(refusal)
    return render(request, "accounts/reset.html", {"form": form, "email": email}, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def check_mail(request: HttpRequest) -> HttpResponse:
    """Where somebody waits who has not confirmed the address yet."""
    assert isinstance(request.user, User)
    if request.user.is_verified:
        return redirect("home")
    status, detail = 200, ""
    if request.method == "POST":
        try:
            verification.resend(request.user)
        except Refused as refusal:
            status, detail = refusal.status, refusal.detail
        else:
            messages.success(request, _("A new link is on its way."))
            return redirect("check-mail")
    return render(request, "accounts/check_mail.html", {"detail": detail}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@holds_a_token
def verify_email(request: HttpRequest, token: str) -> HttpResponse:
    try:
        if request.method == "POST":
            verification.verify(token)
            messages.success(request, _("Your e-mail is confirmed."))
            return redirect("home" if request.user.is_authenticated else "login")
        email = links.find(token, MailLink.Purpose.VERIFY).email
    except Invalid as refusal:
        context = {"detail": refusal.detail, "again": "check-mail"}
        return render(request, "accounts/dead_link.html", context, status=refusal.status)
    return render(request, "accounts/verify_email.html", {"email": email})


@require_http_methods(["GET", "HEAD", "POST"])
@holds_a_token
def confirm_address(request: HttpRequest, token: str) -> HttpResponse:
    try:
        if request.method == "POST":
            user = address.change(token)
            messages.success(request, _("Your e-mail is %(email)s now.") % {"email": user.email})
            return redirect("settings-profile" if request.user.is_authenticated else "login")
        link = links.find(token, MailLink.Purpose.ADDRESS)
    except Invalid as refusal:
        context = {"detail": refusal.detail, "again": "change-address"}
        return render(request, "accounts/dead_link.html", context, status=refusal.status)
    return render(request, "accounts/confirm_address.html", {"before": link.user.email, "email": link.email})
