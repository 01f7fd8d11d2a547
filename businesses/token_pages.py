"""Settings, API tokens: which there are, making one, revoking one."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods

from accounts.fresh import NotFresh
from accounts.models import User
from accounts.pages import to_prove
from businesses import scopes
from businesses.api_tokens import MAX_NAME, create_api_token, revoke_api_token, tokens_visible_to
from businesses.models import ApiToken
from businesses.pages import member_page
from businesses.policy import Action, may
from businesses.selectors import membership_of
from foundation.api import newest_page
from foundation.errors import NotFound, Refused, Unprocessable
from foundation.ids import parse_id
from foundation.pages import PageForm

ON_A_PAGE = 50
FOR_EVER = "0"


class NewToken(PageForm):
    name = forms.CharField(
        label=lazy("What is it for?"),
        max_length=MAX_NAME,
        widget=forms.TextInput(attrs={"placeholder": lazy("CRM sync")}),
    )
    days = forms.ChoiceField(
        label=lazy("Good for"),
        choices=[
            ("30", lazy("30 days")),
            ("90", lazy("90 days")),
            ("365", lazy("1 year")),
            (FOR_EVER, lazy("Until it is revoked")),
        ],
        initial="90",
    )
    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in scopes.SCOPES],
        error_messages={"required": lazy("Choose at least one thing that the token may do.")},
    )

    def make(self, actor: User) -> tuple[ApiToken, str]:
        """Raises Refused."""
        days = self.cleaned_data["days"]
        return create_api_token(
            actor=actor,
            name=self.cleaned_data["name"],
            scopes_wanted=self.cleaned_data["scopes"],
            expires_at=None if days == FOR_EVER else timezone.now() + timedelta(days=int(days)),
        )

    def rows(self) -> list[dict[str, Any]]:
        """The table of boxes: a line for everything, then one for each resource; "" where there is nothing to do."""
        chosen = set(self["scopes"].value() or [])

        def box(scope: str) -> dict[str, Any]:
            return {"scope": scope if scope in scopes.SCOPES else "", "is_chosen": scope in chosen}

        lines = [(_("Everything"), "")]
        lines += [(str(resource.label), f"{resource}:") for resource in scopes.Resource]
        return [
            {"label": label, "boxes": [box(start + verb) for verb in (scopes.READ, scopes.WRITE)]}
            for label, start in lines
        ]


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """A new token is shown in the answer that made it, and nowhere else."""
    assert isinstance(request.user, User)
    form = NewToken(request.POST if request.method == "POST" else None)
    status, made, raw = 200, None, ""
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made, raw = form.make(request.user)
            except NotFresh:
                return to_prove(reverse("settings-tokens"))
            except Refused as refusal:
                status = form.refuse(refusal)
            else:
                status, form = 201, NewToken()
    rows = tokens_visible_to(request.user)
    try:
        page, older = newest_page(rows, cursor=request.GET.get("cursor"), limit=ON_A_PAGE, by="created_at")
    except Unprocessable:  # somebody's own idea of a place in the list
        return redirect("settings-tokens")
    context = {
        "section": "settings",
        "tab": "tokens",
        "form": form,
        "tokens": page,
        "older": older,
        "made": made,
        "raw": raw,
        "sees_all": may(membership_of(request.user), Action.MANAGE_API_TOKENS),
    }
    return render(request, "businesses/tokens.html", context, status=status)


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: HttpRequest, token_id: str) -> HttpResponse:
    """Asks, then does."""
    assert isinstance(request.user, User)
    found = parse_id(token_id)
    token = tokens_visible_to(request.user).filter(pk=found).first() if found else None
    if token is None:
        raise Http404
    if request.method == "POST":
        try:
            revoke_api_token(actor=request.user, token_id=token_id)
        except NotFound as error:
            raise Http404 from error
        messages.success(request, _("%(token)s is revoked.") % {"token": token.name})
        return redirect("settings-tokens")
    return render(request, "businesses/token_revoke.html", {"section": "settings", "tab": "tokens", "token": token})
