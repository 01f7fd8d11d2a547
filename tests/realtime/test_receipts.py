"""Delivered and read over sockets: whom it may be said by, who hears it, and what every answer shows. Design 9."""

import asyncio
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from foundation.errors import Forbidden
from pingback.realtime import receipts
from pingback.realtime.payloads import Fields
from tests.realtime.conftest import Connect, House, Owner, Payload, Talker, history, new_id
from tests.waiting import until


@pytest.fixture
def sides(talk: Connect, ada: Owner) -> tuple[Talker, Talker, Payload, Payload]:
    """Ada and Cleo, with the message of each."""
    agent, cleo = talk(ada.auth), talk(ada.visitor)
    asked = cleo.ask("client_message", {"content": "Hello?"})
    answered = agent.ask("agent_message", {"conversation_id": asked["conversation_id"], "content": "Hi!"})
    cleo.hears("new_message", 2)
    return agent, cleo, asked, answered["message"]


def test_an_agent_sees_that_its_answer_arrived_and_was_read(sides: Any, house: House, ada: Owner) -> None:
    agent, cleo, asked, answer = sides

    assert cleo.ask("mark_delivered", {"message_id": answer["id"]}) == {}
    delivered = agent.hears("delivered")
    assert cleo.ask("mark_read", {"message_id": answer["id"]}) == {}
    read = agent.hears("read")

    known = {"message_id": answer["id"], "conversation_id": asked["conversation_id"], "seq": 2}
    assert delivered == known | {"delivered_at": delivered["delivered_at"]}
    assert read == known | {"read_at": read["read_at"]}
    first, second = history(house, ada, asked["conversation_id"])
    assert (second["status"], second["delivered_at"], second["read_at"]) == (
        "read",
        delivered["delivered_at"],
        read["read_at"],
    )
    assert (first["status"], first["delivered_at"]) == ("sent", None)
    assert cleo.named("delivered") == cleo.named("read") == []


def test_a_visitor_sees_it_of_the_team_in_every_tab_and_after_a_break(sides: Any, talk: Connect, ada: Owner) -> None:
    agent, cleo, asked, _answer = sides
    tab = talk({**ada.visitor, "visitor_key": asked["visitor_key"]})

    agent.ask("mark_delivered", {"message_id": asked["message"]["id"]})
    agent.ask("mark_read", {"message_id": asked["message"]["id"]})

    read = cleo.hears("read")
    assert tab.hears("read") == read
    assert tab.hears("delivered") == cleo.hears("delivered")
    assert agent.named("read") == agent.named("delivered") == []
    missed = tab.ask("resume", {"conversation_id": asked["conversation_id"], "seq": 0})["messages"]
    assert missed[0]["read_at"] == read["read_at"]
    assert missed[1]["delivered_at"] is None


def test_what_an_agent_reads_in_the_api_is_read_for_the_customer(sides: Any, house: House, ada: Owner) -> None:
    agent, cleo, asked, _answer = sides

    answer = house.call("POST", f"/conversations/{asked['conversation_id']}/read", {"seq": 2}, ada.token)

    assert answer == {"seq": 2, "unread": 0}
    assert cleo.hears("read")["seq"] == 1  # Cleo's own; the second is not hers
    assert agent.named("read") == []


def test_a_member_that_marks_read_has_read_it_itself(sides: Any, house: House, ada: Owner) -> None:
    agent, _cleo, asked, _answer = sides

    agent.ask("mark_read", {"message_id": asked["message"]["id"]})

    assert house.call("GET", f"/conversations/{asked['conversation_id']}", token=ada.token)["unread"] == 0


def test_what_a_member_reads_is_read_in_their_other_tabs_and_in_nobody_elses(
    sides: Any, house: House, ada: Owner, talk: Connect
) -> None:
    agent, cleo, asked, _answer = sides
    tab = talk(ada.auth)
    conversation = asked["conversation_id"]

    house.call("POST", f"/conversations/{conversation}/read", {"seq": 1}, ada.token)
    agent.ask("mark_read", {"message_id": asked["message"]["id"]})  # again
    house.call("POST", f"/conversations/{conversation}/read", {"seq": 9}, ada.token)

    house.call("DELETE", f"/conversations/{conversation}/read", None, ada.token)

    known = [
        {"conversation_id": conversation, "seq": seq, "is_unread": is_unread}
        for seq, is_unread in ((1, False), (2, False), (0, True))
    ]
    assert tab.hears("conversation_read", 3) == known[2]
    assert tab.named("conversation_read") == known
    assert agent.hears("conversation_read", 3) == known[2]
    assert cleo.named("conversation_read") == []


def test_the_same_mark_again_and_an_older_one_tell_nobody(sides: Any, ada: Owner) -> None:
    agent, cleo, asked, answer = sides
    more = agent.ask("agent_message", {"conversation_id": asked["conversation_id"], "content": "And?"})["message"]

    for message in (more, more, answer):
        cleo.ask("mark_delivered", {"message_id": message["id"]})
    agent.ask("agent_message", {"conversation_id": asked["conversation_id"], "content": "Last"})

    agent.hears("new_message", 4)
    assert [mark["seq"] for mark in agent.named("delivered")] == [3]


def test_nobody_marks_what_is_not_theirs_to_receive(sides: Any, talk: Connect, ada: Owner, mallory: Owner) -> None:
    agent, cleo, asked, answer = sides
    stranger, foreign_agent, other = talk(ada.visitor), talk(mallory.auth), talk(ada.visitor)
    other.ask("client_message", {"content": "I am somebody else"})

    def code(talker: Talker, payload: Payload) -> str:
        answers = {str(talker.ask(event, payload)["error"]["code"]) for event in ("mark_delivered", "mark_read")}
        assert len(answers) == 1
        return answers.pop()

    theirs = {"message_id": answer["id"]}
    assert [code(talker, theirs) for talker in (stranger, foreign_agent, other)] == ["not_found"] * 3
    assert code(cleo, {"message_id": new_id()}) == "not_found"
    assert code(cleo, {"message_id": asked["message"]["id"]}) == "invalid"
    assert code(agent, theirs) == "invalid"
    assert [code(cleo, payload) for payload in ({}, {"message_id": "nope"}, {"message_id": 7})] == ["invalid"] * 3
    assert agent.named("delivered") == cleo.named("delivered") == []


def test_a_foreign_workspace_and_another_visitor_hear_no_receipt(
    sides: Any, talk: Connect, ada: Owner, mallory: Owner
) -> None:
    agent, cleo, asked, answer = sides
    foreign_agent, other = talk(mallory.auth), talk(ada.visitor)
    other.ask("client_message", {"content": "I am somebody else"})

    cleo.ask("mark_read", {"message_id": answer["id"]})
    agent.ask("mark_read", {"message_id": asked["message"]["id"]})
    agent.hears("read")
    cleo.hears("read")
    other.ask("resume", {"conversation_id": asked["conversation_id"], "seq": 0})  # whatever was sent has come by now
    foreign_agent.ask("resume", {})

    assert foreign_agent.named("read") == other.named("read") == []


def test_a_visitor_has_unread_messages_until_it_marks_them(sides: Any, house: House, ada: Owner, talk: Connect) -> None:
    agent, cleo, asked, answer = sides
    agent.ask("agent_message", {"conversation_id": asked["conversation_id"], "content": "And?"})
    widget = house.call("POST", "/widget/create", {"domain": "acme.example"}, ada.token)["id"]

    def unread() -> list[int]:
        rows = house.call("GET", f"/widget/{widget}/conversations", headers={"X-Visitor-Key": asked["visitor_key"]})[
            "results"
        ]
        return [row["unread"] for row in rows]

    assert unread() == [2]
    cleo.ask("mark_delivered", {"message_id": answer["id"]})
    assert unread() == [2]
    cleo.ask("mark_read", {"message_id": answer["id"]})
    assert unread() == [1]


def test_a_message_that_every_page_of_the_team_has_is_delivered_once(
    sides: Any, talk: Connect, ada: Owner, mallory: Owner
) -> None:
    agent, cleo, asked, answer = sides
    pages = [talk(ada.auth) for _ in range(3)]
    mark = {"message_id": asked["message"]["id"]}
    acks: list[Payload] = []

    for page in (agent, *pages):
        page.client.emit("mark_delivered", mark, callback=acks.append)
    until(lambda: len(acks) == 4)
    assert talk(mallory.auth).ask("mark_delivered", mark)["error"]["code"] == "not_found"
    cleo.ask("mark_delivered", {"message_id": answer["id"]})

    assert acks == [{}] * 4
    assert len(cleo.named("delivered")) == 1


def test_a_message_that_was_not_found_is_looked_for_again(sides: Any) -> None:
    agent, _cleo, _asked, _answer = sides
    unknown = {"message_id": new_id()}

    assert [agent.ask("mark_delivered", unknown)["error"]["code"] for _ in range(2)] == ["not_found"] * 2


async def test_whose_right_is_over_takes_no_colleagues_mark_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """All wait for the one who was first; when it is refused the next one stores it, for the others too."""
    ben, ada, olga = (SimpleNamespace(is_member=True, business_id=uuid4()) for _ in range(3))
    ada.business_id = olga.business_id = ben.business_id
    stored: list[Any] = []

    async def run(work: Any, client: Any, message_id: UUID) -> None:
        await asyncio.sleep(0)
        if client is ben:
            raise Forbidden("You are no longer signed in here.")
        stored.append(client)

    monkeypatch.setattr(receipts.db, "run", run)
    sent = Fields({"message_id": new_id()})

    marks = [receipts.mark_delivered(each, sent) for each in (ben, ada, olga)]
    refusal, *acks = await asyncio.gather(*marks, return_exceptions=True)

    assert isinstance(refusal, Forbidden)
    assert acks == [{}, {}]
    assert stored == [ada]
