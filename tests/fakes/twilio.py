"""Twilio, as strict as its documented wire, on a port of loopback; it can be told to misbehave.

Source: channels.md 7 and 13. `answers` is taken from before each send: an error code, or "hang up".
"""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

STATUS = {20003: 401, 20429: 429, 500: 500}


class FakeTwilio:
    def __init__(
        self, *, sid: str = "AC" + "0" * 32, token: str = "pb-auth-token", number: str = "+15552223333"
    ) -> None:
        self.sid, self.token, self.number = sid, token, number
        self.sms_url = ""
        self.sent: list[dict[str, list[str]]] = []
        self.answers: list[int | str] = []
        self.files: dict[str, tuple[str, bytes]] = {}
        self.strange: list[str] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *gone: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def send(self, form: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        with self._lock:
            answer = self.answers.pop(0) if self.answers else 0
            if isinstance(answer, int) and answer:
                return STATUS.get(answer, 400), {"code": answer, "message": "Told to.", "status": 400}
            flaw = self._flaw(form)
            if flaw:
                self.strange.append(flaw)
                return 400, {"code": 21602, "message": flaw, "status": 400}
            self.sent.append(form)
            sid = f"SM{len(self.sent):032d}"
        return (0 if answer else 201), {"sid": sid, "status": "queued", "num_segments": "1", "error_code": None}

    def _flaw(self, form: dict[str, list[str]]) -> str:
        if not form.get("To", [""])[0].startswith("+") or form.get("From") != [self.number]:
            return "To and From are telephone numbers with a +."
        if not form.get("Body") and not form.get("MediaUrl"):
            return "Body or MediaUrl is needed."
        if len(form.get("Body", [""])[0]) > 1600 or len(form.get("MediaUrl", [])) > 10:
            return "Too long."
        return ""


def _handler(fake: FakeTwilio) -> type[BaseHTTPRequestHandler]:
    base = f"/2010-04-01/Accounts/{fake.sid}"

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *line: object) -> None:
            pass

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path.startswith("/stored/"):  # where a picture really lies: no password belongs here
                if self.headers.get("Authorization"):
                    fake.strange.append("The password was sent to the store.")
                kind, content = fake.files[path.rpartition("/")[2]]
                return self._bytes(200, content, kind)
            if not self._known():
                return self._json(401, {"code": 20003, "message": "Authenticate", "status": 401})
            if path == f"{base}.json":
                return self._json(200, {"sid": fake.sid, "status": "active", "friendly_name": "Acme"})
            if path == f"{base}/IncomingPhoneNumbers.json":
                asked = parse_qs(urlsplit(self.path).query).get("PhoneNumber")
                found = [{"sid": "PN1", "sms_url": fake.sms_url}] if asked == [fake.number] else []
                return self._json(200, {"incoming_phone_numbers": found})
            if path.startswith(f"{base}/Media/"):
                self.send_response(307)
                self.send_header("Location", f"{fake.url}/stored/{path.rpartition('/')[2]}")
                self.send_header("Content-Length", "0")
                return self.end_headers()
            return self._json(404, {"code": 20404, "message": "Not found", "status": 404})

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode(), keep_blank_values=True)
            if not self._known():
                return self._json(401, {"code": 20003, "message": "Authenticate", "status": 401})
            if self.path == f"{base}/IncomingPhoneNumbers/PN1.json":
                fake.sms_url = form.get("SmsUrl", [""])[0]
                return self._json(200, {"sid": "PN1", "sms_url": fake.sms_url})
            if self.path == f"{base}/Messages.json":
                status, told = fake.send(form)
                return self._json(status, told) if status else None
            return self._json(404, {"code": 20404, "message": "Not found", "status": 404})

        def _known(self) -> bool:
            pair = base64.b64encode(f"{fake.sid}:{fake.token}".encode()).decode()
            return self.headers.get("Authorization") == f"Basic {pair}"

        def _json(self, status: int, told: dict[str, Any]) -> None:
            self._bytes(status, json.dumps(told).encode(), "application/json")

        def _bytes(self, status: int, content: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler
