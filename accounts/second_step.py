"""/login/second-step: the page between a right password (or Google's word) and being signed in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import entering
from accounts.factors import totp
from accounts.factors.forms import SecondStep
from accounts.factors.passkeys import site_of


@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    user = entering.waiting(request)
    if user is None:
        return redirect("login")
    form = SecondStep(request.POST or None)
    if form.done(lambda: entering.second_step(request, user, code=form.cleaned_data["code"])):
        inside: HttpResponse = form.outcome
        return inside
    site = site_of(request.get_host())
    context = {
        "form": form,
        "email": user.email,
        "has_app": totp.is_on(user),
        "has_passkey": site is not None and user.passkeys.filter(rp_id=site.rp_id).exists(),
    }
    return render(request, "accounts/second_step.html", context, status=form.answer_status)


@require_POST
def give_up(request: HttpRequest) -> HttpResponse:
    """As somebody else."""
    entering.forget(request)
    return redirect("login")
