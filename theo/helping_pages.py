"""A language model's help in the thread: fragments for the composer."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_POST

from businesses.pages import member_page
from conversations.models import Conversation
from conversations.views import handling_page, refused
from foundation.errors import Refused
from theo.helping import Wish, rewrite, summarise


@member_page
@handling_page
@require_POST
def summary(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    conversation = _found(request, conversation_id)
    try:
        text = summarise(actor=request.user, conversation=conversation, language=get_language() or "en")  # type: ignore[arg-type]
    except Refused as refusal:
        return refused(refusal)
    return render(request, "theo/summary.html", {"text": text})


@member_page
@handling_page
@require_POST
def rewritten(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """content: the composer's. wish: one of Wish."""
    conversation, wish = _found(request, conversation_id), request.POST.get("wish", "")
    if wish not in Wish.values:
        raise Http404
    text = request.POST.get("content", "")
    try:
        text = rewrite(actor=request.user, conversation=conversation, text=text, wish=Wish(wish))  # type: ignore[arg-type]
    except Refused as refusal:
        return refused(refusal)
    return JsonResponse({"content": text})


def _found(request: HttpRequest, conversation_id: UUID) -> Conversation:
    """Raises Http404."""
    rows = Conversation.objects.visible_to(request.user).select_related("customer")
    conversation = rows.filter(pk=conversation_id).first()
    if conversation is None:
        raise Http404
    return conversation
