"""The load: people who write in their conversations, each when the answer to the last has come."""

import asyncio
import gc
import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks import processes
from benchmarks.scene import Scene
from benchmarks.wire import Socket, connect_all

WORDS = "Hello, I ordered a lamp last Tuesday and it still has not arrived. Could you look?"
WARM_UP = 1.0


@dataclass
class Talk:
    """What happened between two looks at the clock. Times in seconds; errors: refused with an ack."""

    seconds: float = 0
    messages: int = 0
    heard: int = 0
    errors: int = 0
    first_error: str = ""
    server_cpu: float = 0
    postgres_cpu: float = 0
    generator_cpu: float = 0
    waits: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.messages / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds from sending to the ack."""
        if not self.waits:
            return float("nan")
        return sorted(self.waits)[min(int(len(self.waits) * share), len(self.waits) - 1)] * 1000

    def figures(self) -> dict[str, float]:
        messages = max(self.messages, 1)
        return {
            "messages/s": self.rate,
            "p50 ms": self.percentile(0.5),
            "p99 ms": self.percentile(0.99),
            "server us": self.server_cpu / messages * 1e6,
            "postgres us": self.postgres_cpu / messages * 1e6,
            "heard": self.heard / messages,
            "errors": self.errors,
            "generator %": self.generator_cpu / self.seconds * 100,
        }


class Writer:
    """One socket that writes into one conversation, with at most `window` messages on their way."""

    def __init__(self, socket: Socket, event: str, conversation_id: str, talk: Talk) -> None:
        self._socket, self._talk = socket, talk
        name = f"{random.getrandbits(64):016x}"
        self._parts = socket.parts(event, conversation_id, WORDS, name)
        self._number = 0
        self._sent: dict[int, float] = {}
        self.is_writing = False
        socket.on_ack = self._acked

    def begin(self, window: int) -> None:
        self.is_writing = True
        while len(self._sent) < window:
            self._write()

    def _write(self) -> None:
        self._number += 1
        number = self._number
        self._socket.send(str(number).join(self._parts).encode())
        self._sent[number] = time.perf_counter()

    def _acked(self, number: int, is_error: bool) -> None:
        began = self._sent.pop(number)
        talk = self._talk
        if is_error:
            talk.errors += 1
            talk.first_error = talk.first_error or self._socket.last_error[:300].decode(errors="replace")
        else:
            talk.messages += 1
            talk.waits.append(time.perf_counter() - began)
        if self.is_writing:
            self._write()

    @property
    def is_waiting(self) -> bool:
        return bool(self._sent)


@dataclass
class Room:
    """Everybody of a scene, connected."""

    sockets: list[Socket]
    # (socket, event, conversation) of everybody who may write; the first `workspaces` are in different ones.
    seats: list[tuple[Socket, str, str]]
    workspaces: int

    def close(self) -> None:
        for socket in self.sockets:
            socket.close()


async def gather(
    port: int, scene: Scene, *, only_visitors: bool = False, agents_port: int | None = None, **options: Any
) -> Room:
    """Connect everybody. In every other workspace the first to write is a visitor, else an agent.

    agents_port: where the agents connect, when that is another process. options: of wire.connect.
    """
    agents_auths = [auth for workspace in scene for auth in workspace.agents]
    visitors_auths = [auth for workspace in scene for auth in workspace.visitors]
    agents_here = await connect_all(agents_port or port, agents_auths, **options)
    visitors_here = await connect_all(port, visitors_auths, **options)
    sockets = [*agents_here, *visitors_here]
    agents_left, visitors_left = iter(agents_here), iter(visitors_here)
    seats: list[list[tuple[Socket, str, str]]] = []
    for number, workspace in enumerate(scene):
        agents = [next(agents_left) for _ in workspace.agents]
        visitors = [next(visitors_left) for _ in workspace.visitors]
        visiting = [(each, "client_message", to) for each, to in zip(visitors, workspace.conversations, strict=True)]
        if only_visitors:
            seats.append(visiting)
            continue
        # Only where visitors leave a conversation to the agent: three are to hear each message, whoever wrote it.
        answering = (agents[0], "agent_message", workspace.conversations[-1])
        mine = [*visiting[:-1], answering] if len(visiting) > 1 else [answering if number % 2 else visiting[0]]
        seats.append(mine if number % 2 == 0 else mine[::-1])
    ordered = [seat for rank in range(max(map(len, seats))) for mine in seats for seat in mine[rank : rank + 1]]
    return Room(sockets, ordered, len(scene))


async def talk(
    room: Room,
    *,
    writers: int,
    window: int,
    seconds: float,
    server_pids: Sequence[int],
    postgres_pids: Sequence[int],
    warm_up: float = WARM_UP,
) -> Talk:
    """So many write for so long, after a moment to warm up."""
    result = Talk()
    seats = room.seats[:writers]
    writing = [Writer(socket, event, conversation, result) for socket, event, conversation in seats]
    gc.collect()
    gc.disable()  # a pause of ours would look like one of the server
    for each in writing:
        each.begin(window)
    await asyncio.sleep(warm_up)
    result.messages = result.errors = 0
    result.waits.clear()
    heard = sum(socket.heard for socket in room.sockets)
    began, cpus = time.perf_counter(), _cpus(server_pids, postgres_pids)
    await asyncio.sleep(seconds)
    result.seconds = time.perf_counter() - began
    for name, value in _cpus(server_pids, postgres_pids).items():
        setattr(result, name, value - cpus[name])
    counted = Talk(**{**vars(result), "waits": list(result.waits)})
    counted.heard = sum(socket.heard for socket in room.sockets) - heard
    for each in writing:
        each.is_writing = False
    gc.enable()
    deadline = time.monotonic() + 10
    while any(each.is_waiting for each in writing) and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    if not counted.messages or any(not socket.is_open for socket in room.sockets):
        gone = next((socket.last_error for socket in room.sockets if not socket.is_open), b"")
        raise RuntimeError(f"nobody was answered, or somebody was cut: {counted.first_error} {gone.decode()}")
    return counted


def _cpus(server_pids: Sequence[int], postgres_pids: Sequence[int]) -> dict[str, float]:
    own = os.times()
    return {
        "server_cpu": processes.cpu(*server_pids),
        "postgres_cpu": processes.cpu(*postgres_pids),
        "generator_cpu": own.user + own.system,
    }
