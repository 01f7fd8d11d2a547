"""X's two signatures: of what it sends, and of what it is asked. Wire: channels.md 6.1, 6.2; RFC 5849.

A request is signed with OAuth 1.0a over address, query and `oauth_*` alone: a JSON or multipart body is not in it.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlsplit


def signature(api_secret: str, data: bytes) -> str:
    """Of a challenge, or of a post's raw body."""
    return "sha256=" + base64.b64encode(hmac.digest(api_secret.encode(), data, hashlib.sha256)).decode()


def authorization(
    method: str, url: str, keys: Mapping[str, str], *, nonce: str = "", timestamp: int | None = None
) -> str:
    """The OAuth 1.0a header of a request. keys: api_key, api_secret, access_token, access_token_secret."""
    parts = urlsplit(url)
    oauth = {
        "oauth_consumer_key": keys.get("api_key", ""),
        "oauth_nonce": nonce or secrets.token_hex(16),
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(timestamp or int(time.time())),
        "oauth_token": keys.get("access_token", ""),
        "oauth_version": "1.0",
    }
    given = [*parse_qsl(parts.query, keep_blank_values=True), *oauth.items()]
    pairs = sorted((_escaped(name), _escaped(value)) for name, value in given)
    place = f"{parts.scheme}://{parts.netloc}{parts.path}"
    base = "&".join([method.upper(), _escaped(place), _escaped("&".join(f"{n}={v}" for n, v in pairs))])
    key = f"{_escaped(keys.get('api_secret', ''))}&{_escaped(keys.get('access_token_secret', ''))}"
    oauth["oauth_signature"] = base64.b64encode(hmac.digest(key.encode(), base.encode(), hashlib.sha1)).decode()
    return "OAuth " + ", ".join(f'{_escaped(name)}="{_escaped(value)}"' for name, value in sorted(oauth.items()))


def _escaped(text: str) -> str:
    return quote(text, safe="-._~")
