"""Where providers call us: verify the raw bytes, store what came, say 200. All the work comes afterwards (intake.py).

Paths: contract/api.md 14. What we do not understand is stored and a 200, too: else it is sent again for hours.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from channels_app import credentials, intake
from channels_app.adapters import ADAPTERS
from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.events import Incoming
from channels_app.models import Channel
from conversations.models import ChannelType
from foundation.sealed import CannotUnseal


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def hook(request: HttpRequest, channel_type: str, channel_id: UUID | None = None) -> HttpResponse:
    found = ADAPTERS.get(ChannelType(channel_type)) if channel_type in ChannelType.values else None
    if found is None:
        return HttpResponse(status=404)
    # Bytes, before anything looks at the form: a signature covers what was sent and not what it meant.
    body = request.read(found.max_body + 1)
    if len(body) > found.max_body:
        return HttpResponse(status=413)
    incoming = Incoming(
        method=request.method or "",
        url=f"{settings.PUBLIC_BASE_URL}{request.get_full_path()}",
        headers={name.lower(): value for name, value in request.headers.items()},
        query={name: value for name, value in request.GET.items() if isinstance(value, str)},
        body=body,
    )
    asked = _channels(channel_type, channel_id)
    if channel_id and not asked:
        # One that is switched off takes nothing in, and its provider need not ask again.
        is_off = Channel.objects.filter(pk=channel_id, type=channel_type, is_active=False).exists()
        return HttpResponse(status=200 if is_off else 404)
    reply = found.handshake(incoming, asked)
    if reply:
        return HttpResponse(reply.body, status=reply.status, content_type=reply.content_type)
    if request.method != "POST":
        return HttpResponse(status=403)
    try:
        _store(found, incoming, asked, known=channel_id is not None)
    except SuspiciousOperation:
        return HttpResponse(status=400)
    return HttpResponse()


def _store(found: type[ChannelAdapter], incoming: Incoming, asked: Sequence[ChannelAdapter], *, known: bool) -> None:
    """One channel's secret must vouch for what it takes; on a shared path that of the channel it is about.

    Raises SuspiciousOperation when nobody vouches for something that is about one of ours.
    """
    if known:
        asked[0].verify(incoming)
        intake.store(asked[0].channel, found.route(incoming))
        return
    mine: dict[UUID, tuple[Channel, list[Any]]] = {}
    refused = False
    vouched: dict[UUID, bool] = {}
    for item in found.route(incoming):
        takers = _takers(item.account, asked)
        refused = refused or bool(takers)
        for adapter in takers:
            channel = adapter.channel
            if channel.pk not in vouched:
                vouched[channel.pk] = _vouches(adapter, incoming)
            if vouched[channel.pk]:
                mine.setdefault(channel.pk, (channel, []))[1].append(item)
    if refused and not mine:
        raise SuspiciousOperation("Nobody vouches for it.")
    for channel, items in mine.values():
        intake.store(channel, items)


def _takers(account: str, asked: Sequence[ChannelAdapter]) -> list[ChannelAdapter]:
    """Whose account it is: those that the provider agreed to. A workspace can write anybody's number into its form, so
    one that was never connected takes something in only while nobody else claims the same."""
    claimed = [adapter for adapter in asked if account in adapter.accounts()]
    connected = [adapter for adapter in claimed if adapter.channel.connected_at]
    return connected or (claimed if len(claimed) == 1 else [])


def _vouches(adapter: ChannelAdapter, incoming: Incoming) -> bool:
    try:
        adapter.verify(incoming)
    except SuspiciousOperation:
        return False
    return True


def _channels(channel_type: str, channel_id: UUID | None) -> list[ChannelAdapter]:
    """Active ones whose secrets open: an inactive channel takes nothing in (contract/api.md 7)."""
    rows = Channel.objects.filter(type=channel_type, is_active=True).in_order()
    adapter = ADAPTERS[ChannelType(channel_type)]
    found = []
    for channel in rows.filter(pk=channel_id) if channel_id else rows:
        try:
            found.append(adapter(channel, credentials.reveal(channel)))
        except CannotUnseal:
            continue
    return found
