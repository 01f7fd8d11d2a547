"""The bus between processes: in memory, and what is missed. Promises 1, "Caught up"."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from channels.layers import InMemoryChannelLayer
from django.db import InterfaceError, OperationalError

from businesses.models import FeedEvent
from pingback.realtime import publish, rooms, server
from pingback.realtime.envelopes import Bus, Envelope
from tests.realtime.conftest import Connect, House, new_id, sign_up
from tests.waiting import until


class Hearer:
    """A process that serves sockets."""

    def __init__(self) -> None:
        self.heard: list[Envelope] = []
        self.gaps: list[str | None] = []
        self.joined: list[str] = []
        self.bus = Bus(hear=self.heard.append, gap=self.gaps.append, joined=self.joined.append)


@pytest.fixture
def layer(monkeypatch: pytest.MonkeyPatch, settings: Any) -> InMemoryChannelLayer:
    """One layer for two buses in this process, as Redis is for two processes."""
    settings.REDIS_URL = "redis://127.0.0.1:1"
    shared = InMemoryChannelLayer(capacity=1_000)
    monkeypatch.setattr("pingback.realtime.envelopes.get_channel_layer", lambda: shared)
    monkeypatch.setattr("pingback.realtime.envelopes.BEAT_SECONDS", 0.02)
    return shared


async def soon(condition: Any) -> None:
    deadline = time.monotonic() + 15  # it is there in a beat; a busy machine takes longer
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.01)


TYPING = {"room": "x", "packet": '2["typing",{}]', "skip": None}


async def test_what_one_process_says_the_others_hear_once(layer: InMemoryChannelLayer) -> None:
    here, there = Hearer(), Hearer()
    await here.bus.start()
    await there.bus.start()
    await soon(lambda: here.bus.is_up() and there.bus.is_up())

    here.bus.take([TYPING, {"cut": "session_1", "reason": "session_ended"}])

    assert here.heard == [TYPING, {"cut": "session_1", "reason": "session_ended"}]
    await soon(lambda: there.heard == here.heard)
    here.bus.take([TYPING])  # what came back, or came twice, would be heard before this
    await soon(lambda: len(there.heard) >= 3)
    assert len(here.heard) == len(there.heard) == 3
    assert here.gaps == there.gaps == []
    await here.bus.stop()
    await there.bus.stop()


async def test_a_loss_is_noticed_by_those_who_missed_it(
    layer: InMemoryChannelLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = Hearer(), Hearer()
    await here.bus.start()
    await there.bus.start()
    await soon(lambda: here.bus.is_up() and there.bus.is_up())

    lost = []

    async def away(group: str, message: dict[str, Any]) -> None:
        lost.extend(message["batch"])
        raise ConnectionError("Redis is away")

    monkeypatch.setattr(layer, "group_send", away)
    here.bus.take([TYPING])
    await soon(lambda: lost)
    monkeypatch.undo()
    monkeypatch.setattr("pingback.realtime.envelopes.get_channel_layer", lambda: layer)

    await soon(lambda: there.gaps)
    await soon(lambda: here.bus.is_up())
    await here.bus.stop()
    await there.bus.stop()


async def test_the_bus_says_when_it_is_down(layer: InMemoryChannelLayer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pingback.realtime.envelopes.SILENCE_SECONDS", 0.1)
    here = Hearer()
    await here.bus.start()
    await soon(here.bus.is_up)

    async def away(group: str, message: dict[str, Any]) -> None:
        raise ConnectionError("Redis is away")

    monkeypatch.setattr(layer, "group_send", away)

    await soon(lambda: not here.bus.is_up())
    await here.bus.stop()


async def test_what_waits_is_bounded(layer: InMemoryChannelLayer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pingback.realtime.envelopes.MAX_OUTBOX", 10)
    here, there = Hearer(), Hearer()
    await there.bus.start()
    await here.bus.start()
    await soon(lambda: here.bus.is_up() and there.bus.is_up())

    here.bus.take([TYPING] * 11)

    assert not here.bus._outbox
    await soon(lambda: there.gaps == [None])
    await here.bus.stop()
    await there.bus.stop()


async def test_without_redis_nothing_leaves_the_process(settings: Any) -> None:
    settings.REDIS_URL = ""
    here = Hearer()
    await here.bus.start()
    here.bus.take([TYPING])

    assert here.heard == [TYPING]
    assert not here.bus._outbox
    assert here.bus.is_up()
    await here.bus.stop()


def test_publishing_never_raises_and_never_waits(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(event: Any) -> Any:
        raise RuntimeError("no such row")

    monkeypatch.setattr(publish.rooms, "audience", broken)
    publish.publish([object()])  # type: ignore[list-item]
    monkeypatch.setattr(publish.bus, "send", broken)
    publish.session_ended(uuid4())
    publish.membership_ended(uuid4())


def test_an_event_that_cannot_be_told_silences_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    acme, umbrella, sent = uuid4(), uuid4(), list[Envelope]()

    def audience(event: FeedEvent) -> list[rooms.Emission]:
        if event.seq == 1:
            raise OperationalError("the connection is closed")
        return [("room", "typing", {})]

    monkeypatch.setattr(publish.rooms, "audience", audience)
    monkeypatch.setattr(publish.bus, "send", sent.extend)
    publish.publish([FeedEvent(business_id=each, seq=seq) for each, seq in ((acme, 1), (umbrella, 7), (acme, 2))])

    assert [(each["business"], each["seq"]) for each in sent] == [(str(umbrella), 7), (str(acme), 2)]


def test_what_a_thread_publishes_can_be_held(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Envelope] = []
    monkeypatch.setattr(publish.bus, "send", sent.extend)

    with publish.held() as envelopes:
        publish.session_ended(uuid4())
        elsewhere = threading.Thread(target=publish.session_ended, args=(uuid4(),))
        elsewhere.start()
        elsewhere.join()

    assert len(envelopes) == 1
    assert len(sent) == 1
    publish.session_ended(uuid4())
    assert len(sent) == 2


# Only the workspaces that have sockets here ----------------------------------------------------------------


def feed_event(business: str, seq: int) -> Envelope:
    return {"business": business, "seq": seq, "out": [["room", "packet"]]}


@pytest.fixture
async def pair(layer: InMemoryChannelLayer) -> AsyncIterator[tuple[Hearer, Hearer]]:
    """Two processes; the second has sockets of Acme."""
    here, there = Hearer(), Hearer()
    await here.bus.start()
    await there.bus.start()
    there.bus.listen("acme")
    await soon(lambda: here.bus.is_up() and there.bus.is_up() and there.joined == ["acme"])
    yield here, there
    await here.bus.stop()
    await there.bus.stop()


async def test_what_cannot_be_read_ends_no_hearing(
    pair: tuple[Hearer, Hearer], layer: InMemoryChannelLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program's, on the same Redis."""
    here, there = pair
    receive, unread = layer.receive, {there.bus._channel}

    async def receiving(channel: str) -> Any:
        message = await receive(channel)
        if channel in unread:
            unread.remove(channel)
            raise ValueError("no JSON")
        return message

    monkeypatch.setattr(layer, "receive", receiving)
    await soon(lambda: not unread)

    here.bus.take([TYPING])

    await soon(lambda: TYPING in there.heard)


async def test_a_process_hears_only_workspaces_that_it_has_sockets_of(pair: tuple[Hearer, Hearer]) -> None:
    here, there = pair
    here.bus.take([feed_event("umbrella", 1), feed_event("acme", 1)])
    await soon(lambda: there.heard)

    there.bus.listen("umbrella")
    await soon(lambda: there.joined == ["acme", "umbrella"])
    here.bus.take([feed_event("umbrella", 2)])
    await soon(lambda: len(there.heard) == 2)

    assert there.heard == [feed_event("acme", 1), feed_event("umbrella", 2)]
    assert here.gaps == there.gaps == []


async def test_a_process_leaves_with_the_last_socket_unless_the_page_was_only_reloaded(
    pair: tuple[Hearer, Hearer],
) -> None:
    here, there = pair
    there.bus.leave("acme")
    there.bus.listen("acme")
    here.bus.take([feed_event("acme", 1)])
    await soon(lambda: len(there.heard) == 1)

    there.bus.leave("acme")
    await soon(lambda: not there.bus._groups)
    here.bus.take([feed_event("acme", 2), TYPING])
    await soon(lambda: TYPING in there.heard)

    assert there.heard == [feed_event("acme", 1), TYPING]
    assert there.joined == ["acme"]


@pytest.mark.parametrize("more_follows", [True, False])
async def test_a_loss_in_one_workspace_is_noticed_there_alone(
    pair: tuple[Hearer, Hearer], layer: InMemoryChannelLayer, monkeypatch: pytest.MonkeyPatch, more_follows: bool
) -> None:
    """By the next event, or by the next beat when there is none."""
    here, there = pair
    there.bus.listen("umbrella")
    await soon(lambda: there.joined == ["acme", "umbrella"])
    beats = there.bus._hosts[here.bus._host].beat_at
    await soon(lambda: there.bus._hosts[here.bus._host].beat_at > beats)
    send, lost = layer.group_send, []

    async def losing(group: str, message: dict[str, Any]) -> None:
        if group.endswith("acme") and not lost:
            lost.append(message)
        else:
            await send(group, message)

    monkeypatch.setattr(layer, "group_send", losing)
    here.bus.take([feed_event("acme", 1), feed_event("umbrella", 1)])
    if more_follows:
        # In the same moment, so that no beat comes between.
        while not lost:
            await asyncio.sleep(0)
        here.bus.take([feed_event("acme", 2)])

    await soon(lambda: there.gaps)
    await soon(lambda: feed_event("umbrella", 1) in there.heard)
    assert there.gaps == ["acme"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("reached", "is_told"), [(7, False), (6, True)])
async def test_what_was_committed_while_a_process_joined_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, reached: int, is_told: bool
) -> None:
    business = new_id()
    told: list[str | None] = []
    monkeypatch.setattr(server, "PATIENCE_SECONDS", 0)
    monkeypatch.setattr(server, "_resync", told.append)
    monkeypatch.setattr(server.feed, "positions", lambda ids: dict.fromkeys(ids, 7))
    server.sockets.in_order.listen(business, after=reached)

    await server._compare_with_the_feed(business)

    server.sockets.in_order.leave(business)
    assert told == ([business] if is_told else [])


@pytest.mark.parametrize("more_follows", [True, False])
def test_R3_what_a_process_stored_and_did_not_live_to_tell_is_fetched_by_everybody(
    talk: Connect, watchful: House, more_follows: bool
) -> None:
    """A member would see the hole in the numbers if something followed; a visitor would not."""
    ada = sign_up(watchful, "Ada", "Acme")
    agent, cleo = talk(ada.auth, to=watchful), talk(ada.visitor, to=watchful)
    conversation_id = cleo.ask("client_message", {"content": "Hello?"})["conversation_id"]
    assert agent.hears("new_message")["feed_seq"] == 3
    assert agent.named("resync") == cleo.named("resync") == []

    watchful.shell(
        "from uuid import UUID\n"
        "from django.conf import settings\n"
        "from conversations.services.opening import open_conversation\n"
        "settings.FEED_PUBLISHER = 'builtins.len'\n"
        f"open_conversation(business_id=UUID('{ada.business_id}'), channel_type='email', content='By mail')"
    )
    if more_follows:
        agent.ask("agent_message", {"conversation_id": conversation_id, "content": "Hi!"})

    assert agent.hears("resync")["cursor"] >= 5
    assert cleo.hears("resync") == {}
    agent.ask("agent_message", {"conversation_id": conversation_id, "content": "Still there?"})
    until(lambda: [each["content"] for each in cleo.named("new_message")][-1] == "Still there?")


async def test_a_loss_is_told_to_many_sockets_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them asks for what it missed at once."""
    told: list[str] = []
    turns: list[int] = []

    async def positions(*_asked: Any) -> dict[str, int]:
        return {"acme": 7}

    async def pause(_seconds: float) -> None:
        turns.append(len(told))

    clients = {str(number): SimpleNamespace(business_id="acme", is_member=False) for number in range(120)}
    monkeypatch.setattr(server.sockets, "clients", clients)
    monkeypatch.setattr(server.sockets, "tell", lambda _client, event, _payload: told.append(event))
    monkeypatch.setattr(server.db, "run", positions)
    monkeypatch.setattr(server.asyncio, "sleep", pause)

    await server._tell_to_resync({"acme"})

    assert (turns, told) == ([50, 100], ["resync"] * 120)


async def test_many_losses_at_once_are_fetched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[set[str]] = []

    async def tell(businesses: set[str]) -> None:
        told.append(businesses)

    monkeypatch.setattr(server, "CALM_SECONDS", 0.05)
    monkeypatch.setattr(server, "_tell_to_resync", tell)
    server.sockets.in_order.listen("umbrella", after=1)

    for business in ("acme", None, "acme", None):
        server._resync(business)
    await soon(lambda: told)
    server.sockets.in_order.leave("umbrella")
    server._resync("acme")
    await soon(lambda: len(told) == 2)

    assert told == [{"acme", "umbrella"}, {"acme"}]


@pytest.mark.parametrize(("looks", "every"), [("_recheck", "RECHECK_SECONDS"), ("_compare", "COMPARE_SECONDS")])
async def test_a_look_that_fails_is_not_the_last(monkeypatch: pytest.MonkeyPatch, looks: str, every: str) -> None:
    asked: list[str] = []

    async def broken(*_arguments: Any, **_named: Any) -> Any:
        asked.append(looks)
        raise InterfaceError("the connection is closed")  # Django's, and no DatabaseError

    monkeypatch.setattr(server, every, 0)
    monkeypatch.setattr(server.db, "run", broken)
    looking = asyncio.create_task(getattr(server, f"{looks}_for_ever")())
    await soon(lambda: len(asked) > 2)
    looking.cancel()
