"""X's API, strict: every OAuth signature is checked, and that no body is in it. Source: channels.md 6 and 13."""

import hashlib
import hmac
import json
import re
import string
import time
from base64 import b64encode
from itertools import count
from typing import Any
from urllib.parse import unquote

from tests.fakes.server import Answer, Call, Fake, need

KEYS = {
    "api_key": "pbkey",
    "api_secret": "pbsecret",
    "access_token": "42-pbtoken",
    "access_token_secret": "pbtokensecret",
}
BEARER = "AAAAbearer"
ME = "2500000000000000001"
CLEO = {"id": "2222222222222222222", "name": "Cleo", "username": "cleo_m"}
_PLAIN = string.ascii_letters + string.digits + "-._~"
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
        self.nonces: set[str] = set()
        self.events: list[dict[str, Any]] = []
        self.posts: list[dict[str, Any]] = []
        self.page = 100
        self.readable = True
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
        if not self.readable and call.path in {"/2/dm_events", f"/2/users/{ME}/mentions"}:
            return error(403, type="https://api.x.com/2/problems/client-forbidden")
        if call.path == "/2/dm_events":
            return self._events(call)
        if call.path == f"/2/users/{ME}/mentions":
            return self._mentions(call)
        if call.path.startswith("/2/webhooks"):
            return self._webhooks(call)
        if call.path == "/2/activity/subscriptions":
            if not self.activity_allowed:
                return error(403, type="https://api.x.com/2/problems/client-forbidden")
            if call.method == "GET":
                hook = self.hooks[0]["id"]
                told = [
                    {"subscription_id": f"of {one}", "event_type": one, "webhook_id": hook}
                    for one in self.subscriptions
                ]
                return Answer({"data": told})
            self.subscriptions.append(call.fields["event_type"])
            return Answer({"data": {"subscription": {"subscription_id": "1"}}})
        if call.path.startswith("/2/activity/subscriptions/"):
            need(call.method == "DELETE", "no such method")
            self.subscriptions.remove(unquote(call.path.rpartition("/")[2]).removeprefix("of "))
            return Answer({"data": {"deleted": True}})
        if call.path.startswith("/2/account_activity/webhooks/"):
            self.old_way = True
            return Answer({"data": {"subscribed": True}})
        if call.path == "/2/media/upload":
            self.uploads.append(hashlib.sha256(call.body).hexdigest())
            return Answer({"data": {"id": "1980000000000000001"}})
        return self._sent(call)

    def _webhooks(self, call: Call) -> Answer:
        if call.method == "GET":
            return Answer({"data": self.hooks})
        if call.method == "POST":
            url = call.fields["url"]
            need(len(url) <= 200, "too long an address")
            if self.hooks:
                return error(400, title="WebhookLimitExceeded", detail="This app has a webhook already.")
            if not self._is_proven(url):
                return error(400, title="CrcValidationFailed", detail="The CRC of this address failed.")
            self.hooks.append({"id": "1900000000000000001", "url": url, "valid": True})
            return Answer({"data": self.hooks[-1]})
        hook = next((one for one in self.hooks if call.path == f"/2/webhooks/{one['id']}"), None)
        if hook is None:
            return error(400, title="WebhookIdInvalid", detail="There is no such webhook.")
        if call.method == "PUT":
            hook["valid"] = self._is_proven(hook["url"])
            return Answer({"data": {"valid": hook["valid"]}})
        need(call.method == "DELETE", "no such method")
        self.hooks.remove(hook)
        return Answer({"data": {"deleted": True}})

    def _is_proven(self, url: str) -> bool:
        """The CRC, which X asks for as soon as it is told an address, and whenever it is asked to look again."""
        if self.ask is None:
            return True
        status, body = self.ask(f"{url}?crc_token=challenge-1")
        signed = b64encode(hmac.new(KEYS["api_secret"].encode(), b"challenge-1", hashlib.sha256).digest()).decode()
        return status == 200 and json.loads(body) == {"response_token": f"sha256={signed}"}

    def _sent(self, call: Call) -> Answer:
        number = next(self._numbers)
        if _DM.fullmatch(call.path):
            need(bool(call.fields.get("text") or call.fields.get("attachments")), "nothing to send")
            return Answer({"data": {"dm_conversation_id": "1-2", "dm_event_id": f"196000000000000{number:04d}"}}, 201)
        need(call.path == "/2/tweets", "no such place")
        need(call.fields.get("reply", {}).get("in_reply_to_tweet_id", "").isdigit(), "a post that answers nobody")
        return Answer({"data": {"id": f"197000000000000{number:04d}", "text": call.fields["text"]}}, 201)

    def _events(self, call: Call) -> Answer:
        """Newest first, a page at a time."""
        at = int(call.query.get("pagination_token", 0))
        page = self.events[at : at + self.page]
        more = {"next_token": str(at + self.page)} if len(self.events) > at + self.page else {}
        return Answer({"data": page, "includes": {"users": [CLEO]}, "meta": {"result_count": len(page), **more}})

    def _mentions(self, call: Call) -> Answer:
        known = int(call.query.get("since_id", 0))
        return Answer({"data": [one for one in self.posts if int(one["id"]) > known], "includes": {"users": [CLEO]}})

    def _knows(self, call: Call) -> bool:
        given = call.headers.get("authorization", "")
        if given == f"Bearer {BEARER}":
            of_app = call.method != "POST" and call.path.startswith("/2/activity/subscriptions")
            return of_app or call.path.startswith("/2/webhooks")
        told = {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', given)}
        need(given.startswith("OAuth "), "no OAuth header")
        need(told.get("oauth_signature_method") == "HMAC-SHA1" and told.get("oauth_version") == "1.0", "no OAuth 1.0a")
        need(abs(int(told["oauth_timestamp"]) - time.time()) < 300, "an old timestamp")
        need(told["oauth_nonce"] not in self.nonces, "a nonce twice")
        self.nonces.add(told["oauth_nonce"])
        same = told["oauth_consumer_key"] == KEYS["api_key"] and told["oauth_token"] == self.token
        return same and told.pop("oauth_signature") == self._signature(call, told)

    def _signature(self, call: Call, oauth: dict[str, str]) -> str:
        """RFC 5849 3.4, of the address, the query and the header alone: no body is in it."""
        query = call.target.partition("?")[2]
        pairs = [tuple(one.split("=", 1)) for one in query.split("&") if one]
        escaped = [(escape(unquote(name)), escape(unquote(value))) for name, value in [*pairs, *oauth.items()]]
        parameters = "&".join(f"{name}={value}" for name, value in sorted(escaped))
        base = f"{call.method}&{escape(self.url + call.path)}&{escape(parameters)}".encode()
        key = f"{escape(KEYS['api_secret'])}&{escape(KEYS['access_token_secret'])}".encode()
        return b64encode(hmac.new(key, base, hashlib.sha1).digest()).decode()


def escape(text: str) -> str:
    return "".join(chr(one) if chr(one) in _PLAIN else f"%{one:02X}" for one in text.encode())


def error(status: int, **told: Any) -> Answer:
    return Answer({"status": status, **told}, status)
