"""The Socket.IO server of this process, its connected clients and the rooms they are in.

Our subclasses of python-socketio 5.18 are here; tests/realtime/test_library.py holds what they rely on. Everything
but the coroutines runs on the event loop without waiting, so that nothing comes between its steps.
"""

import logging
from typing import Any
from uuid import UUID

import socketio
from socketio.async_manager import AsyncManager

from pingback.realtime import bus, packets, rooms
from pingback.realtime.clients import Client
from pingback.realtime.connection import LEAVE_SECONDS, Connection
from pingback.realtime.engine import Engine
from pingback.realtime.envelopes import Envelope
from pingback.realtime.packets import BadPacket, Frame, Json, Packet, encode_event
from pingback.realtime.sequence import InOrder
from widgets.models import Visitor

# The library tells every packet at INFO, with what people wrote. Outside our own loggers, whose level is INFO.
library_log = logging.getLogger("socketio.pingback")
library_log.setLevel(logging.ERROR)

NAMESPACE = "/"


class Manager(AsyncManager):
    """Keeps the list of all sockets; their rooms are below."""

    async def emit(self, *arguments: Any, **options: Any) -> None:
        """The library's makes a task for each receiver. What is told goes out in an envelope (publish.py, bus.py)."""
        raise NotImplementedError

    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        """Only the list of all. The library's own rooms cost 2 KB for each socket alone in one, and a look at every
        room there is whenever a socket leaves."""
        if room is None:
            super().basic_enter_room(sid, namespace, None, eio_sid=eio_sid)

    def basic_disconnect(self, sid: str, namespace: str, **options: Any) -> None:
        for waiting in (self.pending_connect, self.pending_disconnect):
            if sid in waiting.get(namespace, ()):
                waiting[namespace].remove(sid)
        if sid in self.rooms.get(namespace, {}).get(None, ()):
            self.basic_leave_room(sid, namespace, None)


class Server(socketio.AsyncServer):
    """Drops what is no packet of ours, and connections that never get anywhere. The library logs them and goes on."""

    eio: Engine
    manager: Manager

    def _engineio_server_class(self) -> type[Engine]:
        return Engine

    async def _handle_eio_message(self, eio_sid: str, data: object) -> None:
        connection: Connection = self.eio.sockets[eio_sid]
        try:
            packet = self.packet_class(encoded_packet=_text(data))
            sid = self.manager.sid_from_eio_sid(eio_sid, NAMESPACE)
            if (packet.packet_type == packets.CONNECT) == (sid is not None):
                raise BadPacket("said hello twice, or not at all")
        except BadPacket:
            await connection.strike()
            return
        if packet.packet_type == packets.CONNECT:
            await self._handle_connect(eio_sid, NAMESPACE, packet.data)
        elif packet.packet_type == packets.EVENT:
            await self._answer(connection, sid, packet)
        else:
            await self._handle_disconnect(eio_sid, NAMESPACE)
            connection.finish()

    async def _answer(self, connection: Connection, sid: str, packet: Packet) -> None:
        """The library's `_handle_event` gets there by five coroutines, each of which looks at what we have seen."""
        if not self.manager.is_connected(sid, NAMESPACE):
            return
        connection.unanswered += 1
        try:
            name, *arguments = packet.data
            answer = await self.handlers[NAMESPACE]["*"](name, sid, *arguments)
            if packet.id is not None:
                connection.push(Frame(packets.encode_ack(packet.id, answer)))
        finally:
            connection.unanswered -= 1

    async def _handle_connect(self, eio_sid: str, namespace: str | None, data: Any) -> None:
        """A refused client may not stay, and one that left while we looked it up leaves nothing behind."""
        connection: Connection = self.eio.sockets[eio_sid]
        await super()._handle_connect(eio_sid, namespace, data)
        _forget_request(self.environ.pop(eio_sid, None))
        if connection.closed:
            await self._handle_disconnect(eio_sid, namespace)
        elif connection.client is None:
            connection.finish(after=LEAVE_SECONDS)
        else:
            connection.greeted()


def _forget_request(environ: dict[str, Any] | None) -> None:
    """Who it is has been settled; the coroutines of a websocket would keep its headers for as long as it lives."""
    if environ:
        environ["asgi.scope"]["headers"] = []
        environ.clear()


def _text(data: object) -> str:
    """Raises BadPacket. Engine.IO hands over bytes for binary, and JSON that it found by itself as objects."""
    if not isinstance(data, str) or not data:
        raise BadPacket("not a text packet")
    return data


sio = Server(
    async_mode="asgi",
    client_manager=Manager(),
    serializer=Packet,
    json=Json,
    async_handlers=False,  # in the order sent, and no task per packet
    cors_allowed_origins="*",  # Engine.handle_request has checked before
    cors_credentials=False,
    monitor_clients=False,  # each connection has a timer of its own
    max_http_buffer_size=packets.MAX_BYTES,
    http_compression=False,
    logger=library_log,
    engineio_logger=library_log,
)

clients: dict[str, Client] = {}
# The sockets in each room, by their sid.
_rooms: dict[str, dict[str, Client]] = {}
# Memberships whose socket closed since somebody last looked (server._note_presence).
departed: set[UUID] = set()


def admit(client: Client, *, feed_seq: int) -> None:
    """The client is one of ours now, in the rooms that follow from who it is."""
    clients[client.sid] = client
    client.connection.client = client
    business = str(client.business_id)
    if in_order.listen(business, after=feed_seq):
        bus.listen(business)
    if client.membership:
        enter(client, rooms.business(client.business_id))
        enter(client, rooms.member(client.membership.pk))
    else:
        enter(client, rooms.visitors(client.business_id))
    if client.session_id:
        enter(client, rooms.session(client.session_id))
    if client.widget:
        enter(client, rooms.widget(client.widget.pk))
    if client.visitor:
        enter(client, rooms.customer(client.visitor.customer_id))


def dismiss(sid: str) -> None:
    """It is gone."""
    client = clients.pop(sid, None)
    if client is None:
        return
    for room in list(client.rooms):
        leave(client, room)
    if client.membership:
        departed.add(client.membership.pk)
    business = str(client.business_id)
    if in_order.leave(business):
        bus.leave(business)


def become_visitor(client: Client, visitor: Visitor) -> None:
    """A stranger's first message made it this visitor, or it has proven to be somebody."""
    client.become(visitor)
    enter(client, rooms.customer(visitor.customer_id))


def enter(client: Client, room: str) -> None:
    if client.sid in clients:
        client.rooms.add(room)
        _rooms.setdefault(room, {})[client.sid] = client


def leave(client: Client, room: str) -> None:
    if room in client.rooms:
        client.rooms.remove(room)
        del _rooms[room][client.sid]
        if not _rooms[room]:
            del _rooms[room]


def members(room: str) -> list[Client]:
    """The local sockets in it."""
    return list(_rooms.get(room, {}).values())


def count(room: str) -> int:
    return len(_rooms.get(room, ()))


# What the bus brings ----------------------------------------------------------------------------------------


def hear(envelope: Envelope) -> None:
    if "out" in envelope:
        in_order.take(envelope["business"], envelope["seq"], envelope["out"])
    elif "cut" in envelope:
        for client in members(envelope["cut"]):
            if "keys" not in envelope or client.came_with(*envelope["keys"]):
                revoke(client.sid, envelope["reason"])
    elif "widget" in envelope:
        for client in members(rooms.widget(envelope["widget"])):
            client.goes_by(envelope["config"])
    elif "person" in envelope:
        for client in clients.values():
            if client.membership and str(client.membership.user_id) == envelope["person"]:
                vars(client.membership.user).update(envelope["signed"])
    else:
        deliver(envelope["room"], envelope["packet"], skip=envelope["skip"])


def deliver(room: str | None, packet: str, *, skip: str | None = None) -> None:
    """One frame for all local sockets of a room, or for all there are; none of them is waited for."""
    hearers = clients if room is None else _rooms.get(room)
    if hearers:
        frame = Frame(packet)
        wire = frame.wire
        for sid, client in hearers.items():
            if sid != skip:
                straight = client.connection.straight
                if straight is None or not straight(wire):
                    client.connection.push(frame)


def revoke(sid: str, reason: str) -> None:
    """Say why, then close; nothing more is heard from it or told to it."""
    client = clients.get(sid)
    if client:
        tell(client, "revoked", {"reason": reason})
        for room in list(client.rooms):
            leave(client, room)
        client.connection.finish()


def tell(client: Client, event: str, payload: dict[str, Any]) -> None:
    hand(client, encode_event(event, payload))


def hand(client: Client, packet: str) -> None:
    client.connection.push(Frame(packet))


def _emit(out: list[list[str]]) -> None:
    for room, packet in out:
        deliver(room, packet)


in_order = InOrder(_emit)
