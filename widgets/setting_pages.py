"""A widget's further pages in Settings: how it is put in, who its visitors are, and the page that previews it."""

import json
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_safe

from businesses.pages import member_page
from businesses.policy import Action, may
from businesses.selectors import membership_of
from foundation.errors import Refused
from widgets.embed import shown_of
from widgets.identity import MAX_SECRETS, add_secret, remove_secret
from widgets.models import Widget
from widgets.sightings import refused_on

# As one writes them; the arguments are JSON.
COMMANDS = [
    'PingBack("open")',
    'PingBack("close")',
    'PingBack("toggle")',
    'PingBack("hide")',
    'PingBack("show")',
    'PingBack("send", "Where is my order?")',
    'PingBack("identify", {"name": "Cleo Blum", "email": "cleo@example.com"})',
    'PingBack("update", {"position": "left", "theme": "dark", "primary_color": "#C4347E"})',
    'PingBack("update", {"launcher": "text", "launcher_text": "Ask us"})',
    'PingBack("setLocale", "de")',
    'PingBack("reset")',
]


def found(request: HttpRequest, widget_id: UUID) -> Widget:
    """Raises Http404."""
    widget = Widget.objects.visible_to(request.user).filter(pk=widget_id).first()
    if widget is None:
        raise Http404
    return widget


def context_of(request: HttpRequest, *, widget: Widget | None = None, **more: Any) -> dict[str, Any]:
    may_change = may(membership_of(request.user), Action.MANAGE_WIDGETS)
    refused = widget and refused_on(widget)
    return {
        "section": "settings",
        "tab": "widget",
        "may_change": may_change,
        "widget": widget,
        "refused": refused,
    } | more


@member_page
@require_safe
def install(request: HttpRequest, widget_id: UUID) -> HttpResponse:
    widget = found(request, widget_id)
    context = context_of(request, widget=widget, part="install", base=settings.PUBLIC_BASE_URL)
    return render(request, "widgets/install.html", context)


@member_page
@require_safe
def try_out(request: HttpRequest, widget_id: UUID) -> HttpResponse:
    """The real widget on an empty page of ours, as it will be on theirs."""
    return render(request, "widgets/try.html", {"widget": found(request, widget_id)})


@member_page
@require_safe
def commands(request: HttpRequest, widget_id: UUID) -> HttpResponse:
    """Each of docs/widget.md, to be run."""
    context = context_of(request, widget=found(request, widget_id), part="commands", commands=COMMANDS)
    return render(request, "widgets/commands.html", context)


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def identity(request: HttpRequest, widget_id: UUID) -> HttpResponse:
    """A new secret is shown in the answer that made it, and nowhere else."""
    widget = found(request, widget_id)
    context = context_of(request, widget=widget, part="identity")
    status = 200
    if request.method == "POST":
        try:
            if "remove" in request.POST:
                _remove(request, widget, request.POST["remove"])
                return redirect("widget-identity", widget.pk)
            _row, context["secret"] = add_secret(actor=request.user, widget=widget)  # type: ignore[arg-type]
        except Refused as refusal:
            status, context["refusal"] = refusal.status, refusal.detail
    secrets = list(widget.identity_secrets.all())
    context |= {"secrets": secrets, "has_room": len(secrets) < MAX_SECRETS}
    return render(request, "widgets/identity.html", context, status=status)


def _remove(request: HttpRequest, widget: Widget, secret_id: str) -> None:
    secret = next((each for each in widget.identity_secrets.all() if str(each.pk) == secret_id), None)
    if secret is None:
        raise Http404
    remove_secret(actor=request.user, secret=secret)  # type: ignore[arg-type]
    messages.success(request, _("The secret is gone. What it signed proves nothing any more."))


@member_page
@xframe_options_sameorigin
@require_safe
def preview(request: HttpRequest) -> HttpResponse:
    """A page like a visitor's, with the real widget. It stores nothing, and the form beside it tells how it looks."""
    shown = {**shown_of(Widget()), "id": "preview"}
    response = render(request, "widgets/preview_page.html", {"shown": json.dumps(shown)})
    response["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https:; frame-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
    return response
