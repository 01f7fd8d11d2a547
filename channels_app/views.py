"""Settings, Channels: which there are, whether each works, connecting and changing them."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from businesses.pages import member_page
from businesses.policy import Action, may
from businesses.selectors import membership_of
from channels_app import checking, connecting, failures, intake
from channels_app.adapters import ADAPTERS
from channels_app.connect_fields import ConnectForm
from channels_app.connect_forms import CONNECT_FORMS, form_for
from channels_app.health import Light, health_of, token_ends
from channels_app.mail_providers import MAIL_PROVIDERS
from channels_app.models import Channel, Delivery, DeliveryState, RawState
from channels_app.pages import ConnectChannel
from channels_app.services import create_channel, delete_channel, pause_channel, update_channel
from channels_app.wire import shown_config
from conversations.models import ChannelType
from foundation.errors import Refused

SHOWN_FAILED = 20


@member_page
@require_safe
def channels(request: HttpRequest) -> HttpResponse:
    found = Channel.objects.visible_to(request.user).in_order()
    queued = Delivery.objects.filter(channel__in=found, state=DeliveryState.QUEUED).values_list("channel")
    waiting = dict(queued.annotate(Count("pk")).order_by())
    failed = failures.counts_of(found)
    shown = [
        {**_shown(channel), "waiting": waiting.get(channel.pk, 0), "failed": failed.get(channel.pk, 0)}
        for channel in found
    ]
    troubled = [item for item in shown if item["health"].light == Light.BAD]
    context = {"channels": shown, "troubled": troubled, "forms": _addable(found), **_settings(request)}
    return render(request, "channels_app/list.html", context)


@member_page
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def connect(request: HttpRequest, channel_type: str) -> HttpResponse:
    if channel_type not in ChannelType.values:
        raise Http404
    context = _settings(request)
    if not context["may_change"]:
        messages.error(request, _("The owner of the workspace connects channels."))
        return redirect("settings-channels")
    wanted = form_for(channel_type)
    form = ConnectChannel(wanted, request.POST if request.method == "POST" else None)
    if form.done(lambda: create_channel(actor=request.user, type=wanted.type, config=form.config())):  # type: ignore[arg-type]
        messages.success(request, _("%(channel)s added.") % {"channel": wanted.title})
        return redirect("channel", form.outcome.pk)
    if form.is_bound:
        form.ask_again()
    context |= {"connect": wanted, "form": form}
    return render(request, "channels_app/connect.html", context, status=form.answer_status)


@member_page
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def channel(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    found = _channel(request, channel_id)
    context = _settings(request)
    form = ConnectChannel(form_for(found.type), request.POST if request.method == "POST" else None, channel=found)
    if form.done(lambda: update_channel(actor=request.user, channel=found, config=form.config())):  # type: ignore[arg-type]
        messages.success(request, _("Channel saved."))
        return redirect("channel", found.pk)
    if form.is_bound:
        form.ask_again()
    if not context["may_change"]:
        for field in form.fields.values():
            field.disabled = True
    meta = shown_config(found).get("_meta_setup_instructions")
    context |= {"form": form, "connect": form.connect, "meta": meta, **_shown(found), **_health(found)}
    return render(request, "channels_app/channel.html", context, status=form.answer_status)


@member_page
@require_POST
def set_active(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    found = _channel(request, channel_id)
    is_active = request.POST.get("is_active") == "true"
    try:
        update_channel(actor=request.user, channel=found, is_active=is_active)  # type: ignore[arg-type]
    except Refused as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, _("Switched on.") if is_active else _("Switched off. Nothing goes out through it."))
    return redirect("channel", found.pk)


@member_page
@require_POST
def test(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    found = _channel(request, channel_id)
    if not _settings(request)["may_change"]:
        messages.error(request, _("The owner of the workspace tests channels."))
        return redirect("channel", found.pk)
    checking.test_soon(found)
    return redirect("channel", found.pk)


@member_page
@require_POST
def pause(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    found = _channel(request, channel_id)
    paused = request.POST.get("paused") == "true"
    try:
        pause_channel(actor=request.user, channel=found, paused=paused)  # type: ignore[arg-type]
    except Refused as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, _("Paused. Answers wait here.") if paused else _("Answers go out again."))
    return redirect("channel", found.pk)


@member_page
@require_POST
def replay(request: HttpRequest, channel_id: UUID, raw_id: UUID) -> HttpResponse:
    found = _channel(request, channel_id)
    raw = found.raw_events.filter(pk=raw_id).first()
    if not _settings(request)["may_change"]:
        messages.error(request, _("The owner of the workspace tries it again."))
    elif raw and intake.replay(raw):
        messages.success(request, _("It is being taken in again."))
    return redirect("channel", found.pk)


@member_page
@require_safe
def original(request: HttpRequest, channel_id: UUID, raw_id: UUID) -> HttpResponse:
    """Of what could not be taken in: to be saved and looked into elsewhere, never shown."""
    found = _channel(request, channel_id)
    raw = found.raw_events.filter(pk=raw_id, state=RawState.FAILED).first()
    if raw is None or not _settings(request)["may_change"]:
        raise Http404
    try:
        name, content = failures.original_of(raw)
    except OSError as gone:
        raise Http404 from gone
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return HttpResponse(content, content_type="application/octet-stream", headers=headers)


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def discard(request: HttpRequest, channel_id: UUID, raw_id: UUID) -> HttpResponse:
    """Of what could not be taken in. Asks first, as it cannot be had back."""
    found = _channel(request, channel_id)
    context = _settings(request)
    if not context["may_change"]:
        messages.error(request, _("The owner of the workspace discards it."))
        return redirect("channel", found.pk)
    if request.method != "POST":
        return render(request, "channels_app/discard.html", context | _shown(found))
    raw = found.raw_events.filter(pk=raw_id).first()
    if raw and failures.discard(raw):
        messages.success(request, _("Discarded."))
    return redirect("channel", found.pk)


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    """Asks first; a page of its own, so that it asks without JavaScript too."""
    found = _channel(request, channel_id)
    context = _settings(request)
    if request.method == "POST":
        try:
            delete_channel(actor=request.user, channel=found)  # type: ignore[arg-type]
        except Refused as refusal:
            messages.error(request, refusal.detail)
        else:
            messages.success(request, _("Channel deleted. Its conversations are still in the inbox."))
        return redirect("settings-channels")
    if not context["may_change"]:
        return redirect("channel", found.pk)
    return render(request, "channels_app/delete.html", context | _shown(found))


def _shown(found: Channel) -> dict[str, Any]:
    kind = form_for(found.type).title
    return {"channel": found, "health": health_of(found), "kind": kind, "title": found.shown_account or kind}


def _health(found: Channel) -> dict[str, Any]:
    """What waits, and what could not be taken in; nothing for what is on our own sockets."""
    tested = found.setup.get(connecting.TESTED, {})
    return {
        "has_health": found.type in ADAPTERS,
        "is_asking": checking.is_asking(found),
        "tested": tested,
        "tested_at": parse_datetime(tested.get("at", "")),
        "token_ends": token_ends(found),
        "queue": found.deliveries.filter(state=DeliveryState.QUEUED).count(),
        "coming": found.raw_events.filter(state__in=[RawState.WAITING, RawState.ELSEWHERE]).order_by().count(),
        "failed": failures.newest_of(found, most=SHOWN_FAILED),
    }


def _channel(request: HttpRequest, channel_id: UUID) -> Channel:
    found = Channel.objects.visible_to(request.user).filter(pk=channel_id).first()
    if found is None:
        raise Http404
    return found


def _settings(request: HttpRequest) -> dict[str, Any]:
    may_change = may(membership_of(request.user), Action.MANAGE_CHANNELS)
    return {"section": "settings", "tab": "channels", "may_change": may_change, "mail_providers": MAIL_PROVIDERS}


def _addable(shown: Iterable[Channel]) -> list[ConnectForm]:
    """A workspace's widgets share one web channel: a second one would only be a riddle."""
    has_widget = any(channel.type == ChannelType.WIDGET for channel in shown)
    return [form for form in CONNECT_FORMS.values() if not (has_widget and form.type == ChannelType.WIDGET)]
