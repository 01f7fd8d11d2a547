"""Changing and taking back one's own message or note: a page, and what the thread opens over itself."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from businesses.pages import member_page
from conversations.attachments import unsent_among
from conversations.models import Conversation, Note, ScheduledMessage
from conversations.selectors import conversation_of
from conversations.services.editing import delete_message, edit_message
from conversations.services.later import undo_send
from conversations.services.message_drafts import MAX_CONTENT
from conversations.services.notes import change_note, delete_note, mentions_in
from conversations.views import handling_page, refused
from foundation.errors import NotFound, Refused
from foundation.ids import parse_id
from foundation.pages import is_fetch


@member_page
@handling_page
@require_http_methods(["GET", "HEAD", "POST"])
def one_message(request: HttpRequest, conversation_id: UUID, message_id: UUID) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    found = _conversation(user, conversation_id)
    message = found.messages.filter(pk=message_id, sender=user, deleted_at=None).first()
    if message is None:
        raise Http404
    message.conversation = found
    return _page(
        request,
        found,
        content=message.content,
        title=_("Edit message"),
        seq=message.seq,
        save=lambda content: edit_message(message=message, author=user, content=content),
        delete=lambda: delete_message(message=message, author=user),
    )


@member_page
@handling_page
@require_http_methods(["GET", "HEAD", "POST"])
def one_note(request: HttpRequest, conversation_id: UUID, note_id: UUID) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    found = _conversation(user, conversation_id)
    note: Note | None = found.notes.filter(pk=note_id, author=user).first()
    if note is None:
        raise Http404
    return _page(
        request,
        found,
        content=note.content,
        title=_("Edit note"),
        seq=note.after_seq,
        save=lambda content: change_note(
            note=note, author=user, content=content, mentions=mentions_in(content, business_id=found.business_id)
        ),
        delete=lambda: delete_note(note=note, author=user),
    )


@member_page
@handling_page
@require_POST
def unschedule(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """What waits to be sent is a draft again; a script gets its words for the composer."""
    user: User = request.user  # type: ignore[assignment]
    found = _conversation(user, conversation_id)
    wanted = parse_id(request.POST.get("scheduled"))
    row = ScheduledMessage.objects.shown_in(found.pk).filter(pk=wanted).first() if wanted else None
    try:
        if row is None:
            raise NotFound(_("It is sent already."))
        content, ids = row.content, [str(pk) for pk in row.files.order_by("pk").values_list("pk", flat=True)]
        undo_send(scheduled=row, actor=user)
    except Refused as refusal:
        if is_fetch(request):
            return refused(refusal)
        messages.error(request, refusal.detail)
        return redirect("conversation", found.pk)
    if not is_fetch(request):
        return redirect("conversation", found.pk)
    files = [
        render_to_string("conversations/unsent.html", {"conversation": found, "file": file}, request)
        for file in unsent_among(ids, found)
    ]
    return JsonResponse({"content": content, "files": files})


def _page(
    request: HttpRequest,
    found: Conversation,
    *,
    content: str,
    title: str,
    seq: int,
    save: Callable[[str], object],
    delete: Callable[[], object],
) -> HttpResponse:
    error, status = "", 200
    if request.method == "POST":
        content = request.POST.get("content", "").replace("\r\n", "\n").rstrip()
        try:
            if request.POST.get("do") == "delete":
                delete()
            else:
                save(content)
        except Refused as refusal:
            if is_fetch(request):
                return refused(refusal)
            error, status = refusal.detail, refusal.status
        else:
            if is_fetch(request):
                return HttpResponse(status=204)
            messages.success(request, _("Deleted.") if request.POST.get("do") == "delete" else _("Saved."))
            return redirect("conversation", found.pk)
    context = {"conversation": found, "content": content, "title": title, "seq": seq, "error": error}
    context |= {"max_content": MAX_CONTENT, "section": "inbox"}
    template = "conversations/edit_form.html" if is_fetch(request) else "conversations/edit.html"
    return render(request, template, context, status=status)


def _conversation(user: User, conversation_id: UUID) -> Conversation:
    found = conversation_of(user, conversation_id)
    if found is None:
        raise Http404
    return found
