"""Settings -> Team: people, invitations and teams; and what the menu under one's picture does."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.factors import second_factor
from accounts.models import User
from accounts.pages import back
from businesses import invitations, members, teams
from businesses.forms import Invite, TeamForm
from businesses.models import Invitation, Membership, Team
from businesses.pages import member_page
from businesses.policy import Action, may
from businesses.selectors import membership_of
from businesses.status import choose_status
from businesses.switching import switch_business, workspaces_of
from foundation.errors import NotFound, Refused
from foundation.ids import parse_id
from foundation.pages import is_fetch

PAGE = 50


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def team(request: HttpRequest) -> HttpResponse:
    """POST mails an invitation, also to who has an account: only the mail shows whose address it is."""
    form = Invite(request.POST or None)
    if form.done(lambda: invitations.invite(actor=_user(request), **form.cleaned_data)):
        messages.success(request, _("Invitation sent to %(email)s.") % {"email": form.outcome.email})
        return redirect("settings-team")
    return render(request, "businesses/team.html", {"form": form, **_shown(request)}, status=form.answer_status)


def _shown(request: HttpRequest) -> dict[str, Any]:
    people = Membership.objects.visible_to(request.user).select_related("user").order_by("invited_at", "pk")
    people = people.annotate(has_second_factor=second_factor.exists("user_id"))
    groups = Team.objects.visible_to(request.user).prefetch_related("members__user").order_by("name", "pk")
    manages = may(membership_of(request.user), Action.MANAGE_TEAM)
    invited = Invitation.objects.visible_to(request.user).order_by("-updated_at", "-pk") if manages else []
    return {
        **_tab(request),
        "manages": manages,
        "people": Paginator(people, PAGE).get_page(request.GET.get("page")),
        "invitations": invited,
        "teams": groups,
    }


def _tab(request: HttpRequest) -> dict[str, Any]:
    return {
        "section": "settings",
        "tab": "team",
        "manages_teams": may(membership_of(request.user), Action.MANAGE_TEAMS),
    }


def _changes(request: HttpRequest, change: Callable[[], object], done: str) -> HttpResponse:
    """Back to the page, with what came of it; what is not there is a 404."""
    try:
        change()
    except NotFound as error:
        raise Http404 from error
    except Refused as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, done)
    return redirect("settings-team")


@member_page
@require_POST
def member_role(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    role = request.POST.get("role", "")
    return _changes(
        request,
        lambda: members.change_role(actor=_user(request), membership_id=membership_id, role=role),
        _("Role changed."),
    )


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def member_remove(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    """GET asks first; the list asks the same in a dialog."""
    person = Membership.objects.visible_to(request.user).select_related("user").filter(pk=membership_id).first()
    if person is None:
        raise Http404
    if request.method != "POST":
        return render(request, "businesses/member_remove.html", {"person": person, **_tab(request)})
    return _changes(
        request,
        lambda: members.remove_member(actor=_user(request), membership_id=membership_id),
        _("%(name)s has no access any more.") % {"name": person.user.full_name},
    )


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest) -> HttpResponse:
    """GET asks first; the list asks the same in a dialog."""
    if request.method != "POST":
        return render(request, "businesses/leave.html", _tab(request))
    try:
        members.leave(actor=_user(request))
    except Refused as refusal:
        messages.error(request, refusal.detail)
        return redirect("settings-team")
    return redirect("left")


@member_page
@require_POST
def invitation_resend(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    return _changes(
        request,
        lambda: invitations.resend(actor=_user(request), invitation_id=invitation_id),
        _("Sent again. The link before it is dead."),
    )


@member_page
@require_POST
def invitation_withdraw(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    return _changes(
        request,
        lambda: invitations.withdraw(actor=_user(request), invitation_id=invitation_id),
        _("Invitation withdrawn."),
    )


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def new_team(request: HttpRequest) -> HttpResponse:
    return _team_page(request, None)


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def one_team(request: HttpRequest, team_id: UUID) -> HttpResponse:
    found = Team.objects.visible_to(request.user).filter(pk=team_id).first()
    if found is None:
        raise Http404
    return _team_page(request, found)


def _team_page(request: HttpRequest, found: Team | None) -> HttpResponse:
    context = _tab(request)
    if not context["manages_teams"]:
        return redirect("settings-team")
    people = Membership.objects.visible_to(request.user).filter(is_active=True).select_related("user")
    form = TeamForm(request.POST or None, people=people.order_by("invited_at", "pk"), team=found)
    if form.done(lambda: _save_team(_user(request), found, form)):
        messages.success(request, _("Team saved."))
        return redirect("settings-team")
    context |= {"form": form, "team": found}
    return render(request, "businesses/one_team.html", context, status=form.answer_status)


def _save_team(actor: User, found: Team | None, form: TeamForm) -> None:
    given = {"name": form.cleaned_data["name"], "member_ids": [UUID(pk) for pk in form.cleaned_data["members"]]}
    if found:
        teams.update_team(actor=actor, team_id=found.pk, **given)
    else:
        teams.create_team(actor=actor, **given)


@member_page
@require_POST
def team_delete(request: HttpRequest, team_id: UUID) -> HttpResponse:
    return _changes(request, lambda: teams.delete_team(actor=_user(request), team_id=team_id), _("Team deleted."))


# The menu under one's picture -------------------------------------------------------------------------------


@member_page
@require_POST
def own_status(request: HttpRequest) -> HttpResponse:
    try:
        choose_status(actor=_user(request), status=request.POST.get("status", ""))
    except Refused as refusal:
        messages.error(request, refusal.detail)
    if is_fetch(request):
        return HttpResponse(status=204)
    return back(request, request.POST.get("next", ""))


@login_required
@require_POST
def switch_workspace(request: HttpRequest) -> HttpResponse:
    user, business_id = _user(request), parse_id(request.POST.get("business_id"))
    try:
        if business_id:
            switch_business(user=user, business_id=business_id)
    except Refused as refusal:
        messages.error(request, refusal.detail)
    return back(request, request.POST.get("next") or reverse("inbox"))


@login_required
@require_safe
def left(request: HttpRequest) -> HttpResponse:
    """Where an open page goes when its membership ends. Whoever is a member after all goes on working."""
    here = workspaces_of(_user(request))
    workspace = parse_id(request.GET.get("workspace"))
    if workspace and here.filter(business_id=workspace).exists():
        return redirect("inbox")
    return render(request, "businesses/left.html", {"other": membership_of(request.user)})


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
