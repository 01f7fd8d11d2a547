"""Our subclass of uvicorn's websocket protocol; tests/realtime/test_library.py holds what it relies on.

It is what `pingback.serve` runs. Under any other server, connections write through ASGI's own `send`.
"""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class Protocol(WebSocketsSansIOProtocol):
    """Writes a frame that was made once for many, and keeps little for a connection that says nothing.

    The library's own builds the frame anew for every receiver, stops and starts reading around every message, and
    holds on to the request for as long as the connection lives.
    """

    # The library's, whose types are narrower than what becomes of them here.
    request: Any
    response: Any
    is_behind = False  # the peer; as `writable`, which takes a call to ask

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
        if not self.close_sent and not self.transport.is_closing():
            self.transport.write(frame)
        return True

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


def text_frame(text: bytes) -> bytes:
    """A whole text message as a server sends it: unmasked, uncompressed. Source: RFC 6455, 5.2."""
    size = len(text)
    if size < 126:
        return b"\x81" + size.to_bytes(1, "big") + text
    if size < 1 << 16:
        return b"\x81\x7e" + size.to_bytes(2, "big") + text
    return b"\x81\x7f" + size.to_bytes(8, "big") + text
