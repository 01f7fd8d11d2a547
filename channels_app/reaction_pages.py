"""A sign on a customer's message: a page, and what the thread opens over itself."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.models import User
from businesses.pages import member_page
from channels_app.changing import react, reactions_on
from conversations.models import SenderType
from conversations.selectors import conversation_of
from conversations.views import handling_page, refused
from foundation.errors import Refused
from foundation.pages import is_fetch


@member_page
@handling_page
@require_http_methods(["GET", "HEAD", "POST"])
def reaction(request: HttpRequest, conversation_id: UUID, message_id: UUID) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    found = conversation_of(user, conversation_id)
    customers = {"sender_type": SenderType.CUSTOMER, "deleted_at": None}
    message = found.messages.filter(pk=message_id, **customers).first() if found else None
    if found is None or message is None or not reactions_on(found):
        raise Http404
    message.conversation = found
    error, status = "", 200
    if request.method == "POST":
        try:
            react(message=message, author=user, emoji=request.POST.get("emoji", ""))
        except Refused as refusal:
            if is_fetch(request):
                return refused(refusal)
            error, status = refusal.detail, refusal.status
        else:
            return HttpResponse(status=204) if is_fetch(request) else redirect("conversation", found.pk)
    if error:
        messages.error(request, error)
    context = {"conversation": found, "message": message, "signs": reactions_on(found), "section": "inbox"}
    template = "channels_app/reaction_form.html" if is_fetch(request) else "channels_app/reaction.html"
    return render(request, template, context, status=status)
