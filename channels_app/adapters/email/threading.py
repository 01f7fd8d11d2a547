"""Which conversation a mail answers, from the address that we gave in Reply-To, and which mail is our own.

A token names a conversation and proves that we made it. It is in lower case and short, so that it survives servers
that fold case and fits into an address; knowing one lets nobody read anything.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from uuid import UUID

from django.conf import settings

_PURPOSE = b"pingback: reply addresses"
_OF_MARKS = b"pingback: marks"
_MAC_BYTES = 8
TOKEN_LENGTH = 39


def reply_address(address: str, conversation_id: UUID) -> str:
    """help@acme.example -> help+<token>@acme.example; the address itself where a token would make it too long."""
    local, _at, domain = without_tag(address).rpartition("@")
    if len(local) + 1 + TOKEN_LENGTH > 64:
        return address
    return f"{local}+{token_of(conversation_id)}@{domain}"


def without_tag(address: str) -> str:
    """help+7k2x@acme.example -> help@acme.example"""
    local, _at, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def token_of(conversation_id: UUID, ours: str = "") -> str:
    """ours: the key that signs it; "" = the one of today."""
    data = conversation_id.bytes + _mac(conversation_id.bytes, ours or settings.SECRET_KEY)
    return base64.b32encode(data).decode().rstrip("=").lower()


def mark_of(channel_id: UUID) -> str:
    """What a mail of this channel has in a field of its own. Other installations have such a field, too."""
    mac = hmac.digest(settings.SECRET_KEY.encode(), _OF_MARKS + channel_id.bytes, hashlib.sha256)
    return f"{channel_id}.{mac[:_MAC_BYTES].hex()}"


def conversation_in(recipients: Iterable[str]) -> UUID | None:
    """The conversation that one of the addresses names with a good token; None when none does."""
    for address in recipients:
        tag = address.rpartition("@")[0].rpartition("+")[2]
        if found := _conversation_of(tag):
            return found
    return None


def _conversation_of(token: str) -> UUID | None:
    if len(token) != TOKEN_LENGTH:
        return None
    try:
        data = base64.b32decode(token.upper() + "=")
    except (binascii.Error, ValueError):
        return None
    # Compared as text: of the last letter base32 reads only a part, and there is one token for a conversation.
    conversation_id = UUID(bytes=data[:16])
    good = (token_of(conversation_id, ours).encode() for ours in settings.SECRET_KEYS)
    given = token.lower().encode()
    return conversation_id if any(hmac.compare_digest(given, each) for each in good) else None


def _mac(data: bytes, ours: str) -> bytes:
    key = hmac.digest(ours.encode(), _PURPOSE, hashlib.sha256)
    return hmac.digest(key, data, hashlib.sha256)[:_MAC_BYTES]
