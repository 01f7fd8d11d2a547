"""X's API, strict: every OAuth signature is checked, and that no body is in it; it asks the webhook back at once.

Source: channels.md 6 and 13. `answers` is taken from before each send: (status, headers, body).
"""

import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from channels_app.adapters.x import authorization

KEYS = {
    "api_key": "pbkey",
    "api_secret": "pbsecret",
    "access_token": "42-pbtoken",
    "access_token_secret": "pbtokensecret",
}
BEARER = "AAAAbearer"
ME = "2500000000000000001"


class FakeX:
    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], dict[str, Any]]] = []
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.hooks: list[dict[str, Any]] = []
        self.subscriptions: list[str] = []
        self.activity_allowed = True
        self.old_way = False
        self.uploads: list[str] = []

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *gone: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def knows(self, method: str, url: str, given: str) -> bool:
        if given == f"Bearer {BEARER}":
            return urlsplit(url).path.startswith("/2/webhooks")
        told = {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', given)}
        ours = authorization(
            method, url, KEYS, nonce=told.get("oauth_nonce", ""), timestamp=int(told.get("oauth_timestamp", 0))
        )
        return given == ours

    def answer(self, method: str, path: str, body: bytes, kind: str) -> tuple[int, dict[str, str], dict[str, Any]]:
        asked = json.loads(body) if kind == "application/json" and body else {}
        place = urlsplit(path).path
        if place == "/2/users/me":
            return 200, {}, {"data": {"id": ME, "name": "Acme", "username": "acme"}}
        if place == "/2/webhooks" and method == "GET":
            return 200, {}, {"data": self.hooks}
        if place == "/2/webhooks":
            self.hooks.append({"id": "1900000000000000001", "url": asked["url"], "valid": True})
            return 200, {}, {"data": self.hooks[-1]}
        if place.startswith("/2/webhooks/") and method == "DELETE":
            self.hooks.clear()
            return 200, {}, {"data": {"deleted": True}}
        if place == "/2/activity/subscriptions":
            if not self.activity_allowed:
                return 403, {}, {"type": "https://api.x.com/2/problems/client-forbidden", "status": 403}
            self.subscriptions.append(asked["event_type"])
            return 200, {}, {"data": {"subscription": {"subscription_id": "1"}}}
        if place.startswith("/2/account_activity/webhooks/"):
            self.old_way = True
            return 200, {}, {"data": {"subscribed": True}}
        if place == "/2/media/upload":
            self.uploads.append(hashlib.sha256(body).hexdigest())
            return 200, {}, {"data": {"id": "1980000000000000001"}}
        return self._send(place, asked)

    def _send(self, place: str, asked: dict[str, Any]) -> tuple[int, dict[str, str], dict[str, Any]]:
        if self.answers:
            return self.answers.pop(0)
        self.sent.append((place, asked))
        if re.fullmatch(r"/2/dm_conversations/with/\d+/messages", place) and (
            asked.get("text") or asked.get("attachments")
        ):
            return (
                201,
                {},
                {"data": {"dm_conversation_id": "1-2", "dm_event_id": f"196000000000000{len(self.sent):04d}"}},
            )
        if place == "/2/tweets" and asked.get("reply", {}).get("in_reply_to_tweet_id", "").isdigit():
            return 201, {}, {"data": {"id": f"197000000000000{len(self.sent):04d}", "text": asked["text"]}}
        return 400, {}, {"title": "Invalid Request", "detail": "Not as documented.", "status": 400}


def _handler(fake: FakeX) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *line: object) -> None:
            pass

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, told = 401, {}, {"title": "Unauthorized", "status": 401}
            if fake.knows(self.command, f"{fake.url}{self.path}", self.headers.get("Authorization", "")):
                kind = self.headers.get("Content-Type", "").partition(";")[0]
                status, headers, told = fake.answer(self.command, self.path, body, kind)  # type: ignore[assignment]
            content = json.dumps(told).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = _any

    return Handler
