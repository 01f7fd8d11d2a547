"""The inbox. Every page works by itself; static/js asks the same views for the parts that changed."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from itertools import takewhile
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from businesses.models import Membership
from businesses.pages import member_page
from businesses.policy import Action, require
from conversations import doing, lists, pages, picker
from conversations.asides import Asides, asides_of
from conversations.attachments import ids_of, unsent_among
from conversations.models import Conversation, Macro, Status, Tag
from conversations.saved_views.services import may_change
from conversations.search.finding import search
from conversations.services import handling
from conversations.services.drafts import draft_of, keep_draft
from conversations.services.later import UNDO, send_later
from conversations.services.message_drafts import MAX_CONTENT
from conversations.services.messages import send_reply
from conversations.services.notes import mentions_in, write_note
from conversations.services.uploads import keep_upload
from conversations.sorting import Sort
from foundation.errors import Forbidden, KeyReused, Refused, Unprocessable
from foundation.pages import is_fetch

ACTIONS = {
    Status.OPEN: handling.reopen_conversation,
    Status.PENDING: handling.park_conversation,
    Status.RESOLVED: handling.resolve_conversation,
    Status.CLOSED: handling.close_conversation,
}

# "Send and ..."
AFTER_SENDING = {str(status): ACTIONS[status] for status in (Status.RESOLVED, Status.PENDING)}


def handling_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For what changes a conversation: the policy is asked before anything else."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            require(request.user, Action.HANDLE_CONVERSATIONS)
        except Forbidden as refusal:
            if is_fetch(request):
                return refused(refusal)
            raise PermissionDenied from refusal
        return view(request, *args, **kwargs)

    return page


@member_page
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    return _inbox_page(request, _list_context(request))


@member_page
@require_safe
def rows(request: HttpRequest) -> HttpResponse:
    """The list and its counts as they are now, for merging into an open page."""
    return render(request, "conversations/rows.html", _list_context(request))


@member_page
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """What to call the members of the workspace, by user id: for pages that hear of them by their ids."""
    members = Membership.objects.visible_to(request.user).filter(is_active=True).select_related("user")
    full = "full" in request.GET
    names = {each.user_id: each.user.full_name if full else each.user.get_short_name() for each in members}
    return JsonResponse({str(user_id): name for user_id, name in names.items()})


@member_page
@require_safe
def conversation(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    found = _conversation(request, conversation_id)
    context = _thread_context(request, found)
    if is_fetch(request):
        return render(request, "conversations/opened.html", context)
    return _inbox_page(request, _list_context(request, opened=found) | context)


@member_page
@require_safe
def thread_messages(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Messages behind `after` (at most `limit`) with the thread's head as it is now; `before` gives earlier ones."""
    found = _conversation(request, conversation_id)
    context: dict[str, Any] = {
        "conversation": found,
        "choices": picker.choices_for(request.user, found),  # type: ignore[arg-type]
        "place": _place(request).parts(),
    }
    last: int | None
    if "before" in request.GET:
        entries, earlier = pages.window_before(found, _number(request, "before", least=1))
        context |= {"entries": entries, "earlier": earlier}
        first = entries[0].message.seq if entries and earlier else 0
        last = entries[-1].message.seq if entries else 0
    else:
        limit = min(_number(request, "limit", least=1) if "limit" in request.GET else 200, 200)
        first = _number(request, "after", least=0)
        entries = context["entries"] = pages.window_after(found, first, limit)
        last = entries[-1].message.seq if len(entries) == limit else None
    context["scheduled"] = pages.scheduled_in(found)
    context["asides"] = _asides_between(request, found, entries, first, last)
    return render(request, "conversations/messages.html", context)


@member_page
@handling_page
@require_POST
def reply(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Send what the composer holds. The same `client_message_id` again sends nothing again."""
    found = _conversation(request, conversation_id)
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
            write_note(conversation=found, author=author, content=content, mentions=mentioned, key=key)
        else:
            if send_at := _later(request, found, has_files=bool(chosen)):
                send_later(
                    conversation=found,
                    author=author,
                    content=content,
                    send_at=send_at,
                    seen_seq=_seen(request),
                    quoted_seq=_quoted(request),
                    key=key,
                )
                keep_draft(conversation=found, user=author, content="")
                return HttpResponse(status=204) if is_fetch(request) else redirect(_address(request, found) + "#end")
            with transaction.atomic():
                send_reply(
                    conversation=found,
                    author=author,
                    content=content,
                    key=key,
                    attachments=ids_of(chosen),
                    seen_seq=_seen(request),
                    quoted_seq=_quoted(request),
                )
                if then := AFTER_SENDING.get(request.POST.get("then", "")):
                    then(conversation=found, actor=author)
    except Refused as refusal:
        if is_fetch(request):
            return refused(refusal)
        error = refusal.detail
        if isinstance(refusal, KeyReused):
            error = _("Other words were already sent from this page. Send again, and these go out too.")
        # With a new key: under this one nothing was stored, or something else.
        context = _list_context(request, opened=found) | _thread_context(request, found)
        context |= {"content": content, "error": error, "unsent": unsent_among(chosen, found)}
        context["mode"] = request.POST.get("mode")
        return _inbox_page(request, context, status=refusal.status)
    keep_draft(conversation=found, user=author, content="")
    return HttpResponse(status=204) if is_fetch(request) else redirect(_address(request, found) + "#end")


@member_page
@handling_page
@require_POST
def set_status(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    found = _conversation(request, conversation_id)
    if request.POST.get("status") not in ACTIONS:
        raise Http404
    status = Status(request.POST["status"])
    ACTIONS[status](conversation=found, actor=request.user)  # type: ignore[arg-type]
    if is_fetch(request):
        return HttpResponse(status=204)
    done = {
        Status.OPEN: _("Reopened."),
        Status.PENDING: _("Parked until the customer writes."),
        Status.RESOLVED: _("Resolved."),
        Status.CLOSED: _("Closed."),
    }
    messages.success(request, done[status])
    return redirect(_address(request, found))


@member_page
@handling_page
@require_POST
def assign(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Make somebody responsible. Anybody may take what nobody has, the rest is for managers."""
    found = _conversation(request, conversation_id)
    choice = request.POST.get("to", "")
    try:
        if choice != picker.ME:
            require(request.user, Action.ASSIGN)
        picker.choose(conversation=found, choice=choice, actor=request.user)  # type: ignore[arg-type]
    except Refused as refusal:
        if is_fetch(request):
            return refused(refusal)
        messages.error(request, refusal.detail)
    return HttpResponse(status=204) if is_fetch(request) else redirect(_address(request, found))


@member_page
@handling_page
@require_POST
def work(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """One of the small things: `do` says which (conversations/doing.py)."""
    found = _conversation(request, conversation_id)
    try:
        doing.do(
            conversation=found,
            what=request.POST.get("do", ""),
            value=request.POST.get("value", ""),
            actor=request.user,  # type: ignore[arg-type]
        )
    except Refused as refusal:
        if is_fetch(request):
            return refused(refusal)
        messages.error(request, refusal.detail)
    return HttpResponse(status=204) if is_fetch(request) else redirect(_address(request, found))


@member_page
@handling_page
@require_POST
def draft(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """What the composer holds and nobody has sent yet."""
    found = _conversation(request, conversation_id)
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


@member_page
@handling_page
@require_POST
def read(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """The reader has seen everything up to `seq`."""
    found = _conversation(request, conversation_id)
    seq = request.POST.get("seq", "")
    if not (seq.isascii() and seq.isdigit() and len(seq) < 10):
        return HttpResponse(status=422)
    unread = handling.mark_read(conversation=found, user=request.user, seq=int(seq))  # type: ignore[arg-type]
    return JsonResponse({"unread": unread})


def _later(request: HttpRequest, found: Conversation, *, has_files: bool) -> datetime | None:
    """When it goes out; None = at once, as what stays in the house does: that can be taken back anyway."""
    if choice := request.POST.get("later"):
        return doing.time_to_send(choice, has_files=has_files)
    is_news = (_seen(request) or found.last_seq) < found.last_seq  # the sender is to hear of it now
    leaves_alone = not (has_files or found.is_web or is_news or request.POST.get("then"))
    return timezone.now() + UNDO if request.POST.get("undo") and leaves_alone else None


def _seen(request: HttpRequest) -> int | None:
    """The newest message that the page showed; None when it does not say, or when the reply goes whatever came."""
    return None if request.POST.get("force") else _posted_number(request, "seen_seq")


def _quoted(request: HttpRequest) -> int | None:
    return _posted_number(request, "quoted_seq")


def _posted_number(request: HttpRequest, name: str) -> int | None:
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def refused(refusal: Refused) -> JsonResponse:
    kind = refusal.kind if isinstance(refusal, Unprocessable) else refusal.code
    return JsonResponse({"detail": refusal.detail, "kind": kind}, status=refusal.status)


def _inbox_page(request: HttpRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return render(request, "conversations/inbox.html", context | {"section": "inbox"}, status=status)


def _place(request: HttpRequest) -> lists.Place:
    place = lists.Place.of(request.GET, request.user)  # type: ignore[arg-type]
    if place is None:
        raise Http404
    return place


def _list_context(request: HttpRequest, *, opened: Conversation | None = None) -> dict[str, Any]:
    place = _place(request)
    cursor = request.GET.get("cursor")
    found: dict[str, Any] = {}
    try:
        if place.q:
            hits, following = search(request.user, place.q, cursor=cursor, limit=lists.ROWS)  # type: ignore[arg-type]
            found = {"hits": hits}
        else:
            rows, following = lists.rows_of(request.user, place, cursor=cursor)  # type: ignore[arg-type]
            found = {"rows": rows}
    except Refused as refusal:
        if not place.q or cursor:
            raise Http404 from refusal
        following, found = None, {"hits": [], "flaw": refusal.detail}
    view = place.listing.view
    return {
        "place": place.parts(),
        "listing": place.listing,
        "sort": place.sort,
        "sorts": Sort.choices,
        "q": place.q,
        "search_operators": lists.OPERATORS,
        **found,
        "next": following,
        "cursor": cursor,
        "groups": lists.groups_of(request.user),  # type: ignore[arg-type]
        "may_change_view": view is not None and may_change(request.user, view),  # type: ignore[arg-type]
        "opened_id": opened.pk if opened else None,
    }


def _thread_context(request: HttpRequest, found: Conversation) -> dict[str, Any]:
    before = _number(request, "before", least=1) if "before" in request.GET else None
    at = _number(request, "at", least=1) if "at" in request.GET and before is None else None
    if at:
        entries, earlier, before = pages.window_around(found, at)
    else:
        entries, earlier = pages.window_before(found, before)
    first = entries[0].message.seq if entries and earlier else 0
    last = entries[-1].message.seq if entries and before is not None else None
    asides = _asides_between(request, found, entries, first, last)
    unread: int = found.unread  # type: ignore[attr-defined]
    if before is None:
        _mark_first_new(entries, unread)
    begun = draft_of(found, request.user)  # type: ignore[arg-type]
    return {
        "content": begun.content if begun else "",
        "mode": "note" if begun and begun.is_note else "reply",
        "conversation": found,
        "choices": picker.choices_for(request.user, found),  # type: ignore[arg-type]
        "entries": entries,
        "asides": asides,
        "scheduled": pages.scheduled_in(found),
        "macros": Macro.objects.visible_to(request.user),
        "tags": Tag.objects.visible_to(request.user).order_by("name"),
        "earlier": earlier,
        "before": before,
        "at": at,
        "quoted": pages.quoted_in(found, _number(request, "quote", least=1)) if "quote" in request.GET else None,
        "others": pages.earlier_conversations(found),
        "place": _place(request).parts(),
        "view": "customer" if request.GET.get("view") == "customer" else "thread",
        "client_message_id": uuid4(),
        "max_content": MAX_CONTENT,
        "upload_bytes": settings.UPLOAD_BYTES,
    }


def _asides_between(
    request: HttpRequest, found: Conversation, entries: list[pages.Entry], first: int, last: int | None
) -> Asides:
    """Notes and activity behind the messages from `first` to `last`; what stands behind one ends a group there."""
    asides = asides_of(found, reader=request.user, first=first, last=last)  # type: ignore[arg-type]
    for entry in entries:
        entry.same = entry.same and entry.message.seq - 1 not in asides
    return asides


def _mark_first_new(entries: list[pages.Entry], unread: int) -> None:
    """`New` goes above the oldest of the customer's `unread` last messages that nobody has answered.

    entries: the newest ones.
    """
    waiting = list(takewhile(lambda entry: entry.message.sender_type == "customer", reversed(entries)))[:unread]
    if waiting:
        waiting[-1].new = True


def _conversation(request: HttpRequest, conversation_id: UUID) -> Conversation:
    found = pages.visible_conversation(request.user, conversation_id)  # type: ignore[arg-type]
    if found is None:
        raise Http404
    return found


def _address(request: HttpRequest, found: Conversation) -> str:
    """The conversation's page in the list that the reader came from."""
    place = {name: value for name, value in _place(request).parts().items() if value}
    address = reverse("conversation", args=[found.pk])
    return f"{address}?{urlencode(place)}" if place else address


def _number(request: HttpRequest, name: str, *, least: int) -> int:
    text = request.GET.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= least):
        raise Http404
    return int(text)
