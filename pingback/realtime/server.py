"""The live side of this process: who may come in, what they may ask, and what begins and ends with the process."""

import asyncio
import logging
import random
import time
from typing import Any

from django.conf import settings
from django.db import Error
from socketio.exceptions import ConnectionRefusedError

from businesses import status
from conversations import feed
from foundation.errors import Refused, TooFast
from pingback.realtime import bus, clients, db, handlers, handshake, presence, rooms, sockets, typing, visits, waiting
from pingback.realtime.clients import Client
from pingback.realtime.connection import LAST_ANSWER_SECONDS, LEAVE_SECONDS, Connection
from pingback.realtime.envelopes import Envelope
from pingback.realtime.handshake import TOO_MANY_CONNECTIONS, Identity
from pingback.realtime.sequence import PATIENCE_SECONDS
from pingback.realtime.sockets import sio
from pingback.realtime.throttles import Throttle

__all__ = ["shutdown", "sio", "startup"]

log = logging.getLogger("pingback.realtime")

# Every socket's right to be here is looked up again at least this often.
RECHECK_SECONDS = 30
RECHECK_AT_ONCE = 500
# What was committed by then and is not told at the next comparison is lost.
COMPARE_SECONDS = 5
# Losses come in swarms: when the bus is back, every process has missed something of every other one.
CALM_SECONDS = 1
# Whoever is told asks at once: all together would be more than we answer.
TOLD_AT_ONCE, TOLD_EVERY_SECONDS = 50, 0.1
# Clients come back spread over this time.
RETURN_MS = 10_000

_watch: list[asyncio.Task[None]] = []
# Workspaces whose sockets will be told to fetch anew.
_lost: set[str] = set()


@sio.on("connect")  # type: ignore[untyped-decorator]
async def connect(sid: str, environ: dict[str, Any], auth: object = None) -> None:
    connection: Connection = sio.eio.sockets[sio.manager.eio_sid_from_sid(sid, sockets.NAMESPACE)]
    try:
        identity = await handshake.identify(
            auth, environ["asgi.scope"], origin=connection.origin, address=connection.address
        )
    except TooFast as error:
        raise ConnectionRefusedError(TOO_MANY_CONNECTIONS) from error
    except (Refused, Error) as error:
        log.warning("A handshake could not be checked: %s", error)
        raise ConnectionRefusedError("busy") from error
    if connection.closed:
        raise ConnectionRefusedError("gone")
    if _has_too_many(identity):
        raise ConnectionRefusedError(TOO_MANY_CONNECTIONS)
    client = Client(
        sid=sid,
        connection=connection,
        business_id=identity.business_id,
        throttle=Throttle(is_member=identity.membership is not None),
        membership=identity.membership,
        session_id=identity.session.pk if identity.session else None,
        visitor=identity.visitor,
        widget=identity.widget,
        visit=None if identity.membership else visits.visit_in(auth, environ["asgi.scope"]),
    )
    sockets.admit(client, feed_seq=identity.feed_seq)
    if handshake.is_worth_noting(identity):
        sio.eio.background(_note_arrival(identity))
    if client.visitor and client.visit:
        sio.eio.background(_note_visit(client))


async def _note_visit(client: Client) -> None:
    try:
        await db.run(visits.note, client.visitor, client.visit)
    except Refused:
        log.warning("A visit was not noted: too much to do")


async def _note_arrival(identity: Identity) -> None:
    """What goes wrong here the next look at all sockets mends."""
    try:
        await db.run(handshake.note_arrival, identity)
    except Exception:
        log.exception("Somebody's arrival was not noted")


@sio.on("disconnect")  # type: ignore[untyped-decorator]
def disconnect(sid: str, reason: str) -> None:
    if client := sockets.clients.get(sid):
        typing.stop(client)
        presence.depart(client)
    sockets.dismiss(sid)


@sio.on("*")  # type: ignore[untyped-decorator]
async def event(name: str, sid: str, *arguments: Any) -> dict[str, Any]:
    return await handlers.answer(sockets.clients[sid], name, arguments)


def _hear(envelope: Envelope) -> None:
    if "typing" in envelope:
        typing.hear(envelope)
    elif "company" in envelope:
        presence.hear(envelope)
    else:
        sockets.hear(envelope)
        if "wrote" in envelope:
            typing.end(*envelope["wrote"])
        if "out" in envelope:
            waiting.wake(envelope["business"])


def _has_too_many(identity: Identity) -> bool:
    if identity.membership:
        most, room = settings.CONNECTIONS_PER_USER, rooms.member(identity.membership.pk)
    elif identity.visitor:
        most, room = settings.CONNECTIONS_PER_VISITOR, rooms.customer(identity.visitor.customer_id)
    else:
        return False
    return settings.THROTTLES and 0 < most <= sockets.count(room)


async def startup() -> None:
    """Called by the application's lifespan before the first request."""
    await bus.attach(hear=_hear, gap=_resync, joined=_look_for_missed)
    presence.start()
    _watch.extend(asyncio.create_task(each()) for each in (_recheck_for_ever, _compare_for_ever))


async def shutdown() -> None:
    """Called by the application's lifespan when it ends."""
    await asyncio.sleep(0.05)  # the farewell goes out
    for task in _watch:
        task.cancel()
    await asyncio.gather(*_watch, return_exceptions=True)
    _watch.clear()
    await sio.shutdown()
    await presence.stop()
    await bus.detach()


def say_goodbye() -> None:
    """Clients go where another process is: not at once, and not all together.

    Polling ones are sent away, as a poll that waits would hold the end up.
    """
    waiting.leave()
    soonest = min(1000 * settings.DRAIN_SECONDS, RETURN_MS - 1)
    for client in sockets.clients.values():
        if client.was_told_to_leave:
            continue
        client.was_told_to_leave = True
        sockets.tell(client, "server_restart", {"retry_ms": random.randrange(soonest, RETURN_MS)})  # noqa: S311
        if not client.connection.upgraded:
            client.connection.finish(after=LEAVE_SECONDS)


async def close_sockets() -> None:
    """Each behind its last answer; whoever came meanwhile, too."""
    say_goodbye()
    deadline = time.monotonic() + LAST_ANSWER_SECONDS
    for client in list(sockets.clients.values()):
        client.connection.finish()
    while sockets.clients and time.monotonic() < deadline:
        await asyncio.sleep(0.02)


def _resync(business: str | None) -> None:
    """Something was lost on the way, and nobody knows what: the workspace's sockets, or all, ask for it."""
    if not _lost:
        sio.eio.background(_tell_the_lost())
    _lost.update([business] if business else sockets.in_order.businesses())


async def _tell_the_lost() -> None:
    await asyncio.sleep(CALM_SECONDS)
    businesses = set(_lost)
    _lost.clear()
    await _tell_to_resync(businesses)


async def _tell_to_resync(businesses: set[str]) -> None:
    for business in businesses:
        waiting.wake(business)
    present = [each for each in sockets.clients.values() if str(each.business_id) in businesses]
    try:
        cursors = await db.run(feed.positions, businesses)
    except Exception:
        log.exception("Clients are told to fetch anew without a cursor")
        cursors = {}
    for business, cursor in cursors.items():
        sockets.in_order.go_on_from(business, cursor)
    for number, client in enumerate(present, start=1):
        newest = cursors.get(str(client.business_id)) if client.is_member else None
        sockets.tell(client, "resync", {} if newest is None else {"cursor": newest})
        if number % TOLD_AT_ONCE == 0:
            await asyncio.sleep(TOLD_EVERY_SECONDS)


def _look_for_missed(business: str) -> None:
    sio.eio.background(_compare_with_the_feed(business))


async def _compare_with_the_feed(business: str) -> None:
    """The workspace's events reach this process from now on; what came between the handshake and now may not have."""
    try:
        positions = await db.run(feed.positions, [business])
    except Exception:
        log.exception("Nobody knows whether something was missed")
        _resync(business)
        return
    await asyncio.sleep(PATIENCE_SECONDS)  # what is committed may be on its way
    if any(sockets.in_order.misses(business, seq) for seq in positions.values()):
        _resync(business)


async def _compare_for_ever() -> None:
    """A process that is killed between a commit and its publishing, or ends while the bus is away, never tells of it.
    A round is more than anything needs that is only on its way.
    """
    committed: dict[str, int] = {}
    while True:
        await asyncio.sleep(COMPARE_SECONDS)
        try:
            for business, seq in committed.items():
                if sockets.in_order.misses(business, seq):
                    _resync(business)
            committed = await db.run(feed.positions, sockets.in_order.businesses())
        except Exception:
            log.exception("What was told was not compared with what is stored")
            committed = {}


async def _recheck_for_ever() -> None:
    while True:
        await asyncio.sleep(min(RECHECK_SECONDS, settings.AGENT_OFFLINE_AFTER / 3))
        try:
            await _recheck()
            await _note_presence()
        except Exception:
            log.exception("Sockets were not checked")


async def _note_presence() -> None:
    """Members with a socket here are there; whoever has left the last one is gone from now on."""
    present = {client.membership.pk for client in sockets.clients.values() if client.membership}
    left = sockets.departed - present
    sockets.departed.clear()
    await db.run(status.seen, present, left=left)


async def _recheck() -> None:
    """Cut whose session, membership or visitor is over, and know what widgets let in, even if nobody told us."""
    standings = [clients.standing(client) for client in sockets.clients.values()]
    for client in sockets.clients.values():
        client.is_active = False
    for start in range(0, len(standings), RECHECK_AT_ONCE):
        gone = await db.run(clients.without_right, standings[start : start + RECHECK_AT_ONCE])
        for sid, reason in gone.items():
            sockets.revoke(sid, reason)
    configs = await db.run(clients.configs_of, standings)
    for client in sockets.clients.values():
        if client.widget and client.widget.pk in configs:
            client.goes_by(configs[client.widget.pk])
