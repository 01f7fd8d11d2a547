"""Where providers call us: verify the raw bytes, store what came, say 200. All the work comes afterwards (intake.py).

Paths: contract/api.md 14. What we do not understand is stored and a 200, too: else it is sent again for hours.
"""

import logging
import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from channels_app import credentials, intake
from channels_app.adapters import ADAPTERS
from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.errors import TryAgain
from channels_app.adapters.events import Incoming, Reply, Routed
from channels_app.models import Channel, ChannelQuerySet, ChannelState
from conversations.models import ChannelType
from foundation import throttles
from foundation.buckets import Buckets
from foundation.errors import TooFast
from foundation.sealed import CannotUnseal

log = logging.getLogger("pingback.channels")

# A body beyond this is in memory several times over while it is looked at: few of these at once, the others wait on
# the disk (pingback/limits.py), and their provider asks again when it takes too long.
BIG = 3 * 1024 * 1024
BIG_AT_ONCE = 2
# Whether others vouch for what names ours is asked of each of them: not about more than this.
ASKED_AROUND = 1024 * 1024
PATIENCE_SECONDS = 5.0
# When a provider may ask again whose channel is being connected just now.
CONNECTING_SECONDS = 30
buckets = Buckets()
_big = threading.BoundedSemaphore(BIG_AT_ONCE)


class _NotNow(Exception):
    """It cannot be kept at the moment: the provider has to send it again, in so many seconds."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def hook(request: HttpRequest, channel_type: str, channel_id: UUID | None = None) -> HttpResponse:
    found = ADAPTERS.get(ChannelType(channel_type)) if channel_type in ChannelType.values else None
    if found is None:
        return HttpResponse(status=404)
    try:
        with _room_for(request):
            return _answer(request, found, channel_type, channel_id)
    except SuspiciousOperation:
        return _refused()
    except TooFast as error:
        return _later(429, error.retry_after)
    except (TryAgain, _NotNow) as error:
        seconds = error.seconds if isinstance(error, _NotNow) else 1
        return _later(found.not_now(_headers(request)), seconds)
    except Exception as error:
        status = found.not_now(_headers(request))
        if status >= 500:
            raise  # said as everywhere else (pingback/errors.py)
        log.exception("A webhook was not taken in: %s", type(error).__name__)
        return _later(status, 1)


def _answer(
    request: HttpRequest, found: type[ChannelAdapter], channel_type: str, channel_id: UUID | None
) -> HttpResponse:
    # Bytes, before anything looks at the form: a signature covers what was sent and not what it meant.
    body = request.read(found.max_body + 1)
    if len(body) > found.max_body:
        return HttpResponse(status=413)
    incoming = Incoming(
        method=request.method or "",
        url=f"{settings.PUBLIC_BASE_URL}{request.get_full_path()}",
        headers=_headers(request),
        query={name: value for name, value in request.GET.items() if isinstance(value, str)},
        body=body,
    )
    # An inactive channel takes nothing in (contract/api.md 7).
    active = Channel.objects.filter(type=channel_type, is_active=True).defer("setup").in_order()
    known = _known(active, channel_id) if channel_id else None
    if channel_id and not known:
        # One that is switched off takes nothing in, and its provider need not ask again.
        is_off = Channel.objects.filter(pk=channel_id, type=channel_type, is_active=False).exists()
        return _said(found.thanks) if is_off else HttpResponse(status=404)
    if request.method == "HEAD":  # Mandrill's question whether anybody is here
        return HttpResponse()
    reply = found.handshake(incoming, [known] if known else (found(channel, {}) for channel in active))
    if reply:
        return _said(reply)
    if request.method != "POST":
        return HttpResponse(status=403)
    items = found.route(incoming)
    if known:
        known.verify(incoming)
        _store({known.channel: list(items)})
    else:
        brought = _vouched(found, active, incoming, items)
        _store(brought)
        taken = {item.account for kept in brought.values() for item in kept}
        if _comes_too_early(found, active, incoming, {item.account for item in items} - taken):
            raise _NotNow(CONNECTING_SECONDS)  # what was stored is known by its key when it comes again
    return _said(found.thanks)


def _said(reply: Reply) -> HttpResponse:
    return HttpResponse(reply.body, status=reply.status, content_type=reply.content_type)


def _headers(request: HttpRequest) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _known(active: ChannelQuerySet, channel_id: UUID) -> ChannelAdapter | None:
    """That of the path; None when there is none whose secrets open."""
    channel = active.filter(pk=channel_id).first()
    if channel is None:
        return None
    try:
        return ADAPTERS[ChannelType(channel.type)](channel, credentials.reveal(channel))
    except CannotUnseal:
        return None


def _vouched(
    found: type[ChannelAdapter], active: ChannelQuerySet, incoming: Incoming, items: Sequence[Routed]
) -> dict[Channel, list[Routed]]:
    """On a shared path a channel takes what is about its account and what its own secret vouches for.

    Only the secrets of those that it is about are opened; else those of the others, where a mail of theirs can name
    ours. Raises SuspiciousOperation when nobody vouches for something that is about one of ours.
    """
    named = {item.account for item in items}
    claims = {channel: found(channel, {}).claims() for channel in active}
    asked = [channel for channel, accounts in claims.items() if accounts & named]
    vouching = [channel for channel in asked if _vouches(found, channel, incoming)]
    if asked and not vouching:
        others = [channel for channel in claims if found.names_others and channel not in asked]
        if not _one_vouches(found, others, incoming):
            raise SuspiciousOperation("Nobody vouches for it.")
    if named and not asked:
        domains = sorted({account.rpartition("@")[2][:100] for account in named if "@" in account})
        log.info("Dropped what is for none of ours (%d): %r", len(named), domains[:5])
    return {channel: [item for item in items if item.account in claims[channel]] for channel in vouching}


def _one_vouches(found: type[ChannelAdapter], others: Sequence[Channel], incoming: Incoming) -> bool:
    """Anybody can have us ask, so an address that is refused too often is not asked about. Raises TooFast."""
    if not others or len(incoming.body) > ASKED_AROUND:
        return False
    throttles.count_address("WEBHOOK_REFUSED")
    try:
        return any(_vouches(found, channel, incoming) for channel in others)
    finally:
        throttles.give_back_address("WEBHOOK_REFUSED")  # who is refused is counted there


def _comes_too_early(
    found: type[ChannelAdapter], active: ChannelQuerySet, incoming: Incoming, accounts: set[str]
) -> bool:
    """Whether it is for a channel whose provider is being asked just now whether that account is the channel's."""
    waiting = active.filter(state=ChannelState.CONNECTING)
    return any(
        found(channel, {}).accounts() & accounts and _vouches(found, channel, incoming)
        for channel in (waiting if accounts else ())
    )


def _vouches(found: type[ChannelAdapter], channel: Channel, incoming: Incoming) -> bool:
    try:
        found(channel, credentials.reveal(channel)).verify(incoming)
    except (SuspiciousOperation, CannotUnseal):
        return False
    return True


def _store(brought: dict[Channel, list[Routed]]) -> None:
    """All of it or, from a provider that is too fast, nothing. Raises TooFast."""
    wanted = [("WEBHOOK", str(channel.pk)) for channel in brought]
    if settings.THROTTLES and (wait := buckets.take(wanted)):
        raise TooFast("Too many requests. Slow down.", retry_after=math.ceil(wait))
    for channel, items in brought.items():
        intake.store(channel, items)


@contextmanager
def _room_for(request: HttpRequest) -> Iterator[None]:
    """Raises _NotNow."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) <= BIG:
        yield
        return
    if not _big.acquire(timeout=PATIENCE_SECONDS):
        raise _NotNow(1)
    try:
        yield
    finally:
        _big.release()


def _refused() -> HttpResponse:
    """Only who signs wrongly is slowed down for it: a provider calls for all of its customers, from few addresses."""
    try:
        throttles.count_address("WEBHOOK_REFUSED")
    except TooFast as error:
        return _later(429, error.retry_after)
    return HttpResponse(status=400)


def _later(status: int, seconds: int) -> HttpResponse:
    return HttpResponse(status=status, headers={"Retry-After": str(seconds)})
