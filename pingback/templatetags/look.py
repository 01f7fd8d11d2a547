"""The small things that every page is made of: icons, avatars, channel signs, times and links."""

import re
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from urllib.parse import urlencode

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeText
from django.utils.timesince import timesince
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from conversations.models import WEB, ChannelType
from foundation.shapes import ADDRESS, pieces

register = template.Library()

HUES = 8
_SHAPES = {
    "": "{}",
    "*": "<b>{}</b>",
    "**": "<b>{}</b>",
    "_": "<i>{}</i>",
    "`": "<code>{}</code>",
    ADDRESS: '<a href="{0}" rel="noopener noreferrer nofollow" target="_blank">{0}</a>',
}
_SIGN = re.compile(r"[A-Za-z0-9\u00c0-\U0010ffff]")


@register.simple_tag
@cache
def icon(name: str, size: str = "") -> SafeText:
    """`{% icon "check" 14 %}`: one drawing of the sprite, hidden from screen readers."""
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}"/></svg>',
        f" icon-{size}" if size else "",
        icon_href(name),
    )


@register.simple_tag
@cache
def icon_href(name: str) -> str:
    """For a drawing with classes of its own."""
    return f"{static('icons/sprite.svg')}#{name}"


@register.simple_tag
@cache
def channel_sign(channel_type: str, size: str = "") -> SafeText:
    """The coloured sign of a channel; its name stands beside it or in the text for screen readers."""
    sign = "web" if channel_type in WEB else channel_type
    return format_html(
        '<span class="ch ch-{}{}" aria-hidden="true">{}</span>', sign, f" ch-{size}" if size else "", icon(f"ch-{sign}")
    )


@register.simple_tag
def avatar(name: str, key: object, size: str = "", channel_type: str = "", picture: str = "") -> SafeText:
    """The picture, else initials on a quiet hue that belongs to `key`; the channel's sign at the corner if given."""
    shown = format_html('<img src="{}" alt="" referrerpolicy="no-referrer" decoding="async">', picture)
    return format_html(
        '<span class="avatar{} hue{}" aria-hidden="true">{}{}{}</span>',
        f" avatar-{size}" if size else "",
        hue(key),
        initials(name),
        shown if picture else "",
        channel_sign(channel_type) if channel_type else "",
    )


@register.simple_tag
def moment(when: datetime | None, *, clock: bool = False) -> SafeText:
    """A time as people say it, exact on hover. clock: always the hour, for messages below a day's mark."""
    if when is None:
        return SafeText("")
    local = timezone.localtime(when)
    return _moment(
        local.replace(tzinfo=None), local.isoformat(timespec="seconds"), timezone.localdate(), clock, get_language()
    )


@lru_cache(maxsize=10_000)
def _moment(local: datetime, written: str, today: date, clock: bool, language: str | None) -> SafeText:
    """written: with its zone. language: the one of now."""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        written,
        date_format(local, "j F Y, H:i"),
        date_format(local, "H:i") if clock else _said(local, today),
    )


@register.simple_tag
def this_minute() -> str:
    """For `min` of a field of a day and a time."""
    return timezone.localtime().isoformat(timespec="minutes")[:16]


@register.simple_tag
def day(when: datetime) -> str:
    """The mark above the messages of one day."""
    local = timezone.localtime(when)
    days = (timezone.localdate() - local.date()).days
    if days == 0:
        return _("Today")
    if days == 1:
        return _("Yesterday")
    return date_format(local, "l, j F" if local.year == timezone.localdate().year else "j F Y")


@register.simple_tag(takes_context=True)
def here(context: template.Context, **changes: object) -> str:
    """`?list=mine&q=ada`: the place in the inbox with some of it changed; what is empty is left out."""
    place = {**(context.get("place") or {}), **changes}
    query = urlencode({name: value for name, value in place.items() if value})
    return f"?{query}" if query else ""


@register.filter
def initials(name: str) -> str:
    """`Amara Nwosu` -> `AN`; a stranger's number or an address gives its first sign."""
    words = [word for word in name.replace("@", " ").split() if _SIGN.match(word)]
    if not words:
        return "?"
    chosen = words[:1] if len(words) == 1 or "@" in name else [words[0], words[-1]]
    return "".join(word[0] for word in chosen).upper()


@register.filter
def hue(key: object) -> int:
    """1 to 8, always the same for the same key."""
    return sum(str(key).encode()) % HUES + 1


@register.filter
def channel_name(channel_type: str) -> str:
    return str(ChannelType(channel_type).label)


@register.filter
def linked(text: str) -> SafeText:
    """Plain text with its web addresses as links, and *bold*, _slanted_ and `code`; everything else is escaped."""
    return format_html_join("", "{}", ((format_html(_SHAPES[shape], words),) for shape, words in pieces(text)))


def _said(local: datetime, today: date) -> str:
    if local.date() == today:
        return date_format(local, "H:i")
    if local.date() == today - timedelta(days=1):
        return _("Yesterday")
    if timedelta(0) < today - local.date() < timedelta(days=6):
        return date_format(local, "D")
    return date_format(local, "j M" if local.year == today.year else "j M Y")


@register.filter
def answered(since: datetime, until: datetime) -> str:
    """How long somebody waited, in words: "within a minute", "within 2 hours"."""
    if until - since < timedelta(minutes=1):
        return _("within a minute")
    return _("within %(time)s") % {"time": timesince(since, until, depth=1)}
