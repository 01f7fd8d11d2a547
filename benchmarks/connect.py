"""Coming and going: connections a second, each with who it is."""

import asyncio
import itertools
import os
import time
from functools import partial

from benchmarks import processes, scene
from benchmarks.lab import Server
from benchmarks.plan import Plan, ratio_of
from benchmarks.report import Figures, Outcome, Ratio
from benchmarks.wire import connect

AT_ONCE = 20


async def run(plan: Plan) -> list[Outcome]:
    servers: dict[str, tuple[Server, list[object]]] = {}
    for name, postgres in (("pingback", True), ("pingback-sqlite", False)):
        if plan.wants(name):
            server = await plan.lab.pingback(f"connect-{name}", postgres=postgres)
            made = scene.in_pingback(server.environment, plan.count(20), 1, 1)
            # Half of them agents with a token, half of them visitors with a key.
            servers[name] = server, [auth for each in made for auth in (*each.agents, *each.visitors)]
    if plan.wants("stock"):
        server = await plan.lab.python("connect-stock", "benchmarks.references.stock:application")
        servers["stock"] = server, [{"rooms": ["one", "two"]}]
    rows = await plan.in_turns("connect", {name: partial(_measure, plan, *it) for name, it in servers.items()})
    ratios = [
        Ratio(
            f"connections/s with authentication, of stock without, {name}",
            ratio_of(rows, name, "stock", "connections/s"),
            0.9,
            at_least=True,
        )
        for name in ("pingback", "pingback-sqlite")
        if name in rows and "stock" in rows
    ]
    return [Outcome("connect", f"connect and leave, {AT_ONCE} at once", rows, ratios, [])]


async def _measure(plan: Plan, server: Server, auths: list[object]) -> Figures:
    turns = itertools.cycle(auths)
    deadline = time.perf_counter() + plan.seconds
    waits: list[float] = []

    async def come_and_go() -> None:
        while time.perf_counter() < deadline:
            began = time.perf_counter()
            socket = await connect(server.port, next(turns))
            waits.append(time.perf_counter() - began)
            socket.close()

    began, used, own = time.perf_counter(), processes.cpu(*server.pids), os.times()
    await asyncio.gather(*(come_and_go() for _ in range(AT_ONCE)))
    seconds = time.perf_counter() - began
    after = os.times()
    waits.sort()
    return {
        "connections/s": len(waits) / seconds,
        "server us": (processes.cpu(*server.pids) - used) / len(waits) * 1e6,
        "p50 ms": waits[len(waits) // 2] * 1000,
        "p99 ms": waits[int(len(waits) * 0.99)] * 1000,
        "generator %": (after.user + after.system - own.user - own.system) / seconds * 100,
    }
