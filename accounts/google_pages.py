"""Signing in with Google from our pages: OpenID Connect's implicit flow, which needs no secret of the operator.

The browser is led to Google with a nonce and a state that only its own session knows. The ID token comes back in the
address's fragment, which browsers send to nobody; static/js/google.js posts it here.
"""

import secrets
import time
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import google
from accounts.entering import enter
from accounts.fresh import is_fresh
from accounts.models import User
from accounts.pages import is_ours, to_prove
from foundation import throttles
from foundation.errors import NotSignedIn, Refused, TooFast

FLOW_KEY = "google"
FLOW_SECONDS = 600
MAX_ADDRESS = 2048


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """To Google. Who is signed in connects the account, whoever is not signs in with it."""
    if not google.is_on():
        raise Http404
    if isinstance(request.user, User) and not is_fresh(request.user):
        return to_prove(request.get_full_path())
    try:
        throttles.count_address("PASSKEY")  # as for the other door that stores something before anybody is known
    except TooFast as refusal:
        messages.error(request, refusal.detail)
        return redirect("settings-security" if request.user.is_authenticated else "login")
    address = request.GET.get("next", "")
    flow = {
        "state": secrets.token_urlsafe(32),
        "nonce": secrets.token_urlsafe(32),
        "next": address if len(address) <= MAX_ADDRESS and is_ours(request, address) else "",
        "at": int(time.time()),
        "user": str(request.user.pk) if request.user.is_authenticated else "",
    }
    if not request.session.session_key:
        request.session.set_expiry(FLOW_SECONDS)  # until somebody signs in with it
    request.session[FLOW_KEY] = flow
    query = {
        "client_id": settings.GOOGLE_CLIENT_ID,
        "redirect_uri": settings.PUBLIC_BASE_URL + reverse("google-back"),
        "response_type": "id_token",
        "scope": "openid email profile",
        "state": flow["state"],
        "nonce": flow["nonce"],
        "prompt": "select_account",
    }
    return HttpResponseRedirect(f"{settings.GOOGLE_AUTH_URL}?{urlencode(query)}")


@sensitive_post_parameters("id_token")
@require_http_methods(["GET", "HEAD", "POST"])
def come_back(request: HttpRequest) -> HttpResponse:
    """GET: the page whose script reads the fragment. POST: what it read."""
    if not google.is_on():
        raise Http404
    if request.method != "POST":
        return render(request, "accounts/google_back.html")
    flow = request.session.pop(FLOW_KEY, None)  # whatever comes of it, a nonce is good once
    signed_in_as = str(request.user.pk) if request.user.is_authenticated else ""
    try:
        _check(flow, request.POST.get("state", ""), signed_in_as)
        id_token = request.POST.get("id_token", "")
        if isinstance(request.user, User):
            google.connect(user=request.user, id_token=id_token, nonce=flow["nonce"])
            messages.success(request, _("Google is connected. You can sign in with it from now on."))
            return redirect("settings-security")
        user = google.sign_in_with(id_token=id_token, nonce=flow["nonce"])
        return enter(request, user, next=flow["next"])
    except Refused as refusal:
        messages.error(request, refusal.detail)
        return redirect("settings-security" if signed_in_as else "login")


@login_required
@require_POST
def disconnect(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    try:
        google.disconnect(user=request.user)
    except Refused as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, _("Google is disconnected."))
    return redirect("settings-security")


def _check(flow: Any, state: str, signed_in_as: str) -> None:
    """The answer is for what this browser asked, a few minutes ago, as the same person."""
    good = (
        isinstance(flow, dict)
        and constant_time_compare(state, flow["state"])
        and time.time() - flow["at"] <= FLOW_SECONDS
        and flow["user"] == signed_in_as
    )
    if not good:
        raise NotSignedIn(_("That took too long, or came from another window. Try again."))
