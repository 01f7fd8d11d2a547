"""What the inbox's pages do with a conversation besides writing in it."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST

from businesses.pages import member_page
from businesses.policy import Action, require
from conversations import doing, picker
from conversations.models import SPAM, Conversation, Status
from conversations.services import handling
from conversations.views import address_of, conversation_of, handling_page, refused
from foundation.errors import Refused
from foundation.pages import is_fetch

UNDO = "undo"  # of one's own last change, instead of a status
DONE = {
    Status.OPEN: lazy("Reopened."),
    Status.PENDING: lazy("Parked until the customer writes."),
    Status.RESOLVED: lazy("Resolved."),
    Status.CLOSED: lazy("Closed."),
    SPAM: lazy("Marked as spam."),
    UNDO: lazy("Undone."),
}


@member_page
@handling_page
@require_POST
def set_status(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    found = conversation_of(request, conversation_id)
    status = request.POST.get("status", "")
    if status not in DONE:
        raise Http404
    act: Callable[..., handling.Handled] = handling.undo_status if status == UNDO else handling.CHANGES[status]
    return _answer(request, found, partial(act, conversation=found, actor=request.user), done=str(DONE[status]))


@member_page
@handling_page
@require_POST
def assign(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Make somebody responsible. Anybody may take what nobody has and give their own back, the rest is for managers."""
    found = conversation_of(request, conversation_id)

    def act() -> None:
        choice = request.POST.get("to", "")
        if choice not in picker.ONES_OWN:
            require(request.user, Action.ASSIGN)
        picker.choose(conversation=found, choice=choice, actor=request.user)  # type: ignore[arg-type]

    return _answer(request, found, act)


@member_page
@handling_page
@require_POST
def work(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """One of the small things: `do` says which (conversations/doing.py)."""
    found = conversation_of(request, conversation_id)
    what, value = request.POST.get("do", ""), request.POST.get("value", "")
    act = partial(doing.do, conversation=found, what=what, value=value, actor=request.user)  # type: ignore[arg-type]
    return _answer(request, found, act)


@member_page
@handling_page
@require_POST
def read(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """The reader has seen everything up to `seq`."""
    found = conversation_of(request, conversation_id)
    seq = request.POST.get("seq", "")
    if not (seq.isascii() and seq.isdigit() and len(seq) < 10):
        return HttpResponse(status=422)
    unread = handling.mark_read(conversation=found, user=request.user, seq=int(seq))  # type: ignore[arg-type]
    return JsonResponse({"unread": unread})


@member_page
@handling_page
@require_POST
def unread(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """It is unread again, and left: who looks at it reads it."""
    found = conversation_of(request, conversation_id)
    try:
        handling.mark_unread(conversation=found, user=request.user)  # type: ignore[arg-type]
    except Refused as refusal:
        if is_fetch(request):
            return refused(refusal)
        messages.error(request, refusal.detail)
        return redirect(address_of(request, found))
    return HttpResponse(status=204) if is_fetch(request) else redirect(address_of(request, None))


def _answer(request: HttpRequest, found: Conversation, act: Callable[[], object], *, done: str = "") -> HttpResponse:
    """Do it. Our script hears 204 or the refusal; a form comes back to the conversation and reads it there."""
    try:
        act()
    except Refused as refusal:
        if is_fetch(request):
            return refused(refusal)
        messages.error(request, refusal.detail)
    else:
        if is_fetch(request):
            return HttpResponse(status=204)
        if done:
            messages.success(request, done)
    return redirect(address_of(request, found))
