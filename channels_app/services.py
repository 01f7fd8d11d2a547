"""Making, changing and removing channels. Owner only; nothing here waits for a provider."""

from copy import copy
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from businesses import audit
from businesses.models import Business
from businesses.plans import check_channel_allowed, check_channel_kind
from businesses.policy import Action, require
from channels_app import connecting, credentials, deliveries, intake
from channels_app.adapters import ADAPTERS
from channels_app.connect_forms import form_for
from channels_app.models import STOPPED, Channel, ChannelState, DeliveryState
from channels_app.telling import tell
from conversations.models import WEB, ChannelType, Conversation
from conversations.services.locking import hold
from foundation.errors import Conflict, NotFound
from foundation.rows import one_at_a_time
from foundation.sealed import CannotUnseal

# Entries of a config that nobody types: which widget it came with, and what providers told. learned: which of those
# that one could have typed were told, too.
OURS = frozenset({"widget_id", "bot_username", "bot_id", "account_id", "display_name", "learned"})


@transaction.atomic
def create_channel(*, actor: User, type: ChannelType, config: dict[str, Any], is_active: bool = True) -> Channel:
    """A channel of the actor's workspace.

    config: the contract's keys of the type; others are ignored.
    Raises Forbidden, PlanLimit, Invalid (a required key is missing), Unprocessable (a key is not what it must be),
    Conflict (the workspace has a channel of this account).
    Source: contract/api.md 7.
    """
    business = _counted(require(actor, Action.MANAGE_CHANNELS).business)
    check_channel_allowed(business, web=type in WEB, current=business.channels.count())
    channel = Channel(business=business, type=type, is_active=is_active)
    _connect(channel, config)
    _refuse_twice(channel)
    channel.save(force_insert=True)
    _record("channel.created", channel, actor)
    return channel


@transaction.atomic
def update_channel(
    *,
    actor: User,
    channel: Channel,
    type: ChannelType | None = None,
    config: dict[str, Any] | None = None,
    is_active: bool | None = None,
) -> Channel:
    """Change what is given. A config replaces the whole one; a masked secret in it stands for the stored one.

    Raises as create_channel; NotFound when it was deleted in the meantime.
    """
    business = require(actor, Action.MANAGE_CHANNELS).business
    _one_change_at_a_time(business)
    fresh = Channel.objects.select_for_update(no_key=True).filter(pk=channel.pk, business=business).first()
    if fresh is None:
        raise NotFound
    before, old = _told_apart(fresh), copy(fresh)
    retyped = type is not None and type != fresh.type
    if (retyped or is_active or config is not None) and (type or fresh.type) not in WEB:
        check_channel_kind(business)
    if config is not None or retyped:
        _connect(fresh, config or {}, type=type)
    is_another = retyped or connecting.account_of(fresh) != connecting.account_of(old)
    if is_another:
        _refuse_twice(fresh)
    if is_another or (fresh.is_active and is_active is False):
        connecting.disconnect_later(old)
        # One that its provider refuses could not take it again by itself; another channel can have it all the same.
        if is_another or fresh.state != ChannelState.ERROR:
            fresh.sole_account = None
    if is_active is not None:
        was_asked = fresh.state in {ChannelState.CONNECTED, ChannelState.ERROR} and fresh.type in ADAPTERS
        if is_active and not fresh.is_active and was_asked:
            fresh.state = ChannelState.CONNECTING
        fresh.is_active = is_active
    fresh.save()
    tell(fresh)
    after = _told_apart(fresh)
    if fields := [field for field in after if before[field] != after[field]]:
        _record("channel.changed", fresh, actor, fields=fields)
    return fresh


@transaction.atomic
def pause_channel(*, actor: User, channel: Channel, paused: bool) -> None:
    """Nothing goes out and nothing is lost until it goes on; what comes in is taken in all the same."""
    business = require(actor, Action.MANAGE_CHANNELS).business
    fresh = Channel.objects.select_for_update(no_key=True).filter(pk=channel.pk, business=business).first()
    if fresh is None:
        raise NotFound
    setup = {name: value for name, value in fresh.setup.items() if name != "is_another"}
    Channel.objects.filter(pk=fresh.pk).update(paused_at=Now() if paused else None, setup=setup)
    _record("channel.changed", channel, actor, fields=["paused"])
    if not paused:
        deliveries.resume(channel)
    tell(fresh)


@transaction.atomic
def delete_channel(*, actor: User, channel: Channel) -> None:
    """Its conversations stay, without a channel; what still waited to go out fails at the worker's next look."""
    business = require(actor, Action.MANAGE_CHANNELS).business
    # In everybody's order: no event of it is being taken in, which would wait for its conversation; and whoever writes
    # a message locks that before its delivery refers to the channel.
    one_at_a_time(intake.OF_CHANNEL, channel.pk)
    hold(Conversation.objects.filter(channel=channel), no_key=True)
    doomed = Channel.objects.select_for_update().filter(pk=channel.pk, business=business).first()
    if doomed is None:
        raise NotFound
    doomed.deliveries.filter(state=DeliveryState.QUEUED).update(due_at=Now())
    connecting.disconnect_later(doomed)
    _record("channel.deleted", doomed, actor)
    tell(doomed)
    doomed.delete()


@transaction.atomic
def provision_widget_channel(*, actor: User, business: Business, widget_id: UUID) -> Channel:
    """The workspace's one web channel, which all of its widgets share; made when there is none. On every plan."""
    business = _counted(business)
    existing = Channel.objects.filter(business=business, type=ChannelType.WIDGET).in_order().first()
    if existing:
        return existing
    channel = Channel(business=business, type=ChannelType.WIDGET, config={"widget_id": str(widget_id)})
    _connect(channel, {})
    channel.save(force_insert=True)
    _record("channel.created", channel, actor)
    return channel


def _record(action: str, channel: Channel, actor: User, **facts: Any) -> None:
    audit.record(action, business_id=channel.business_id, actor=actor, target=channel, type=channel.type, **facts)


def _told_apart(channel: Channel) -> dict[str, object]:
    """What the audit log says has changed, by its name there. Sealing anew changes the text, so secrets are opened."""
    try:
        secrets: object = credentials.reveal(channel)
    except CannotUnseal:
        secrets = channel.credentials
    return {
        "type": channel.type,
        "config": channel.config,
        "credentials": secrets,
        "is_active": channel.is_active,
    }


def _connect(channel: Channel, config: dict[str, Any], *, type: ChannelType | None = None) -> None:
    """Put the config into the row (not saved), and what we know of the connection now."""
    form = form_for(type or channel.type)
    values = form.clean(credentials.unmasked(channel, form, config))
    accounts, learned = _accounts(channel), channel.config.get("learned", {})
    # Nobody's config sets or loses them.
    ours = {name: value for name, value in channel.config.items() if name in OURS and channel.type == form.type}
    channel.type = form.type
    credentials.store(channel, values)
    channel.config |= ours
    channel.failures, channel.held_until = 0, None
    if _accounts(channel) != accounts:
        if channel.connected_at:
            channel.held_until = timezone.now() + deliveries.HOLD  # until it was asked
        channel.connected_at = None  # what a provider agreed to was another account
        for name, value in learned.items():
            if channel.config.get(name) == value:  # as the form sends it back
                del channel.config[name]
        channel.config.pop("learned", None)
    channel.last_error, channel.last_error_at = "", None
    channel.setup = {"is_another": channel.setup.get("is_another", False)}
    if channel.state in STOPPED:
        deliveries.resume(channel)
    channel.state, channel.state_detail = _standing(channel, set(values))


def _accounts(channel: Channel) -> tuple[str, frozenset[str]]:
    """Type and, where several channels share a path, the accounts whose events are the channel's."""
    adapter = ADAPTERS.get(ChannelType(channel.type))
    return channel.type, adapter(channel, {}).accounts() if adapter else frozenset()


def _standing(channel: Channel, names: set[str]) -> tuple[ChannelState, str]:
    form = form_for(channel.type)
    if channel.is_web:
        return ChannelState.CONNECTED, ""
    if missing := form.missing(names):
        labels = ", ".join(str(field.label) for field in missing)
        return ChannelState.INCOMPLETE, _("Still needed: %(labels)s.") % {"labels": labels}
    if form.type not in ADAPTERS:
        text = _("Saved. Sending and receiving arrive with the %(channel)s adapter.") % {"channel": form.title}
        return ChannelState.INCOMPLETE, text
    return ChannelState.CONNECTING, ""


def _refuse_twice(channel: Channel) -> None:
    """What comes to one account would come in twice, and who answers from which is anybody's guess. Raises Conflict."""
    if not (account := connecting.account_of(channel)):
        return
    for other in Channel.objects.filter(business=channel.business_id, type=channel.type).exclude(pk=channel.pk):
        if connecting.account_of(other) == account:
            text = _("%(channel)s is connected already. Open it under Settings, Channels, to change or reconnect it.")
            raise Conflict(text % {"channel": f"{form_for(other.type).title} {other.shown_account}".strip()})


def _one_change_at_a_time(business: Business) -> None:
    one_at_a_time("channels", business.pk)


def _counted(business: Business) -> Business:
    """As it is now; two channels made at once are counted one after the other."""
    _one_change_at_a_time(business)
    return Business.objects.get(pk=business.pk)
