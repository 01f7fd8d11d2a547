"""Thousands of connections that do nothing: the memory that each keeps. Deflate is offered, as every browser does."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from functools import partial

from benchmarks import processes, scene
from benchmarks.lab import Server
from benchmarks.plan import Plan
from benchmarks.report import Figures, Outcome, Ratio
from benchmarks.wire import connect_all

CONNECTIONS = 4_000
SETTLE = 3.0

Start = Callable[[], Awaitable[tuple[Server, list[object]]]]


async def run(plan: Plan) -> list[Outcome]:
    """A process keeps what it once had, so each measurement has a new one."""
    connections = plan.count(CONNECTIONS)
    numbers = itertools.count()

    async def pingback() -> tuple[Server, list[object]]:
        server = await plan.lab.pingback(f"idle-{next(numbers)}", postgres=False)
        (made,) = scene.in_pingback(server.environment, 1, 20, 2)
        return server, [auth for _, auth in zip(range(connections), itertools.cycle(made.visitors), strict=False)]

    async def stock() -> tuple[Server, list[object]]:
        server = await plan.lab.python(f"idle-{next(numbers)}", "benchmarks.references.stock:application")
        return server, [{"rooms": [f"room {number}"]} for number in range(connections)]

    async def raw() -> tuple[Server, list[object]]:
        server = await plan.lab.python(f"idle-{next(numbers)}", "benchmarks.references.raw:application")
        return server, [None] * connections

    starts: dict[str, Start] = {"pingback": pingback, "stock": stock, "raw": raw}
    measures = {name: partial(_measure, plan, start) for name, start in starts.items() if plan.wants(name)}
    rows = await plan.in_turns("idle", measures)
    ratios = [Ratio("KiB a connection", rows["pingback"]["KiB each"], 40)] if "pingback" in rows else []
    title = f"{connections} idle connections of visitors"
    return [Outcome("idle", title, rows, ratios, [])]


async def _measure(plan: Plan, start: Start) -> Figures:
    server, auths = await start()
    try:
        for socket in await connect_all(server.port, auths[:20], offers_deflate=True):
            socket.close()  # what the first ones load belongs to the process
        await asyncio.sleep(min(SETTLE, plan.seconds))
        before = processes.memory(*server.pids)
        sockets = await connect_all(server.port, auths, offers_deflate=True)
        await asyncio.sleep(min(SETTLE, plan.seconds))
        after = processes.memory(*server.pids)
        there = sum(socket.is_open for socket in sockets)
        for socket in sockets:
            socket.close()
    finally:
        plan.lab.stop(server)
    return {
        "KiB each": (after - before) / len(auths) / 1024,
        "process MiB": after / 1024 / 1024,
        "before MiB": before / 1024 / 1024,
        "connected": there,
    }
