"""Challenges of passkeys, kept on the server's side of the browser's session: each good once, for five minutes."""

import secrets
import time
from enum import StrEnum, auto

from django.http import HttpRequest
from django.utils.translation import gettext as _
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from foundation.errors import Invalid

KEY = "passkey"
PATIENCE_SECONDS = 300


class Purpose(StrEnum):
    """A challenge for one thing does not do for another."""

    ADD = auto()
    SIGN_IN = auto()
    SECOND_STEP = auto()


def begin(request: HttpRequest, purpose: Purpose) -> bytes:
    """A new challenge; the one before is dead."""
    challenge = secrets.token_bytes(32)
    until = int(time.time()) + PATIENCE_SECONDS
    request.session[KEY] = {"for": purpose, "challenge": bytes_to_base64url(challenge), "until": until}
    return challenge


def finish(request: HttpRequest, purpose: Purpose) -> bytes:
    """The challenge, which is used up by it. Raises Invalid when there is none."""
    begun = request.session.pop(KEY, None)
    if not isinstance(begun, dict) or begun["for"] != purpose or begun["until"] < time.time():
        raise Invalid(_("That took too long. Try again."))
    return base64url_to_bytes(begun["challenge"])
