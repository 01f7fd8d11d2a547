"""What the composer holds: sent, sent later, or kept as a draft."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from businesses.pages import member_page
from conversations import doing
from conversations.attachments import ids_of, unsent_among
from conversations.models import Conversation, Status
from conversations.selectors import unread_elsewhere
from conversations.services.drafts import draft_of, keep_draft
from conversations.services.handling import CHANGES
from conversations.services.later import UNDO, send_later
from conversations.services.messages import send_reply
from conversations.services.notes import mentions_in, write_note
from conversations.services.uploads import keep_upload
from conversations.views import (
    address_of,
    conversation_of,
    handling_page,
    inbox_page,
    list_context,
    refused,
    thread_context,
)
from foundation.errors import KeyReused, Refused
from foundation.pages import is_fetch

# "Send and ..."
AFTER_SENDING = {str(status): CHANGES[status] for status in (Status.RESOLVED, Status.PENDING)}


@member_page
@handling_page
@require_POST
def reply(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Send what the composer holds. The same `client_message_id` again sends nothing again."""
    found = conversation_of(request, conversation_id)
    # Enter makes a line here: the empty ones at the end are nobody's words.
    content = request.POST.get("content", "").replace("\r\n", "\n").rstrip()
    key = request.POST.get("client_message_id", "")
    author: User = request.user  # type: ignore[assignment]
    chosen = request.POST.getlist("attachments")
    try:
        for file in request.FILES.getlist("file"):  # without JavaScript they come along with the words
            chosen.append(str(keep_upload(agent=author, conversation=found, file=file).pk))
        if request.POST.get("mode") == "note":
            mentioned = mentions_in(content, business_id=found.business_id)
            write_note(
                conversation=found,
                author=author,
                content=content,
                mentions=mentioned,
                attachments=ids_of(chosen),
                key=key,
            )
        else:
            words: dict[str, Any] = {
                "conversation": found,
                "author": author,
                "content": content,
                "key": key,
                "attachments": ids_of(chosen),
                "seen_seq": _seen(request),
                "quoted_seq": _quoted(request),
            }
            with transaction.atomic():
                sending = None
                if send_at := _later(request, found):
                    sending = send_later(**words, send_at=send_at).scheduled.pk
                else:
                    send_reply(**words)
                if then := AFTER_SENDING.get(request.POST.get("then", "")):
                    then(conversation=found, actor=author, sending=sending)
    except Refused as refusal:
        if is_fetch(request):
            return refused(refusal)
        error = refusal.detail
        if isinstance(refusal, KeyReused):
            error = _("Other words were already sent from this page. Send again, and these go out too.")
        # With a new key: under this one nothing was stored, or something else.
        context = list_context(request, opened=found) | thread_context(request, found)
        context |= {"content": content, "error": error, "unsent": unsent_among(chosen, found)}
        context["mode"] = request.POST.get("mode")
        return inbox_page(request, context, status=refusal.status)
    keep_draft(conversation=found, user=author, content="")
    return HttpResponse(status=204) if is_fetch(request) else redirect(address_of(request, found) + "#end")


@member_page
@handling_page
@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """What the composer holds and nobody has sent yet."""
    found = conversation_of(request, conversation_id)
    if request.method != "POST":
        begun = draft_of(found, request.user)  # type: ignore[arg-type]
        return JsonResponse({"content": begun.content if begun else "", "is_note": bool(begun and begun.is_note)})
    try:
        keep_draft(
            conversation=found,
            user=request.user,  # type: ignore[arg-type]
            content=request.POST.get("content", "").replace("\r\n", "\n"),
            is_note=request.POST.get("mode") == "note",
        )
    except Refused as refusal:
        return refused(refusal)
    return HttpResponse(status=204)


def _later(request: HttpRequest, found: Conversation) -> datetime | None:
    """When it goes out; None = at once, as what stays in the house does: that can be taken back anyway."""
    if choice := request.POST.get("later"):
        return doing.time_from(choice, request.POST.get("later_at", ""))
    if not request.POST.get("undo"):
        return None
    return undoable_until(found, request.user, _seen(request))  # type: ignore[arg-type]


def undoable_until(found: Conversation, user: User, seen: int | None) -> datetime | None:
    """None: it goes at once, as it stays in the house, or there is news that the sender is to hear of now.

    seen: the newest message that the page showed; None = it goes whatever came.
    """
    is_news = seen is not None and (
        seen < found.last_seq or (found.merged_count and bool(unread_elsewhere(found.pk, user, limit=1)))  # type: ignore[attr-defined]
    )
    return None if found.is_web or is_news else timezone.now() + UNDO


def _seen(request: HttpRequest) -> int | None:
    """The newest message that the page showed; None when it does not say, or when the reply goes whatever came."""
    return None if request.POST.get("force") else _posted_number(request, "seen_seq")


def _quoted(request: HttpRequest) -> int | None:
    return _posted_number(request, "quoted_seq")


def _posted_number(request: HttpRequest, name: str) -> int | None:
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
