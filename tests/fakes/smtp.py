"""An SMTP server that takes mail from who knows the password, as far as we use it. Source: RFC 5321, 4954."""

import base64
import socketserver
import threading
import time
from collections import deque
from email import message_from_bytes
from email.policy import default
from typing import Any, Self

from tests.fakes.server import Answer, Call

USER, PASSWORD = "help", "canary-7Hq2-smtp-password"


class Smtp:
    """As `server.Fake`; of an answer its status counts, as the reply to a mail's words. goodbye: to QUIT."""

    def __init__(self, port: int = 0) -> None:
        self.token = PASSWORD
        self.sent: list[Call] = []
        self.broken: list[str] = []
        self.next: deque[Answer] = deque()
        self.files: dict[str, bytes] = {}
        self.goodbye = "221 bye"
        fake = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                fake._talk(self)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", port), Handler, bind_and_activate=False)
        self._server.allow_reuse_address = self._server.daemon_threads = True
        self._server.server_bind()
        self._server.server_activate()
        self.port = self._server.server_address[1]
        self.url = f"smtp://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def calls(self) -> list[Call]:
        return self.sent

    def answer(self, _call: Call) -> Answer:
        return Answer(status=250)

    def is_send(self, _call: Call) -> bool:
        return True

    def _talk(self, client: Any) -> None:
        def say(line: str) -> None:
            client.wfile.write(f"{line}\r\n".encode())

        say("220 fake")
        is_in, to = False, ""
        for raw in client.rfile:
            line = raw.decode(errors="replace").strip()
            verb = line[:4].upper()
            if verb == "EHLO":
                client.wfile.write(b"250-fake\r\n250 AUTH PLAIN XOAUTH2\r\n")
            elif verb == "AUTH":
                given = base64.b64decode(line.split()[-1])
                words = {f"\0{USER}\0{self.token}", f"user={USER}\1auth=Bearer {self.token}\1\1"}
                is_in = given.decode() in words
                say("235 in" if is_in else "535 5.7.8 no")
            elif verb in {"MAIL", "RCPT"} and not is_in:
                say("530 5.7.0 sign in first")
            elif verb == "DATA":
                say("354 go on")
                if not self._take(client, to, say):
                    return
            elif verb == "QUIT":
                say(self.goodbye)
                return
            else:
                to = line.partition(":")[2].strip("<> ") if verb == "RCPT" else to
                say("250 OK")

    def _take(self, client: Any, to: str, say: Any) -> bool:
        """Whether the line is kept."""
        lines = []
        while (line := client.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        content = b"".join(lines)
        mail = message_from_bytes(content, policy=default)
        body = mail.get_body(("plain",))  # type: ignore[attr-defined]
        fields = {"to": to, "message-id": str(mail["message-id"]), "text": body.get_content() if body else ""}
        call = Call("DATA", "/", {}, {}, content, fields)
        answer = self.next.popleft() if self.next else self.answer(call)
        call.is_refused = answer.status >= 400
        self.sent.append(call)
        if not answer.drop:
            time.sleep(answer.pause)
            say(f"{answer.status} {answer.body or 'OK'}")
        return not answer.drop
