"""Building a view: conditions in a form that also works by itself; static/js/view-form.js makes it livelier."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from businesses.pages import member_page
from conversations import lists, sidebar
from conversations.models import Status
from conversations.saved_views import filters, services
from conversations.saved_views.models import SavedView
from conversations.sorting import Sort
from foundation.errors import Refused, Unprocessable

OUTER, INNER = "outer", "inner"


@dataclass(slots=True, kw_only=True)
class Line:
    """One condition as it stands in the form. flaw: what is wrong with it."""

    place: str
    field: str
    op: str = ""
    value: str = ""
    flaw: str = ""


@dataclass(slots=True, kw_only=True)
class Draft:
    """A view as it stands in the form."""

    name: str = ""
    shared: bool = False
    sort: str = Sort.NEWEST
    match: str = "all"
    inner_match: str = "any"
    lines: list[Line] = field(default_factory=list)
    flaw: str = ""

    @classmethod
    def of(cls, view: SavedView) -> "Draft":
        ((match, conditions),) = view.filter.items()
        draft = cls(name=view.name, shared=view.shared, sort=view.sort, match=match)
        for each in conditions:
            if "field" in each:
                draft.lines.append(_line(OUTER, each))
            else:
                ((draft.inner_match, inner),) = each.items()
                draft.lines += [_line(INNER, one) for one in inner]
        return draft

    @classmethod
    def sent(cls, form: QueryDict) -> "Draft":
        parts = zip(*(form.getlist(name) for name in ("place", "field", "op", "value")), strict=False)
        return cls(
            name=form.get("name", ""),
            shared="shared" in form,
            sort=form.get("sort", ""),
            match=form.get("match", ""),
            inner_match=form.get("inner_match", ""),
            lines=[Line(place=place, field=name, op=op, value=value) for place, name, op, value in parts],
        )

    def filter(self) -> dict[str, Any]:
        """As the API takes it: the outer conditions, then the group if there is one."""
        conditions: list[Any] = [_condition(line) for line in self.outer]
        if self.inner:
            conditions.append({self.inner_match: [_condition(line) for line in self.inner]})
        return {self.match: conditions}

    @property
    def outer(self) -> list[Line]:
        return [line for line in self.lines if line.place != INNER]

    @property
    def outer_count(self) -> int:
        return len(self.outer)

    @property
    def inner(self) -> list[Line]:
        return [line for line in self.lines if line.place == INNER]

    def blame(self, refusal: Refused) -> None:
        """Show it beside the condition that it is about, else above the form."""
        path = [part for part in getattr(refusal, "loc", []) if part.isdigit()]
        ordered = [*self.outer]
        if len(path) == 2:
            ordered, path = [*self.inner], path[1:]
        if path and int(path[0]) < len(ordered):
            ordered[int(path[0])].flaw = refusal.detail
        else:
            self.flaw = refusal.detail


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def new_view(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _page(request, Draft(lines=[Line(place=OUTER, field="status", op="is", value=Status.OPEN)]))
    return _sent(request, None)


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def one_view(request: HttpRequest, view_id: UUID) -> HttpResponse:
    view = services.view_for(request.user, view_id)  # type: ignore[arg-type]
    if view is None or not services.may_change(request.user, view):  # type: ignore[arg-type]
        raise Http404
    if request.method == "POST":
        return _sent(request, view)
    draft = Draft.of(view)
    try:
        filters.checked(request.user, view.filter)  # type: ignore[arg-type]
    except Unprocessable as refusal:  # what it asks for is gone since
        draft.blame(refusal)
    return _page(request, draft, view)


@member_page
@require_POST
def delete_view(request: HttpRequest, view_id: UUID) -> HttpResponse:
    try:
        services.delete_view(actor=request.user, view_id=view_id)  # type: ignore[arg-type]
    except Refused as refusal:
        raise Http404 from refusal
    messages.success(request, _("View deleted. Its conversations are where they were."))
    return redirect("inbox")


@member_page
@require_POST
def count(request: HttpRequest) -> HttpResponse:
    """How many conversations the form's conditions mean now; `count` null while they are not whole."""
    user: User = request.user  # type: ignore[assignment]
    try:
        kept = filters.checked(user, Draft.sent(request.POST).filter())
    except Unprocessable:
        return JsonResponse({"count": None, "words": ""})
    (found,) = services.counts(user, [kept])
    words = _("%(count)d conversations now") if found.number != 1 or found.more else _("1 conversation now")
    if found.more:
        words = _("At least %(count)d conversations now")
    return JsonResponse({"count": found.number, "words": words % {"count": found.number}})


def _sent(request: HttpRequest, view: SavedView | None) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    draft = Draft.sent(request.POST)
    if "add" in request.POST:
        draft.lines.append(Line(place=INNER if request.POST["add"] == INNER else OUTER, field="status"))
        return _page(request, draft, view)
    if (removed := request.POST.get("remove", "")).isdigit() and len(removed) < 3:
        ordered = [*draft.outer, *draft.inner]
        draft.lines = [line for number, line in enumerate(ordered) if number != int(removed)]
        return _page(request, draft, view)
    given: dict[str, Any] = {
        "name": draft.name[:200],
        "shared": draft.shared,
        "sort": draft.sort,
        "filter": draft.filter(),
    }
    try:
        if draft.sort not in Sort.values:
            raise Unprocessable(_("There is no such order."), field="sort")
        if view is None:
            view = services.create_view(actor=user, **given)
        else:
            services.update_view(actor=user, view_id=view.pk, **given)
    except Refused as refusal:
        draft.blame(refusal)
        return _page(request, draft, view, status=refusal.status)
    messages.success(request, _("View saved."))
    return redirect(f"{reverse('inbox')}?list={lists.VIEW}{view.pk}")


def _page(request: HttpRequest, draft: Draft, view: SavedView | None = None, *, status: int = 200) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    fields = [
        {
            "name": name,
            "title": each.title,
            "kind": each.kind,
            "ops": list(each.ops.items()),
            "choices": each.choices(user) if each.choices else None,
        }
        for name, each in filters.FIELDS.items()
    ]
    context = {
        "section": "inbox",
        "draft": draft,
        "saved": view,
        "fields": fields,
        "sorts": Sort.choices,
        "groups": sidebar.groups_of(user),
        "listing": lists.view_listing(view) if view else None,
    }
    return render(request, "conversations/view.html", context, status=status)


def _line(place: str, condition: dict[str, Any]) -> Line:
    return Line(place=place, field=condition["field"], op=condition["op"], value=str(condition["value"]))


def _condition(line: Line) -> dict[str, Any]:
    known = filters.FIELDS.get(line.field)
    value: Any = line.value
    if known and known.kind == "number" and value.isascii() and value.isdigit() and len(value) < 9:
        value = int(value)
    return {"field": line.field, "op": line.op, "value": value}
