"""What must hold before PingBack starts (promises 10). Django runs these at every start and in `manage.py check`."""

import ipaddress
import re
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections

from foundation import mail
from pingback.realtime import envelopes

KEYS = ("SECRET_KEY", "JWT_KEY", "TICKET_KEY", "VISITOR_KEY", "VAPID_KEY", "FIELD_KEY")
# Each with those before it, which are still believed.
ROTATED = ("SECRET_KEYS", "JWT_KEYS", "VISITOR_KEYS", "FIELD_KEYS")
MIN_KEY_BYTES = 32
# Below these a known hole is open.
FLOORS = {
    "Django": "5.2.17",
    "djangorestframework": "3.15.2",
    "djangorestframework-simplejwt": "5.5.1",
    "python-socketio": "5.18.1",
    "python-engineio": "4.15.1",
    "daphne": "4.2.2",
}


@register(Tags.security)
def keys_are_long_and_separate(**kwargs: Any) -> list[CheckMessage]:
    values = {name: getattr(settings, name) for name in KEYS}
    values |= {
        f"{name}_OLD, number {at}": older for name in ROTATED for at, older in enumerate(getattr(settings, name)[1:], 1)
    }
    flaws: list[CheckMessage] = [
        Error(f"{name} is shorter than {MIN_KEY_BYTES} bytes.", id="pingback.E001")
        for name, value in values.items()
        if len(value.encode()) < MIN_KEY_BYTES
    ]
    if len(set(values.values())) < len(values):
        flaws.append(Error("Two keys are the same: one leaked key would open two doors.", id="pingback.E002"))
    return flaws


@register(Tags.security)
def redis_is_private(**kwargs: Any) -> list[CheckMessage]:
    url = urlsplit(settings.REDIS_URL)
    if not settings.REDIS_URL or url.password or _is_loopback(url.hostname or ""):
        return []
    return [Error("REDIS_URL names another machine and has no password.", id="pingback.E003")]


@register(Tags.security)
def processes_hear_each_other(**kwargs: Any) -> list[CheckMessage]:
    if settings.REDIS_URL or envelopes.has_nobody_else():
        return []
    text = "There are several processes and no REDIS_URL: what one of them does shows up to 10 s late at the others."
    return [Warning(text, hint="Set REDIS_URL, the same for all of them.", id="pingback.W002")]


@register(Tags.urls)
def checkout_is_an_address(**kwargs: Any) -> list[CheckMessage]:
    """People are sent there to pay: a typing mistake must not send them elsewhere."""
    if not settings.CHECKOUT_URL:
        return []
    url = urlsplit(settings.CHECKOUT_URL)
    gaps = re.findall(r"\{[^}]*\}", settings.CHECKOUT_URL)
    if url.scheme == "https" and url.hostname and set(gaps) == {"{plan}", "{business_id}"}:
        return []
    hint = "Like https://pay.example.com/checkout?plan={plan}&workspace={business_id}"
    return [
        Error("CHECKOUT_URL is no https address with {plan} and {business_id} in it.", hint=hint, id="pingback.E012")
    ]


@register(Tags.security)
def https_has_a_proxy(**kwargs: Any) -> list[CheckMessage]:
    """PingBack speaks plain HTTP; without a proxy whose word counts it would redirect to itself for ever."""
    if settings.HTTPS and not settings.TRUSTED_PROXIES:
        hint = "Set TRUSTED_PROXIES to the number of proxies in front, mostly 1."
        return [Error("PUBLIC_BASE_URL is https, and no proxy is declared.", hint=hint, id="pingback.E007")]
    return []


@register(Tags.security)
def meta_is_signed_in_production(**kwargs: Any) -> list[CheckMessage]:
    """Anybody could write as anybody's customer."""
    if settings.HTTPS and settings.META_ALLOW_UNSIGNED:
        hint = "Take META_ALLOW_UNSIGNED away, and set META_APP_SECRET or each channel's app secret."
        return [Error("META_ALLOW_UNSIGNED believes unsigned posts in production.", hint=hint, id="pingback.E013")]
    return []


@register(Tags.security, deploy=True)
def mails_leave_the_house(**kwargs: Any) -> list[CheckMessage]:
    if mail.is_on():
        return []
    hint = "Set EMAIL_URL, like smtp+tls://user:word@host:587."
    text = "Mails are printed to the console: nobody gets an invitation or a link for a new password."
    return [Warning(text, hint=hint, id="pingback.W001")]


@register(Tags.files)
def uploads_are_not_static_files(**kwargs: Any) -> list[CheckMessage]:
    if Path(settings.MEDIA_ROOT).resolve().is_relative_to(Path(settings.STATIC_ROOT).resolve()):
        return [Error("Uploads lie inside the static files: anybody could read them.", id="pingback.E004")]
    return []


@register(Tags.security)
def packages_are_new_enough(**kwargs: Any) -> list[CheckMessage]:
    return [
        Error(f"{name} {version(name)} is older than {floor}.", id="pingback.E005")
        for name, floor in FLOORS.items()
        if _parts(version(name)) < _parts(floor)
    ]


@register(Tags.database)
def commits_reach_the_disk(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """A 2xx means stored: a PostgreSQL that answers before it wrote breaks the promise."""
    flaws: list[CheckMessage] = []
    for alias in databases or []:
        connection = connections[alias]
        if connection.vendor != "postgresql":
            continue
        for setting in ("fsync", "synchronous_commit"):
            with connection.cursor() as cursor:
                cursor.execute(f"SHOW {setting}")
                if cursor.fetchone()[0] == "off":
                    flaws.append(Error(f"PostgreSQL runs with {setting}=off.", id="pingback.E006"))
    return flaws


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _parts(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())
