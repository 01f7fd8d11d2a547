"""The composer's files: each is uploaded as soon as it is chosen, and sent with the reply."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from businesses.pages import member_page
from conversations.attachments import facts_of
from conversations.models import Attachment, Conversation
from conversations.selectors import conversation_of
from conversations.services.uploads import keep_upload, remove_unsent
from conversations.views import handling_page, refused
from foundation.errors import Refused
from foundation.uploads import one_file


@member_page
@handling_page
@require_POST
def upload(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """One file for the next reply; answers with how it stands in the composer."""
    found = _conversation(request, conversation_id)
    try:
        attachment = keep_upload(agent=request.user, conversation=found, file=one_file(request.FILES))  # type: ignore[arg-type]
    except Refused as refusal:
        return refused(refusal)
    context = {"conversation": found, "file": facts_of(attachment)}
    return render(request, "conversations/unsent.html", context, status=201)


@member_page
@handling_page
@require_POST
def remove(request: HttpRequest, conversation_id: UUID, attachment_id: UUID) -> HttpResponse:
    """Take back a file that is not sent yet."""
    found = _conversation(request, conversation_id)
    attachment = Attachment.objects.filter(pk=attachment_id, conversation=found, uploader=request.user.pk).first()
    if attachment is None or not remove_unsent(attachment=attachment):
        raise Http404
    return HttpResponse(status=204)


def _conversation(request: HttpRequest, conversation_id: UUID) -> Conversation:
    found = conversation_of(request.user, conversation_id)  # type: ignore[arg-type]
    if found is None:
        raise Http404
    return found
