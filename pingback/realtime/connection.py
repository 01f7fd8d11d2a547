"""One client, whichever transport it uses: our subclass of python-engineio 4.15's socket.

It says why; tests/realtime/test_library.py holds what it relies on.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engineio import packet as packets
from engineio.async_socket import AsyncSocket
from engineio.exceptions import EngineIOError, QueueEmpty

from pingback.realtime.origins import Origin
from pingback.realtime.packets import Frame
from pingback.realtime.websocket import Protocol, text_frame

if TYPE_CHECKING:
    from pingback.realtime.engine import Engine

CONNECT_SECONDS = 10
# A refused client leaves by itself; python-socketio's stumbles when the server is quicker.
LEAVE_SECONDS = 1
# A little more than the slowest statement may take (settings.DATABASES).
LAST_ANSWER_SECONDS = 6
STRIKES = 3
MAX_PACKETS_IN_BODY = 16
# What a peer may leave unread before it is cut; it comes back and asks for what it missed.
MAX_UNREAD_PACKETS, MAX_UNREAD_BYTES, MAX_UNREAD_SECONDS = 256, 1024 * 1024, 10
PING = Frame("", packets.PING)
# As a client writes it, before the text of the message.
MESSAGE = str(packets.MESSAGE)
FROM_CLIENTS = frozenset({packets.PONG, packets.CLOSE, packets.NOOP})

log = logging.getLogger("pingback.realtime")


class Connection(AsyncSocket):
    """One client, whichever transport it uses.

    The library's own queues without bound for a peer that stops reading, dies of a frame that is no packet without
    telling anybody, logs and ignores bad packets for ever, lets any number of requests poll at once, and spends a
    queue and a task on every connection, another task on every frame.
    """

    def __init__(self, server: "Engine", sid: str, *, origin: Origin, address: str | None) -> None:
        """The library's own makes a queue, which most connections never need."""
        self.server, self.sid = server, sid
        self.connected = self.upgrading = self.upgraded = self.closing = self.closed = False
        self.last_ping: float | None = None
        self.session: dict[str, Any] = {}
        self.origin, self.address = origin, address
        self.client: Any = None
        self.unanswered = 0  # events that are being handled
        self._strikes = 0
        # What could not be written yet; None while there is nothing of that kind.
        self._backlog: deque[packets.Packet] | None = None
        self._backlog_bytes = 0
        self._arrival: asyncio.Future[None] | None = None  # that a poll waits for
        self._posting = self._leaving = self._is_cut = False
        self._websocket: Any = None
        # Writes a frame at once; None while that is not possible, or not in order.
        self.straight: Callable[[bytes], bool] | None = None
        self._protocol: Protocol | None = None
        self._writer: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._connect_timer = self._later(CONNECT_SECONDS, self.cut)
        self._unread_timer: asyncio.TimerHandle | None = None
        self._ping_timer: asyncio.TimerHandle | None = None
        self._end_timer: asyncio.TimerHandle | None = None

    # What goes out --------------------------------------------------------------------------------------

    async def send(self, pkt: packets.Packet) -> None:
        self.push(pkt)

    def push(self, pkt: packets.Packet) -> None:
        """Write a packet, without waiting for anybody; a peer that is too far behind is cut."""
        if self.closing or self.closed or self._is_cut:
            return
        if self.straight is not None and self.straight(_wire(pkt)):
            return
        if self._is_far_behind(pkt):
            self.cut()
        else:
            self._keep(pkt)

    def _is_far_behind(self, pkt: packets.Packet) -> bool:
        return self._backlog is not None and (
            len(self._backlog) >= MAX_UNREAD_PACKETS or self._backlog_bytes + _size(pkt) > MAX_UNREAD_BYTES
        )

    def _keep(self, pkt: packets.Packet) -> None:
        """For the next poll, or for a writer that lives as long as the peer is behind."""
        if self._backlog is None:
            self._backlog, self.straight = deque(), None
        self._backlog.append(pkt)
        self._backlog_bytes += _size(pkt)
        if self._unread_timer is None:
            self._unread_timer = self._later(MAX_UNREAD_SECONDS, self.cut)
        if self._arrival and not self._arrival.done():
            self._arrival.set_result(None)
        if self._websocket and self._writer is None:
            self._writer = self.server.background(self._write(self._websocket))

    async def _write(self, websocket: Any) -> None:
        """Send the backlog, in order; a peer that takes none of it holds up nobody else."""
        try:
            while self._backlog:
                await websocket.send(self._backlog[0].encode())
                if self._backlog:
                    self._backlog_bytes -= _size(self._backlog.popleft())
                self._stop(self._unread_timer)
                self._unread_timer = self._later(MAX_UNREAD_SECONDS, self.cut)
        except Exception:  # it is gone: the reader learns it too
            log.debug("%s is gone", self.sid)
        finally:
            self._forget_backlog()
            self._writer = None

    def _forget_backlog(self) -> None:
        self._backlog, self._backlog_bytes = None, 0
        self._go_straight()
        self._stop(self._unread_timer)
        self._unread_timer = None

    def _go_straight(self) -> None:
        """As far as nothing waits to be written before, and there will be something after."""
        if self._protocol and self._backlog is None and not (self.closing or self._is_cut):
            self.straight = self._protocol.write

    async def poll(self) -> list[packets.Packet]:
        """What waits for a polling client. Raises QueueEmpty when nothing came, EngineIOError for a second request."""
        if self._arrival:
            raise EngineIOError("two requests poll at once")
        if not self._backlog:
            self._arrival = self._loop.create_future()
            try:
                async with asyncio.timeout(self.server.ping_interval + self.server.ping_timeout):
                    await self._arrival
            except TimeoutError as error:
                raise QueueEmpty from error
            finally:
                self._arrival = None
        pkts = list(self._backlog or ())
        self._forget_backlog()
        return pkts or [packets.Packet(packets.NOOP)]

    def schedule_ping(self) -> None:
        """A timer instead of the library's sleeping task, which would outlive the connection."""
        self.last_ping = None
        self._stop(self._ping_timer)
        self._ping_timer = self._later(self.server.ping_interval, self._ping)

    def _ping(self) -> None:
        """And a timer for the answer, instead of the library's task that goes from socket to socket for ever."""
        self.last_ping = self._loop.time()
        self.push(PING)
        self._ping_timer = self._later(self.server.ping_timeout, self._give_up)

    def _give_up(self) -> None:
        self.server.background(self.close(wait=False, reason=self.server.reason.PING_TIMEOUT))

    # What comes in --------------------------------------------------------------------------------------

    async def take(self, text: str | bytes) -> None:
        """One Engine.IO packet from the client."""
        if self._leaving:
            return
        if text[:1] == MESSAGE:
            await self._take_message(text[1:])
            return
        try:
            if not isinstance(text, str):
                raise ValueError("binary")
            pkt = packets.Packet(encoded_packet=text)
            if pkt.packet_type not in FROM_CLIENTS or pkt.binary:
                raise ValueError("no such packet from a client")
        except ValueError:
            await self.strike()
        else:
            if pkt.packet_type == packets.PONG and self.last_ping is None:
                return  # one that we never asked for must not put the next ping off
            if pkt.packet_type != packets.NOOP:
                await self.receive(pkt)

    async def _take_message(self, text: str | bytes) -> None:
        """The library's way tries the text for JSON, and comes to the same handler by three coroutines."""
        try:
            await self.server.handlers["message"](self.sid, text)
        except Exception:
            log.exception("A message was not handled")

    async def strike(self) -> None:
        """Count a bad packet; the third one closes."""
        self._strikes += 1
        if self._strikes >= STRIKES:
            await self.close(wait=False, abort=True)

    async def handle_post_request(self, environ: dict[str, Any]) -> None:
        """Raises EngineIOError, whereupon the library closes the session and answers 400."""
        body = await environ["wsgi.input"].read()
        if self._posting:
            raise EngineIOError("two requests post at once")
        self._posting = True
        try:
            texts = body.decode().split("\x1e")
            if len(texts) > MAX_PACKETS_IN_BODY:
                raise EngineIOError("too many packets")
            for text in texts:
                if self.closed:
                    break
                await self.take(text)
        except UnicodeDecodeError as error:
            raise EngineIOError("not text") from error
        finally:
            self._posting = False

    async def _websocket_handler(self, websocket: Any) -> None:
        if self.connected and not await self._upgrade(websocket):
            return
        self._websocket = websocket
        protocol = getattr(websocket.asgi_send, "__self__", None)
        if isinstance(protocol, Protocol) and not protocol.conn.extensions:
            self._protocol = protocol
            self._go_straight()
        self.connected = self.upgraded = True
        if self._backlog:
            self._writer = self.server.background(self._write(websocket))
        try:
            while True:
                text = await websocket.wait()
                if not self.closed:
                    await self.take(text)
        except OSError:
            pass  # closed, by either side
        finally:
            await self.close(wait=False, abort=True, reason=self.server.reason.TRANSPORT_CLOSE)
            self._stop(self._end_timer)

    async def _upgrade(self, websocket: Any) -> bool:
        """From polling to this websocket: probe, answer, then the client says so. False when it does not."""
        if self.upgrading:
            return False
        self.upgrading = True
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                if await websocket.wait() != f"{packets.PING}probe":
                    return False
                await websocket.send(f"{packets.PONG}probe")
                self.push(packets.Packet(packets.NOOP))  # ends the poll that waits
                return bool(await websocket.wait() == str(packets.UPGRADE))
        except (OSError, TimeoutError):
            return False
        finally:
            self.upgrading = False

    # The end --------------------------------------------------------------------------------------------

    def greeted(self) -> None:
        """The client said who it is in time."""
        self._stop(self._connect_timer)

    def cut(self) -> None:
        """Close at once, from anywhere; what was not written is not sent."""
        self._is_cut, self.straight = True, None
        self.server.background(self.close(wait=False, abort=True))

    def finish(self, *, after: float = 0) -> None:
        """Close once the client has had its answers and what is queued, but soon; what it sends meanwhile is not
        looked at.

        after: seconds in which it may go by itself.
        """
        self._leaving = True
        self.server.background(self._finish(after))

    async def _finish(self, after: float) -> None:
        await asyncio.sleep(after)
        deadline = self._loop.time() + LAST_ANSWER_SECONDS
        while self.unanswered and not self.closed and self._loop.time() < deadline:
            await asyncio.sleep(0.02)
        deadline = self._loop.time() + 2
        while self._backlog and not self.closed and self._loop.time() < deadline:
            await asyncio.sleep(0.02)
        await self.close(wait=False)

    async def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """abort: do not wait for the peer to read what is left. `wait` is the library's, and never needed."""
        if self.closing or self.closed:
            return
        self.closing, self.straight = True, None
        for timer in (self._connect_timer, self._ping_timer, self._unread_timer):
            self._stop(timer)
        self.server.forget(self)
        await self.server._trigger_event(
            "disconnect", self.sid, reason or self.server.reason.SERVER_DISCONNECT, run_async=False
        )
        self.closed = True
        if abort:
            self._forget_backlog()
            self._hang_up()
        else:
            self._keep(packets.Packet(packets.CLOSE))
            if self._websocket:
                self.server.background(self._part(self._websocket))
        if self._arrival and not self._arrival.done():
            self._arrival.set_result(None)

    async def _part(self, websocket: Any) -> None:
        """The polite end: what is left, the farewell, the close. Soon it is over, whatever the peer reads."""
        self._end_timer = self._later(MAX_UNREAD_SECONDS, self._hang_up)
        if self._writer:
            await asyncio.wait([self._writer])
        await websocket.close()

    def _hang_up(self) -> None:
        """ASGI has no word for it: a peer that reads nothing would otherwise keep its connection for ever.

        uvicorn's `send` is a method of the protocol that holds the transport; under another server the polite close
        has to do.
        """
        if self._websocket is None:
            return
        if self._writer:
            self._writer.cancel()
        send = getattr(self._websocket, "asgi_send", None)
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        if transport is not None:
            transport.abort()
        else:
            self.server.background(self._websocket.close())

    def _later(self, seconds: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        return self._loop.call_later(seconds, call)

    @staticmethod
    def _stop(timer: asyncio.TimerHandle | None) -> None:
        if timer is not None:
            timer.cancel()


def _wire(pkt: packets.Packet) -> bytes:
    """The websocket frame; made once for what goes to many."""
    return pkt.wire if isinstance(pkt, Frame) else text_frame(pkt.encode().encode())


def _size(pkt: packets.Packet) -> int:
    return len(_wire(pkt))
