"""What the contract suite knows of each channel: a fake, a way to write in, an answer for each kind of error."""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.conf import settings

from channels_app.adapters.errors import Kind
from channels_app.adapters.sms import signature as sms_signature
from channels_app.adapters.x.signing import signature as x_signature
from channels_app.connecting import adapter_of
from channels_app.models import Channel
from conversations.models import ChannelType
from tests import corpus
from tests.fakes import meta, smtp, telegram, twilio, x
from tests.fakes.server import Answer

APP_SECRET = "canary-7Hq2-app-secret"
CLEO = "447700900123"


@dataclass(frozen=True, kw_only=True)
class Hook:
    """A provider's request to us."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Case:
    """says: a hook with these words of Cleo's, each under its number; media: with a picture that the fake has.

    is_safe_to_repeat: who gets it twice sees it once. quote: how an answer names the first. signs: what the fake hears
    when the team reads and writes. batch: many in one request, where the provider does that. errors: what the fake says
    for a kind.
    """

    type: ChannelType
    fake: Callable[[], Any]
    config: dict[str, Any]
    settings: tuple[str, ...]
    sign: Callable[[Channel, bytes], dict[str, str]]
    says: Callable[..., dict[str, Any]]
    unknown: dict[str, Any]
    errors: dict[Kind, Answer]
    secrets: tuple[str, ...]
    encode: Callable[[dict[str, Any]], bytes] = lambda payload: json.dumps(payload).encode()
    content_type: str = "application/json"
    is_safe_to_repeat: bool = False
    shared_path: bool = False
    quote: dict[str, Any] | None = None
    signs: tuple[dict[str, Any], ...] = ()
    batch: Callable[[list[dict[str, Any]]], dict[str, Any]] | None = None

    def hook(self, channel: Channel, payload: dict[str, Any]) -> Hook:
        body = self.encode(payload)
        return Hook(body=body, headers=self.sign(channel, body))

    def path(self, channel: Channel) -> str:
        path = f"/api/v1/webhooks/{self.type}"
        return path if self.shared_path else f"{path}/{channel.pk}"


def _telegram_says(text: str, number: int, *, media: bool = False) -> dict[str, Any]:
    message: dict[str, Any] = {
        "message_id": number,
        "from": {"id": 6000000123, "is_bot": False, "first_name": "Cleo", "username": "cleo_m"},
        "chat": {"id": 6000000123, "type": "private", "first_name": "Cleo"},
        "date": 1767225600,
    }
    if media:
        message |= {"photo": [{"file_id": "photo.png", "width": 9, "height": 9}], "caption": text}
    else:
        message["text"] = text
    return {"update_id": 810000000 + number, "message": message}


def _telegram_sign(channel: Channel, body: bytes) -> dict[str, str]:
    adapter = adapter_of(channel)
    assert adapter
    return {"x-telegram-bot-api-secret-token": adapter.derived_secret("telegram")}


def _meta_sign(channel: Channel, body: bytes) -> dict[str, str]:
    return {"x-hub-signature-256": "sha256=" + hmac.digest(APP_SECRET.encode(), body, hashlib.sha256).hex()}


def whatsapp_says(text: str, number: int, *, media: bool = False) -> dict[str, Any]:
    content: dict[str, Any] = {"type": "text", "text": {"body": text}}
    if media:
        content = {"type": "image", "image": {"caption": text, "mime_type": "image/png", "id": "photo.png"}}
    message = {"from": CLEO, "from_user_id": "GB.44", "id": f"wamid.IN{number}", "timestamp": "1767225600", **content}
    contact = {"profile": {"name": "Cleo"}, "wa_id": CLEO, "user_id": "GB.44"}
    value = {"metadata": {"phone_number_id": meta.NUMBER}, "contacts": [contact], "messages": [message]}
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "3", "changes": [{"field": "messages", "value": value}]}],
    }


def _instagram_says(text: str, number: int, *, media: bool = False) -> dict[str, Any]:
    message: dict[str, Any] = {"mid": f"aWdfIN{number}", "text": text}
    if media:
        message["attachments"] = [{"type": "image", "payload": {"url": "{fake}/cdn/photo.png"}}]
    item = {
        "sender": {"id": "6100000000000001"},
        "recipient": {"id": meta.ACCOUNT},
        "timestamp": 1767225600123,
        "message": message,
    }
    return {"object": "instagram", "entry": [{"id": meta.ACCOUNT, "time": 1, "messaging": [item]}]}


def _entries(payloads: list[dict[str, Any]]) -> dict[str, Any]:
    return {**payloads[0], "entry": [entry for payload in payloads for entry in payload["entry"]]}


def _x_says(text: str, number: int, *, media: bool = False) -> dict[str, Any]:
    said: dict[str, Any] = {"text": text}
    if media:
        said["attachment"] = {"media": {"type": "photo", "media_url_https": "{fake}/media/photo.png"}}
    create = {"target": {"recipient_id": x.ME}, "sender_id": "2222222222222222222", "message_data": said}
    event_id = f"19600000000007{number:05d}"
    event = {"type": "message_create", "id": event_id, "message_create": create}
    users = {create["sender_id"]: {"data": {"id": create["sender_id"], "name": "Cleo", "username": "cleo_m"}}}
    payload = {"direct_message_events": [event], "users": users}
    return {"data": {"event_uuid": f"u{event_id}", "event_type": "dm.received", "payload": payload}}


def _x_sign(channel: Channel, body: bytes) -> dict[str, str]:
    return {"x-twitter-webhooks-signature": x_signature(x.KEYS["api_secret"], body)}


def _sms_says(text: str, number: int, *, media: bool = False) -> dict[str, Any]:
    fields = {
        "AccountSid": twilio.SID,
        "To": twilio.NUMBER,
        "From": f"+{CLEO}",
        "Body": text,
        "MessageSid": f"SMin{number}",
    }
    if media:
        url = "{fake}/2010-04-01/Accounts/" + f"{twilio.SID}/Media/photo.png"
        fields |= {"NumMedia": "1", "MediaUrl0": url, "MediaContentType0": "image/png"}
    return fields


def _sms_sign(channel: Channel, body: bytes) -> dict[str, str]:
    url = f"{settings.PUBLIC_BASE_URL}/api/v1/webhooks/sms/{channel.pk}"
    return {"x-twilio-signature": sms_signature(twilio.TOKEN, url, parse_qsl(body.decode(), keep_blank_values=True))}


def _mail_says(text: str, number: int, *, media: bool = False) -> dict[str, Any]:
    mail = EmailMessage()
    mail["From"], mail["To"] = "Cleo <cleo@example.net>", "help@acme.example"
    mail["Message-ID"], mail["References"] = f"<in{number}@example.net>", "<root@example.net>"
    mail.set_content(text)
    if media:
        mail.add_attachment(PICTURE, maintype="image", subtype="png", filename="photo.png")
    return {"mail": mail.as_string()}


def _mail_sign(channel: Channel, body: bytes) -> dict[str, str]:
    return {"x-pingback-signature": "sha256=" + hmac.digest(APP_SECRET.encode(), body, hashlib.sha256).hex()}


PICTURE = corpus.picture()
_MAIL: dict[str, Any] = {
    "address": "help@acme.example",
    "smtp_host": "127.0.0.1",
    "smtp_username": smtp.USER,
    "smtp_password": smtp.PASSWORD,
    "smtp_use_tls": False,
    "inbound_secret": APP_SECRET,
}


def _smtp() -> smtp.Smtp:
    """On a port that is free now; the case's config says which."""
    server = smtp.Smtp()
    _MAIL["smtp_port"] = server.port
    return server


CASES = [
    Case(
        type=ChannelType.TELEGRAM,
        fake=telegram.Telegram,
        config={"bot_token": telegram.TOKEN},
        settings=("TELEGRAM_API_BASE_URL", "TELEGRAM_FILE_BASE_URL"),
        sign=_telegram_sign,
        says=_telegram_says,
        unknown={"update_id": 5, "some_new_thing": {"chat": [], "deep": {"x": None}}},
        errors={
            Kind.TRANSIENT: telegram.error(502, "Bad Gateway"),
            Kind.RATE_LIMITED: telegram.error(429, "Too Many Requests: retry after 7", retry_after=7),
            Kind.CREDENTIALS: telegram.error(401, "Unauthorized"),
            Kind.UNREACHABLE: telegram.error(403, "Forbidden: bot was blocked by the user"),
            Kind.PERMANENT: telegram.error(400, "Bad Request: message is too long"),
            Kind.AMBIGUOUS: Answer(drop=True),
        },
        secrets=(telegram.TOKEN,),
        quote={"message_id": 1, "allow_sending_without_reply": True},
        signs=({"action": "typing"},),
    ),
    Case(
        type=ChannelType.WHATSAPP,
        fake=meta.Meta,
        config={"phone_number_id": meta.NUMBER, "access_token": meta.TOKEN, "app_secret": APP_SECRET},
        settings=("META_GRAPH_BASE_URL",),
        sign=_meta_sign,
        says=whatsapp_says,
        unknown={
            "object": "whatsapp_business_account",
            "entry": [
                {"changes": [{"field": "news", "value": {"metadata": {"phone_number_id": meta.NUMBER}, "x": [1]}}]}
            ],
        },
        errors={
            Kind.TRANSIENT: meta.error(131000, "Something went wrong", status=500),
            Kind.RATE_LIMITED: meta.error(131056, "(#131056) Pair rate limit hit"),
            Kind.WINDOW_CLOSED: meta.error(131047, "(#131047) Re-engagement message"),
            Kind.CREDENTIALS: meta.error(190, "Invalid OAuth access token", status=401),
            Kind.UNREACHABLE: meta.error(131026, "Message undeliverable"),
            Kind.PERMANENT: meta.error(131051, "Unsupported message type"),
            Kind.AMBIGUOUS: Answer(drop=True),
        },
        secrets=(meta.TOKEN, APP_SECRET),
        shared_path=True,
        quote={"message_id": "wamid.IN1"},
        signs=({"status": "read", "message_id": "wamid.IN1"}, {"typing_indicator": {"type": "text"}}),
        batch=_entries,
    ),
    Case(
        type=ChannelType.INSTAGRAM,
        fake=meta.Meta,
        config={"page_id": meta.PAGE, "access_token": meta.TOKEN, "app_secret": APP_SECRET},
        settings=("INSTAGRAM_GRAPH_BASE_URL",),
        sign=_meta_sign,
        says=_instagram_says,
        unknown={"object": "instagram", "entry": [{"id": meta.ACCOUNT, "messaging": [{"new": {"deep": [None]}}]}]},
        errors={
            Kind.TRANSIENT: meta.error(2, "Service temporarily unavailable", status=500),
            Kind.RATE_LIMITED: meta.error(613, "Calls to this api have exceeded the rate limit"),
            Kind.WINDOW_CLOSED: meta.error(10, "outside of allowed window", subcode=2534022),
            Kind.CREDENTIALS: meta.error(190, "Error validating access token", status=401, subcode=460),
            Kind.UNREACHABLE: meta.error(100, "No matching user found", subcode=2018001),
            Kind.PERMANENT: meta.error(100, "Invalid parameter"),
            Kind.AMBIGUOUS: Answer(drop=True),
        },
        secrets=(meta.TOKEN, APP_SECRET),
        signs=({"sender_action": "mark_seen"}, {"sender_action": "typing_on"}),
        shared_path=True,
        batch=_entries,
    ),
    Case(
        type=ChannelType.X,
        fake=x.X,
        config={**x.KEYS, "bearer_token": x.BEARER},
        settings=("X_API_BASE_URL",),
        sign=_x_sign,
        says=_x_says,
        unknown={"data": {"event_uuid": "u9", "event_type": "some.new_thing", "payload": {"deep": [None]}}},
        errors={
            Kind.TRANSIENT: x.error(503),
            Kind.RATE_LIMITED: Answer({}, 429, headers={"x-rate-limit-reset": "1"}),
            Kind.CREDENTIALS: x.error(401, title="Unauthorized"),
            Kind.UNREACHABLE: x.error(403, errors=[{"code": 349, "message": "You cannot send messages to this user."}]),
            Kind.PERMANENT: x.error(400, detail="Duplicate content."),
            Kind.AMBIGUOUS: Answer(drop=True),
        },
        secrets=(*x.KEYS.values(), x.BEARER),
    ),
    Case(
        type=ChannelType.SMS,
        fake=twilio.Twilio,
        config={"phone_number": twilio.NUMBER, "account_sid": twilio.SID, "auth_token": twilio.TOKEN},
        settings=("TWILIO_API_BASE_URL",),
        sign=_sms_sign,
        says=_sms_says,
        encode=lambda payload: urlencode(payload).encode(),
        content_type="application/x-www-form-urlencoded",
        unknown={"AccountSid": twilio.SID, "MessageSid": "SM9", "EventType": "SOME_NEW_THING"},
        errors={
            Kind.TRANSIENT: twilio.error(500),
            Kind.RATE_LIMITED: twilio.error(20429),
            Kind.CREDENTIALS: twilio.error(20003),
            Kind.UNREACHABLE: twilio.error(21610),
            Kind.PERMANENT: twilio.error(21408),
            Kind.AMBIGUOUS: Answer(drop=True),
        },
        secrets=(twilio.TOKEN,),
    ),
    Case(
        type=ChannelType.EMAIL,
        fake=_smtp,
        config=_MAIL,
        settings=(),
        sign=_mail_sign,
        says=_mail_says,
        encode=lambda payload: payload["mail"].encode(),
        content_type="message/rfc822",
        unknown={"mail": "To: help@acme.example\n\nNobody wrote this."},
        errors={
            Kind.TRANSIENT: Answer("4.3.0 later", 451),
            Kind.CREDENTIALS: Answer("5.7.8 no", 535),
            Kind.UNREACHABLE: Answer("5.1.1 nobody", 550),
            Kind.PERMANENT: Answer("5.7.1 a rule", 554),
        },
        secrets=(smtp.PASSWORD, APP_SECRET),
        shared_path=True,
        is_safe_to_repeat=True,
    ),
]
