"""The visitor key: `v1.<payload>.<mac>`, what opens a visitor's conversations and nothing else.

HMAC-SHA256 with a key of our own over visitor, business, widget and generation. It is good for 180 days after the
visitor was last seen, and void once the row's generation moved on. Source: promises 4.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from foundation import throttles
from foundation.prepared import Among, Given, prepared
from widgets.models import Visitor

VERSION = "v1"
LIFETIME = timedelta(days=180)
TOUCH_AFTER = timedelta(hours=1)
MAX_KEY = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a key of ours says; whether it is still good is for the visitor's row to say."""

    visitor_id: UUID
    business_id: UUID
    generation: int
    widget_id: UUID | None = field(default=None, compare=False)  # which row it is does not hang on it

    def belong_at(self, *, business_id: UUID, widget_id: UUID | None) -> bool:
        """Whether this is where the key belongs: in its workspace, and at the widget that it came with.

        Two sites of a workspace are two houses to their visitors. A key that came with no widget belongs to the
        workspace alone, and who names none (widget_id) asks for no more.
        """
        return self.business_id == business_id and (not widget_id or self.widget_id in {None, widget_id})


def issue(visitor: Visitor) -> str:
    claims = {
        "v": str(visitor.pk),
        "b": str(visitor.business_id),
        "w": str(visitor.widget_id) if visitor.widget_id else None,
        "g": visitor.generation,
        "i": int(time.time()),
    }
    payload = _encode(json.dumps(claims, separators=(",", ":")).encode())
    return f"{VERSION}.{payload}.{_mac(payload, settings.VISITOR_KEYS[0])}"


def visitor_from_key(
    key: object, *, business_id: UUID, widget_id: UUID | None = None, language: str = ""
) -> Visitor | None:
    """Whose key it is; None for anything that is not a good key of this business, and of the widget if one is named.

    language: that the visitor is seen to speak, "" = none.
    Raises TooFast for an address that goes on with keys that we never made.
    """
    claims = read(key)
    if claims is None and key:
        count_bad_key()
    if claims is None or not claims.belong_at(business_id=business_id, widget_id=widget_id):
        return None
    visitor = visitors_of([claims]).get(claims)
    if visitor:
        touch(visitor)
        if language and language != visitor.language:
            visitor.language = language
            visitor.save(update_fields=["language"])
    return visitor


def count_bad_key() -> None:
    """One that we never made. Raises TooFast for an address that goes on with them."""
    throttles.count_address("VISITOR_KEY")


def visitors_of(claims: Collection[Claims]) -> dict[Claims, Visitor]:
    """Whose keys they are, with their customers; without those that are void. One query."""
    rows = _seen()(ids={each.visitor_id for each in claims}, since=timezone.now() - LIFETIME)
    found = {Claims(visitor_id=row.pk, business_id=row.business_id, generation=row.generation): row for row in rows}
    return {each: found[each] for each in claims if each in found}


@prepared
def _seen() -> "QuerySet[Visitor]":
    seen = Visitor.objects.filter(Among("id", Given("ids")), last_seen_at__gt=Given("since"))
    return seen.select_related("customer")


def is_due(visitor: Visitor) -> bool:
    """Whether it was not noted for a while that the visitor is here."""
    return timezone.now() - visitor.last_seen_at > TOUCH_AFTER


def touch(visitor: Visitor) -> None:
    if is_due(visitor):
        Visitor.objects.filter(pk=visitor.pk).update(last_seen_at=timezone.now())


def read(key: object) -> Claims | None:
    """What a key of ours says: the mac proves that `issue` wrote it."""
    if not isinstance(key, str) or len(key) > MAX_KEY or not key.isascii():
        return None
    version, _dot, rest = key.partition(".")
    payload, _dot, mac = rest.partition(".")
    if version != VERSION or not any(hmac.compare_digest(_mac(payload, ours), mac) for ours in settings.VISITOR_KEYS):
        return None
    said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return Claims(
        visitor_id=UUID(said["v"]),
        business_id=UUID(said["b"]),
        widget_id=UUID(said["w"]) if said["w"] else None,
        generation=said["g"],
    )


def _mac(payload: str, ours: str) -> str:
    message = f"{VERSION}.{payload}".encode()
    return _encode(hmac.digest(ours.encode(), message, hashlib.sha256))


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
