"""What owners are told by mail, as only a look at Settings would show it: nobody has answered for long, or an access
token is about to end."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format

from channels_app.health import SILENT, SILENT_LONG, silent_since, token_ends
from channels_app.models import Channel, ChannelState
from channels_app.reconnecting import tell_owners
from channels_app.telling import tell

# In `Channel.setup`: for each of these mails, what the last one was about.
WARNED = "warned"
# So long before a token ends its owners are told, each once.
TOKEN_DAYS = (1, 7)
# Who does not answer is asked again within that; where nobody asked for longer, nobody was silent.
ASKED_AGAIN = timedelta(minutes=15)


@transaction.atomic
def not_answered(channel: Channel, reason: str) -> None:
    """By its provider, or by its mailbox: since the first time that we asked in vain, and went on asking."""
    works = Q(state=ChannelState.CONNECTED) | Q(state=ChannelState.CONNECTING, connected_at__isnull=False)
    fresh = Channel.objects.select_for_update(no_key=True).filter(works, pk=channel.pk).first()
    if fresh is None:
        return
    now = timezone.now()
    asked_at = parse_datetime((fresh.setup.get(SILENT) or {}).get("asked_at", ""))
    since = silent_since(fresh) if asked_at and asked_at > now - ASKED_AGAIN else None
    since = since or now
    fresh.setup[SILENT] = {"since": since.isoformat(), "asked_at": now.isoformat(), "why": reason[:300]}
    is_news = now - since > SILENT_LONG and _is_news(fresh, "unreachable", since.isoformat())
    fresh.save(update_fields=["setup"])
    if is_news:
        tell_owners(fresh, "unreachable", reason=reason)
        tell(fresh)


@transaction.atomic
def answers_again(channel: Channel) -> None:
    fresh = Channel.objects.select_for_update(no_key=True).filter(pk=channel.pk).first()
    if fresh and fresh.setup.pop(SILENT, None):
        fresh.save(update_fields=["setup"])
        tell(fresh)


@transaction.atomic
def warn_of_token(channel: Channel) -> None:
    """While there is time to renew it."""
    fresh = Channel.objects.select_for_update(no_key=True).filter(pk=channel.pk).first()
    ends = token_ends(fresh) if fresh else None
    if fresh is None or ends is None:
        return
    left = ends - timezone.now()
    days = next((days for days in TOKEN_DAYS if timedelta() < left <= timedelta(days=days)), None)
    if days and _is_news(fresh, "token_ends", f"{ends.isoformat()} {days}"):
        fresh.save(update_fields=["setup"])
        tell_owners(fresh, "token_ends", day=date_format(ends.astimezone(ZoneInfo(fresh.business.time_zone)), "j F"))


def _is_news(channel: Channel, mail: str, about: str) -> bool:
    """Noted on the row, which the caller saves."""
    warned = channel.setup.setdefault(WARNED, {})
    is_news = bool(warned.get(mail) != about)
    warned[mail] = about
    return is_news
