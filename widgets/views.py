"""Onboarding, the widgets of a workspace, and the sample shop of the demo."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from businesses.forms import NewWorkspace
from businesses.models import Business
from businesses.pages import member_page
from businesses.policy import Action, may
from businesses.selectors import membership_of
from businesses.services import create_business
from conversations.models import WEB, Message, SenderType
from foundation.pages import is_fetch
from foundation.web import web_address
from widgets.domains import LOCAL
from widgets.forms import FirstWidget, WidgetLook
from widgets.models import Widget
from widgets.services import create_widget, delete_widget, update_widget
from widgets.setting_pages import context_of, found

DEMO_DOMAIN = "tidewater.example"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def onboarding(request: HttpRequest) -> HttpResponse:
    """Three steps: the workspace, its widget, the first message. Each is where the one before it left off."""
    membership = membership_of(request.user)
    if membership is None:
        return _new_workspace(request)
    widget = Widget.objects.visible_to(request.user).first()
    if widget is None:
        if not may(membership, Action.MANAGE_WIDGETS):
            return redirect("inbox")
        return _first_widget(request, membership.business)
    if request.method == "POST":  # the form of a step that is done, sent again
        return redirect("onboarding")
    context = {"step": 3, "widget": widget, "received": _first_message(membership.business)}
    template = "widgets/onboarding_live.html" if is_fetch(request) else "widgets/onboarding_message.html"
    return render(request, template, context)


def _new_workspace(request: HttpRequest) -> HttpResponse:
    form = NewWorkspace(request.POST or None)
    if form.done(lambda: create_business(owner=request.user, **form.cleaned_data)):  # type: ignore[arg-type]
        return redirect("onboarding")
    context = {"form": form, "step": 1}
    return render(request, "widgets/onboarding_workspace.html", context, status=form.answer_status)


def _first_widget(request: HttpRequest, business: Business) -> HttpResponse:
    initial = {**Widget.DEFAULTS, "domain": _host(business.website) or LOCAL}
    # The form of the step before, sent again, is none of this one.
    form = FirstWidget(request.POST if "domain" in request.POST else None, initial=initial)
    if form.done(lambda: create_widget(actor=request.user, name=business.name, **form.changes())):  # type: ignore[arg-type]
        return redirect("onboarding")
    context = {"form": form, "step": 2}
    return render(request, "widgets/onboarding_widget.html", context, status=form.answer_status)


def _first_message(business: Business) -> Message | None:
    """The newest thing that somebody wrote through the web, to show that the line is open."""
    theirs = Message.objects.filter(
        conversation__business=business, conversation__channel_type__in=WEB, sender_type=SenderType.CUSTOMER
    )
    return theirs.select_related("conversation__customer").order_by("-created_at", "-pk").first()


@member_page
@require_safe
def widgets(request: HttpRequest) -> HttpResponse:
    context = context_of(request, widgets=Widget.objects.visible_to(request.user))
    return render(request, "widgets/list.html", context)


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def new_widget(request: HttpRequest) -> HttpResponse:
    context = context_of(request)
    if not context["may_change"]:
        return redirect("settings-widget")
    form = WidgetLook(request.POST or None, initial=WidgetLook.initial_of_new())
    if form.done(lambda: create_widget(actor=request.user, **form.changes())):  # type: ignore[arg-type]
        messages.success(request, _("Widget made. Put the line on your site."))
        return redirect("widget-install", form.outcome.pk)
    context |= {"form": form, "widget": None}
    return render(request, "widgets/edit.html", context, status=form.answer_status)


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def widget(request: HttpRequest, widget_id: UUID) -> HttpResponse:
    widget = found(request, widget_id)
    context = context_of(request, widget=widget, part="look")
    form = WidgetLook(request.POST or None, initial=WidgetLook.initial_of(widget))
    if form.done(lambda: update_widget(actor=request.user, widget=widget, **form.changes())):  # type: ignore[arg-type]
        messages.success(request, _("Widget saved."))
        return redirect("widget", widget.pk)
    if form.is_bound:
        widget.refresh_from_db()
    if not context["may_change"]:
        for field in form.fields.values():
            field.disabled = True
    return render(request, "widgets/edit.html", {"form": form, **context}, status=form.answer_status)


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def remove_widget(request: HttpRequest, widget_id: UUID) -> HttpResponse:
    """Asked first."""
    context = context_of(request, widget=found(request, widget_id))
    if not context["may_change"]:
        return redirect("widget", widget_id)
    widget = context["widget"]
    if request.method != "POST":
        return render(request, "widgets/delete.html", context)
    delete_widget(actor=request.user, widget=widget)  # type: ignore[arg-type]
    messages.success(request, _("The widget of %(domain)s is deleted.") % {"domain": widget.domain})
    return redirect("settings-widget")


@require_safe
def demo_shop(request: HttpRequest) -> HttpResponse:
    """A page as a customer sees it. It is there when the demo's data is."""
    found = Widget.objects.filter(domain=DEMO_DOMAIN).order_by("created_at").first()
    if found is None:
        raise Http404
    return render(request, "widgets/demo.html", {"widget": found})


def _host(website: str) -> str:
    address = web_address(website)
    return (address.hostname or "") if address else ""
