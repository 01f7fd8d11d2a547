"""What mail services keep and sign with, as far as we use it: Resend's API, Amazon's SNS, Postal's key.

Source: resend.com/docs (webhooks "email.received", API "Retrieve received email"), docs.svix.com ("Verifying
payloads"), docs.aws.amazon.com (SNS "Verifying message signatures", SES "Notifications for email receiving"),
docs.postalserver.io ("Receiving e-mail by HTTP").
"""

import base64
import hashlib
import hmac
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from tests.fakes.server import Answer, Call, Fake, need

API_KEY = "re_canary7Hq2secretKeyOfResend"
SIGNING_SECRET = "whsec_" + base64.b64encode(b"canary-7Hq2-signing-secret").decode()
TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail"


@cache
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@cache
def certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private_key().public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=9))
    return made.sign(private_key(), hashes.SHA256()).public_bytes(Encoding.PEM)


def public_key() -> str:
    """As Postal's DKIM record shows it."""
    der = private_key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; t=s; h=sha256; p={base64.b64encode(der).decode()};"


def signed(data: bytes, algorithm: hashes.HashAlgorithm) -> str:
    return base64.b64encode(private_key().sign(data, padding.PKCS1v15(), algorithm)).decode()


class MailServices(Fake):
    """mails: what Resend keeps, by its id. confirmed: the tokens that came back."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.token = API_KEY
        self.mails: dict[str, bytes] = {}
        self.confirmed: list[str] = []

    def is_send(self, call: Call) -> bool:
        return False

    def answer(self, call: Call) -> Answer:
        need(call.method == "GET", "only asked, never told")
        place, _slash, name = call.path.lstrip("/").rpartition("/")
        if call.path == "/SimpleNotificationService-1.pem":
            return Answer(certificate())
        if call.query.get("Action") == "ConfirmSubscription":
            self.confirmed.append(call.query["Token"])
            return Answer(b"<ConfirmSubscriptionResponse/>")
        if place == "emails/receiving":
            if call.headers.get("authorization") != f"Bearer {self.token}":
                return Answer({"statusCode": 401, "name": "restricted_api_key"}, 401)
            if name not in self.mails:
                return Answer({"statusCode": 404, "name": "not_found"}, 404)
            raw = {"download_url": f"{self.url}/raw/{name}?signature=1", "expires_at": "2026-11-27T14:29:41.521Z"}
            return Answer({"object": "email", "id": name, "raw": raw})
        need(place == "raw" and call.query.get("signature") == "1", "no such address")
        need("authorization" not in call.headers, "the key goes to strangers")
        return Answer(self.mails[name])

    def of_amazon(self, kind: str = "Notification", *, version: str = "2", **fields: Any) -> dict[str, Any]:
        """A post of SNS's. fields: besides those that each has."""
        told = {
            "Type": kind,
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": TOPIC,
            "Timestamp": "2026-01-01T00:00:00.000Z",
            **fields,
        }
        names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
        if kind != "Notification":
            names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
        data = "".join(f"{name}\n{told[name]}\n" for name in names if name in told).encode()
        algorithm = hashes.SHA256() if version == "2" else hashes.SHA1()
        about = {"SignatureVersion": version, "SigningCertURL": f"{self.url}/SimpleNotificationService-1.pem"}
        return {**about, **told, "Signature": signed(data, algorithm)}

    def asks(self, token: str) -> dict[str, Any]:
        where = f"{self.url}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={token}"
        words = f"You have chosen to subscribe to the topic {TOPIC}."
        return self.of_amazon("SubscriptionConfirmation", Message=words, SubscribeURL=where, Token=token)


def of_resend(body: bytes, *, secret: str = SIGNING_SECRET, at: float | None = None) -> dict[str, str]:
    """Svix's headers."""
    stamp = str(int(at or time.time()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    good = base64.b64encode(hmac.digest(key, f"msg_1.{stamp}.".encode() + body, hashlib.sha256)).decode()
    return {"svix-id": "msg_1", "svix-timestamp": stamp, "svix-signature": f"v1,bm90aGluZw== v1,{good}"}
