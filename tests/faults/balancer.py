"""A plain TCP balancer, as an operator would put before the web processes, and a network that breaks on demand.

It asks /readyz as HAProxy does, takes the next ready process when one refuses, refuses when none is, and knows nothing
of what it carries.
"""

import asyncio
import contextlib
import random
import threading
from collections.abc import Callable, Coroutine
from typing import Any

CHECK_SECONDS = 0.25
FALL = 2  # so many failures in a row, and nobody is sent there
PIECE = 65_536


class Balancer:
    def __init__(self, ports: list[int]) -> None:
        self.port = 0
        self.cuts = 0
        self._ports = ports
        self._ready: dict[int, bool] = dict.fromkeys(ports, True)
        self._turn = 0
        self._pairs: set[_Pair] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="balancer", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._run(self._open())

    def stop(self) -> None:
        if not self._thread.is_alive():
            return
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def cut(self, dice: random.Random, share: float = 1) -> int:
        """Break that share of the open connections, each after some bytes more in the middle of whatever it carries."""

        async def cut() -> int:
            chosen = [pair for pair in self._pairs if dice.random() < share]
            for pair in chosen:
                pair.break_after(dice.randrange(0, 200))
            return len(chosen)

        count: int = self._run(cut())
        self.cuts += count
        return count

    def is_ready(self, port: int) -> bool:
        return self._ready[port]

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20)

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]
        self._checks = [asyncio.create_task(self._check(port)) for port in self._ports]  # loops hold them weakly

    async def _close(self) -> None:
        self._server.close()
        for pair in list(self._pairs):
            pair.abort()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _check(self, port: int) -> None:
        failures = 0
        while True:
            try:
                async with asyncio.timeout(5):
                    failures = 0 if await _asked(port) else failures + 1
            except (OSError, TimeoutError):
                failures += 1
            self._ready[port] = failures < FALL
            await asyncio.sleep(CHECK_SECONDS)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):  # at our end: asyncio's own callback stumbles over it
            if far := await self._reached():
                pair = _Pair(writer, far[1], forget=self._pairs.discard)
                self._pairs.add(pair)
                await asyncio.gather(pair.carry(reader, far[1]), pair.carry(far[0], writer))
            else:
                writer.transport.abort()

    async def _reached(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """Of those that are ready, in turns."""
        self._turn += 1
        turned = [self._ports[(self._turn + place) % len(self._ports)] for place in range(len(self._ports))]
        for port in filter(self.is_ready, turned):
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", port)
        return None


class _Pair:
    """One client's connection and the one behind it."""

    def __init__(
        self, near: asyncio.StreamWriter, far: asyncio.StreamWriter, forget: Callable[["_Pair"], None]
    ) -> None:
        self._ends, self._forget = (near, far), forget
        self._left: int | None = None

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(PIECE):
                if self._left is not None and len(piece) > self._left:
                    writer.write(piece[: self._left])
                    await asyncio.sleep(0)  # what is allowed through goes out first
                    self.abort()
                    return
                writer.write(piece)
                if self._left is not None:
                    self._left -= len(piece)
                await writer.drain()
        with contextlib.suppress(OSError):
            if writer.can_write_eof():
                writer.write_eof()
        if all(end.is_closing() or end.transport.is_closing() for end in self._ends):
            self._forget(self)
        else:
            self.end()

    def end(self) -> None:
        """One side is done: so is the other, behind what is on its way."""
        self._forget(self)
        for end in self._ends:
            end.close()

    def break_after(self, count: int) -> None:
        self._left = count
        asyncio.get_running_loop().call_later(0.3, self.abort)  # one that carries nothing

    def abort(self) -> None:
        self._forget(self)
        for end in self._ends:
            end.transport.abort()


async def _asked(port: int) -> bool:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        return (await reader.readline()).split()[1:2] == [b"200"]
    finally:
        writer.close()
