"""How a channel is: one light and one sentence for the team, whatever the row says it with."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from channels_app import credentials
from channels_app.adapters import ADAPTERS
from channels_app.connect_forms import form_for
from channels_app.models import STOPPED, Channel, ChannelState
from foundation.prepared import Given, prepared

# So long before an access token runs out it is told.
IN_TIME = timedelta(days=7)
# So long without an answer is worth a word, and then it is not a bad moment any more.
SILENT_SHORT, SILENT_LONG = timedelta(minutes=10), timedelta(hours=1)
# In `Channel.setup`: since when its provider or mailbox has not answered, and why (alarms.py).
SILENT = "silent"


class Light(StrEnum):
    """The names of our dots (static/css/status.css)."""

    OFF = ""
    WORKING_ON_IT = "brand"
    GOOD = "ok"
    CAREFUL = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    light: Light
    words: str


def standing(channel: Channel) -> tuple[str, str]:
    """The state and what it means, in a sentence; secrets that do not open come before what the row says."""
    if not credentials.can_be_opened(channel):
        return ChannelState.ERROR, _("The stored secrets cannot be opened. Enter them again to reconnect.")
    return channel.state, channel.state_detail


def health_of(channel: Channel) -> Health:
    """What stops it comes first, then what will."""
    state, detail = standing(channel)
    if not channel.is_active:
        return Health(light=Light.OFF, words=_("Switched off: nothing comes in or goes out."))
    if state == ChannelState.ERROR:
        return Health(light=Light.BAD, words=detail or _("Not working."))
    if state == ChannelState.INCOMPLETE:
        return Health(light=Light.CAREFUL, words=detail or _("Something is still missing."))
    if channel.paused_at:
        return Health(light=Light.OFF, words=_paused(channel, clock(channel.paused_at)))
    if state == ChannelState.CONNECTING:
        return _connecting(channel)
    return _connected(channel, detail)


def keeps_answers(channel: Channel) -> bool:
    """Whether what is written waits until somebody does something about it."""
    return channel.is_active and (bool(channel.paused_at) or standing(channel)[0] in STOPPED)


def token_ends(channel: Channel) -> datetime | None:
    """When the provider says that the access token runs out; None = it does not, or nobody said."""
    return parse_datetime(channel.setup.get("expires_at") or "")


def silent_since(channel: Channel) -> datetime | None:
    """Since when neither its provider nor its mailbox answers; None = they do, as far as is known."""
    return parse_datetime((channel.setup.get(SILENT) or {}).get("since", ""))


def is_one_down(business_id: UUID) -> bool:
    """Whether a channel of the workspace is BAD. Every page of an owner's asks."""
    return any(health_of(channel).light == Light.BAD for channel in _switched_on()(business=business_id))


@prepared
def _switched_on() -> "QuerySet[Channel]":
    return Channel.objects.filter(business_id=Given("business"), is_active=True)


def _paused(channel: Channel, when: str) -> str:
    if channel.setup.get("is_another"):
        text = _(
            "Paused since %(when)s, as it has another account now: what waits was written to customers of the last "
            "one. Messages come in."
        )
        return text % {"when": when}
    return _("Paused since %(when)s: answers wait, messages come in.") % {"when": when}


def _silent(channel: Channel) -> Health | None:
    """None = for no time that is worth a word."""
    since, now = silent_since(channel), timezone.now()
    if since is None or since > now - SILENT_SHORT:
        return None
    told = {"when": clock(since), "why": channel.setup[SILENT]["why"]}
    words = _("Not reached since %(when)s: %(why)s We go on trying by ourselves.") % told
    return Health(light=Light.BAD if since <= now - SILENT_LONG else Light.CAREFUL, words=words)


def _connecting(channel: Channel) -> Health:
    if silent := _silent(channel):
        return silent
    name = {"name": form_for(channel.type).title, "why": channel.last_error}
    if channel.last_error:
        words = _("%(name)s has not agreed yet: %(why)s We ask again by ourselves.") % name
        return Health(light=Light.CAREFUL, words=words)
    return Health(light=Light.WORKING_ON_IT, words=_("Connecting: %(name)s is being asked.") % name)


def _connected(channel: Channel, detail: str) -> Health:
    now, ends = timezone.now(), token_ends(channel)
    if ends and ends <= now:
        return Health(light=Light.BAD, words=_("The access token has run out: enter a new one."))
    if silent := _silent(channel):
        return silent
    if channel.held_until and channel.held_until > now:
        told = {"when": clock(channel.held_until), "why": channel.last_error or _("It failed several times.")}
        return Health(light=Light.CAREFUL, words=_("Sending rests until %(when)s. %(why)s") % told)
    if ends and ends < now + IN_TIME:
        day = {"day": date_format(timezone.localtime(ends), "j F")}
        return Health(light=Light.CAREFUL, words=_("Working. The access token ends on %(day)s: renew it.") % day)
    if detail:
        good = Light.CAREFUL if channel.setup.get("is_shaky") else Light.GOOD
        return Health(light=good if channel.setup.get("ok", True) else Light.BAD, words=detail)
    if channel.type in ADAPTERS and channel.last_event_at is None:
        return Health(light=Light.WORKING_ON_IT, words=_("Connected. Waiting for the first message."))
    return Health(light=Light.GOOD, words=_("Working."))


def clock(when: datetime) -> str:
    """A time for a sentence; the hour alone is today's."""
    local = timezone.localtime(when)
    return date_format(local, "H:i" if local.date() == timezone.localdate() else "j M, H:i")
