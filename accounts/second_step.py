"""/login/second-step: the page between a right password (or Google's word) and being signed in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import entering
from accounts.factors import totp
from accounts.factors.forms import SecondStep
from accounts.factors.passkeys import site_of
from foundation.errors import Refused


@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    user = entering.waiting(request)
    if user is None:
        return redirect("login")
    form, status = SecondStep(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return entering.second_step(request, user, code=form.cleaned_data["code"])
            except Refused as refusal:
                status = form.refuse(refusal)
    site = site_of(request.get_host())
    context = {
        "form": form,
        "email": user.email,
        "has_app": totp.is_on(user),
        "has_passkey": site is not None and user.passkeys.filter(rp_id=site.rp_id).exists(),
    }
    return render(request, "accounts/second_step.html", context, status=status)


@require_POST
def give_up(request: HttpRequest) -> HttpResponse:
    """As somebody else."""
    entering.forget(request)
    return redirect("login")
