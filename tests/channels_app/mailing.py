"""A mail server, and mails to and from Acme's support address."""

import hashlib
import hmac
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import AuthResult
from django.test import Client

from channels_app import deliveries, intake

SECRET = "pb-inbound-secret"
PATH = "/api/v1/webhooks/email"


class Server:
    """An SMTP server that takes mail from who knows the password; `refusal` is its answer to the next mails."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []  # of the last mail
        self.refusal = ""
        self.unknown: set[str] = set()
        self.later: set[str] = set()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.refusal.startswith("5"):
            return self.refusal
        if address in self.later:
            return "450 4.2.0 come again"
        if address in self.unknown:
            return "550 5.1.1 nobody here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refusal:
            return self.refusal
        self.recipients = envelope.rcpt_tos
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=given.password == b"right", handled=False)


def config(port: int, password: str = "right") -> dict[str, Any]:
    return {
        "address": "help@acme.example",
        "from_name": "Acme Help",
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_username": "help",
        "smtp_password": password,
        "smtp_use_tls": False,
        "inbound_secret": SECRET,
    }


def mail(
    body: str = "Where is it?", sender: str = "Cleo <cleo@example.net>", to: str = "help@acme.example", **more: str
) -> bytes:
    fields = {"From": sender, "To": to, "Subject": "Order 1009", **{k.replace("_", "-"): v for k, v in more.items()}}
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode() + b"\r\n" + body.encode()


def comes(raw: bytes, secret: str = SECRET) -> int:
    signed = "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    answer = Client().post(PATH, raw, content_type="message/rfc822", headers={"X-PingBack-Signature": signed})
    intake.work()
    return answer.status_code


def send_all() -> None:
    for delivery in deliveries.claim(10):
        deliveries.attempt(delivery)


def words(out: EmailMessage, kind: str = "plain") -> str:
    body = out.get_body((kind,))
    assert body
    return str(body.get_content()).replace("\r\n", "\n").strip()
