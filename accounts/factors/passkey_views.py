"""Pages of passkeys: adding, naming and removing them, and signing in with one.

static/js/passkey.js talks to the device.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts import entering
from accounts.factors import ceremony, passkeys
from accounts.factors.ceremony import Purpose
from accounts.factors.forms import PasskeyName
from accounts.factors.passkeys import Site
from accounts.factors.views import SETTINGS, proven, shown_once, signed_in_page
from accounts.models import Passkey, User
from foundation import throttles
from foundation.errors import Invalid, NotFound, Refused


def _site(request: HttpRequest) -> Site:
    site = passkeys.site_of(request.get_host())
    if site is None:
        raise Http404
    return site


def _credential(request: HttpRequest) -> str:
    """What the browser's script sent along. Raises Invalid where there was none to do it."""
    credential = request.POST.get("credential", "")
    if not credential:
        raise Invalid(_("This browser offered no passkey."))
    return credential


def _json(make: Callable[[], dict[str, Any]]) -> HttpResponse:
    try:
        return JsonResponse(make())
    except Refused as refusal:
        return JsonResponse({"detail": refusal.detail}, status=refusal.status)


# Settings -> Security ----------------------------------------------------------------------------------------


@signed_in_page("POST")
def add_options(request: HttpRequest, user: User) -> HttpResponse:
    site = _site(request)
    return _json(lambda: passkeys.creation_options(user, site, ceremony.begin(request, Purpose.ADD)))


@signed_in_page("POST")
def add(request: HttpRequest, user: User) -> HttpResponse:
    site = _site(request)
    try:
        credential, challenge = _credential(request), ceremony.finish(request, Purpose.ADD)
        codes = passkeys.add(user, site, challenge=challenge, credential=credential, name=request.POST.get("name", ""))
    except Refused as refusal:
        messages.error(request, refusal.detail)
        return redirect("settings-security")
    return shown_once(request, codes, done=_("Your passkey is ready."))


@signed_in_page("GET", "HEAD", "POST")
def one(request: HttpRequest, user: User, passkey_id: UUID) -> HttpResponse:
    """Its name."""
    passkey = _own(user, passkey_id)
    form = PasskeyName(request.POST or None, initial={"name": passkey.name})
    if form.done(lambda: passkeys.rename(passkey, name=form.cleaned_data["name"])):
        messages.success(request, _("Passkey renamed."))
        return redirect("settings-security")
    context = {**SETTINGS, "form": form, "passkey": passkey}
    return render(request, "accounts/factor_passkey.html", context, status=form.answer_status)


@signed_in_page("GET", "HEAD", "POST")
def remove(request: HttpRequest, user: User, passkey_id: UUID) -> HttpResponse:
    passkey = _own(user, passkey_id)

    def act(**proof: str) -> HttpResponse:
        passkeys.remove(user, passkey, **proof)
        messages.success(request, _("Passkey removed."))
        return redirect("settings-security")

    return proven(request, act, "accounts/factor_passkey_remove.html", passkey=passkey)


def _own(user: User, passkey_id: UUID) -> Passkey:
    try:
        return passkeys.own(user, passkey_id)
    except NotFound as refusal:
        raise Http404 from refusal


# Signing in --------------------------------------------------------------------------------------------------


@require_POST
def sign_in_options(request: HttpRequest) -> HttpResponse:
    site = _site(request)

    def make() -> dict[str, Any]:
        throttles.count_address("PASSKEY")
        return passkeys.request_options(site, ceremony.begin(request, Purpose.SIGN_IN))

    return _json(make)


@sensitive_post_parameters("credential")
@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    """Without a password: the device has asked for a finger, a face or a PIN, so no second step follows."""
    site = _site(request)
    try:
        credential, challenge = _credential(request), ceremony.finish(request, Purpose.SIGN_IN)
        user = passkeys.use(site, challenge=challenge, credential=credential)
        return entering.enter(request, user, next=request.POST.get("next", ""), factor_shown=True)
    except Refused as refusal:
        messages.error(request, refusal.detail)
        return redirect("login")


@require_POST
def second_step_options(request: HttpRequest) -> HttpResponse:
    site, user = _site(request), entering.waiting(request)
    if user is None:
        return JsonResponse({"detail": _("That took too long. Log in again.")}, status=401)
    challenge = ceremony.begin(request, Purpose.SECOND_STEP)
    return _json(lambda: passkeys.request_options(site, challenge, user=user))


@sensitive_post_parameters("credential")
@require_POST
def second_step(request: HttpRequest) -> HttpResponse:
    site, user = _site(request), entering.waiting(request)
    if user is None:
        return redirect("login")
    try:
        credential, challenge = _credential(request), ceremony.finish(request, Purpose.SECOND_STEP)
        passkeys.use(site, challenge=challenge, credential=credential, user=user)
        return entering.second_step(request, user, factor_shown=True)
    except Refused as refusal:
        messages.error(request, refusal.detail)
        return redirect("second-step")
