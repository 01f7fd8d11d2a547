"""The other side of the channels, for `bin/serve --demo`: every provider's fake, and a page to write as a customer."""

import json
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.db import connections

from channels_app.models import Channel
from channels_app.services import update_channel
from conversations.models import ChannelType
from tests.channels_app.cases import CASES
from tests.fakes import meta, telegram, twilio, x
from tests.fakes.server import Answer, Ask, Call, Fake

# By the setting that says where the provider is.
FAKES: dict[str, type[Fake]] = {
    "META_GRAPH_BASE_URL": meta.Meta,
    "TELEGRAM_API_BASE_URL": telegram.Telegram,
    "TWILIO_API_BASE_URL": twilio.Twilio,
    "X_API_BASE_URL": x.X,
}
_SEEN = ("address", "from_name")  # of a channel's configuration, what is the workspace's own
_SHOWN = 30
_WORSE = {"silence": ("take it and say nothing", Answer(drop=True)), "slow": ("hang", Answer({}, pause=20))}
_STYLE = "body{font:15px/1.5 system-ui;max-width:44rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
_STYLE += "form{display:flex;align-items:center;gap:.5rem;margin:.5rem 0}input{flex:1;font:inherit}label{width:6rem}"
_STYLE += "select{flex:1;font:inherit}iframe{width:100%;height:28rem;border:1px solid #8888}"

Post = Callable[[str, bytes, Mapping[str, str]], int]


def post(path: str, body: bytes, headers: Mapping[str, str]) -> int:
    """To the PingBack of this process."""
    request = urllib.request.Request(f"http://127.0.0.1:{settings.PORT}{path}", body, dict(headers))
    with urllib.request.urlopen(request, timeout=10) as answer:
        return int(answer.status)


def ask(address: str) -> tuple[int, bytes]:
    """What the PingBack of this process has at an address of its own."""
    parts = urlsplit(address)
    try:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{settings.PORT}{parts.path}?{parts.query}", timeout=10
        ) as answer:
            return answer.status, answer.read()
    except OSError:
        return 0, b""


class Desk:
    """Serves from `start` on, for as long as the process lives."""

    def __init__(self, channels: list[Channel], send: Post = post, asks: Ask | None = ask) -> None:
        self.channels = {ChannelType(channel.type): channel for channel in channels}
        self.cases = {case.type: case for case in CASES if case.type in self.channels}
        self.fakes: dict[ChannelType, Any] = {}
        self.send = send
        self.asks = asks
        self.said: list[tuple[float, ChannelType, str]] = []
        self._numbers = count(int(time.time()))
        self._token = f"{time.time_ns():x}"

    def start(self, ports: Mapping[str, int], owner: Any) -> str:
        """Begin all of them, and tell the channels their credentials. Returns where the page is."""
        started = {name: fake(ports[name]).__enter__() for name, fake in FAKES.items()}
        for fake in started.values():
            fake.ask = self.asks
        started["INSTAGRAM_GRAPH_BASE_URL"] = started["META_GRAPH_BASE_URL"]
        for type, case in self.cases.items():
            self.fakes[type] = started[case.settings[0]] if case.settings else case.fake().__enter__()
            seen = {name: value for name, value in self.channels[type].config.items() if name in _SEEN}
            update_channel(actor=owner, channel=self.channels[type], config={**case.config, **seen})
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}/"

    def write(self, type: ChannelType, text: str) -> int:
        """As Cleo does at the provider; what PingBack answers."""
        case, channel = self.cases[type], Channel.objects.get(pk=self.channels[type].pk)
        said = case.says(text, next(self._numbers))
        if address := channel.config.get("address"):  # it goes to where this one is written to
            said = {name: words.replace(case.config["address"], address) for name, words in said.items()}
        hook = case.hook(channel, said)
        self.said.append((time.time(), type, text))
        return self.send(case.path(channel), hook.body, {"Content-Type": case.content_type, **hook.headers})

    def log(self) -> list[str]:
        """What both sides said, the newest first."""
        lines = [(at, f"Cleo over {type.label}: {text}") for at, type, text in self.said]
        for type, fake in self.fakes.items():
            lines += [(time.time(), f"PingBack broke {type.label}'s wire: {why}") for why in fake.broken]
            for call in sent(type, fake):
                refused = " (refused)" if call.is_refused else ""
                lines.append((call.at, f"PingBack over {type.label}{refused}: {words(call.fields)}"))
        return [line for _at, line in sorted(lines, reverse=True)[:_SHOWN]]

    def page(self) -> str:
        forms = "".join(
            f'<form method="post"><input type="hidden" name="token" value="{self._token}"><label for="{type}">'
            f'{type.label}</label><input type="hidden" name="type" value="{type}"><input id="{type}" name="text" '
            'required maxlength="500"><button>Write as Cleo</button></form>'
            for type in self.cases
        )
        moods = "".join(
            f'<form method="post"><input type="hidden" name="token" value="{self._token}"><label for="mood-{type}">'
            f'{type.label}</label><input type="hidden" name="type" value="{type}"><select id="mood-{type}" name="mood">'
            + "".join(f'<option value="{name}">{label}</option>' for name, (label, _answer) in self.moods(type).items())
            + "</select><button>Next message</button></form>"
            for type in self.cases
        )
        about = "What the providers and their customers see. Everything here is a stand-in on this machine."
        return (
            f"<h1>The other side</h1><p>{about}</p>{forms}<h2>Misbehave</h2>{moods}"
            "<iframe src='/log' title='What was said'></iframe>"
        )

    def moods(self, type: ChannelType) -> dict[str, tuple[str, Answer]]:
        """What a provider may do with the next message, in words."""
        kinds = {str(kind): (f"refuse: {kind.label}", answer) for kind, answer in self.cases[type].errors.items()}
        return kinds | _WORSE

    def take(self, form: Mapping[str, list[str]]) -> None:
        """Of the page's form, and of no other page's."""
        type, text = form.get("type", [""])[0], form.get("text", [""])[0].strip()[:500]
        if form.get("token") == [self._token] and type in self.cases and text:
            self.write(ChannelType(type), text)
        elif form.get("token") == [self._token] and type in self.cases:
            _label, answer = self.moods(ChannelType(type))[form["mood"][0]]
            self.fakes[ChannelType(type)].next.append(answer)


def sent(type: ChannelType, fake: Any) -> list[Call]:
    """WhatsApp and Instagram have one fake, and each its own path."""
    place = {ChannelType.WHATSAPP: meta.NUMBER, ChannelType.INSTAGRAM: meta.PAGE}.get(type, "")
    return [call for call in fake.sent if place in call.path]


def words(fields: Mapping[str, Any]) -> str:
    for name in ("text", "body", "Body", "caption", "message"):
        value = fields.get(name)
        if value and isinstance(value, str):
            return value
        if isinstance(value, dict):
            return words(value)
    return json.dumps(fields)[:300]


def _handler(desk: Desk) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/log":
                lines = "".join(f"<p>{escape(line)}</p>" for line in desk.log()) or "<p>Nothing yet.</p>"
                return self._html(f'<meta http-equiv="refresh" content="2">{lines}')
            return self._html(desk.page())

        def do_POST(self) -> None:
            try:
                desk.take(parse_qs(self.rfile.read(min(int(self.headers.get("content-length", 0)), 10_000)).decode()))
            finally:
                connections.close_all()
            self.send_response(303)
            self.send_header("Location", "/")
            self.end_headers()

        def _html(self, body: str) -> None:
            title = "<title>The other side</title>"
            whole = f'<!doctype html><meta charset="utf-8">{title}<style>{_STYLE}</style>{body}'.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(whole)))
            self.end_headers()
            self.wfile.write(whole)

        def log_message(self, *_words: Any) -> None:
            pass

    return Handler
