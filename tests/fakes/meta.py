"""Meta's Graph for WhatsApp and Instagram, as far as we use it. Source: channels.md 3 and 4."""

from itertools import count
from typing import Any
from urllib.parse import urlencode

from tests.fakes.server import Answer, Call, Fake, need

TOKEN = "EAAcanary7Hq2secretTokenOfMeta"
NUMBER, WABA = "700000000000001", "300000000000001"
PAGE, ACCOUNT = "800000000000001", "17840000000000001"
CHALLENGE = "1158201444"


class Meta(Fake):
    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.token = TOKEN
        self.files: dict[str, bytes] = {}
        self.profiles = {"6100000000000001": {"name": "Cleo Marsh", "username": "cleo_m"}}
        self.hook = ""
        self.other_forms: dict[str, str] = {}  # of numbers, as they are called here
        self.quality, self.status = "GREEN", "CONNECTED"
        self.templates: list[dict[str, Any]] = []  # further ones
        self.subscribed: set[str] = set()
        self._numbers = count(100)

    def is_send(self, call: Call) -> bool:
        return call.path.endswith("/messages") and not {"sender_action", "status", "reaction"} & call.fields.keys()

    def answer(self, call: Call) -> Answer:
        if call.path.startswith("/cdn/"):
            need("authorization" not in call.headers, "the token goes to strangers")
            content = self.files.get(call.path.removeprefix("/cdn/"))
            return Answer(content) if content else error(100, "gone", status=404)
        if call.headers.get("authorization") != f"Bearer {self.token}":
            return error(190, "Invalid OAuth access token", status=401)
        _slash, version, *rest = call.path.split("/")
        if version == "files":
            content = self.files.get(rest[0])
            return Answer(content) if content else error(100, "gone", status=404)
        need(version.startswith("v"), "no version")
        if rest[-1] == "debug_token":
            return Answer({"data": {"is_valid": True, "expires_at": 1798761600}})
        if len(rest) == 2:
            return self._edge(call, *rest)
        if rest[0] == NUMBER:
            return self._number(call)
        if rest[0] == PAGE:
            return Answer({"name": "Acme", "instagram_business_account": {"id": ACCOUNT, "username": "acme"}})
        if rest[0] in self.profiles:
            need("username" in call.query.get("fields", ""), "what of them?")
            return Answer({"id": rest[0], **self.profiles[rest[0]]})
        if rest[0] in self.files:
            return Answer({"url": f"{self.url}/files/{rest[0]}", "mime_type": "image/png", "id": rest[0]})
        return unknown(rest[0])

    def _edge(self, call: Call, of: str, name: str) -> Answer:
        """What belongs to a number, an account or a page; each has what is its own."""
        if name == "messages" and of in {NUMBER, PAGE}:
            return self._message(call, of)
        if name == "media" and of == NUMBER:
            need(call.fields.get("messaging_product") == "whatsapp" and bool(call.files), "no media")
            return Answer({"id": "900000000000088"})
        if name == "message_templates" and of == WABA:
            return self._templates(int(call.query.get("after") or 0))
        if name == "subscribed_apps" and of in {WABA, PAGE}:
            return self._subscribed(call, of)
        return unknown(of)

    def _templates(self, at: int) -> Answer:
        """One a page; the last page has a cursor, too, and no `next`."""
        known = [
            TEMPLATE,
            {**TEMPLATE, "name": "waiting", "status": "PENDING"},
            {**TEMPLATE, "name": "thanks"},
            *self.templates,
        ]
        more = {"next": f"{self.url}/next"} if at + 1 < len(known) else {}
        return Answer({"data": known[at : at + 1], "paging": {"cursors": {"after": str(at + 1)}, **more}})

    def _subscribed(self, call: Call, of: str) -> Answer:
        if call.method == "GET":
            return Answer({"data": [{"id": "1"}] if of in self.subscribed else []})
        need(of != PAGE or call.method != "POST" or "messages" in call.query.get("subscribed_fields", ""), "to what?")
        (self.subscribed.add if call.method == "POST" else self.subscribed.discard)(of)
        return Answer({"success": True})

    def _number(self, call: Call) -> Answer:
        about = {"display_phone_number": "+1 555-000-9999", "verified_name": "Acme"}
        about |= {"quality_rating": self.quality, "status": self.status}
        if call.method == "GET":
            return Answer({"id": NUMBER, **about, "webhook_configuration": {"phone_number": self.hook}})
        told = call.fields["webhook_configuration"]
        url = told["override_callback_uri"]
        need(len(url) <= 200, "too long an address")
        if url and not self._is_proven(url, told["verify_token"]):
            return error(2200, "(#2200) Callback verification failed")
        self.hook = url
        return Answer({"success": True})

    def _is_proven(self, url: str, token: str) -> bool:
        asked = {"hub.mode": "subscribe", "hub.challenge": CHALLENGE, "hub.verify_token": token}
        return self.ask is None or self.ask(f"{url}?{urlencode(asked)}") == (200, CHALLENGE.encode())

    def _message(self, call: Call, of: str) -> Answer:
        fields: dict[str, Any] = call.fields
        if of == PAGE:
            need(bool(fields["recipient"]["id"]), "no recipient")
            if "sender_action" in fields:
                actions = {"typing_on", "typing_off", "mark_seen", "react", "unreact"}
                need(fields["sender_action"] in actions, "no such action")
                need("react" not in fields["sender_action"] or bool(fields["payload"]["message_id"]), "on what?")
                need("message" not in fields, "an action with a message")
                return Answer({"recipient_id": fields["recipient"]["id"]})
            need(len(fields["message"].get("text", "").encode()) <= 1000, "too long")
            need(("tag" in fields) == (fields["messaging_type"] == "MESSAGE_TAG"), "tag without its type")
            return Answer({"recipient_id": fields["recipient"]["id"], "message_id": f"aWdf{next(self._numbers)}"})
        need(fields.get("messaging_product") == "whatsapp", "no messaging_product")
        if "status" in fields:
            need(fields["status"] == "read" and fields.get("message_id", "").startswith("wamid."), "nothing to mark")
            return Answer({"success": True})
        need(len(fields.get("biz_opaque_callback_data", "")) <= 512, "too long callback data")
        need(isinstance(fields.get(fields.get("type", "")), dict), "no content of its type")
        need(len(fields.get("text", {}).get("body", "")) <= 4096, "too long")
        to = fields.get("to") or fields.get("recipient")
        need(bool(to), "nobody to send to")
        return Answer(
            {
                "messaging_product": "whatsapp",
                "contacts": [{"input": to, "wa_id": self.other_forms.get(to, to)}],
                "messages": [{"id": f"wamid.OUT{next(self._numbers)}"}],
            }
        )


TEMPLATE = {
    "name": "order_update",
    "language": "en_GB",
    "status": "APPROVED",
    "category": "UTILITY",
    "components": [{"type": "BODY", "text": "Hello {{1}}, your order {{2}} left."}],
}


def unknown(node: str) -> Answer:
    words = f"Unsupported request. Object with ID '{node}' does not exist, or the token may not see it"
    return error(100, words, subcode=33)


def error(code: int, words: str, *, status: int = 400, subcode: int = 0) -> Answer:
    return Answer({"error": {"code": code, "error_subcode": subcode, "message": words}}, status)
