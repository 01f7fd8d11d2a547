"""Amazon SES hands mail over through a topic of SNS: who speaks for it, and what it says.

Anybody may have a topic that speaks to us with a good signature: only the one that the channel names counts. Source:
docs.aws.amazon.com: SNS, "Verifying message signatures" and "HTTP/HTTPS notification JSON format"; SES, "Contents of
notifications for email receiving".
"""

import base64
import binascii
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import load_pem_x509_certificate
from django.conf import settings
from django.core.exceptions import SuspiciousOperation

from channels_app.adapters.errors import TryAgain
from channels_app.adapters.events import Incoming
from foundation import http

KIND = "x-amz-sns-message-type"
_HOST = re.compile(r"sns\.[a-z0-9-]{3,30}\.amazonaws\.com(?:\.cn)?")
# What else SNS's hosts answer may hold words of anybody who has an account there.
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem")
_SIGNED = ("Message", "MessageId", "SubscribeURL", "Subject", "Timestamp", "Token", "TopicArn", "Type")
_OF_NOTIFICATIONS = frozenset({"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"})
_HASHES = {"1": hashes.SHA1, "2": hashes.SHA256}
MAX_CERTIFICATE = 20_000


def told(incoming: Incoming) -> dict[str, str]:
    """SNS's own fields. Raises SuspiciousOperation for what is none of its posts."""
    found = incoming.json()
    if not isinstance(found, dict) or found.get("Type") != incoming.headers.get(KIND):
        raise SuspiciousOperation("No post of SNS's.")
    return {name: value for name, value in found.items() if isinstance(value, str)}


def mail_in(fields: Mapping[str, str]) -> dict[str, Any]:
    """What SES says of a mail that it took; {} for everything else."""
    try:
        found = orjson.loads(fields.get("Message", ""))
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) and found.get("notificationType") == "Received" else {}


def raw_of(mail: Mapping[str, Any]) -> bytes:
    """b"" when the mail lies in S3, and not in what is told of it."""
    content = mail.get("content")
    if not isinstance(content, str):
        return b""
    receipt = mail.get("receipt")
    action = receipt.get("action") if isinstance(receipt, dict) else None
    if isinstance(action, dict) and str(action.get("encoding", "")).upper() == "BASE64":
        try:
            return base64.b64decode(content)
        except (binascii.Error, ValueError):
            return b""
    return content.encode("utf-8", "replace")


def is_signed(fields: Mapping[str, str], topic: str) -> bool:
    """By SNS, for this topic. Raises TryAgain when its certificate cannot be had at the moment."""
    algorithm = _HASHES.get(fields.get("SignatureVersion", ""))
    if not topic or fields.get("TopicArn") != topic or algorithm is None:
        return False
    names = _OF_NOTIFICATIONS if fields.get("Type") == "Notification" else {*_SIGNED} - {"Subject"}
    signed = "".join(f"{name}\n{fields[name]}\n" for name in _SIGNED if name in names and name in fields)
    url = fields.get("SigningCertURL", "")
    if not is_amazons_certificate(url):
        return False
    try:
        key = _key(url)
        key.verify(base64.b64decode(fields.get("Signature", "")), signed.encode(), padding.PKCS1v15(), algorithm())
    except (InvalidSignature, binascii.Error, ValueError, TypeError):
        return False
    return True


def is_amazons(url: str) -> bool:
    """Whether it leads to SNS itself: a certificate, or a confirmation, from anywhere else is worth nothing."""
    if settings.AMAZON_SNS_BASE_URL:
        return url.startswith(f"{settings.AMAZON_SNS_BASE_URL}/")
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and parts.netloc == parts.hostname and bool(_HOST.fullmatch(parts.netloc))
    except ValueError:
        return False


def is_amazons_certificate(url: str) -> bool:
    if not is_amazons(url):
        return False
    parts = urlsplit(url)
    return bool(_CERTIFICATE.fullmatch(parts.path)) and not parts.query and not parts.fragment


@lru_cache(maxsize=16)
def _key(url: str) -> rsa.RSAPublicKey:
    """Raises TryAgain, ValueError."""
    try:
        answer = http.call("GET", url, max_bytes=MAX_CERTIFICATE)
    except (http.OutboundFailed, http.OutboundRefused) as error:
        raise TryAgain from error
    if answer.status != 200:
        raise TryAgain
    key = load_pem_x509_certificate(answer.body).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("Not a key of SNS's.")
    return key
