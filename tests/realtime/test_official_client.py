"""socket.io-client for JavaScript, as programs use it."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.realtime.conftest import ROOT, Connect, House, Owner, Payload, new_id


class Official:
    """socket.io-client for JavaScript, driven over its standard input and output."""

    def __init__(self, url: str, auth: Payload, transports: list[str]) -> None:
        script = Path(__file__).with_name("official.mjs")
        start = json.dumps({"url": url, "auth": auth, "transports": transports})
        self.process = subprocess.Popen(
            ["node", str(script), start], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )

    def ask(self, event: str, payload: Payload) -> Any:
        assert self.process.stdin
        self.process.stdin.write(json.dumps([event, payload]) + "\n")
        self.process.stdin.flush()
        return self.hears("ack")

    def hears(self, name: str) -> Any:
        assert self.process.stdout
        while line := self.process.stdout.readline():
            heard, payload = json.loads(line)
            if heard == name:
                return payload
        raise AssertionError(f"no {name}")

    def stop(self) -> None:
        self.process.communicate()


@pytest.fixture
def official(house: House) -> Iterator[Any]:
    if not shutil.which("node") or not (ROOT / "node_modules/socket.io-client").exists():
        pytest.skip("needs Node and `npm ci`")
    made: list[Official] = []

    def start(auth: Payload, transports: list[str]) -> Official:
        made.append(Official(house.url, auth, transports))
        return made[-1]

    yield start
    for client in made:
        client.stop()


@pytest.mark.parametrize("transports", [["websocket"], ["polling"], ["polling", "websocket"]])
def test_the_official_client_speaks_with_us(official: Any, talk: Connect, ada: Owner, transports: list[str]) -> None:
    agent = talk(ada.auth)
    cleo = official(ada.visitor, transports)
    assert cleo.hears("connect")

    ack = cleo.ask("client_message", {"content": "Grüße aus JavaScript", "client_message_id": new_id()})
    assert agent.hears("new_message")["content"] == "Grüße aus JavaScript"
    agent.ask("agent_message", {"conversation_id": ack["conversation_id"], "content": "Hi!"})

    assert cleo.hears("new_message")["content"] == "Hi!"
    refused = cleo.ask("client_message", {"content": ""})
    assert refused["error"]["code"] == "invalid"


@pytest.mark.parametrize("transports", [["websocket"], ["polling"]])
def test_the_official_client_is_told_why_it_may_not_come_in(official: Any, ada: Owner, transports: list[str]) -> None:
    refused = official({"business_id": ada.business_id, "token": "nope"}, transports)

    assert refused.hears("connect_error") == "unauthorized"
