"""Deleting a conversation: a page that asks, also as a dialog over the thread."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from businesses.pages import member_page
from conversations.services.deleting import delete_conversation
from conversations.views import conversation_of, handling_page, refused
from foundation.errors import Forbidden
from foundation.pages import is_fetch


@member_page
@handling_page
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    found = conversation_of(request, conversation_id)
    error = ""
    if request.method == "POST":
        try:
            delete_conversation(conversation=found, actor=request.user)  # type: ignore[arg-type]
        except Forbidden as refusal:
            if is_fetch(request):
                return refused(refusal)
            error = refusal.detail
        else:
            messages.success(request, _("Deleted."))
            return HttpResponse(status=204) if is_fetch(request) else redirect("inbox")
    context = {"conversation": found, "error": error, "section": "inbox"}
    template = "conversations/delete_form.html" if is_fetch(request) else "conversations/delete.html"
    return render(request, template, context, status=403 if error else 200)
