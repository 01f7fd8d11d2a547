"""Resend tells that a mail came, and keeps it: what it says is signed (Svix), and the mail is asked for afterwards.

Source: resend.com/docs, webhooks ("email.received") and API ("Retrieve received email"); docs.svix.com ("Verifying
payloads").
"""

import base64
import binascii
import hashlib
import hmac
import re
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from channels_app.adapters.base import same
from channels_app.adapters.email.reading import MAX_BYTES
from channels_app.adapters.errors import DeliveryError, Kind, MediaGone
from channels_app.adapters.events import Incoming
from foundation.http import Answer

SKEW_SECONDS = 300
_ID = re.compile(r"[A-Za-z0-9-]{1,100}")

Call = Callable[..., Answer]


def is_from(incoming: Incoming) -> bool:
    return "svix-signature" in incoming.headers


def is_signed(incoming: Incoming, secret: str) -> bool:
    """secret: as Resend shows it, `whsec_` and base64."""
    message_id, stamp = incoming.headers.get("svix-id", ""), incoming.headers.get("svix-timestamp", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 13 and abs(time.time() - int(stamp)) <= SKEW_SECONDS):
        return False
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return False
    if not key:
        return False
    signed = f"{message_id}.{stamp}.".encode() + incoming.body
    ours = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    given = incoming.headers.get("svix-signature", "").split()
    return any(same(one.removeprefix("v1,"), ours) for one in given[:10] if one.startswith("v1,"))


def fetched(mail_id: str, *, call: Call, key: str) -> bytes:
    """The mail's bytes. call: as of the adapter. Raises DeliveryError, MediaGone."""
    if not _ID.fullmatch(mail_id):
        raise MediaGone(_("Resend does not say which mail came."))
    if not key:
        raise DeliveryError(_("Enter Resend's API key, so that mails can be fetched."), kind=Kind.CREDENTIALS)
    url = f"{settings.RESEND_API_BASE_URL}/emails/receiving/{mail_id}"
    about = _good(call("GET", url, headers={"authorization": f"Bearer {key}"})).json()
    raw: Any = about.get("raw") if isinstance(about, dict) else None
    place = raw.get("download_url") if isinstance(raw, dict) else None
    if not isinstance(place, str):
        raise DeliveryError(_("Resend does not hand out the mail."))
    # Signed by itself: the key goes nowhere else.
    return _good(call("GET", place, max_bytes=MAX_BYTES)).body


def _good(answer: Answer) -> Answer:
    if answer.status in {401, 403}:
        raise DeliveryError(_("Resend does not take the API key."), kind=Kind.CREDENTIALS)
    if answer.status in {404, 410}:
        raise MediaGone(_("Resend does not have the mail any more."))
    if answer.status != 200:
        raise DeliveryError(_("Resend does not hand out the mail."))
    return answer
