"""How mail services hand a mail over: each form, brought to the mail's own bytes. Source: channels.md 8.2."""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import SMTP, compat32
from typing import Any
from urllib.parse import parse_qsl

import orjson
from django.core.cache import cache
from django.core.exceptions import SuspiciousOperation

from channels_app.adapters.base import same
from channels_app.adapters.email import amazon, headers, postal, resend
from channels_app.adapters.email.headers import addresses_in, shown, text_of
from channels_app.adapters.events import Incoming

MAX_FIELDS = 200
# How far a service's clock may be from ours, and how long a signature of Mailgun's is good.
SKEW_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """raw: the mail. recipients: whom the envelope names, () when the service does not say. elsewhere: what the service
    calls a mail that it keeps, or asks of us, under `key`; then there is no raw."""

    raw: bytes
    recipients: tuple[str, ...]
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    key: str = ""


def handed(incoming: Incoming) -> list[Handed]:
    """Every mail that is in it. Raises SuspiciousOperation for none of the forms that we know."""
    kind = incoming.headers.get("content-type", "").partition(";")[0].strip().lower()
    if amazon.KIND in incoming.headers:
        return _amazon(incoming)
    if kind == "message/rfc822":
        return [Handed(raw=incoming.body, recipients=_emails(incoming.headers.get("x-pingback-envelope-to", "")))]
    if kind == "application/json":
        return _in_json(incoming, incoming.json())
    if kind in {"multipart/form-data", "application/x-www-form-urlencoded"}:
        fields = form_fields(incoming)
        if raw := fields.get("body-mime"):  # Mailgun, with a route that ends in `mime`
            return [Handed(raw=raw, recipients=_emails(text_of(fields.get("recipient", b""))))]
        if raw := fields.get("email"):  # SendGrid, with "POST the raw, full MIME message"
            return [Handed(raw=raw, recipients=_envelope(fields.get("envelope", b"")))]
        if "mandrill_events" in fields:
            return _mandrill(fields["mandrill_events"])
    raise SuspiciousOperation("No mail in a form that we know.")


def _in_json(incoming: Incoming, told: Any) -> list[Handed]:
    if isinstance(told, dict) and resend.is_from(incoming):
        return _resend(told)
    if isinstance(told, dict) and postal.is_from(incoming):
        return _postal(told)
    return _mailersend(told) if isinstance(told, dict) and "type" in told else [_postmark(told)]


def is_vouched_for(incoming: Incoming, *, secret: str, topic: str, public_key: str) -> bool:
    """By our own signature over the body, Amazon's for this topic, Postal's by its key, Resend's, MailerSend's,
    Mandrill's, Mailgun's, or Basic auth as Postmark and SendGrid have it.

    Amazon's and Postal's tell where a mail comes from and not for whom it is: a topic's name and a public key are no
    secrets, and others may enter the same. So the address that they call has the secret in it, too. Raises TryAgain.
    """
    if not secret:
        return False
    if amazon.KIND in incoming.headers:
        return _is_called_with(incoming, secret) and amazon.is_signed(amazon.told(incoming), topic)
    if postal.is_from(incoming):
        return _is_called_with(incoming, secret) and postal.is_signed(incoming, public_key)
    if resend.is_from(incoming):
        return resend.is_signed(incoming, secret)
    if given := incoming.headers.get("x-pingback-signature"):
        return same("sha256=" + hmac.new(secret.encode(), incoming.body, hashlib.sha256).hexdigest(), given)
    if given := incoming.headers.get("signature"):
        return same(hmac.new(secret.encode(), incoming.body, hashlib.sha256).hexdigest(), given)
    if given := incoming.headers.get("x-mandrill-signature"):
        return same(_of_form(incoming, secret), given)
    if given := incoming.headers.get("authorization"):
        return _is_basic(given, secret)
    fields = form_fields(incoming) if "form" in incoming.headers.get("content-type", "") else {}
    stamp, token = text_of(fields.get("timestamp", b"")), text_of(fields.get("token", b""))
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 13 and abs(time.time() - int(stamp)) <= SKEW_SECONDS):
        return False
    ours = hmac.new(secret.encode(), (stamp + token).encode(), hashlib.sha256).hexdigest()
    return same(ours, text_of(fields.get("signature", b""))) and _is_first(ours, fields.get("body-mime", b""))


def _is_called_with(incoming: Incoming, secret: str) -> bool:
    return same(incoming.query.get("key", ""), secret)


def _of_form(incoming: Incoming, secret: str) -> str:
    """Mandrill's: over the address, and each field's name and value in the order of the names."""
    fields = sorted(form_fields(incoming).items())
    signed = incoming.url.encode() + b"".join(name.encode() + value for name, value in fields)
    return base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha1)).decode()


def _is_first(signature: str, mail: bytes) -> bool:
    """Mailgun signs no word of the mail: whoever saw a signature must not send another mail under it. It repeats its
    own, which is the same."""
    key, digest = f"mailgun:{signature}", hashlib.sha256(mail).hexdigest()
    return cache.add(key, digest, 2 * SKEW_SECONDS) or cache.get(key) == digest


def form_fields(incoming: Incoming) -> dict[str, bytes]:
    """The first of each name. With the mail parser: Django's keeps no field of megabytes."""
    kind = incoming.headers.get("content-type", "")
    if kind.lower().startswith("application/x-www-form-urlencoded"):
        try:
            pairs = parse_qsl(
                incoming.body.decode("ascii"),
                keep_blank_values=True,
                max_num_fields=MAX_FIELDS,
                errors="surrogateescape",
            )
        except ValueError as error:
            raise SuspiciousOperation("No form.") from error
        return {name: value.encode("utf-8", "surrogateescape") for name, value in reversed(pairs)}
    probe = message_from_bytes(b"Content-Type: " + kind.encode("ascii", "replace") + b"\r\n\r\n", policy=compat32)
    boundary = headers.parameter(probe, "boundary").encode("ascii", "replace")
    pieces = incoming.body.split(b"--" + boundary) if boundary else []
    if not 2 <= len(pieces) <= MAX_FIELDS:
        raise SuspiciousOperation("No form.")
    found: dict[str, bytes] = {}
    for piece in pieces[1:]:
        head, _gap, value = piece.lstrip(b"\r\n").partition(b"\r\n\r\n")
        part: Message[str, str] = message_from_bytes(head + b"\r\n\r\n", policy=compat32)
        if name := headers.parameter(part, "name", "content-disposition"):
            found.setdefault(name, value.removesuffix(b"\r\n"))
    return found


def _is_basic(given: str, secret: str) -> bool:
    """`secret` is the password, or the whole `user:password`."""
    try:
        pair = base64.b64decode(given.partition(" ")[2], validate=True).decode()
    except (binascii.Error, ValueError):
        return False
    return given[:6].lower() == "basic " and (same(pair, secret) | same(pair.partition(":")[2], secret))


def _envelope(value: bytes) -> tuple[str, ...]:
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return ()
    to = found.get("to") if isinstance(found, dict) else None
    return _emails(*(one for one in to if isinstance(one, str))) if isinstance(to, list) else ()


def _emails(*values: str) -> tuple[str, ...]:
    return tuple(one.email for one in addresses_in(value for value in values if value))


def _mailersend(told: Mapping[str, Any]) -> list[Handed]:
    """Nothing for what it tells of besides mails."""
    data = told.get("data")
    if told.get("type") != "inbound.message" or not isinstance(data, dict):
        return []
    given = data.get("recipients")
    to = given.get("rcptTo") if isinstance(given, dict) else None
    emails = [_text(one, "email") for one in to if isinstance(one, dict)] if isinstance(to, list) else []
    return [Handed(raw=_text(data, "raw").encode("utf-8", "replace"), recipients=_emails(*emails))]


def _resend(told: Mapping[str, Any]) -> list[Handed]:
    """Nothing for what it tells of mails that it sent."""
    data = told.get("data")
    if told.get("type") != "email.received" or not isinstance(data, dict):
        return []
    lists = (data.get(name) for name in ("to", "cc", "bcc"))
    to = [one for each in lists if isinstance(each, list) for one in each[:MAX_FIELDS] if isinstance(one, str)]
    message_id = next(iter(headers.ids_in(_text(data, "message_id"))), "")
    mail_id = _text(data, "email_id")[:200]
    key = headers.key_of_id(message_id) if message_id else f"resend:{mail_id}"
    return [Handed(raw=b"", recipients=_emails(*to), elsewhere={"resend": mail_id}, key=key)]


def _postal(told: Mapping[str, Any]) -> list[Handed]:
    """Raw; nothing for what it tells of besides mails, and of the form that is "processed" it says what is wrong."""
    if "rcpt_to" not in told:
        return []
    raw = _text(told, "message").encode("utf-8", "replace")
    if not raw:
        raise SuspiciousOperation("Not the raw message.")
    if told.get("base64") is True:
        try:
            raw = base64.b64decode(raw)
        except (binascii.Error, ValueError) as error:
            raise SuspiciousOperation("No mail of Postal's.") from error
    return [Handed(raw=raw, recipients=_emails(_text(told, "rcpt_to")))]


def _amazon(incoming: Incoming) -> list[Handed]:
    """A mail, one that lies in S3, or the question whether we want them at all. Nothing for the rest."""
    fields = amazon.told(incoming)
    key = f"sns:{fields.get('MessageId', '')[:100]}"
    if fields["Type"] == "SubscriptionConfirmation":
        where = fields.get("SubscribeURL", "")[:2000]
        return [Handed(raw=b"", recipients=(fields.get("TopicArn", ""),), elsewhere={"confirm": where}, key=key)]
    mail = amazon.mail_in(fields) if fields["Type"] == "Notification" else {}
    if not mail:
        return []
    receipt = mail.get("receipt")
    to = receipt.get("recipients") if isinstance(receipt, dict) else None
    named = _emails(*(one for one in to if isinstance(one, str))) if isinstance(to, list) else ()
    if raw := amazon.raw_of(mail):
        return [Handed(raw=raw, recipients=named)]
    return [Handed(raw=b"", recipients=named, elsewhere={"s3": "1"}, key=key)]


def _mandrill(value: bytes) -> list[Handed]:
    """Several at once; none when it only tries the address out."""
    try:
        events = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise SuspiciousOperation("No events of Mandrill's.") from error
    listed = events if isinstance(events, list) else []
    mails = [one["msg"] for one in listed if isinstance(one, dict) and isinstance(one.get("msg"), dict)]
    return [
        Handed(raw=_text(mail, "raw_msg").encode("utf-8", "replace"), recipients=_emails(_text(mail, "email")))
        for mail in mails[:MAX_FIELDS]
        if _text(mail, "raw_msg")
    ]


def _postmark(told: Any) -> Handed:
    """Raw when "Include raw email" is on, else put together again from what Postmark made of it."""
    if not isinstance(told, dict) or "From" not in told:
        raise SuspiciousOperation("No mail of Postmark's.")
    recipients = _emails(_text(told, "OriginalRecipient"))
    if raw := _text(told, "RawEmail"):
        return Handed(raw=raw.encode("utf-8", "replace"), recipients=recipients)
    return Handed(raw=_put_together(told), recipients=recipients)


def _put_together(told: Mapping[str, Any]) -> bytes:
    lines: list[str] = []
    given = told.get("Headers")
    for one in given[:500] if isinstance(given, list) else []:
        if isinstance(one, dict):
            lines.append(_line(_text(one, "Name"), _text(one, "Value")))
    names = {line.partition(":")[0].lower() for line in lines}
    for name, key in (
        ("From", "From"),
        ("To", "To"),
        ("Cc", "Cc"),
        ("Reply-To", "ReplyTo"),
        ("Subject", "Subject"),
        ("Date", "Date"),
    ):
        if name.lower() not in names:
            lines.append(_line(name, _text(told, key)))
    body = EmailMessage(policy=SMTP)
    body.set_content(_text(told, "TextBody"), charset="utf-8", cte="base64")
    if html := _text(told, "HtmlBody"):
        body.add_alternative(html, subtype="html", charset="utf-8", cte="base64")
    files = told.get("Attachments")
    for one in files[:50] if isinstance(files, list) else []:
        if isinstance(one, dict):
            _attach(body, one)
    ours = {"content-type", "content-transfer-encoding", "mime-version", ""}
    kept = [line for line in lines if line.partition(":")[0].lower() not in ours]
    return "".join(f"{line}\r\n" for line in kept).encode() + body.as_bytes()


def _attach(body: EmailMessage, told: Mapping[str, Any]) -> None:
    try:
        content = base64.b64decode(_text(told, "Content"))
    except (binascii.Error, ValueError):
        return
    main, _slash, sub = shown(_text(told, "ContentType"), most=100).partition(";")[0].partition("/")
    if not (main.isalnum() and sub) or main in {"multipart", "message"}:
        main, sub = "application", "octet-stream"
    cid = shown(_text(told, "ContentID"), most=200).strip("<>")
    name = shown(_text(told, "Name"), most=200)
    body.add_attachment(content, maintype=main, subtype=sub, filename=name or None, cid=f"<{cid}>" if cid else None)


def _line(name: str, value: str) -> str:
    """One field in one line: nothing that is told can begin another."""
    good = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return f"{name}: {shown(value, most=16_000)}" if good else ""


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""
