"""Choosing and filling a message template, on a page of its own."""

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from businesses.pages import member_page
from channels_app.message_templates import MAX_BLANK, has_templates, send_template, templates_of
from conversations.selectors import conversation_of
from conversations.views import handling_page
from foundation.errors import Refused


@member_page
@handling_page
@require_http_methods(["GET", "HEAD", "POST"])
def templates(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    found = conversation_of(user, conversation_id)
    if found is None or not has_templates(found.channel):
        raise Http404
    context: dict[str, Any] = {"conversation": found, "most": MAX_BLANK, "key": str(uuid4())}
    status = 200
    if request.method == "POST":
        blanks = request.POST.getlist("blank")
        try:
            send_template(
                conversation=found,
                author=user,
                name=request.POST.get("name", ""),
                language=request.POST.get("language", ""),
                blanks=[text[:MAX_BLANK] for text in blanks[:100]],
                key=request.POST.get("key", "")[:100],
            )
        except Refused as refusal:
            status = refusal.status
            context["error"] = refusal.detail
        else:
            messages.success(request, _("The template is on its way."))
            return redirect("conversation", found.pk)
    try:
        assert found.channel
        offered = templates_of(found.channel)
    except Refused as refusal:
        offered, context["error"] = [], refusal.detail
    context["offered"] = [{**each, "filled": _filled(request, each)} for each in offered]
    return render(request, "channels_app/templates.html", context, status=status)


def _filled(request: HttpRequest, template: dict[str, Any]) -> list[str]:
    """What its form holds: the words that were just refused, so that nobody writes them again."""
    is_this = (request.POST.get("name"), request.POST.get("language")) == (template["name"], template["language"])
    words = request.POST.getlist("blank")[: template["blanks"]] if is_this else []
    return words + [""] * (template["blanks"] - len(words))
