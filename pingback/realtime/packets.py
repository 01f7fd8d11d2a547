"""What may come in over a socket: text packets of a few kinds, and events whose names are on the list."""

import re
from typing import Any

import orjson
import socketio.packet
from engineio import packet as engine_packets

from foundation.text import flaw_of
from pingback.realtime.websocket import text_frame

CONNECT, DISCONNECT = socketio.packet.CONNECT, socketio.packet.DISCONNECT
EVENT, ACK = socketio.packet.EVENT, socketio.packet.ACK
MAX_BYTES = 64 * 1024
# A client that could send any name would call our own "connect" and "disconnect" handlers.
EVENTS = frozenset(
    {
        "client_message",
        "agent_message",
        "join_conversation",
        "leave_conversation",
        "typing",
        "identify",
        "mark_delivered",
        "mark_read",
        "resume",
    }
)
# An escape in a JSON text; two surrogates that belong together are one.
ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)"
)


class BadPacket(ValueError):
    """Not a packet that a client of ours sends. The third one closes the connection."""


class Json:
    """orjson in the shape that Engine.IO and Socket.IO expect of a JSON module.

    It is safe against what breaks Python's own: nesting ends at 1,024, and huge integers and NaN are errors.
    """

    @staticmethod
    def dumps(value: Any, **options: Any) -> str:
        return orjson.dumps(value).decode()

    @staticmethod
    def loads(text: str, **options: Any) -> Any:
        """Raises ValueError. A lone surrogate comes as NUL: who reads the field refuses one as the other."""
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return orjson.loads(ESCAPE.sub(lambda found: r"\u0000" if found["lone"] else found[0], text))


class Packet(socketio.packet.Packet):
    """The library's packet, taking from clients only what we serve.

    The library's own waits for as many binary attachments as a client announces, and passes any event name on.
    """

    uses_binary_events = False
    json = Json

    def decode(self, encoded_packet: str) -> int:
        if not isinstance(encoded_packet, str) or not encoded_packet or len(encoded_packet) > MAX_BYTES:
            raise BadPacket("not a text packet")
        try:
            attachments = super().decode(encoded_packet)
        except BadPacket:
            raise
        except Exception as error:  # its parser raises what it stumbles over
            raise BadPacket("malformed") from error
        if attachments or self.packet_type not in {CONNECT, DISCONNECT, EVENT}:
            raise BadPacket("no such packet from a client")
        if self.namespace not in {None, "/"}:
            raise BadPacket("no such namespace")
        # What an event holds is looked at by its handler, which can say in the ack what is wrong.
        if self.packet_type == CONNECT and (flaw := flaw_of(self.data)):
            raise BadPacket(flaw)
        if self.packet_type == EVENT and not _is_event(self.data):
            raise BadPacket("no such event")
        return 0


def _is_event(data: Any) -> bool:
    return isinstance(data, list) and bool(data) and isinstance(data[0], str) and data[0] in EVENTS


def encode_event(name: str, payload: Any) -> str:
    """The packet that carries an event to clients, made once for all who hear it."""
    return f"{EVENT}{Json.dumps([name, payload])}"


def encode_ack(number: int, answer: Any) -> str:
    """The packet that answers an event which asked for an answer. number: the client's own of it."""
    return f"{ACK}{number}{Json.dumps([answer])}"


class Frame(engine_packets.Packet):
    """An encoded packet, ready for any number of connections. wire: its websocket frame, made once."""

    def __init__(self, text: str, packet_type: int = engine_packets.MESSAGE) -> None:
        super().__init__(packet_type, text)
        self.wire = text_frame(f"{packet_type}{text}".encode())
