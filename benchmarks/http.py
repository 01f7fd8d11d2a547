"""The load generator's HTTP client: one kept connection, one request on its way, answers read as far as needed."""

import asyncio
from collections.abc import Callable
from typing import cast


class Connection(asyncio.Protocol):
    """on_answer: called with the status of each answer."""

    def __init__(self) -> None:
        self.on_answer: Callable[[int], None] = lambda status: None
        self.body = b""
        self.is_open = False
        self._rest = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.is_open = cast(asyncio.Transport, transport), True

    def connection_lost(self, error: Exception | None) -> None:
        self.is_open = False

    def send(self, request: bytes) -> None:
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        data = self._rest = self._rest + data
        head = data.find(b"\r\n\r\n")
        if head < 0:
            return
        headers = data[:head].lower()
        found = headers.find(b"content-length:")
        if found >= 0:
            end = headers.find(b"\r\n", found)
            size = int(headers[found + 15 : end if end > 0 else head])
            if len(data) < head + 4 + size:
                return
        elif b"chunked" in headers and not data.endswith(b"0\r\n\r\n"):
            return
        self.body, self._rest = data[head + 4 :], b""
        self.on_answer(int(data[9:12]))

    async def ask(self, request: bytes) -> int:
        """The status of one answer; its body is in `body`."""
        answered: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.on_answer = lambda status: None if answered.done() else answered.set_result(status)
        self.send(request)
        async with asyncio.timeout(30):
            return await answered

    def close(self) -> None:
        self.transport.close()


async def connected(port: int) -> Connection:
    _transport, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    return connection


def request(method: str, path: str, *, body: bytes = b"", headers: dict[str, str] | None = None) -> bytes:
    told = {"Host": "127.0.0.1", **(headers or {})}
    if body:
        told |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body
