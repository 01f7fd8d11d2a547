"""Our subclass of uvicorn's websocket protocol; tests/realtime/test_library.py holds what it relies on.

It is what `pingback.serve` runs. Under any other server, connections write through ASGI's own `send`.
"""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import apply_mask  # type: ignore[attr-defined]
from websockets.protocol import State

# Bytes of frames that wait for the end of a turn. What is more shows at once whether the peer keeps up.
MAX_WAITING = 64 * 1024


class Protocol(WebSocketsSansIOProtocol):
    """Writes a frame that was made once for many, reads a whole one at once, and keeps little for a silent connection.

    The library's own builds the frame anew for every receiver and gives each to the system by itself, asks for every
    part of one that it reads, stops and starts reading around every message, and holds on to the request for as long as
    the connection lives.
    """

    # The library's, whose types are narrower than what becomes of them here.
    request: Any
    response: Any
    is_behind = False  # the peer; as `writable`, which takes a call to ask
    _frames: list[bytes] | None = None  # that wait for the end of the turn
    _waiting = 0  # their bytes
    _is_between_frames = False  # the library's parser, and no message is in the making

    def pause_writing(self) -> None:
        self.is_behind = True
        super().pause_writing()

    def resume_writing(self) -> None:
        self.is_behind = False
        super().resume_writing()

    def write(self, frame: bytes) -> bool:
        """A whole websocket frame, in order with what `send` sends. False when the peer is behind: then nothing was."""
        if self.is_behind:
            return False
        if self._frames is None:
            self._frames = [frame]
            if not _with_frames:
                # Behind what the loop does now and what follows from it at once: an event, then its sender's ack.
                self.loop.call_soon(self.loop.call_soon, _flush)
            _with_frames.append(self)
        else:
            self._frames.append(frame)
        self._waiting += len(frame)
        if self._waiting > MAX_WAITING:
            self.flush()
        return True

    def flush(self) -> None:
        frames, self._frames, self._waiting = self._frames, None, 0
        if frames and not self.close_sent and not self.transport.is_closing():
            self.transport.write(b"".join(frames))

    def data_received(self, data: bytes) -> None:
        """A text by itself, as nearly all come, without the parser, which has nothing else to do with it."""
        is_plain = self._is_between_frames and self.conn.state is State.OPEN
        text = _text_of(data, most=self.config.ws_max_size) if is_plain else None
        if text is None:
            super().data_received(data)
            self._is_between_frames = _is_between_frames(self.conn)
        else:
            self.curr_msg_data_type, self.frames = "text", [text]
            self.send_receive_event_to_app()

    async def send(self, message: Any) -> None:
        self.flush()
        await super().send(message)

    def start_keepalive(self) -> None:
        """Called once the handshake is answered. The parser's own frame keeps the request, so that is emptied too."""
        super().start_keepalive()
        self.request.headers.clear()
        self.request = self.response = None

    def send_receive_event_to_app(self) -> None:
        """As the library's, but reading goes on while the application waits for the next message."""
        if self.queue.empty():
            self.read_paused, before = True, self.read_paused
            super().send_receive_event_to_app()
            self.read_paused = before
        else:
            super().send_receive_event_to_app()


_with_frames: list[Protocol] = []


def _flush() -> None:
    """All frames for one peer in one piece: what the system does for each is a fifth of a message's cost."""
    protocols = list(_with_frames)
    _with_frames.clear()
    for protocol in protocols:
        protocol.flush()


def _is_between_frames(conn: Any) -> bool:
    """Its parser waits for the first byte of a frame. It is a generator in a generator."""
    parsing = conn.parser.gi_yieldfrom
    waiting = getattr(parsing, "gi_yieldfrom", None)
    is_whole = conn.current_size is None and not conn.extensions
    return is_whole and getattr(waiting, "__name__", "") == "at_eof"


def _text_of(data: bytes, *, most: int) -> bytes | None:
    """What is said in exactly one frame, whole and masked. None when it is something else, or too long."""
    if len(data) < 6 or data[0] != 0x81:
        return None
    size, start = data[1] - 0x80, 6
    if size == 127:
        return None
    if size == 126:
        size, start = int.from_bytes(data[2:4], "big"), 8
    if len(data) != start + size or size > most:
        return None
    return apply_mask(data[start:], data[start - 4 : start])


def text_frame(text: bytes) -> bytes:
    """A whole text message as a server sends it: unmasked, uncompressed. Source: RFC 6455, 5.2."""
    size = len(text)
    if size < 126:
        return b"\x81" + size.to_bytes(1, "big") + text
    if size < 1 << 16:
        return b"\x81\x7e" + size.to_bytes(2, "big") + text
    return b"\x81\x7f" + size.to_bytes(8, "big") + text
