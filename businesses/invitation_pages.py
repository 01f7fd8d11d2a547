"""The page behind the link of an invitation. Looking at it uses nothing up: mail programs look, too."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import services
from accounts.mailed import holds_a_token
from accounts.models import User
from businesses import invitations
from businesses.forms import Join
from businesses.models import Invitation
from foundation.errors import Invalid, Refused


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@holds_a_token
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    try:
        found = invitations.find(token)
    except Invalid as refusal:
        context = {"detail": refusal.detail}
        return render(request, "businesses/dead_invitation.html", context, status=refusal.status)
    if isinstance(request.user, User):
        return _accept(request, found, token, request.user)
    if User.objects.filter(email=found.email, is_active=True).exists():
        next_page = urlencode({"next": reverse("invitation", args=[token])})
        return _page(request, found, "log-in", login=f"{reverse('login')}?{next_page}")
    return _sign_up(request, found, token)


def _accept(request: HttpRequest, found: Invitation, token: str, user: User) -> HttpResponse:
    if user.email != found.email:
        return _page(request, found, "somebody-else", status=403)
    if request.method != "POST":
        return _page(request, found, "join")
    try:
        membership = invitations.accept(user=user, token=token)
    except Refused as refusal:
        return _page(request, found, "join", problem=refusal.detail, status=refusal.status)
    messages.success(request, _("Welcome to %(workspace)s.") % {"workspace": membership.business.name})
    return redirect("inbox")


def _sign_up(request: HttpRequest, found: Invitation, token: str) -> HttpResponse:
    form = Join(request.POST or None)
    if form.done(lambda: invitations.sign_up(token=token, **form.cleaned_data)):
        services.sign_in(request, form.outcome)
        return redirect("inbox")
    return _page(request, found, "sign-up", form=form, status=form.answer_status)


def _page(request: HttpRequest, found: Invitation, step: str, *, status: int = 200, **context: object) -> HttpResponse:
    context |= {"invitation": found, "step": step}
    return render(request, "businesses/invitation.html", context, status=status)
