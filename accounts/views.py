"""The door: what PingBack is, signing up, in and out, and the reader's theme."""

from urllib.parse import urlencode

from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import services
from accounts.attempts import check_login
from accounts.entering import enter
from accounts.factors.passkeys import site_of
from accounts.forms import LogIn, SignUp
from accounts.models import User
from accounts.pages import back
from foundation.errors import Refused

THEMES = ("system", "light", "dark")
YEAR = 365 * 24 * 3600


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("inbox")
    return render(request, "accounts/landing.html")


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("inbox")
    form = SignUp(request.POST or None)
    if form.done(lambda: services.register(**form.cleaned_data)):
        services.sign_in(request, form.outcome)
        return redirect("onboarding")
    return render(request, "accounts/signup.html", {"form": form}, status=form.answer_status)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return back(request, request.GET.get("next", ""))
    form = LogIn(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                user = check_login(**form.cleaned_data)
                if user is not None:
                    return enter(request, user, next=request.POST.get("next", ""))
            except Refused as refusal:
                status = form.refuse(refusal)
            else:
                form.add_error(None, _("That e-mail and password do not match."))
                status = 401
    context = {
        "form": form,
        "next": request.POST.get("next") or request.GET.get("next", ""),
        "passkeys_work": site_of(request.get_host()) is not None,
    }
    return render(request, "accounts/login.html", context, status=status)


@require_safe
def operators_log_in(request: HttpRequest) -> HttpResponse:
    """Django admin's own form knows neither our throttles nor the second factor: ours stands in for it."""
    address = request.GET.get("next", "")
    if isinstance(request.user, User):
        if not request.user.is_staff:
            raise PermissionDenied
        return back(request, address)
    return redirect(f"{reverse('login')}?{urlencode({'next': address})}")


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("home")


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember light or dark in a cookie; the system decides when there is none."""
    response = back(request, request.POST.get("next", ""))
    chosen = request.POST.get("theme", "system")
    if chosen not in THEMES or chosen == "system":
        response.delete_cookie("theme", samesite="Lax")
    else:
        response.set_cookie("theme", chosen, max_age=YEAR, samesite="Lax", secure=request.is_secure())
    return response
