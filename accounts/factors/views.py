"""Settings -> Security: the second factor. Adding one, taking it away, recovery codes."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import segno
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.factors import recovery, second_factor, totp
from accounts.factors.forms import FirstCode, Proof
from accounts.factors.passkeys import site_of
from accounts.fresh import NotFresh, is_fresh
from accounts.models import Authenticator, User
from accounts.pages import back, to_prove
from foundation.errors import Refused

SETTINGS = {"section": "settings", "tab": "security"}

Page = Callable[..., HttpResponse]


def signed_in_page(*methods: str) -> Callable[[Page], Page]:
    """A page of somebody who is signed in; what is typed there is in no report of an error."""

    def decorate(view: Page) -> Page:
        @sensitive_post_parameters()
        @require_http_methods([*methods])
        @login_required
        @wraps(view)
        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            return view(request, request.user, *args, **kwargs)

        return page

    return decorate


def overview(user: User, *, host: str) -> dict[str, Any]:
    """For the section on the Security page. host: the request's."""
    passkeys = list(user.passkeys.order_by("created_at"))
    app = Authenticator.objects.in_use().filter(user=user).first()
    return {
        "app": app,
        "passkeys": passkeys,
        "is_fresh": is_fresh(user),
        "passkeys_work": site_of(host) is not None,
        "codes_left": recovery.left(user) if app or passkeys else None,
    }


@signed_in_page("GET", "HEAD", "POST")
def prove(request: HttpRequest, user: User) -> HttpResponse:
    """Who is this, once more; then on to `next`."""
    address = request.GET.get("next", "")

    def act(**proof: str) -> HttpResponse:
        second_factor.prove_again(user, **proof)
        return back(request, address)

    can_answer = user.has_usable_password() or second_factor.has_one(user)
    return proven(request, act, "accounts/prove.html", can_answer=can_answer, next=address)


@signed_in_page("POST")
def start_app(request: HttpRequest, user: User) -> HttpResponse:
    try:
        second_factor.start_app(user)
    except NotFresh:
        return to_prove(reverse("settings-security"))
    except Refused as refusal:
        messages.error(request, refusal.detail)
        return redirect("settings-security")
    return redirect("factor-app")


@signed_in_page("GET", "HEAD", "POST")
def app(request: HttpRequest, user: User) -> HttpResponse:
    """Set up an authenticator app: scan or type the secret, then give the first code."""
    secret = totp.waiting_secret(user)
    if secret is None:
        return redirect("settings-security")
    form, status = FirstCode(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                codes = second_factor.confirm_app(user, form.cleaned_data["code"])
            except NotFresh:
                return to_prove(reverse("factor-app"))
            except Refused as refusal:
                status = form.refuse(refusal)
            else:
                return shown_once(request, codes, done=_("Your authenticator app is on."))
    context = {**SETTINGS, "form": form, "secret": _in_fours(secret), "picture": _picture(totp.address(user, secret))}
    return render(request, "accounts/factor_app.html", context, status=status)


@signed_in_page("GET", "HEAD", "POST")
def remove_app(request: HttpRequest, user: User) -> HttpResponse:
    def remove(**proof: str) -> HttpResponse:
        second_factor.remove_app(user, **proof)
        messages.success(request, _("Your authenticator app is off."))
        return redirect("settings-security")

    if not totp.is_on(user):
        return redirect("settings-security")
    return proven(request, remove, "accounts/factor_app_remove.html")


@signed_in_page("GET", "HEAD", "POST")
def codes(request: HttpRequest, user: User) -> HttpResponse:
    """How many recovery codes are left, and new ones."""

    def renew(**proof: str) -> HttpResponse:
        return shown_once(request, second_factor.renew_codes(user, **proof), done="")

    if not second_factor.has_one(user):
        return redirect("settings-security")
    return proven(request, renew, "accounts/factor_codes.html", left=recovery.left(user))


def proven(request: HttpRequest, act: Callable[..., HttpResponse], template: str, **context: Any) -> HttpResponse:
    """A page that asks for the password or a code, and then acts.

    act: takes `password` and `code`, either of which is to be right; may raise Refused.
    """
    form = Proof(request.POST or None)
    if form.done(lambda: act(password=form.cleaned_data["proof"], code=form.cleaned_data["proof"])):
        answer: HttpResponse = form.outcome
        return answer
    return render(request, template, {**SETTINGS, "form": form, **context}, status=form.answer_status)


def shown_once(request: HttpRequest, codes: list[str], *, done: str) -> HttpResponse:
    """Recovery codes, in the answer to what made them and nowhere else. Without any: back to Security."""
    if done:
        messages.success(request, done)
    if not codes:
        return redirect("settings-security")
    return render(request, "accounts/factor_codes_new.html", {**SETTINGS, "codes": codes})


def _picture(text: str) -> str:
    """A QR code as the address of a picture: the policy of our pages lets images be data."""
    return segno.make(text, error="m").svg_data_uri(scale=4, border=2, dark="#000", light="#fff")


def _in_fours(secret: str) -> str:
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
