"""Access tokens for mail servers that take no password (Google, Microsoft). Source: channels.md 8.3, RFC 6749 6."""

import hashlib
import time
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from channels_app import credentials
from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.errors import DeliveryError, Kind

# By the end of the mail server's name.
TOKEN_URLS = {
    "gmail.com": "https://oauth2.googleapis.com/token",
    "office365.com": "https://login.microsoftonline.com/common/oauth2/v2.0/token",
    "outlook.com": "https://login.microsoftonline.com/common/oauth2/v2.0/token",
}
# Tokens live an hour: one that ends within a minute is asked for anew.
EARLY_SECONDS, USUAL_SECONDS = 60, 3600
# In this process alone, by a digest of what they were got with; until when they are good.
_known: dict[str, tuple[str, float]] = {}
MOST_KNOWN = 1000


def access_token(adapter: ChannelAdapter) -> str:
    """For the channel of an adapter with an `oauth_refresh_token`. Raises DeliveryError."""
    config, secrets = adapter.channel.config, adapter.secrets
    url = str(config.get("oauth_token_url") or _usual(config))
    if not url:
        raise DeliveryError(_("Enter where access tokens of this mail service are got."), kind=Kind.CREDENTIALS)
    asked = {
        "grant_type": "refresh_token",
        "client_id": str(config.get("oauth_client_id", "")),
        "client_secret": secrets.get("oauth_client_secret", ""),
        "refresh_token": secrets.get("oauth_refresh_token", ""),
    }
    key = hashlib.sha256(repr((url, asked)).encode()).hexdigest()
    token, ends = _known.get(key, ("", 0.0))
    if ends < time.monotonic():
        told = _asked(adapter, url, asked)
        token = str(told.get("access_token", ""))
        lives = told.get("expires_in")
        seconds = lives if isinstance(lives, int) and 0 < lives < 100_000 else USUAL_SECONDS
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        _known[key] = (token, time.monotonic() + seconds - EARLY_SECONDS)
        # Microsoft gives another one each time, and the first ends after 90 days.
        if isinstance(renewed := told.get("refresh_token"), str) and renewed != asked["refresh_token"]:
            credentials.renew(adapter.channel, "oauth_refresh_token", renewed)
    return token


def _asked(adapter: ChannelAdapter, url: str, asked: Mapping[str, str]) -> Mapping[str, Any]:
    answer = adapter.call("POST", url, form=asked)
    try:
        told = answer.json()
    except Exception:
        told = None
    if answer.status == 200 and isinstance(told, dict) and told.get("access_token"):
        return told
    if 400 <= answer.status < 500 and answer.status != 429:
        text = _(
            "The mail service gives no access token any more. Sign in there again, and enter the new refresh token."
        )
        raise DeliveryError(text, kind=Kind.CREDENTIALS)
    raise DeliveryError(_("The mail service gives no access token just now."))


def _usual(config: Mapping[str, Any]) -> str:
    hosts = [str(config.get(name, "")).lower() for name in ("imap_host", "smtp_host")]
    return next((url for end, url in TOKEN_URLS.items() for host in hosts if f".{host}".endswith(f".{end}")), "")
