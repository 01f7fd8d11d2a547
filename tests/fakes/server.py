"""A provider on loopback: strict about what it is sent, and able to misbehave. Each fake says what its wire is."""

import json
import random
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

CONTROL = "/_control"


@dataclass
class Call:
    """target: path and query as they came. at: seconds since 1970. is_refused: the answer to it was a no."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    fields: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    target: str = ""
    at: float = field(default_factory=time.time)
    is_refused: bool = False


@dataclass
class Answer:
    """body: JSON, bytes as they are, or a list of pieces. drop: take the request, and say nothing.
    pause: seconds before each piece. cut: so many bytes are announced that never come.
    """

    body: Any = None
    status: int = 200
    drop: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    pause: float = 0
    cut: int = 0


# How a provider asks an address whether it is ours: status and body. Not asked where a test serves nothing there.
Ask = Callable[[str], tuple[int, bytes]]


class BadRequest(Exception):
    """The caller broke the wire; the words say how."""


class Fake(ABC):
    """`with Fake() as fake:` serves until the end. `next`: answers for coming sends, instead of the right ones. `ask`:
    with it an address that is given for webhooks is asked back, while whoever gives it waits for the answer."""

    def __init__(self, port: int = 0) -> None:
        self.calls: list[Call] = []
        self.broken: list[str] = []
        self.next: deque[Answer] = deque()
        self.ask: Ask | None = None
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def _serve(self) -> None:
                fake._serve(self)

            do_GET = do_POST = do_PUT = do_DELETE = _serve

            def log_message(self, *_words: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @abstractmethod
    def answer(self, call: Call) -> Answer:
        """What the provider says. Raises BadRequest."""

    @abstractmethod
    def is_send(self, call: Call) -> bool:
        """Whether a customer would see something of it."""

    @property
    def sent(self) -> list[Call]:
        return [call for call in self.calls if self.is_send(call)]

    def _control(self, call: Call) -> Answer:
        """For hands and scripts: GET tells what came and what broke the wire; POST what the next sends hear, like
        {"next": [{"status": 500, "body": {}}, {"drop": true}]}, and what is so from now on: {"set": {"token": "new"}}.
        """
        if call.method == "POST":
            self.next.extend(Answer(**one) for one in call.fields.get("next", []))
            for name, value in call.fields.get("set", {}).items():
                need(isinstance(getattr(self, name, None), str | int), f"no {name} to set")
                setattr(self, name, value)
        came = [f"{one.method} {one.target}" for one in self.calls[-20:]]
        return Answer({"calls": came, "broken": self.broken, "next": len(self.next)})

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        body = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        call = Call(handler.command, parts.path, dict(parse_qsl(parts.query)), headers, body, target=handler.path)
        try:
            _read(call)
            right = self._control(call) if call.path == CONTROL else self.answer(call)
        except Exception as error:  # a field that is not there is a broken wire like any other
            self.broken.append(str(error) if isinstance(error, BadRequest) else f"{type(error).__name__}: {error}")
            right = Answer({"error": {"code": 100, "message": str(error)}, "ok": False, "description": str(error)}, 400)
        if call.path != CONTROL:
            self.calls.append(call)
        answer = self.next.popleft() if self.next and self.is_send(call) else right
        call.is_refused = answer.status >= 400
        if answer.drop:
            handler.close_connection = True
            return
        pieces = answer.body
        if not (isinstance(pieces, list) and pieces and isinstance(pieces[0], bytes)):
            pieces = [pieces if isinstance(pieces, bytes) else json.dumps(pieces).encode()]
        handler.send_response(answer.status)
        handler.send_header("content-length", str(sum(map(len, pieces)) + answer.cut))
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        with suppress(ConnectionError):
            for piece in pieces:
                time.sleep(answer.pause)
                handler.wfile.write(piece)


def _read(call: Call) -> None:
    """Its fields, whichever way they came. Raises BadRequest."""
    kind = call.headers.get("content-type", "")
    if kind.startswith("application/json") and call.body:
        try:
            call.fields = json.loads(call.body)
        except ValueError as error:
            raise BadRequest("no JSON") from error
    elif kind.startswith("application/x-www-form-urlencoded"):
        call.fields = dict(parse_qsl(call.body.decode()))
    elif kind.startswith("multipart/form-data"):
        mail = BytesParser().parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + call.body)
        for part in mail.walk():
            name = part.get_param("name", header="content-disposition")
            if name and part.get_filename():
                call.files[str(name)] = part.get_payload(decode=True)  # type: ignore[assignment]
            elif name:
                call.fields[str(name)] = part.get_payload(decode=True).decode()  # type: ignore[union-attr]


def free_port() -> int:
    """Below those that the system gives to whoever calls out, so that nobody has it by the time it is used. By the
    system's dice: what seeds ours for one test would give the same ports to all that run at the time."""
    for port in random.SystemRandom().sample(range(20_000, 32_000), 100):
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError("no free port")


def need(true: bool, words: str) -> None:
    if not true:
        raise BadRequest(words)
