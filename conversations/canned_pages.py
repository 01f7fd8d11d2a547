"""Settings -> Saved replies, and what the composer offers behind a slash."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from businesses.pages import member_page
from businesses.selectors import membership_of
from conversations.models import CannedResponse
from conversations.selectors import conversation_of
from conversations.services import canned_responses
from conversations.services.message_drafts import MAX_CONTENT
from foundation.errors import Refused
from foundation.pages import PageForm

VARIABLES = lazy(
    "{first_name}, {name}, {email}, {phone}, {agent}, {agent_full}, {workspace} and {customer.plan}, by the name of an "
    "attribute, are filled in when you use it. {first_name|there} says “there” where no name is known."
)


class CannedForm(PageForm):
    shortcut = forms.CharField(
        label=lazy("Shortcut"),
        max_length=canned_responses.MAX_SHORTCUT + 1,
        help_text=lazy("What you type behind a slash, like /refund."),
    )
    content = forms.CharField(
        label=lazy("Text"),
        max_length=MAX_CONTENT,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=VARIABLES,
    )
    shared = forms.BooleanField(label=lazy("For the whole team"), required=False)

    def refuse(self, refusal: Refused) -> int:
        """A page knows no key: what is wrong is the shortcut."""
        self.add_error("shortcut", refusal.detail)
        return 422


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def replies(request: HttpRequest) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    membership = membership_of(user)
    assert membership
    form = CannedForm(request.POST or None, initial={"shared": True})
    business = membership.business
    if form.done(lambda: canned_responses.create_response(business=business, author=user, **form.cleaned_data)):
        messages.success(request, _("Saved."))
        return redirect("settings-replies")
    return _page(request, {"form": form, "kept": CannedResponse.objects.usable_by(user)}, form)


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def one_reply(request: HttpRequest, response_id: UUID) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    response = _changeable(request, response_id)
    initial = {"shortcut": response.shortcut, "content": response.content, "shared": response.shared}
    form = CannedForm(request.POST or None, initial=initial)
    if form.done(lambda: canned_responses.change_response(response=response, actor=user, **form.cleaned_data)):
        messages.success(request, _("Saved."))
        return redirect("settings-replies")
    return _page(request, {"form": form, "one": response}, form)


@member_page
@require_POST
def delete_reply(request: HttpRequest, response_id: UUID) -> HttpResponse:
    canned_responses.delete_response(response=_changeable(request, response_id), actor=request.user)  # type: ignore[arg-type]
    messages.success(request, _("Deleted."))
    return redirect("settings-replies")


@member_page
@require_safe
def offered(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """What may be inserted here, with its variables filled in."""
    user: User = request.user  # type: ignore[assignment]
    found = conversation_of(user, conversation_id)
    if found is None:
        raise Http404
    rows = CannedResponse.objects.usable_by(user)[: canned_responses.MOST]
    kept = [(row, canned_responses.filled(row.content, conversation=found, agent=user)) for row in rows]
    offers = [{"shortcut": row.shortcut, "content": said.words, "blanks": said.blanks} for row, said in kept]
    return JsonResponse({"results": offers})


def _changeable(request: HttpRequest, response_id: UUID) -> CannedResponse:
    user: User = request.user  # type: ignore[assignment]
    found = CannedResponse.objects.usable_by(user).filter(pk=response_id).first()
    if found is None or not canned_responses.may_change(user, found):
        raise Http404
    return found


def _page(request: HttpRequest, context: dict[str, Any], form: CannedForm) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    if "kept" in context:
        context["kept"] = [(row, canned_responses.may_change(user, row)) for row in context["kept"]]
    shown = context | {"section": "settings", "tab": "replies"}
    return render(request, "conversations/replies.html", shown, status=form.answer_status)
