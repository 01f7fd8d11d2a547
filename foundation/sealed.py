"""Secrets in rows: AES-256-GCM, so that a copied database alone opens nothing.

A sealed text is `v1.<key's name>.<nonce, ciphertext and tag in URL-safe base64>`. The context is authenticated
with it: a text that is copied into another row or field does not open there. Source: promises, "Secrets".
"""

import base64
import binascii
import os
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_VERSION = "v1"
_NONCE_BYTES = 12


class CannotUnseal(Exception):
    """Not sealed by a key of ours, or not for this context. Says nothing of the content."""


def seal(plain: str, *, context: str) -> str:
    """Seal with the first of FIELD_KEYS.

    context: says which row and field this is; the same is needed to open it.
    """
    text_key = settings.FIELD_KEYS[0]
    nonce = os.urandom(_NONCE_BYTES)
    body = nonce + AESGCM(_key(text_key)).encrypt(nonce, plain.encode(), context.encode())
    return f"{_VERSION}.{_name(text_key)}.{base64.urlsafe_b64encode(body).decode()}"


def unseal(sealed: str, *, context: str) -> str:
    """What was sealed, by any of FIELD_KEYS. Raises CannotUnseal."""
    version, _dot, rest = sealed.partition(".")
    name, _dot, encoded = rest.partition(".")
    text_key = _known_keys().get(name)
    if version != _VERSION or text_key is None:
        raise CannotUnseal("Sealed by a key that is not here.")
    try:
        body = base64.b64decode(encoded, altchars=b"-_", validate=True)
        nonce, ciphertext = body[:_NONCE_BYTES], body[_NONCE_BYTES:]
        return AESGCM(_key(text_key)).decrypt(nonce, ciphertext, context.encode()).decode()
    except (InvalidTag, ValueError, binascii.Error) as error:
        raise CannotUnseal("Changed, or sealed for another place.") from error


def renewed(sealed: str, *, context: str) -> str:
    """The same by the first of FIELD_KEYS; untouched when that sealed it. Raises CannotUnseal."""
    if sealed.split(".")[:2] == [_VERSION, _name(settings.FIELD_KEYS[0])]:
        return sealed
    return seal(unseal(sealed, context=context), context=context)


def has_its_key(sealed: str) -> bool:
    """Whether the key that sealed it is among FIELD_KEYS; opens nothing, so it is cheap over many rows."""
    version, _dot, rest = sealed.partition(".")
    return version == _VERSION and rest.partition(".")[0] in _known_keys()


def _known_keys() -> dict[str, str]:
    return {_name(text_key): text_key for text_key in settings.FIELD_KEYS}


def _key(text_key: str) -> bytes:
    """256 bits from a text of any length; the text is random (or refused at start when it is short)."""
    return sha256(text_key.encode()).digest()


def _name(text_key: str) -> str:
    """Tells keys apart without telling anything of them."""
    return sha256(b"pingback: name of a field key\0" + text_key.encode()).hexdigest()[:8]
