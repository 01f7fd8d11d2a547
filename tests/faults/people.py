"""Who writes and who watches while things break: each as the guides for API and socket clients ask for."""

import contextlib
import itertools
import json
import random
import threading
import time
import uuid
from collections.abc import Callable
from http.client import HTTPException
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from tests.faults.town import Caller, Owner, Refused

Payload = dict[str, Any]
# What a client may meet while something is down; whether the server did what it was asked for is unknown.
LOST = (OSError, HTTPException, WebSocketException, EOFError, TimeoutError)


class Line:
    """One Socket.IO connection over a websocket, and nothing that comes back by itself."""

    def __init__(self, port: int, auth: Payload, heard: Callable[[str, Any], None] | None = None) -> None:
        """heard: called with each event, on the thread that reads. Raises one of LOST, or PermissionError."""
        self._heard = heard or (lambda name, payload: None)
        self._numbers = itertools.count()
        url = f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket"
        self._open = contextlib.ExitStack()
        self.socket: ClientConnection = self._open.enter_context(
            connect(url, ping_interval=None, open_timeout=30, close_timeout=0.5, max_size=None, proxy=None)
        )
        try:
            self.socket.recv(timeout=30)
            self.socket.send("40" + json.dumps(auth))
            answer = str(self.socket.recv(timeout=30))
            while answer[:2] == "42":
                answer = str(self.socket.recv(timeout=30))
        except BaseException:
            self.close()
            raise
        if answer.startswith("44"):
            self.close()
            raise ConnectionError(answer)

    def ask(self, event: str, payload: Payload, timeout: float = 10) -> Payload:
        """The ack. What comes meanwhile is heard."""
        return self.answer(self.say(event, payload), timeout)

    def say(self, event: str, payload: Payload) -> str:
        """The number under which it is acknowledged."""
        number = str(next(self._numbers))
        self.socket.send(f"42{number}{json.dumps([event, payload])}")
        return number

    def answer(self, number: str, timeout: float = 30) -> Payload:
        deadline = time.monotonic() + timeout
        while True:
            text = self._read(max(deadline - time.monotonic(), 0.001))
            if text.startswith(f"43{number}["):
                ack: Payload = json.loads(text[2 + len(number) :])[0]
                return ack

    def listen(self, seconds: float) -> None:
        """Hear what comes within that time."""
        with contextlib.suppress(TimeoutError):
            deadline = time.monotonic() + seconds
            while (left := deadline - time.monotonic()) > 0:
                self._read(left)

    def _read(self, timeout: float) -> str:
        text = str(self.socket.recv(timeout=timeout))
        if text == "2":
            self.socket.send("3")
        elif text == "1" or text.startswith("41"):
            raise EOFError
        elif text.startswith("42"):
            self._heard(*json.loads(text[2:]))
        return text

    def close(self) -> None:
        with contextlib.suppress(*LOST):
            self._open.close()


class Writer(threading.Thread):
    """Sends one message after the other, each again with the same id until it is acknowledged, however that ends."""

    def __init__(self, name: str, *, most: int, patience: float = 60, pause: float = 0, padding: int = 0) -> None:
        """most: messages to send. patience: seconds for one. pause: from one to the next. padding: characters more in
        each.
        """
        super().__init__(name=name, daemon=True)
        self.most, self.patience, self.pause, self.padding = most, patience, pause, "x" * padding
        self.acknowledged: dict[str, tuple[str, int, str]] = {}  # conversation, seq and id, by what was written
        self.again = 0
        self.refusals: list[str] = []
        self.trouble: BaseException | None = None
        self.slowest = 0.0
        self.halt = threading.Event()

    def run(self) -> None:
        try:
            for number in range(1, self.most + 1):
                if self.halt.is_set():
                    break
                started = time.monotonic()
                self._until_acknowledged(
                    f"{self.name} {number} {uuid.uuid4().hex[:8]} {self.padding}".strip(), str(uuid.uuid4())
                )
                time.sleep(max(0.0, started + self.pause - time.monotonic()))
        except BaseException as error:
            self.trouble = error
        finally:
            self.leave()

    def _until_acknowledged(self, content: str, key: str) -> None:
        started = time.monotonic()
        while True:
            try:
                message = self.send(content, key)
            except (*LOST, Refused) as error:
                if isinstance(error, Refused) and error.args[0] not in {503, "busy"}:
                    raise
                self.refusals.append(f"{type(error).__name__}: {error}"[:200])
                if time.monotonic() - started > self.patience:
                    raise
                self.again += 1
                time.sleep(random.uniform(0.05, 0.2))
            else:
                self.slowest = max(self.slowest, time.monotonic() - started)
                assert message["content"] == content, (message, content)
                self.acknowledged[content] = (message["conversation_id"], message["seq"], message["id"])
                return

    def send(self, content: str, key: str) -> Payload:
        raise NotImplementedError

    def leave(self) -> None:
        raise NotImplementedError


class ByApi(Writer):
    """A program with an agent's token."""

    def __init__(self, owner: Owner, conversation_id: str, port: int, **options: Any) -> None:
        super().__init__(f"api-{uuid.uuid4().hex[:6]}", **options)
        self.caller = Caller(port, owner.token, timeout=12)
        self.path = f"/conversations/{conversation_id}/messages"

    def send(self, content: str, key: str) -> Payload:
        message: Payload = self.caller.call("POST", self.path, {"content": content}, Idempotency_Key=key)
        return message

    def leave(self) -> None:
        self.caller.close()


class BySocket(Writer):
    """An agent's app or a visitor's browser, which connects again whenever the line is gone."""

    def __init__(
        self,
        port: int,
        auth: Payload,
        conversation_id: str,
        *,
        heard: Callable[[str, Any], None] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(f"{'agent' if 'token' in auth else 'visitor'}-{uuid.uuid4().hex[:6]}", **options)
        self.port, self.auth, self.conversation_id, self._heard = port, auth, conversation_id, heard
        self.event = "agent_message" if "token" in auth else "client_message"
        self.line: Line | None = None

    def send(self, content: str, key: str) -> Payload:
        payload = {"content": content, "client_message_id": key, "conversation_id": self.conversation_id}
        try:
            if self.line is None:
                self.line = Line(self.port, self.auth, self._heard)
            ack = self.line.ask(self.event, payload)
        except LOST:
            self.leave()
            raise
        if error := ack.get("error"):
            raise Refused(error["code"], error["detail"])
        message: Payload = ack["message"]
        return message

    def leave(self) -> None:
        if self.line:
            self.line.close()
            self.line = None


class Watcher(threading.Thread):
    """Keeps a copy of what it may see, by the rules of docs/socketio.md: applies events, asks after every gap.

    `messages`: what it has of each conversation, by seq. `heard`: which of them came by themselves, in that order.
    """

    def __init__(self, port: int, auth: Payload, name: str = "watcher") -> None:
        super().__init__(name=name, daemon=True)
        self.port, self.auth = port, auth
        self.messages: dict[str, dict[int, Payload]] = {}
        self.heard: dict[str, list[int]] = {}
        self.reconnects = -1
        self.resyncs = 0
        self.told_to_return: list[tuple[float, int]] = []
        self.is_live = threading.Event()
        self.trouble: BaseException | None = None
        self.halt = threading.Event()
        self._missing = False

    def run(self) -> None:
        while not self.halt.is_set():
            try:
                line = Line(self.port, self.auth, self._hear)
            except LOST:
                time.sleep(random.uniform(0.02, 0.1))
                continue
            self.reconnects += 1
            try:
                self.catch_up(line)
                self.is_live.set()
                while not self.halt.is_set():
                    line.listen(0.1)
                    if self._missing:
                        self.catch_up(line)
            except (*LOST, Refused):
                pass
            except BaseException as error:
                self.trouble = error
                raise
            finally:
                self.is_live.clear()
                line.close()

    def stop(self) -> None:
        self.halt.set()
        self.join(15)

    def catch_up(self, line: Line) -> None:
        raise NotImplementedError

    def _hear(self, event: str, payload: Any) -> None:
        if event == "new_message":
            self.heard.setdefault(payload["conversation_id"], []).append(payload["seq"])
            self.take(payload)
        elif event == "resync":
            self.resyncs += 1
            self._missing = True
        elif event == "server_restart":
            self.told_to_return.append((time.monotonic(), payload["retry_ms"]))

    def take(self, message: Payload) -> None:
        self.messages.setdefault(message["conversation_id"], {})[message["seq"]] = message

    def contents(self, conversation_id: str) -> list[tuple[int, str, str]]:
        """As Owner.stored gives them."""
        return [
            (seq, message["id"], message["content"])
            for seq, message in sorted(self.messages.get(conversation_id, {}).items())
        ]


class AgentsApp(Watcher):
    """It begins with the feed's first row, so that what it has is all there is.

    An event may stand for several rows of the feed (a message also moves its conversation), so it asks after each.
    """

    cursor = 0

    def catch_up(self, line: Line) -> None:
        self._missing = False
        more = True
        while more:
            answer = _good(line.ask("resume", {"cursor": self.cursor}))
            assert not answer.get("resync"), "nothing here is old enough for that"
            for event in answer["events"]:
                assert event["seq"] == self.cursor + 1, "resume left a gap"
                self.cursor = event["seq"]
                if event["kind"] == "message.created":
                    super().take(event["object"])
            more = answer["more"]

    def take(self, message: Payload) -> None:
        super().take(message)
        self._missing = True


class Visitor(Watcher):
    def __init__(self, port: int, auth: Payload, conversation_id: str) -> None:
        super().__init__(port, auth, "visitor")
        self.conversation_id = conversation_id
        self.whole = 0  # up to here nothing is missing

    def catch_up(self, line: Line) -> None:
        self._missing = False
        more = True
        while more:
            asked = {"conversation_id": self.conversation_id, "seq": self.whole}
            answer = _good(line.ask("resume", asked))
            for message in answer["messages"]:
                self.take(message)
            more = answer["more"]
        self._missing = False

    def take(self, message: Payload) -> None:
        super().take(message)
        have = self.messages[message["conversation_id"]]
        while self.whole + 1 in have:
            self.whole += 1
        self._missing = self._missing or message["seq"] > self.whole


def _good(ack: Payload) -> Payload:
    if error := ack.get("error"):
        raise Refused(error["code"], error["detail"])
    return ack
