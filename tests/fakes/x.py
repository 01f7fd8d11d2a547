"""X's API, strict: every OAuth signature is checked, and that no body is in it. Source: channels.md 6 and 13."""

import hashlib
import re
from itertools import count
from typing import Any
from urllib.parse import unquote

from channels_app.adapters.x.signing import authorization
from tests.fakes.server import Answer, Call, Fake, need

KEYS = {
    "api_key": "pbkey",
    "api_secret": "pbsecret",
    "access_token": "42-pbtoken",
    "access_token_secret": "pbtokensecret",
}
BEARER = "AAAAbearer"
ME = "2500000000000000001"
_DM = re.compile(r"/2/dm_conversations/with/\d+/messages")


class X(Fake):
    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.token = KEYS["access_token"]
        self.hooks: list[dict[str, Any]] = []
        self.subscriptions: list[str] = []
        self.activity_allowed = True
        self.old_way = False
        self.uploads: list[str] = []
        self.files: dict[str, bytes] = {}
        self._numbers = count(1)

    def is_send(self, call: Call) -> bool:
        return bool(_DM.fullmatch(call.path)) or call.path == "/2/tweets"

    def answer(self, call: Call) -> Answer:
        if not self._knows(call):
            return error(401, title="Unauthorized")
        if call.path.startswith("/media/"):
            content = self.files.get(call.path.removeprefix("/media/"))
            return Answer(content) if content else error(404)
        if call.path == "/2/users/me":
            return Answer({"data": {"id": ME, "name": "Acme", "username": "acme"}})
        if call.path == "/2/webhooks" and call.method == "GET":
            return Answer({"data": self.hooks})
        if call.path == "/2/webhooks":
            self.hooks.append({"id": "1900000000000000001", "url": call.fields["url"], "valid": True})
            return Answer({"data": self.hooks[-1]})
        if call.path.startswith("/2/webhooks/") and call.method == "DELETE":
            self.hooks.clear()
            return Answer({"data": {"deleted": True}})
        if call.path == "/2/activity/subscriptions":
            if not self.activity_allowed:
                return error(403, type="https://api.x.com/2/problems/client-forbidden")
            self.subscriptions.append(call.fields["event_type"])
            return Answer({"data": {"subscription": {"subscription_id": "1"}}})
        if call.path.startswith("/2/account_activity/webhooks/"):
            self.old_way = True
            return Answer({"data": {"subscribed": True}})
        if call.path == "/2/media/upload":
            self.uploads.append(hashlib.sha256(call.body).hexdigest())
            return Answer({"data": {"id": "1980000000000000001"}})
        return self._sent(call)

    def _sent(self, call: Call) -> Answer:
        number = next(self._numbers)
        if _DM.fullmatch(call.path):
            need(bool(call.fields.get("text") or call.fields.get("attachments")), "nothing to send")
            return Answer({"data": {"dm_conversation_id": "1-2", "dm_event_id": f"196000000000000{number:04d}"}}, 201)
        need(call.path == "/2/tweets", "no such place")
        need(call.fields.get("reply", {}).get("in_reply_to_tweet_id", "").isdigit(), "a post that answers nobody")
        return Answer({"data": {"id": f"197000000000000{number:04d}", "text": call.fields["text"]}}, 201)

    def _knows(self, call: Call) -> bool:
        given = call.headers.get("authorization", "")
        if given == f"Bearer {BEARER}":
            return call.path.startswith("/2/webhooks")
        told = {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', given)}
        nonce, stamp = told.get("oauth_nonce", ""), int(told.get("oauth_timestamp", 0))
        keys = {**KEYS, "access_token": self.token}
        return given == authorization(call.method, f"{self.url}{call.target}", keys, nonce=nonce, timestamp=stamp)


def error(status: int, **told: Any) -> Answer:
    return Answer({"status": status, **told}, status)
