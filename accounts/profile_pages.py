"""Settings -> Profile, and the public address of a person's picture. None of it needs a workspace."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import address, profile
from accounts.forms import ChangeAddress, Profile
from accounts.fresh import NotFresh
from accounts.models import User
from accounts.pages import to_prove
from foundation.errors import Refused
from foundation.uploads import one_file

YEAR = 365 * 24 * 3600


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def own_profile(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    user, form = request.user, Profile(request.POST or None, initial={"full_name": request.user.full_name})
    if form.done(lambda: profile.rename(user=user, **form.cleaned_data)):
        messages.success(request, _("Name saved."))
        return redirect("settings-profile")
    return _page(request, form=form, status=form.answer_status)


@login_required
@require_POST
def set_picture(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    try:
        file = one_file(request.FILES)
        assert file.file is not None
        profile.set_picture(user=request.user, name=file.name or "", file=file.file, size=file.size or 0)
    except Refused as refusal:
        form = Profile(initial={"full_name": request.user.full_name})
        return _page(request, form=form, status=refusal.status, picture_error=refusal.detail)
    messages.success(request, _("Picture saved."))
    return redirect("settings-profile")


@login_required
@require_POST
def remove_picture(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    profile.remove_picture(user=request.user)
    messages.success(request, _("Picture removed."))
    return redirect("settings-profile")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change_address(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    form = ChangeAddress(request.POST or None)
    status, sent_to = 200, ""
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                address.ask_for_change(user=request.user, **form.cleaned_data)
            except NotFresh:
                return to_prove(request.path)
            except Refused as refusal:
                status = form.refuse(refusal)
            else:
                status, sent_to = 200, form.cleaned_data["email"]
    context = {"section": "settings", "tab": "profile", "form": form, "sent_to": sent_to}
    return render(request, "accounts/change_address.html", context, status=status)


def _page(request: HttpRequest, *, form: Profile, status: int, picture_error: str = "") -> HttpResponse:
    context = {"section": "settings", "tab": "profile", "form": form, "picture_error": picture_error}
    return render(request, "accounts/profile.html", context, status=status)


@require_safe
def picture(request: HttpRequest, user_id: UUID, version: str) -> HttpResponse:
    """The same bytes for everybody and for ever: another picture has another address."""
    if not profile.is_version(version):
        raise Http404
    etag = f'"{version}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        try:
            with default_storage.open(profile.place_of(user_id, version)) as file:
                response = HttpResponse(file.read(), content_type="image/webp")
        except FileNotFoundError as error:
            raise Http404 from error
    response["ETag"] = etag
    response["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    # Widgets and clients on other origins show it.
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
