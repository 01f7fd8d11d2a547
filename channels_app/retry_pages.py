"""Once more, what did not get out or a file that did not come in: the thread's button, and the same without scripts."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from businesses.pages import member_page
from channels_app.retrying import retry_message
from conversations.models import SenderType
from conversations.selectors import conversation_of
from conversations.views import handling_page, refused
from foundation.errors import Refused
from foundation.pages import is_fetch


@member_page
@handling_page
@require_http_methods(["GET", "HEAD", "POST"])
def retry(request: HttpRequest, conversation_id: UUID, message_id: UUID) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    found = conversation_of(user, conversation_id)
    message = found.messages.filter(pk=message_id).first() if found else None
    if found is None or message is None:
        raise Http404
    if request.method != "POST":
        is_ours = message.sender_type == SenderType.AGENT
        context = {"message": message, "conversation": found, "verb": _("Send again") if is_ours else _("Fetch again")}
        return render(request, "channels_app/retry.html", context)
    try:
        retry_message(message=message)
    except Refused as refusal:
        if is_fetch(request):
            return refused(refusal)
        messages.error(request, refusal.detail)
    else:
        if not is_fetch(request):
            messages.success(request, _("It is tried again."))
    return HttpResponse(status=204) if is_fetch(request) else redirect("conversation", found.pk)
