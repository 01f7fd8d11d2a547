"""Twilio, as strict as its documented wire. Source: channels.md 7 and 13."""

import base64
from itertools import count

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
        self._numbers = count(1)

    def is_send(self, call: Call) -> bool:
        return call.path == f"{_BASE}/Messages.json"

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
        if call.path.startswith(f"{_BASE}/Media/") and name in self.files:
            return Answer(b"", 307, headers={"location": f"{self.url}/stored/{name}"})
        if not self.is_send(call):
            return Answer({"code": 20404, "message": "Not found", "status": 404}, 404)
        need(call.fields.get("To", "").startswith("+") and call.fields.get("From") == NUMBER, "no telephone numbers")
        need(bool(call.fields.get("Body") or call.fields.get("MediaUrl")), "Body or MediaUrl is needed")
        need(len(call.fields.get("Body", "")) <= 1600, "too long")
        sid = f"SM{next(self._numbers):032d}"
        return Answer({"sid": sid, "status": "queued", "num_segments": "1", "error_code": None}, 201)


def error(code: int) -> Answer:
    status = STATUS.get(code, 400)
    return Answer({"code": code, "message": "Told to.", "status": status}, status)
