"""Postal signs with a key of the installation, whose public half its operator shows. Source: docs.postalserver.io,
"Receiving e-mail by HTTP" (raw message) and "Webhooks"; its public key is the `p=` of `postal default-dkim-record`."""

import base64
import binascii
import re
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from channels_app.adapters.events import Incoming

# The newer header is signed with the better digest; older servers have only the other one.
_HEADERS: Mapping[str, type[hashes.HashAlgorithm]] = {
    "x-postal-signature-256": hashes.SHA256,
    "x-postal-signature": hashes.SHA1,
}


def named_in(headers: Mapping[str, str]) -> bool:
    """headers: by their names in lower case."""
    return any(name in headers for name in _HEADERS)


def is_from(incoming: Incoming) -> bool:
    return named_in(incoming.headers)


def is_signed(incoming: Incoming, public_key: str) -> bool:
    """public_key: base64, with or without its PEM lines, or the whole DKIM record."""
    try:
        key = load_der_public_key(base64.b64decode(_bare(public_key), validate=True))
    except (binascii.Error, ValueError, TypeError):
        return False
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    for name, algorithm in _HEADERS.items():
        if given := incoming.headers.get(name):
            try:
                key.verify(base64.b64decode(given), incoming.body, padding.PKCS1v15(), algorithm())
            except (InvalidSignature, binascii.Error, ValueError):
                return False
            return True
    return False


def _bare(public_key: str) -> str:
    record = re.search(r"\bp=([A-Za-z0-9+/=\s]+)", public_key)
    text = record[1] if record else re.sub(r"-----[A-Z ]+-----", "", public_key)
    return re.sub(r"\s+", "", text)
