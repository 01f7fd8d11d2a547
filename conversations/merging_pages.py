"""Merging a conversation into another one of its customer, and undoing it: a page, and a dialog over the thread."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from businesses.pages import member_page
from conversations import pages
from conversations.models import Conversation
from conversations.services.merging import merge_conversations, undo_merge
from conversations.views import conversation_of, handling_page, refused
from foundation.errors import Invalid, Refused
from foundation.ids import parse_id
from foundation.pages import is_fetch


@member_page
@handling_page
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    found = conversation_of(request, conversation_id)
    error, status = "", 200
    if request.method == "POST":
        try:
            into = _chosen(request)
            merge_conversations(conversation=found, into=into, actor=request.user)  # type: ignore[arg-type]
        except Refused as refusal:
            if is_fetch(request):
                return refused(refusal)
            error, status = refusal.detail, refusal.status
        else:
            address = reverse("conversation", args=[into.pk])
            if is_fetch(request):
                undo = reverse("conversation-unmerge", args=[found.pk])
                back = reverse("conversation", args=[found.pk])
                return JsonResponse({"address": address, "told": _("Merged."), "undo": undo, "back": back})
            messages.success(request, _("Merged."))
            return redirect(address)
    context = {"conversation": found, "others": pages.mergeable(found), "error": error, "section": "inbox"}
    template = "conversations/merge_form.html" if is_fetch(request) else "conversations/merge.html"
    return render(request, template, context, status=status)


@member_page
@handling_page
@require_POST
def unmerge(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    found = conversation_of(request, conversation_id)
    undo_merge(conversation=found, actor=request.user)  # type: ignore[arg-type]
    return HttpResponse(status=204) if is_fetch(request) else redirect("conversation", found.pk)


def _chosen(request: HttpRequest) -> Conversation:
    """Raises Invalid for what is none of the reader's."""
    wanted = parse_id(request.POST.get("into"))
    into = Conversation.objects.visible_to(request.user).filter(pk=wanted).first() if wanted else None
    if into is None:
        raise Invalid(_("Choose a conversation."))
    return into
