"""The visitor key: `v1.<payload>.<mac>`, what opens a visitor's conversations and nothing else.

HMAC-SHA256 with a key of its own over visitor, business, widget and generation. It is good for 180 days after the
visitor was last seen, and void once the row's generation moved on. Source: promises 4.
"""

import base64
import hashlib
import hmac
import json
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from foundation import throttles
from widgets.models import Visitor

VERSION = "v1"
LIFETIME = timedelta(days=180)
TOUCH_AFTER = timedelta(hours=1)
MAX_KEY = 600


def issue(visitor: Visitor) -> str:
    claims = {
        "v": str(visitor.pk),
        "b": str(visitor.business_id),
        "w": str(visitor.widget_id) if visitor.widget_id else None,
        "g": visitor.generation,
        "i": int(time.time()),
    }
    payload = _encode(json.dumps(claims, separators=(",", ":")).encode())
    return f"{VERSION}.{payload}.{_mac(payload)}"


def visitor_from_key(key: object, *, business_id: UUID) -> Visitor | None:
    """Whose key it is; None for anything that is not a good key of this business.

    Raises TooFast for an address that goes on with keys that we never made.
    """
    claims = _claims(key)
    if claims is None and key:
        throttles.count_address("VISITOR_KEY")
    if claims is None or claims["b"] != str(business_id):
        return None
    visitor = (
        Visitor.objects.select_related("customer")
        .filter(
            pk=UUID(claims["v"]),
            business_id=business_id,
            generation=claims["g"],
            last_seen_at__gt=timezone.now() - LIFETIME,
        )
        .first()
    )
    if visitor and timezone.now() - visitor.last_seen_at > TOUCH_AFTER:
        Visitor.objects.filter(pk=visitor.pk).update(last_seen_at=timezone.now())
    return visitor


def _claims(key: object) -> dict[str, Any] | None:
    """What a key of ours says: the mac proves that `issue` wrote it."""
    if not isinstance(key, str) or len(key) > MAX_KEY or not key.isascii():
        return None
    version, _dot, rest = key.partition(".")
    payload, _dot, mac = rest.partition(".")
    if version != VERSION or not hmac.compare_digest(_mac(payload), mac):
        return None
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def _mac(payload: str) -> str:
    message = f"{VERSION}.{payload}".encode()
    return _encode(hmac.digest(settings.VISITOR_KEY.encode(), message, hashlib.sha256))


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
