"""Settings -> Macros, and running one from the thread."""

import json
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from businesses.models import Membership, Team
from businesses.pages import member_page
from businesses.selectors import membership_of
from conversations import picker
from conversations.canned_pages import VARIABLES
from conversations.composing_pages import undoable_until
from conversations.models import Conversation, Macro, Priority, Status
from conversations.services import macros
from conversations.services.macro_runs import Ran, Stays, run_macro, undo_run
from conversations.services.message_drafts import MAX_CONTENT
from conversations.views import conversation_of, handling_page, refused
from foundation.errors import Refused
from foundation.ids import parse_id
from foundation.pages import PageForm, is_fetch

AS_IT_IS = lazy("Leave as it is")
UNDOABLE = timedelta(hours=1)
STAYS = {
    Stays.TEXT: lazy("The message is sent, and stays."),
    Stays.STATUS: lazy("Its status was changed since, and stays."),
    Stays.HOLDER: lazy("Somebody else has it by now, and keeps it."),
}


class MacroForm(PageForm):
    name = forms.CharField(label=lazy("Name"), max_length=macros.MAX_NAME)
    content = forms.CharField(
        label=lazy("Send this text"),
        required=False,
        max_length=MAX_CONTENT,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=format_lazy("{} {}", lazy("Blank: nothing is sent."), VARIABLES),
    )
    assign = forms.ChoiceField(label=lazy("Assign to"), required=False)
    tags = forms.CharField(label=lazy("Add tags"), required=False, max_length=1_000, help_text=lazy("With commas."))
    priority = forms.ChoiceField(
        label=lazy("Priority"), required=False, choices=[("", AS_IT_IS), *((str(v), t) for v, t in Priority.choices)]
    )
    status = forms.ChoiceField(label=lazy("Status"), required=False, choices=[("", AS_IT_IS), *Status.choices])

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = Membership.objects.visible_to(user).filter(is_active=True, user__is_active=True).select_related("user")
        teams = Team.objects.filter(business__memberships__in=people.filter(user=user)).order_by("name")
        self.fields["assign"].choices = [  # type: ignore[attr-defined]
            ("", AS_IT_IS),
            (picker.ME, _("Whoever runs it")),
            (picker.NOBODY, _("Nobody")),
            *((f"{picker.PERSON}:{each.user_id}", each.user.full_name) for each in people),
            *((f"{picker.TEAM}:{team.pk}", team.name) for team in teams),
        ]

    def said(self, macro: Macro) -> list[str]:
        """What a macro does beside its text and its tags, in words."""
        whom = dict(self.fields["assign"].choices).get(macro.assign) if macro.assign else ""  # type: ignore[attr-defined]
        found = [_("Assign: %(whom)s") % {"whom": whom or _("somebody who is gone")}] if macro.assign else []
        if macro.priority is not None:
            found.append(str(Priority(macro.priority).label))
        return found + ([str(Status(macro.status).label)] if macro.status else [])

    def actions(self) -> dict[str, Any]:
        data = self.cleaned_data
        priority = int(data["priority"]) if data["priority"] else None
        return data | {"tags": [each for each in data["tags"].split(",") if each.strip()], "priority": priority}


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def kept(request: HttpRequest) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    membership = membership_of(user)
    assert membership
    form = MacroForm(request.POST or None, user=user)
    if form.done(lambda: macros.create_macro(business=membership.business, author=user, **form.actions())):
        return _saved(request)
    rows = [(row, form.said(row), macros.may_change(user, row)) for row in Macro.objects.visible_to(user)]
    return _page(request, form, {"kept": rows})


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, macro_id: UUID) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    macro = _changeable(user, macro_id)
    initial = {name: getattr(macro, name) for name in ("name", "content", "assign", "status")}
    initial |= {"tags": ", ".join(macro.tags), "priority": "" if macro.priority is None else macro.priority}
    form = MacroForm(request.POST or None, initial=initial, user=user)
    if form.done(lambda: macros.change_macro(macro=macro, actor=user, **form.actions())):
        return _saved(request)
    return _page(request, form, {"one": macro})


@member_page
@require_POST
def delete(request: HttpRequest, macro_id: UUID) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    macros.delete_macro(macro=_changeable(user, macro_id), actor=user)
    messages.success(request, _("Deleted."))
    return redirect("settings-macros")


@member_page
@handling_page
@require_POST
def run(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Our script hears what to say of it, and how to undo it. The same `client_message_id` sends nothing again."""
    found, user = conversation_of(request, conversation_id), request.user
    wanted = parse_id(request.POST.get("macro"))
    macro = Macro.objects.visible_to(user).filter(pk=wanted).first() if wanted else None
    if macro is None:
        raise Http404
    key, seen = request.POST.get("client_message_id", ""), request.POST.get("seen_seq", "")
    seen_seq = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else None
    # As what is sent from the composer; without a script nothing shows the undo in time.
    send_at = undoable_until(found, user, seen_seq) if is_fetch(request) else None  # type: ignore[arg-type]
    try:
        ran = run_macro(
            macro=macro,
            conversation=found,
            actor=user,  # type: ignore[arg-type]
            seen_seq=seen_seq,
            key=f"{key}:{macro.pk}" if key else "",
            send_at=send_at,
        )
    except Refused as refusal:
        if is_fetch(request):
            return refused(refusal)
        messages.error(request, refusal.detail)
    else:
        if is_fetch(request):
            told = _("Done: %(name)s. Its message is sent.") if ran.is_sent else _("Done: %(name)s")
            undo = _way_back(request, found, ran) if ran.can_be_undone else ""
            return JsonResponse({"told": told % {"name": macro.name}, "undo": undo})
    return redirect("conversation", found.pk)


@member_page
@handling_page
@require_POST
def undo(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """For our script: `ran` is what `run` answered to the same person."""
    found, user = conversation_of(request, conversation_id), request.user
    try:
        kept = signing.loads(request.POST.get("ran", ""), salt=_salt(request, found), max_age=UNDOABLE)
        stays = undo_run(ran=_ran(kept), conversation=found, actor=user)  # type: ignore[arg-type]
    except signing.BadSignature:
        raise Http404 from None
    except Refused as refusal:
        return refused(refusal)
    told = [_("Undone."), *(str(words) for each, words in STAYS.items() if each in stays)]
    return JsonResponse({"told": " ".join(told)})


def _way_back(request: HttpRequest, found: Conversation, ran: Ran) -> str:
    return signing.dumps(json.loads(json.dumps(asdict(ran), default=str)), salt=_salt(request, found))


def _ran(kept: dict[str, Any]) -> Ran:
    holders = kept["holders"]
    return Ran(
        **kept
        | {
            "holders": tuple(map(parse_id, holders)) if holders else None,
            "tags": tuple(kept["tags"]),
            "scheduled": parse_id(kept["scheduled"]),
        }
    )


def _salt(request: HttpRequest, found: Conversation) -> str:
    """Whose and where it is."""
    return f"macro:{request.user.pk}:{found.pk}"


def _changeable(user: User, macro_id: UUID) -> Macro:
    found = Macro.objects.visible_to(user).filter(pk=macro_id).first()
    if found is None or not macros.may_change(user, found):
        raise Http404
    return found


def _page(request: HttpRequest, form: MacroForm, context: dict[str, Any]) -> HttpResponse:
    shown = context | {"form": form, "section": "settings", "tab": "macros"}
    return render(request, "conversations/macros.html", shown, status=form.answer_status)


def _saved(request: HttpRequest) -> HttpResponse:
    messages.success(request, _("Saved."))
    return redirect("settings-macros")
