"""What the worst day knows of each channel: how its customers write, and where they see what they are told."""

import hashlib
import hmac
import json
import random
import re
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlencode

from channels_app.adapters.sms import signature as sms_signature
from channels_app.adapters.x.signing import signature as x_signature
from tests.fakes import meta, smtp, telegram, twilio, x
from tests.fakes.server import Answer, Call

SECRET = "pb-app-secret"


@dataclass(frozen=True, kw_only=True)
class Line:
    """key: of a customer's thread. says: what is posted when they write their so manieth message. sign: of the address
    and the body. seen: whose thread a send of ours shows in, and its words. trouble: a refusal that passes."""

    type: str
    fake: Callable[[], Any]
    config: Callable[[Any], dict[str, Any]]
    urls: tuple[str, ...] = ()
    key: Callable[[int], str]
    says: Callable[[int, int, str], dict[str, Any] | EmailMessage]
    sign: Callable[[Any, str, bytes], dict[str, str]]
    seen: Callable[[Call], tuple[str, str]]
    trouble: Answer
    is_form: bool = False
    shared_path: bool = False

    def post(self, provider: Any, url: str, chat: int, number: int, text: str) -> tuple[bytes, dict[str, str]]:
        """The body and the headers."""
        told = self.says(chat, number, text)
        if isinstance(told, EmailMessage):
            body, kind = told.as_bytes(), "message/rfc822"
        elif self.is_form:
            body, kind = urlencode(told).encode(), "application/x-www-form-urlencoded"
        else:
            body, kind = json.dumps(told).encode(), "application/json"
        return body, {"Content-Type": kind, **self.sign(provider, url, body)}


class Mood:
    """A provider on its worst day: of sends it fails 30 %, and takes 5 % without a word. taken: what customers see, by
    thread. ids: of all mails with the same words, by which their programs show one."""

    def __init__(self, line: Line) -> None:
        self.fake, self.line, self.dice = line.fake(), line, random.Random(7)
        self.taken: dict[str, list[str]] = defaultdict(list)
        self.ids: dict[str, set[str]] = defaultdict(set)
        self._lock = threading.Lock()
        self._right = self.fake.answer
        # Numbered apart from what customers write: in a chat of Telegram's both sides' are counted together.
        vars(self.fake).update(answer=self._answer, _numbers=count(1_000_000))

    def _answer(self, call: Call) -> Answer:
        right = self._right(call)
        if not self.fake.is_send(call):
            return right
        with self._lock:
            mood = self.dice.random()
            if mood < 0.3:
                return self.line.trouble
            key, text = self.line.seen(call)
            self.taken[key].append(text)
            self.ids[text].add(call.fields.get("message-id", ""))
            if mood < 0.35:
                return Answer(right.body, pause=2.5) if mood < 0.31 else Answer(drop=True)
            return right


def _telegram_says(chat: int, number: int, text: str) -> dict[str, Any]:
    person = {"id": chat, "first_name": f"Cleo {chat}"}
    message = {"message_id": number + 1, "from": person, "chat": {"id": chat, "type": "private"}, "text": text}
    return {"update_id": 100_000 * chat + number, "message": message}


def _whatsapp_says(chat: int, number: int, text: str) -> dict[str, Any]:
    who = _phone(chat)
    message = {"from": who, "id": f"wamid.{chat}.{number}", "timestamp": "1767225600", "type": "text"}
    value = {
        "metadata": {"phone_number_id": meta.NUMBER},
        "contacts": [{"profile": {"name": f"Cleo {chat}"}, "wa_id": who}],
        "messages": [{**message, "text": {"body": text}}],
    }
    changes = [{"field": "messages", "value": value}]
    return {"object": "whatsapp_business_account", "entry": [{"id": meta.WABA, "changes": changes}]}


def _instagram_says(chat: int, number: int, text: str) -> dict[str, Any]:
    item = {
        "sender": {"id": _user(chat)},
        "recipient": {"id": meta.ACCOUNT},
        "timestamp": 1767225600123,
        "message": {"mid": f"aWdf.{chat}.{number}", "text": text},
    }
    return {"object": "instagram", "entry": [{"id": meta.ACCOUNT, "time": 1, "messaging": [item]}]}


def _x_says(chat: int, number: int, text: str) -> dict[str, Any]:
    create = {"target": {"recipient_id": x.ME}, "sender_id": _user(chat), "message_data": {"text": text}}
    event = {"type": "message_create", "id": f"18{chat:05d}{number:09d}", "message_create": create}
    told = {"event_uuid": f"{chat}.{number}", "event_type": "dm.received"}
    return {"data": {**told, "payload": {"direct_message_events": [event]}}}


def _sms_says(chat: int, number: int, text: str) -> dict[str, Any]:
    sid = {"AccountSid": twilio.SID, "MessageSid": f"SM{chat:010d}{number:022d}"}
    return {**sid, "To": twilio.NUMBER, "From": f"+{_phone(chat)}", "Body": text}


def _mail_says(chat: int, number: int, text: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = f"Cleo {chat} <{_email(chat)}>", "help@acme.example"
    mail["Message-ID"] = f"<{chat}.{number}@example.net>"
    if number:
        mail["References"] = f"<{_first_mail(chat)}>"
    mail.set_content(text)
    return mail


def _email(chat: int) -> str:
    return f"cleo-{chat}@example.net"


def _first_mail(chat: int) -> str:
    return f"{chat}.0@example.net"


def _mail_seen(call: Call) -> tuple[str, str]:
    """Without what it quotes below."""
    (chat,) = re.findall(r"cleo-(\d+)@", call.fields["to"])
    return _first_mail(int(chat)), call.fields["text"].splitlines()[0]


def _phone(chat: int) -> str:
    return f"447700900{chat:03d}"


def _user(chat: int) -> str:
    return f"22222222222222{chat:05d}"


def _meta_sign(_provider: Any, _url: str, body: bytes) -> dict[str, str]:
    return {"X-Hub-Signature-256": _signature(body)}


def _signature(body: bytes) -> str:
    return "sha256=" + hmac.digest(SECRET.encode(), body, hashlib.sha256).hex()


def _x_seen(call: Call) -> tuple[str, str]:
    (user,) = re.findall(r"/with/(\d+)/", call.path)
    return f"dm:{user}", call.fields["text"]


LINES = {
    line.type: line
    for line in (
        Line(
            type="telegram",
            fake=telegram.Telegram,
            config=lambda _fake: {"bot_token": telegram.TOKEN},
            urls=("TELEGRAM_API_BASE_URL", "TELEGRAM_FILE_BASE_URL"),
            key=str,
            says=_telegram_says,
            sign=lambda provider, _url, _body: {"X-Telegram-Bot-Api-Secret-Token": provider.hook["secret_token"]},
            seen=lambda call: (call.fields["chat_id"], call.fields["text"]),
            trouble=telegram.error(502, "Bad Gateway"),
        ),
        Line(
            type="whatsapp",
            fake=meta.Meta,
            config=lambda _fake: {"phone_number_id": meta.NUMBER, "access_token": meta.TOKEN, "app_secret": SECRET},
            urls=("META_GRAPH_BASE_URL",),
            key=_phone,
            says=_whatsapp_says,
            sign=_meta_sign,
            seen=lambda call: (call.fields["to"], call.fields["text"]["body"]),
            trouble=meta.error(131000, "Something went wrong", status=500),
            shared_path=True,
        ),
        Line(
            type="instagram",
            fake=meta.Meta,
            config=lambda _fake: {"page_id": meta.PAGE, "access_token": meta.TOKEN, "app_secret": SECRET},
            urls=("INSTAGRAM_GRAPH_BASE_URL",),
            key=_user,
            says=_instagram_says,
            sign=_meta_sign,
            seen=lambda call: (call.fields["recipient"]["id"], call.fields["message"]["text"]),
            trouble=meta.error(2, "Service temporarily unavailable", status=500),
            shared_path=True,
        ),
        Line(
            type="x",
            fake=x.X,
            config=lambda _fake: {**x.KEYS, "bearer_token": x.BEARER},
            urls=("X_API_BASE_URL",),
            key=lambda chat: f"dm:{_user(chat)}",
            says=_x_says,
            sign=lambda _provider, _url, body: {
                "X-Twitter-Webhooks-Signature": x_signature(x.KEYS["api_secret"], body)
            },
            seen=_x_seen,
            trouble=x.error(503),
        ),
        Line(
            type="sms",
            fake=twilio.Twilio,
            config=lambda _fake: {"phone_number": twilio.NUMBER, "account_sid": twilio.SID, "auth_token": twilio.TOKEN},
            urls=("TWILIO_API_BASE_URL",),
            key=lambda chat: f"+{_phone(chat)}",
            says=_sms_says,
            sign=lambda _provider, url, body: {
                "X-Twilio-Signature": sms_signature(twilio.TOKEN, url, parse_qsl(body.decode(), keep_blank_values=True))
            },
            seen=lambda call: (call.fields["To"], call.fields["Body"]),
            trouble=twilio.error(500),
            is_form=True,
        ),
        Line(
            type="email",
            fake=smtp.Smtp,
            config=lambda fake: {
                "address": "help@acme.example",
                "smtp_host": "127.0.0.1",
                "smtp_port": fake.port,
                "smtp_username": smtp.USER,
                "smtp_password": smtp.PASSWORD,
                "smtp_use_tls": False,
                "inbound_secret": SECRET,
            },
            key=_first_mail,
            says=_mail_says,
            sign=lambda _provider, _url, body: {"X-PingBack-Signature": _signature(body)},
            seen=_mail_seen,
            trouble=Answer("4.3.0 later", status=451),
            shared_path=True,
        ),
    )
}
