"""Who has which conversation open and who writes in it, told to the members who have it open.

Nothing of it is stored. A process knows its own sockets, and tells the processes that serve members of the workspace:
what changed at once, and everything again with each beat. Whatever was not repeated for FORGET_SECONDS is forgotten,
and a second later everybody knows.
So a killed process leaves nobody behind, and the next beat mends what the bus lost. Source: design.md 9, `presence`.

Its envelope is {"business", "company": {"host", "viewers": {conversation: [user id]}, "is_all"}}: whom `host` serves
there, in these conversations or (`is_all`) altogether. Belongs to one event loop; nothing here waits.
"""

import asyncio
import logging
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pingback.realtime import bus, rooms, sockets
from pingback.realtime.clients import Client
from pingback.realtime.envelopes import Envelope
from pingback.realtime.packets import encode_event

log = logging.getLogger("pingback.realtime")

# Many changes at once are one event and one envelope.
CALM_SECONDS = 0.1
BEAT_SECONDS = 5.0
FORGET_SECONDS = 11.0
LOOK_SECONDS = 1.0

Viewers = dict[str, list[str]]


@dataclass(slots=True)
class _Host:
    """Another process: when it last spoke of a workspace (this process's clock), and whom it serves there."""

    heard_at: float
    viewers: Viewers = field(default_factory=dict)


@dataclass(slots=True)
class _News:
    """What to tell next. arrived: sockets by conversation, told even when nothing is new to the others."""

    changed: set[str] = field(default_factory=set)
    arrived: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    ours: defaultdict[UUID, set[str]] = field(default_factory=lambda: defaultdict(set))
    repeat: set[UUID] = field(default_factory=set)


_host = uuid.uuid4().hex
_elsewhere: dict[UUID, dict[str, _Host]] = {}
_writers: dict[str, list[str]] = {}
_told: dict[str, str] = {}
_news = _News()
_timer: asyncio.TimerHandle | None = None
_tasks: list[asyncio.Task[None]] = []


def start() -> None:
    """This process serves sockets, on the running loop."""
    global _host
    _host = uuid.uuid4().hex
    for work, seconds in ((_beat, BEAT_SECONDS), (_forget_the_silent, LOOK_SECONDS)):
        _tasks.append(asyncio.create_task(_for_ever(work, every=seconds)))


async def stop() -> None:
    """The sockets are gone: say so, before the bus ends."""
    for task in _tasks:
        task.cancel()
    await asyncio.gather(*_tasks, return_exceptions=True)
    _tasks.clear()
    _tell_news()


def join(client: Client, conversation_id: UUID) -> None:
    """A member has the conversation open, and is told who else has."""
    sockets.enter(client, rooms.conversation(conversation_id))
    _news.arrived[str(conversation_id)].add(client.sid)
    _ours_changed(client.business_id, conversation_id)


def leave(client: Client, conversation_id: UUID) -> None:
    sockets.leave(client, rooms.conversation(conversation_id))
    if client.is_member:
        _ours_changed(client.business_id, conversation_id)


def depart(client: Client) -> None:
    """Its socket is gone."""
    for conversation_id in client.visible:
        leave(client, conversation_id)


def write(conversation_id: str, user_ids: list[str]) -> None:
    """The members who write in the conversation now, as typing.py has heard."""
    if user_ids:
        _writers[conversation_id] = user_ids
    else:
        _writers.pop(conversation_id, None)
    _changed([conversation_id])


def hear(envelope: Envelope) -> None:
    """Another process says whom it serves."""
    company = envelope["company"]
    business_id = UUID(envelope["business"])
    if company["host"] == _host or not sockets.count(rooms.business(business_id)):
        return
    hosts = _elsewhere.setdefault(business_id, {})
    host = hosts.get(company["host"])
    if host is None:  # it is new to us, so we are to it
        host = hosts[company["host"]] = _Host(time.monotonic())
        _news.repeat.add(business_id)
    host.heard_at = time.monotonic()
    said: Viewers = company["viewers"]
    before = host.viewers if company["is_all"] else {key: host.viewers.get(key, []) for key in said}
    changed = {key for key in {*before, *said} if before.get(key, []) != said.get(key, [])}
    host.viewers = said if company["is_all"] else {**host.viewers, **said}
    host.viewers = {key: user_ids for key, user_ids in host.viewers.items() if user_ids}
    _changed(changed)


def _ours_changed(business_id: UUID, conversation_id: UUID) -> None:
    _news.ours[business_id].add(str(conversation_id))
    _changed([str(conversation_id)])


def _changed(conversation_ids: Collection[str]) -> None:
    global _timer
    _news.changed.update(conversation_ids)
    if _timer is None:
        _timer = asyncio.get_running_loop().call_later(CALM_SECONDS, _tell_news)


def _tell_news() -> None:
    global _news, _timer
    if _timer:
        _timer.cancel()
    news, _news, _timer = _news, _News(), None
    for conversation_id in news.changed:
        _tell_here(conversation_id, news.arrived.get(conversation_id, set()))
    for business_id, conversation_ids in news.ours.items():
        if business_id not in news.repeat:
            _tell_others(business_id, {each: _viewers_here(each) for each in conversation_ids}, is_all=False)
    if news.repeat:
        everything = _everything_here()
        for business_id in news.repeat:
            _tell_others(business_id, everything.get(business_id, {}), is_all=True)


def _tell_here(conversation_id: str, arrived: set[str]) -> None:
    """The whole state, to all who have it open when it is not what they know, else to who has just come."""
    room = rooms.conversation(conversation_id)
    hearers = sockets.members(room)
    if not hearers:
        _told.pop(conversation_id, None)
        return
    packet = encode_event("presence", _company(hearers[0].business_id, conversation_id))
    if _told.get(conversation_id) != packet:
        _told[conversation_id] = packet
        sockets.deliver(room, packet)
    else:
        for client in hearers:
            if client.sid in arrived:
                sockets.hand(client, packet)


def _company(business_id: UUID, conversation_id: str) -> dict[str, Any]:
    viewers = set(_viewers_here(conversation_id))
    for host in _elsewhere.get(business_id, {}).values():
        viewers.update(host.viewers.get(conversation_id, []))
    return {
        "conversation_id": conversation_id,
        "viewers": sorted(viewers),
        "typing": sorted(_writers.get(conversation_id, [])),
    }


def _viewers_here(conversation_id: str) -> list[str]:
    """Each person once, however many tabs. Only members are in the room."""
    hearers = sockets.members(rooms.conversation(conversation_id))
    return sorted({str(client.membership.user_id) for client in hearers if client.membership})


def _everything_here() -> dict[UUID, Viewers]:
    everything: dict[UUID, Viewers] = {}
    for client in sockets.clients.values():
        if client.membership:
            for conversation_id in map(str, client.visible):
                viewers = everything.setdefault(client.business_id, {})
                if conversation_id not in viewers:
                    viewers[conversation_id] = _viewers_here(conversation_id)
    return everything


def _tell_others(business_id: UUID, viewers: Viewers, *, is_all: bool) -> None:
    company = {"host": _host, "viewers": viewers, "is_all": is_all}
    bus.send([{"business": str(business_id), "company": company}])


async def _for_ever(work: Callable[[], None], *, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        try:
            work()
        except Exception:
            log.exception("Who is here is not told as it should be")


def _beat() -> None:
    for business_id, viewers in _everything_here().items():
        _tell_others(business_id, viewers, is_all=True)


def _forget_the_silent() -> None:
    """Of other processes; and of workspaces that nobody here belongs to any more."""
    long_ago = time.monotonic() - FORGET_SECONDS
    for business_id, hosts in list(_elsewhere.items()):
        for name, host in list(hosts.items()):
            if host.heard_at < long_ago:
                del hosts[name]
                _changed(host.viewers)
        if not hosts or not sockets.count(rooms.business(business_id)):
            del _elsewhere[business_id]
