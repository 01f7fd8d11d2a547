"""Agreeing with a provider: are the credentials good, does it know where to call us. Done by the worker, or by the
button on a channel's page; never inside a transaction, as Meta asks us back before it answers."""

import hashlib
import hmac
import logging
import threading
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from channels_app import alarms, credentials, deliveries, files
from channels_app.adapters import ADAPTERS
from channels_app.adapters.base import ChannelAdapter, Health
from channels_app.adapters.errors import DeliveryError, Kind
from channels_app.addresses import callback_url
from channels_app.health import SILENT
from channels_app.models import Channel, ChannelState, DeliveryState
from channels_app.reconnecting import TOLD_AT
from channels_app.telling import tell
from conversations.models import ChannelType
from foundation.later import later
from foundation.prepared import prepared
from foundation.sealed import CannotUnseal

log = logging.getLogger("pingback.channels")

# In `Channel.setup`: when the button was pressed, and what came of it: `ok` is None until then.
TESTED = "tested"
AGAIN, AGAIN_AFTER_NO = timedelta(seconds=30), timedelta(minutes=15)


def adapter_of(channel: Channel) -> ChannelAdapter | None:
    """None when there is none for its type. Raises CannotUnseal."""
    found = ADAPTERS.get(ChannelType(channel.type))
    return found(channel, credentials.reveal(channel)) if found else None


def account_of(channel: Channel) -> str:
    """Which account at its provider it is; "" when that is not known."""
    try:
        adapter = adapter_of(channel)
    except CannotUnseal:
        return ""
    return adapter.account() if adapter else ""


@transaction.atomic
def learn(channel: Channel, name: str, value: str) -> None:
    """What nobody entered into the config, and its provider told; what somebody entered meanwhile stays."""
    fresh = Channel.objects.select_for_update(no_key=True).get(pk=channel.pk)
    if not fresh.config.get(name):
        fresh.config |= {name: value, "learned": {**fresh.config.get("learned", {}), name: value}}
        fresh.save(update_fields=["config", "updated_at"])


def connect_waiting(stop: threading.Event) -> None:
    """A chore of the worker. Safe in several at once: registering twice is registering."""
    for channel in _waiting()():
        if stop.is_set():
            return
        if channel.state == ChannelState.ERROR:
            _ask_again(channel)
        else:
            connect(channel)


@prepared
def _waiting() -> "QuerySet[Channel]":
    waiting = Q(state=ChannelState.CONNECTING) & (Q(last_error_at=None) | Q(last_error_at__lte=Now() - AGAIN))
    # A no may have been the provider's bad hour: what has worked goes on by itself once it agrees again.
    stopped = Q(state=ChannelState.ERROR, connected_at__isnull=False, last_error_at__lte=Now() - AGAIN_AFTER_NO)
    due = Channel.objects.filter(waiting | stopped, is_active=True, type__in=ADAPTERS)
    return due.order_by("last_error_at")[:20]


def connect(channel: Channel) -> Health:
    """Validate, register, look. The outcome is in the row, and comes back for whoever pressed the button."""
    try:
        adapter = adapter_of(channel)
        if adapter is None:
            return Health(ok=False, detail=_("This type has nothing to test."))
        account = adapter.validate()
        _take_account(channel, adapter)
        steps = [{"text": step.text, "value": step.value} for step in adapter.connect(callback_url(channel))]
        channel.setup = {**channel.setup, "steps": steps}  # which of it a person does tells `health` what to expect
        health = adapter.health()
    except CannotUnseal:
        Channel.objects.filter(pk=channel.pk).update(last_error_at=Now())
        return Health(ok=False, detail=_("The stored secrets cannot be opened. Enter them again to reconnect."))
    except DeliveryError as error:
        _refused(channel, error)
        return Health(ok=False, detail=error.reason)
    except Exception as error:
        log.error("Connecting channel %s raised %s", channel.pk, type(error).__name__)
        _refused(channel, DeliveryError(_("Something went wrong on our side.")))
        return Health(ok=False, detail=_("Something went wrong on our side."))
    _agreed(channel, account, steps, health)
    return health


def _ask_again(channel: Channel) -> None:
    """Whether the provider agrees by now. While nobody asks for it nothing is changed there: the account may be another
    channel's, or another program's."""
    Channel.objects.filter(pk=channel.pk, state=ChannelState.ERROR).update(last_error_at=Now())
    try:
        adapter = adapter_of(channel)
        if adapter is None:
            return
        account, health = adapter.validate(), adapter.health()
        steps = channel.setup.get("steps", [])
        if not (health.ok or steps):
            return
        _take_account(channel, adapter)
    except (CannotUnseal, DeliveryError):
        return
    except Exception as error:
        log.error("Asking for channel %s again raised %s", channel.pk, type(error).__name__)
        return
    _agreed(channel, account, steps, health)


def _take_account(channel: Channel, adapter: ChannelAdapter) -> None:
    """Raises DeliveryError when another channel of the house has it, unless that one does not work or is off."""
    if not adapter.is_sole:
        return
    key = f"{channel.type}:{adapter.account()}"[:80]
    try:
        with transaction.atomic():
            idle = Q(state=ChannelState.ERROR) | Q(is_active=False)
            Channel.objects.filter(idle, sole_account=key).exclude(pk=channel.pk).update(sole_account=None)
            Channel.objects.filter(pk=channel.pk).update(sole_account=key)
    except IntegrityError:
        text = _("Another channel has this account, here or in another workspace. Switch it off there first.")
        raise DeliveryError(text, kind=Kind.CREDENTIALS) from None


def disconnect_later(channel: Channel) -> None:
    """Tell the provider to call us no more, with the credentials as they are now; nobody waits for it."""
    try:
        adapter = adapter_of(channel)
    except CannotUnseal:
        return
    if adapter is None or (adapter.is_sole and not channel.sole_account):
        return  # it never had the account, or another channel has it by now and is called

    def leave() -> None:
        try:
            adapter.disconnect()
        except DeliveryError as error:
            log.info("Channel %s: %s", channel.pk, error.reason)

    transaction.on_commit(lambda: later(leave), robust=True)


@transaction.atomic
def _agreed(channel: Channel, account: str, steps: list[dict[str, Any]], health: Health) -> None:
    fresh = Channel.objects.select_for_update(no_key=True).filter(pk=channel.pk).first()
    if fresh is None or fresh.credentials != channel.credentials:  # changed meanwhile: it is tried anew
        return
    is_another = any(fresh.config.get(name, told) != told for name, told in _told(channel.config).items())
    was_another = bool(fresh.paused_at and fresh.setup.get("is_another"))
    fresh.config |= channel.config
    stopped = channel.state == ChannelState.ERROR  # until now, of which the owner may have been told
    told = {TOLD_AT: fresh.setup[TOLD_AT]} if stopped and TOLD_AT in fresh.setup else {}
    stays = {name: fresh.setup[name] for name in (TESTED, alarms.WARNED) if name in fresh.setup}
    fresh.setup = {"account": account, "steps": steps, "is_another": was_another, "key": key_mark(), **stays, **told}
    fresh.setup |= kept_of(health)
    fresh.state = ChannelState.CONNECTED if health.ok or steps else ChannelState.ERROR
    fresh.state_detail = health.detail[:300]
    fresh.last_error, fresh.last_error_at = "", None
    fresh.failures, fresh.held_until = 0, None
    fresh.save()
    Channel.objects.filter(pk=fresh.pk).update(connected_at=Now(), checked_at=Now())
    deliveries.resume(fresh)
    files.resume(fresh)
    if is_another and fresh.deliveries.filter(state=DeliveryState.QUEUED).exists():
        # Whom the last account wrote with, this one may not know. The team sees why it is paused, the owner says go on.
        setup = {**fresh.setup, "is_another": True}
        Channel.objects.filter(pk=fresh.pk).update(paused_at=Now(), setup=setup)
    tell(fresh)


def key_mark() -> str:
    """Tells our key of today from others, of which `derived_secret` made what a provider was given."""
    return hmac.digest(settings.SECRET_KEY.encode(), b"pingback: which key", hashlib.sha256).hex()[:12]


def kept_of(health: Health) -> dict[str, Any]:
    """What the page shows of it, as `Channel.setup` keeps it."""
    return {
        "ok": health.ok,
        "is_shaky": health.is_shaky,
        "is_fetched": health.is_fetched,
        "webhook": health.webhook,
        "facts": dict(health.facts),
        "expires_at": health.expires_at.isoformat() if health.expires_at else None,
        **({} if health.is_fetched else {SILENT: None}),  # whether it hands out messages, only fetching them tells
    }


def _told(config: dict[str, Any]) -> dict[str, Any]:
    """Which account its provider says it is."""
    return {name: config[name] for name in ("bot_id", "account_id") if name in config}


def _refused(channel: Channel, error: DeliveryError) -> None:
    """Who does not answer is asked again; who says no waits for somebody to change something."""
    state = ChannelState.CONNECTING
    if error.permanent or error.kind == Kind.CREDENTIALS:
        state = ChannelState.ERROR
    reason = error.reason[:300]
    Channel.objects.filter(pk=channel.pk, credentials=channel.credentials).update(
        state=state, state_detail=reason, last_error=reason, last_error_at=Now()
    )
    if error.kind == Kind.TRANSIENT:
        alarms.not_answered(channel, reason)
    if (channel.state, channel.last_error) != (state, reason):
        tell(channel)
