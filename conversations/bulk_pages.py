"""The bar of a selection in the inbox's list, and what its buttons do; for static/js alone."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from businesses.pages import member_page
from businesses.policy import Action, may, require
from businesses.selectors import membership_of
from conversations import picker
from conversations.doing import do
from conversations.handling_pages import UNDO
from conversations.hues import hue_of
from conversations.models import SPAM, Conversation, Priority, Status, Tag
from conversations.services import bulk
from conversations.services.assigning import undo_assignment
from conversations.services.handling import CHANGES, Handled, mark_unread, undo_status, undo_unread
from conversations.services.tags import add_tag, checked_name, remove_tag
from conversations.views import handling_page, refused
from foundation.errors import NotFound, Refused
from foundation.ids import parse_id

MOST_TAGS = 50
# Of what could not be done with some of them, each is said with its number.
MOST_REASONS = 3


@member_page
@handling_page
@require_http_methods(["GET", "HEAD", "POST"])
def selection(request: HttpRequest) -> HttpResponse:
    """GET: the bar. POST for `ids`: `status`, `to` (the picker's words), `tag`, `untag`, `do` (a word of `_done_by`) or
    `restore`; how to undo it.
    """
    user: User = request.user  # type: ignore[assignment]
    if request.method != "POST":
        membership = membership_of(user)
        assert membership is not None
        choices = picker.choices_in(user, membership.business_id)
        tags = [(tag.name, hue_of(tag.color)) for tag in Tag.objects.visible_to(user)[:MOST_TAGS]]
        priorities = [(each.word or "", each.label) for each in reversed(Priority)]
        context = {"choices": choices, "tags": tags, "priorities": priorities, "most": bulk.MOST}
        return render(request, "conversations/bulk.html", context)
    ids = [found for text in request.POST.getlist("ids")[: bulk.MOST] if (found := parse_id(text))]
    try:
        change, words = _change(request, user)
        outcome = bulk.change_many(actor=user, ids=ids, change=change)
    except Refused as refusal:
        return refused(refusal)
    told = words % {"count": len(outcome.done)}
    for why, count in Counter(detail for _id, detail in outcome.failed).most_common(MOST_REASONS):
        told += " " + _("%(count)d could not be: %(why)s") % {"count": count, "why": f"{why.rstrip('.')}."}
    return JsonResponse({"told": told, "done": len(outcome.done), "undo": _way_back(request, user, outcome)})


def _change(request: HttpRequest, user: User) -> tuple[Callable[[Conversation], Handled], str]:
    """What is asked for, and how to say that it is done."""
    if (status := request.POST.get("status", "")) in {*CHANGES, UNDO}:
        done: dict[str, str] = {
            Status.OPEN: _("Reopened %(count)d."),
            Status.PENDING: _("Parked %(count)d."),
            Status.RESOLVED: _("Resolved %(count)d."),
            Status.CLOSED: _("Closed %(count)d."),
            SPAM: _("Marked %(count)d as spam."),
            UNDO: _("Gave back %(count)d."),
        }
        action = undo_status if status == UNDO else CHANGES[status]
        return lambda conversation: action(conversation=conversation, actor=user), done[status]
    if choice := request.POST.get("to", ""):
        if choice != picker.ME:
            require(user, Action.ASSIGN)
        return partial(_chosen, choice, user), _("Assigned %(count)d anew.")
    for field, retag, told in (
        ("tag", add_tag, _("Tagged %(count)d.")),
        ("untag", remove_tag, _("Untagged %(count)d.")),
    ):
        if field in request.POST:
            return partial(_retagged, retag, checked_name(request.POST[field]), user), told
    if what := request.POST.get("do", ""):
        return _done_by(what, user)
    if "restore" in request.POST:
        require(user, Action.ASSIGN)
        return (
            lambda conversation: undo_assignment(conversation=conversation, actor=user),
            _("Gave back %(count)d."),
        )
    raise NotFound


def _done_by(what: str, user: User) -> tuple[Callable[[Conversation], Handled], str]:
    """what: `snooze:...`, `priority:...` and `again` as in conversations/doing.py; `unread`, and `read:` with the
    moment of that (ISO 8601), which undoes it."""
    told = {
        "snooze": _("Snoozed %(count)d."),
        "priority": _("Changed the priority of %(count)d."),
        "again": _("Sending again what was not sent (%(count)d)."),
        "unread": _("Marked %(count)d as unread."),
        "read": _("Gave back %(count)d."),
    }
    word, _sep, rest = what.partition(":")
    if word not in told:
        raise NotFound
    if word == "unread":
        return partial(_marked_unread, user), told[word]
    if word == "read":
        return partial(_read_again, user, _moment(rest)), told[word]
    return lambda conversation: do(conversation=conversation, what=what, value="", actor=user), told[word]


def _marked_unread(user: User, conversation: Conversation) -> Handled:
    return Handled(conversation=conversation, changed=mark_unread(conversation=conversation, user=user))


def _read_again(user: User, at: datetime, conversation: Conversation) -> Handled:
    undo_unread(conversation=conversation, user=user, at=at)
    return Handled(conversation=conversation, changed=False)


def _moment(text: str) -> datetime:
    """Raises NotFound for what is none."""
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    if at is None or timezone.is_naive(at):
        raise NotFound
    return at


def _chosen(choice: str, user: User, conversation: Conversation) -> Handled:
    return picker.choose(conversation=conversation, choice=choice, actor=user)


def _retagged(retag: Callable[..., Handled], name: str, user: User, conversation: Conversation) -> Handled:
    return retag(conversation=conversation, name=name, actor=user)


def _way_back(request: HttpRequest, user: User, outcome: bulk.Outcome) -> list[dict[str, Any]]:
    """The same form again, by what they were before. Nothing for who took something: only managers give it back."""
    what = request.POST.get("do", "").partition(":")[0]
    if "status" in request.POST or what == "snooze":
        return _grouped("status", outcome, partial(_same, UNDO))
    if what == "again":
        return []
    if what == "priority":
        return _grouped("do", outcome, lambda before: f"priority:{before.priority.word or ''}")
    if what:
        return _grouped("do", outcome, partial(_same, f"read:{timezone.now().isoformat()}"))
    for field, back in (("tag", "untag"), ("untag", "tag")):
        if field in request.POST:
            return _grouped(back, outcome, partial(_same, request.POST[field]))
    if not may(membership_of(user), Action.ASSIGN):
        return []
    return _grouped("restore", outcome, partial(_same, UNDO))


def _same(value: str, _before: bulk.Before) -> str:
    return value


def _grouped(name: str, outcome: bulk.Outcome, value: Callable[[bulk.Before], str]) -> list[dict[str, Any]]:
    groups: list[tuple[str, list[UUID]]] = [
        (key, [before.id for before in those]) for key, those in groupby(sorted(outcome.changed, key=value), value)
    ]
    return [{"name": name, "value": key, "ids": [str(pk) for pk in ids]} for key, ids in groups]
