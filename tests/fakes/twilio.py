"""Twilio, as strict as its documented wire. Source: channels.md 7 and 13."""

import base64
import re
from datetime import datetime
from email.utils import format_datetime
from itertools import count
from urllib.parse import urlencode

from tests.fakes.server import Answer, Call, Fake, need

SID, TOKEN, NUMBER = "AC" + "0" * 32, "pb-auth-token", "+15552223333"
STATUS = {20003: 401, 20429: 429, 500: 500}
_BASE = f"/2010-04-01/Accounts/{SID}"


class Twilio(Fake):
    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.token = TOKEN
        self.sms_url = ""
        self.files: dict[str, bytes] = {}
        # What came in, newest first, as Twilio lists it; and the files of some.
        self.inbox: list[dict[str, str]] = []
        self.media: dict[str, list[dict[str, str]]] = {}
        self._numbers = count(1)

    def is_send(self, call: Call) -> bool:
        return call.method == "POST" and call.path == f"{_BASE}/Messages.json"

    def answer(self, call: Call) -> Answer:
        if call.path.startswith("/stored/"):  # where a picture really lies
            need("authorization" not in call.headers, "the password goes to the store")
            return Answer(self.files[call.path.rpartition("/")[2]], headers={"content-type": "image/png"})
        pair = base64.b64encode(f"{SID}:{self.token}".encode()).decode()
        if call.headers.get("authorization") != f"Basic {pair}":
            return error(20003)
        name = call.path.rpartition("/")[2]
        if call.path == f"{_BASE}.json":
            return Answer({"sid": SID, "status": "active", "friendly_name": "Acme"})
        if call.path == f"{_BASE}/IncomingPhoneNumbers.json":
            found = [{"sid": "PN1", "sms_url": self.sms_url}] if call.query.get("PhoneNumber") == NUMBER else []
            return Answer({"incoming_phone_numbers": found})
        if call.path == f"{_BASE}/IncomingPhoneNumbers/PN1.json":
            self.sms_url = call.fields.get("SmsUrl", "")
            return Answer({"sid": "PN1", "sms_url": self.sms_url})
        if call.path == f"{_BASE}/Messages.json" and call.method == "GET":
            return self._listed(call)
        if call.path.startswith(f"{_BASE}/Messages/") and name == "Media.json":
            return Answer({"media_list": self.media[call.path.split("/")[-2]]})
        if "/Media/" in call.path and name in self.files:
            return Answer(b"", 307, headers={"location": f"{self.url}/stored/{name}"})
        if not self.is_send(call):
            return Answer({"code": 20404, "message": "Not found", "status": 404}, 404)
        need(call.fields.get("To", "").startswith("+") and call.fields.get("From") == NUMBER, "no telephone numbers")
        need(bool(call.fields.get("Body") or call.fields.get("MediaUrl")), "Body or MediaUrl is needed")
        need(len(call.fields.get("Body", "")) <= 1600, "too long")
        sid = f"SM{next(self._numbers):032d}"
        return Answer({"sid": sid, "status": "queued", "num_segments": "1", "error_code": None}, 201)

    def _listed(self, call: Call) -> Answer:
        """Two a page. Source: its reference, "Read multiple Message resources"."""
        need(call.query.get("To") == NUMBER, "all numbers of the account are asked for")
        need(re.fullmatch(r"\d{4}-\d\d-\d\d", call.query.get("DateSent>", "")) is not None, "no day to begin with")
        page = int(call.query.get("Page", "0"))
        more = {"Page": str(page + 1), "PageToken": "PASM1"}
        following = f"{call.path}?{urlencode({**call.query, **more})}" if self.inbox[2 * page + 2 :] else None
        return Answer({"messages": self.inbox[2 * page :][:2], "next_page_uri": following})

    def takes_in(self, sid: str, body: str, *, sender: str = "+15550001111", at: datetime, files: int = 0) -> None:
        """Without telling anybody."""
        listed = {"sid": sid, "direction": "inbound", "from": sender, "to": NUMBER, "body": body, "status": "received"}
        when = {name: format_datetime(at) for name in ("date_created", "date_sent", "date_updated")}
        self.inbox.insert(0, {**listed, **when, "num_media": str(files)})
        uri = f"{_BASE}/Messages/{sid}/Media/ME"
        self.media[sid] = [
            {"sid": f"ME{n}", "content_type": "image/png", "uri": f"{uri}{n}.json"} for n in range(files)
        ]


def error(code: int) -> Answer:
    status = STATUS.get(code, 400)
    return Answer({"code": code, "message": "Told to.", "status": status}, status)
