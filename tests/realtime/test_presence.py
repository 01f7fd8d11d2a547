"""Who has a conversation open and who writes in it: told to those who have it open, and over when it is over."""

import asyncio
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from pingback.realtime import presence
from tests.realtime.conftest import Connect, House, Owner, Payload, Talker, hired, needs_redis, new_id, sign_up
from tests.realtime.test_bus_over_redis import redis_server
from tests.services import free_port
from tests.waiting import until


@pytest.fixture
def cleo(talk: Connect, ada: Owner) -> Talker:
    """A visitor who has written; `conversation` knows where."""
    return talk(ada.visitor)


@pytest.fixture
def conversation(cleo: Talker) -> str:
    return str(cleo.ask("client_message", {"content": "Hello?"})["conversation_id"])


def joined(talker: Talker, conversation: str) -> Talker:
    ack = talker.ask("join_conversation", {"conversation_id": conversation})
    assert ack["conversation_id"] == conversation, ack
    return talker


def sees(talker: Talker, *viewers: Owner) -> None:
    """In the end, with nobody writing."""
    people = sorted(each.user_id for each in viewers)
    until(lambda: (told := talker.named("presence")) and states(told[-1:]) == [(people, [])])


def saw(talker: Talker, *viewers: Owner, typing: Owner) -> None:
    """At some time: the seconds of the one who writes are counted meanwhile."""
    state = sorted(each.user_id for each in viewers), [typing.user_id]
    until(lambda: state in states(talker.named("presence")))


def states(told: list[Payload]) -> list[tuple[list[str], list[str]]]:
    return [(each["viewers"], each["typing"]) for each in told]


def types(talker: Talker, conversation: str, *, is_typing: bool = True) -> None:
    assert talker.ask("typing", {"conversation_id": conversation, "is_typing": is_typing}) == {}


def typing(conversation: str, who: Owner | None, *, is_typing: bool) -> Payload:
    return {"conversation_id": conversation, "user_id": who.user_id if who else None, "is_typing": is_typing}


def test_who_joins_is_seen_once_however_many_tabs_and_until_the_last_is_closed(
    talk: Connect, ada: Owner, ben: Owner, cleo: Talker, conversation: str
) -> None:
    adas = joined(talk(ada.auth), conversation)
    sees(adas, ada)
    first, second = joined(talk(ben.auth), conversation), joined(talk(ben.auth), conversation)
    sees(second, ada, ben)
    sees(adas, ada, ben)
    assert adas.named("presence")[-1].keys() == {"conversation_id", "viewers", "typing"}
    assert len(adas.named("presence")) == 2

    first.client.disconnect()
    second.ask("leave_conversation", {"conversation_id": conversation})

    sees(adas, ada)
    assert len(adas.named("presence")) == 3
    assert second.named("presence")[-1]["viewers"] == sorted([ada.user_id, ben.user_id])  # gone, it hears no more
    assert cleo.named("presence") == []


def test_only_members_of_the_workspace_who_joined_hear_who_is_there(
    talk: Connect, ada: Owner, ben: Owner, mallory: Owner, cleo: Talker, conversation: str
) -> None:
    bens, stranger, mallorys = talk(ben.auth), talk(ada.visitor), talk(mallory.auth)
    adas = joined(talk(ada.auth), conversation)
    for outsider in (stranger, mallorys):
        for event in ("join_conversation", "typing"):
            asked = {"conversation_id": conversation, "is_typing": True}
            assert outsider.ask(event, asked)["error"]["code"] == "not_found"
    joined(cleo, conversation)
    types(adas, conversation)
    saw(adas, ada, typing=ada)
    for outsider in (bens, stranger, mallorys, cleo):
        assert outsider.named("presence") == []
    for outsider in (bens, stranger, mallorys):
        assert outsider.named("typing") == []


def test_a_cut_member_is_no_longer_there(
    talk: Connect, house: House, ada: Owner, ben: Owner, conversation: str
) -> None:
    adas, bens = joined(talk(ada.auth), conversation), joined(talk(ben.auth), conversation)
    types(bens, conversation)
    saw(adas, ada, ben, typing=ben)

    house.call("POST", "/auth/logout", {}, ben.token)

    bens.hears("revoked")
    sees(adas, ada)


def test_typing_is_over_after_a_while_without_a_repeat(
    talk: Connect, ada: Owner, ben: Owner, cleo: Talker, conversation: str
) -> None:
    adas, bens = joined(talk(ada.auth), conversation), joined(talk(ben.auth), conversation)
    types(bens, conversation)
    for talker in (adas, cleo):
        assert talker.hears("typing") == typing(conversation, ben, is_typing=True)
    saw(adas, ada, ben, typing=ben)

    for talker in (adas, cleo):
        assert talker.hears("typing", 2) == typing(conversation, ben, is_typing=False)
    sees(adas, ada, ben)
    assert bens.named("typing") == []


def test_typing_of_a_person_goes_on_while_another_tab_writes(
    talk: Connect, ada: Owner, ben: Owner, cleo: Talker, conversation: str
) -> None:
    adas = joined(talk(ada.auth), conversation)
    first, second = talk(ben.auth), talk(ben.auth)
    types(first, conversation)
    types(second, conversation)
    first.client.disconnect()
    types(second, conversation, is_typing=False)
    adas.hears("typing", 3)
    assert [each["is_typing"] for each in adas.named("typing")] == [True, True, False]
    sees(adas, ada)


def test_a_customers_typing_reaches_who_joined_and_ends_with_its_socket(
    talk: Connect, ada: Owner, cleo: Talker, conversation: str
) -> None:
    adas = joined(talk(ada.auth), conversation)
    types(cleo, conversation)
    assert adas.hears("typing") == typing(conversation, None, is_typing=True)
    cleo.client.disconnect()
    assert adas.hears("typing", 2) == typing(conversation, None, is_typing=False)
    sees(adas, ada)


@pytest.mark.parametrize("by_the_team", [True, False])
def test_who_sends_a_message_has_stopped_typing(
    talk: Connect, ada: Owner, cleo: Talker, conversation: str, by_the_team: bool
) -> None:
    adas = joined(talk(ada.auth), conversation)
    writer, hearer = (adas, cleo) if by_the_team else (cleo, adas)
    types(writer, conversation)
    hearer.hears("typing")
    event = "agent_message" if by_the_team else "client_message"
    writer.ask(event, {"conversation_id": conversation, "content": "There."})
    assert hearer.hears("typing", 2)["is_typing"] is False

    writer.ask(event, {"conversation_id": conversation, "content": "And."})
    until(lambda: hearer.named("new_message")[-1]["content"] == "And.")
    assert len(hearer.named("typing")) == 2  # who did not type is not said to have stopped


def test_who_sends_a_message_over_rest_has_stopped_typing(
    talk: Connect, house: House, ada: Owner, ben: Owner, cleo: Talker, conversation: str
) -> None:
    adas, bens = joined(talk(ada.auth), conversation), joined(talk(ben.auth), conversation)
    types(bens, conversation)
    adas.hears("typing")

    house.call("POST", f"/conversations/{conversation}/messages", {"content": "There."}, ben.token)
    adas.ask("agent_message", {"conversation_id": conversation, "content": "The next one."})

    for talker in (adas, cleo):
        until(lambda talker=talker: talker.named("new_message")[-1]["content"] == "The next one.")
        over, following = ("typing", typing(conversation, ben, is_typing=False)), talker.named("new_message")[-1]
        assert talker.heard.index(over) < talker.heard.index(("new_message", following))


def test_leaving_ends_typing(talk: Connect, ada: Owner, cleo: Talker, conversation: str) -> None:
    adas = joined(talk(ada.auth), conversation)
    types(adas, conversation)
    adas.ask("leave_conversation", {"conversation_id": conversation})
    assert cleo.hears("typing", 2)["is_typing"] is False


# Two processes ----------------------------------------------------------------------------------------------


@needs_redis
def test_two_processes_see_one_company_and_a_killed_one_leaves_nobody_behind(
    talk: Connect, ada: Owner, ben: Owner, cleo: Talker, conversation: str, neighbour: House
) -> None:
    adas = joined(talk(ada.auth), conversation)
    bens = talk(ben.auth, to=neighbour)
    types(bens, conversation)
    adas.hears("typing")
    joined(bens, conversation)
    saw(bens, ada, ben, typing=ben)
    saw(adas, ada, ben, typing=ben)
    types(bens, conversation)
    until(lambda: cleo.named("typing")[-1]["is_typing"])

    neighbour.process.kill()
    neighbour.process.wait()

    until(lambda: cleo.named("typing")[-1] == typing(conversation, ben, is_typing=False))
    sees(adas, ada)


@needs_redis
def test_a_process_that_ends_says_so(
    talk: Connect, ada: Owner, ben: Owner, conversation: str, neighbour: House
) -> None:
    adas = joined(talk(ada.auth), conversation)
    joined(talk(ben.auth, to=neighbour), conversation)
    sees(adas, ada, ben)
    neighbour.stop()
    sees(adas, ada)


@needs_redis
def test_after_an_absence_of_redis_everybody_is_seen_again(talk: Connect, house: House) -> None:
    folders = [Path(tempfile.mkdtemp(prefix="pingback-apart-")) for _ in range(2)]
    port, redis = free_port(), redis_server()

    def start() -> subprocess.Popen[bytes]:
        command = [redis, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folders[0])]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL)

    server, houses = start(), []
    try:
        for folder in folders:
            shutil.copytree(house.folder / "secrets", folder / "secrets")
            houses.append(House(folder, REDIS_URL=f"redis://127.0.0.1:{port}/0"))
        ada = sign_up(houses[0], "Ada", "Acme")
        ben = hired(houses[0], ada)
        conversation = talk(ada.visitor, to=houses[0]).ask("client_message", {"content": "Hello?"})["conversation_id"]
        adas = joined(talk(ada.auth, to=houses[0]), conversation)
        bens = joined(talk(ben.auth, to=houses[1]), conversation)
        sees(adas, ada, ben)
        sees(bens, ada, ben)

        server.kill()
        server.wait()
        sees(adas, ada)  # nobody knows who is there
        sees(bens, ben)
        bens.ask("leave_conversation", {"conversation_id": conversation})
        server = start()
        bens.hears("resync")
        joined(bens, conversation)
        sees(adas, ada, ben)
        sees(bens, ada, ben)
    finally:
        for each in houses:
            each.stop()
        server.kill()
        server.wait()
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


@needs_redis
def test_a_member_of_a_killed_process_is_offline_for_the_others(talk: Connect, house: House) -> None:
    folder = Path(tempfile.mkdtemp(prefix="pingback-killed-"))
    hasty: dict[str, Any] = {"AGENT_OFFLINE_AFTER": "2"}
    houses = []
    try:
        for name in ("a", "b"):
            shutil.copytree(house.folder / "secrets", folder / name / "secrets")
            houses.append(House(folder / name, **hasty))
        ada = sign_up(houses[0], "Ada", "Acme")
        ben = hired(houses[0], ada)
        adas = talk(ada.auth, to=houses[0])
        talk(ben.auth, to=houses[1])
        houses[1].call("PATCH", "/team/status", {"status": "live"}, ben.token)
        assert adas.hears("agent_status_changed")["status"] == "live"

        houses[1].process.kill()
        houses[1].process.wait()

        until(lambda: adas.named("agent_status_changed")[-1]["status"] == "offline")
    finally:
        for each in houses:
            each.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def test_whoever_is_silent_is_forgotten_without_waiting_for_a_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    business_id, conversation_id = new_id(), new_id()
    monkeypatch.setattr(presence, "BEAT_SECONDS", 3600)
    monkeypatch.setattr(presence, "FORGET_SECONDS", 0.05)
    monkeypatch.setattr(presence, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(presence.sockets, "count", lambda room: 1)
    presence.start()
    try:
        company = {"host": "another", "viewers": {conversation_id: [new_id()]}, "is_all": True}
        presence.hear({"business": business_id, "company": company})
        assert UUID(business_id) in presence._elsewhere
        async with asyncio.timeout(10):
            while UUID(business_id) in presence._elsewhere:
                await asyncio.sleep(0.01)
    finally:
        await presence.stop()
