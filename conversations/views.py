"""The inbox. Every page works by itself; static/js asks the same views for the parts that changed."""

from collections.abc import Callable
from functools import wraps
from itertools import takewhile
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from businesses.models import Membership
from businesses.pages import member_page
from businesses.policy import Action, require
from businesses.switching import workspaces_of
from conversations import lists, pages, picker, selectors, sidebar
from conversations.asides import Asides, asides_of
from conversations.attachments import begun_by
from conversations.merged import mark_first_new, with_merged
from conversations.models import SPAM, Conversation, ScheduledMessage, Status
from conversations.names import names_of
from conversations.saved_views.services import flaw_of, may_change
from conversations.search.finding import search
from conversations.services.drafts import draft_of
from conversations.services.message_drafts import MAX_CONTENT
from foundation.errors import Forbidden, Refused, Unprocessable
from foundation.pages import is_fetch


def handling_page(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """For what changes a conversation: the policy is asked before anything else."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
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
    return inbox_page(request, list_context(request))


@member_page
@require_safe
def rows(request: HttpRequest) -> HttpResponse:
    """The list and its counts as they are now, for merging into an open page; further on, more rows alone."""
    goes_on = "cursor" in request.GET
    template = "conversations/row_list.html" if goes_on else "conversations/rows.html"
    return render(request, template, list_context(request, goes_on=goes_on))


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
    found = selectors.conversation_of(request.user, conversation_id)  # type: ignore[arg-type]
    if found is None:
        return _elsewhere(request, conversation_id)
    context = thread_context(request, found)
    if is_fetch(request):
        return render(request, "conversations/opened.html", context)
    return inbox_page(request, list_context(request, opened=found) | context)


def _elsewhere(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """A push and a mail lead here from whichever of the reader's workspaces is not the current one."""
    theirs = workspaces_of(request.user)  # type: ignore[arg-type]
    there = theirs.filter(business__conversations=conversation_id).first()
    if there is None or is_fetch(request):
        raise Http404
    context = {"workspace": there.business, "address": request.get_full_path()}
    return render(request, "conversations/elsewhere.html", context, status=404)


@member_page
@require_safe
def thread_messages(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Messages behind `after` (at most `limit`) with the thread's head as it is now; `before` gives earlier ones."""
    found = conversation_of(request, conversation_id)
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
    context["scheduled"] = _scheduled_in(found)
    context["asides"] = _asides_between(request, found, entries, first, last)
    return render(request, "conversations/messages.html", context)


def refused(refusal: Refused) -> JsonResponse:
    kind = refusal.kind if isinstance(refusal, Unprocessable) else refusal.code
    return JsonResponse({"detail": refusal.detail, "kind": kind}, status=refusal.status)


def inbox_page(request: HttpRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    context = context | {"section": "inbox", "standings": [*Status.values, SPAM]}
    return render(request, "conversations/inbox.html", context, status=status)


def _place(request: HttpRequest, *, is_open: bool = True) -> lists.Place:
    """is_open: a conversation is, which opens also where its list is gone."""
    place = lists.Place.of(request.GET, request.user)  # type: ignore[arg-type]
    if place is None and not is_open:
        raise Http404
    return place or lists.Place(listing=lists.DEFAULT)


def list_context(request: HttpRequest, *, opened: Conversation | None = None, goes_on: bool = False) -> dict[str, Any]:
    place = _place(request, is_open=opened is not None)
    cursor = request.GET.get("cursor")
    found: dict[str, Any] = {}
    try:
        if place.q:
            hits, following = search(request.user, place.q, cursor=cursor, limit=lists.ROWS)  # type: ignore[arg-type]
            found = {"hits": hits}
        else:
            many = lists.MORE if goes_on else lists.ROWS
            rows, following = lists.rows_of(request.user, place, cursor=cursor, many=many)  # type: ignore[arg-type]
            found = {"rows": rows}
            if place.listing.view and not rows and not cursor:
                found["flaw"] = flaw_of(request.user, place.listing.view)  # type: ignore[arg-type]
    except Refused as refusal:
        if not place.q or cursor:
            raise Http404 from refusal
        following, found = None, {"hits": [], "flaw": refusal.detail}
    view = place.listing.view
    groups = [] if goes_on else sidebar.groups_of(request.user)  # type: ignore[arg-type]
    return {
        "place": place.parts(),
        "listing": place.listing,
        "sort": place.sort,
        "order": place.order,
        "q": place.q,
        "search_operators": lists.OPERATORS,
        **found,
        "next": following,
        "cursor": cursor,
        "groups": groups,
        "is_new": not any(entry.count for group in groups for entry in group.entries),
        "may_change_view": view is not None and may_change(request.user, view),  # type: ignore[arg-type]
        "opened_id": opened.pk if opened else None,
    }


def thread_context(request: HttpRequest, found: Conversation) -> dict[str, Any]:
    before = _number(request, "before", least=1) if "before" in request.GET else None
    at = _number(request, "at", least=1) if "at" in request.GET and before is None else None
    if at:
        entries, earlier, before = pages.window_around(found, at)
    else:
        entries, earlier = pages.window_before(found, before)
    first = entries[0].message.seq if entries and earlier else 0
    last = entries[-1].message.seq if entries and before is not None else None
    asides = _asides_between(request, found, entries, first, last)
    if before is None and found.unread:  # type: ignore[attr-defined]
        if found.merged_count:  # type: ignore[attr-defined]
            mark_first_new(request.user, entries, asides)  # type: ignore[arg-type]
        else:
            _mark_first_new(entries, found.unread)  # type: ignore[attr-defined]
    begun = draft_of(found, request.user) if found.has_draft else None  # type: ignore[arg-type,attr-defined]
    names = names_of(request.user)  # type: ignore[arg-type]
    return {
        "content": begun.content if begun else "",
        "mode": "note" if begun and begun.is_note else "reply",
        "conversation": found,
        "choices": picker.choices_for(request.user, found),  # type: ignore[arg-type]
        "entries": entries,
        "asides": asides,
        "unsent": begun_by(request.user, found) if found.has_unsent else [],  # type: ignore[arg-type,attr-defined]
        "scheduled": _scheduled_in(found),
        "macros": names.macros,
        "tags": names.tags,
        "earlier": earlier,
        "before": before,
        "at": at,
        "seen": _seen(found, entries, is_still=before is not None),
        "quoted": pages.quoted_in(found, _number(request, "quote", least=1)) if "quote" in request.GET else None,
        "others": pages.earlier_conversations(found),
        "place": _place(request).parts(),
        "view": "customer" if request.GET.get("view") == "customer" else "thread",
        "client_message_id": uuid4(),
        "max_content": MAX_CONTENT,
        "upload_bytes": settings.UPLOAD_BYTES,
    }


def _seen(found: Conversation, entries: list[pages.Entry], *, is_still: bool) -> int:
    """The newest message that the reader knows: of an old part of a thread with unread ones, its last."""
    if is_still and found.unread and entries:  # type: ignore[attr-defined]
        return entries[-1].message.seq
    return found.last_seq


def _scheduled_in(found: Conversation) -> list[ScheduledMessage]:
    """What waits in those that are merged into it is shown, too."""
    return pages.scheduled_in(found) if found.has_scheduled or found.merged_count else []  # type: ignore[attr-defined]


def _asides_between(
    request: HttpRequest, found: Conversation, entries: list[pages.Entry], first: int, last: int | None
) -> Asides:
    """Notes and activity behind the messages from `first` to `last`; what stands behind one ends a group there."""
    asides = asides_of(found, reader=request.user, first=first, last=last)  # type: ignore[arg-type]
    if found.merged_count:  # type: ignore[attr-defined]
        asides = with_merged(asides, found, entries, first, last)
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


def conversation_of(request: HttpRequest, conversation_id: UUID) -> Conversation:
    found = selectors.conversation_of(request.user, conversation_id)  # type: ignore[arg-type]
    if found is None:
        raise Http404
    return found


def address_of(request: HttpRequest, found: Conversation | None) -> str:
    """The conversation's page in the list that the reader came from; None = that list's own."""
    place = {name: value for name, value in _place(request).parts().items() if value}
    address = reverse("conversation", args=[found.pk]) if found else reverse("inbox")
    return f"{address}?{urlencode(place)}" if place else address


def _number(request: HttpRequest, name: str, *, least: int) -> int:
    text = request.GET.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= least):
        raise Http404
    return int(text)
