"""Create-message over REST, beside an APIView with a ModelSerializer and the ORM."""

import asyncio
import os
import time
from functools import partial

import psycopg

from benchmarks import http, processes, scene
from benchmarks.lab import Server
from benchmarks.plan import Plan, ratio_of
from benchmarks.report import Figures, Outcome, Ratio
from benchmarks.scene import Scene
from benchmarks.talking import WORDS

WORKSPACES, VISITORS = 20, 3
CLIENTS = (32, 200)
# DATABASE_POOL of PingBack and of the reference.
POOL = 16
# After a 503: what a client waits that was told to try again.
RETRY_SECONDS = 0.2


async def run(plan: Plan) -> list[Outcome]:
    workspaces = plan.count(WORKSPACES)
    servers: dict[str, tuple[Server, Scene]] = {}
    if plan.wants("pingback"):
        server = await plan.lab.pingback("rest")
        servers["pingback"] = server, scene.in_pingback(server.environment, workspaces, VISITORS)
    if plan.wants("plain"):
        environment = {"DATABASE_URL": plan.lab.database("rest_plain")}
        who = scene.in_plain(environment, workspaces, VISITORS)
        application = "benchmarks.references.plain.asgi:application"
        servers["plain"] = await plan.lab.python("rest-plain", application, environment), who
    outcomes = []
    for clients in (plan.count(each, least=rank) for rank, each in enumerate(CLIENTS, 2)):
        measures = {name: partial(_measure, plan, *it, clients) for name, it in servers.items()}
        rows = await plan.in_turns(f"rest {clients}", measures)
        ratios = []
        if set(rows) >= {"pingback", "plain"}:
            value = ratio_of(rows, "pingback", "plain", "requests/s")
            ratios.append(Ratio("requests/s, of APIView + ModelSerializer + ORM", value, 5, at_least=True))
        if "pingback" in rows:
            ratios.append(Ratio("answers of 500 and above", rows["pingback"]["5xx"], 0))
            ratios.append(Ratio("connections to PostgreSQL (a pool of 16)", rows["pingback"]["connections"], POOL + 4))
        note = "connections: the pool, and those that a process keeps beside it"
        outcomes.append(Outcome(f"rest, {clients} clients", "create-message requests/s", rows, ratios, [note]))
    return outcomes


async def _measure(plan: Plan, server: Server, who: Scene, clients: int) -> Figures:
    seats = [(each.agents[0]["token"], to) for each in who for to in each.conversations]
    statuses: dict[int, int] = {}
    waits: list[float] = []
    deadline = time.perf_counter() + 3600
    body = f'{{"content":"{WORDS}"}}'.encode()

    async def client(number: int) -> None:
        token, conversation = seats[number % len(seats)]
        path = f"/api/v1/conversations/{conversation}/messages"
        asked = http.request("POST", path, body=body, headers={"Authorization": f"Bearer {token}"})
        connection = await http.connected(server.port)
        while time.perf_counter() < deadline:
            began = time.perf_counter()
            status = await connection.ask(asked)
            statuses[status] = statuses.get(status, 0) + 1
            if status == 201:
                waits.append(time.perf_counter() - began)
            elif status >= 500:
                await asyncio.sleep(RETRY_SECONDS)
            else:
                raise RuntimeError(f"{server.name} answers {status}: {connection.body[:300]!r}")
            if not connection.is_open:
                connection = await http.connected(server.port)
        connection.close()

    running = asyncio.gather(*(client(number) for number in range(clients)))
    counted_connections: list[int] = []
    counting = asyncio.create_task(_count_connections(server.environment["DATABASE_URL"], counted_connections))
    await asyncio.sleep(min(1.0, plan.seconds))
    statuses.clear()
    waits.clear()
    began, used, own = time.perf_counter(), processes.cpu(*server.pids), os.times()
    await asyncio.sleep(plan.seconds)
    seconds, cpu, after = time.perf_counter() - began, processes.cpu(*server.pids) - used, os.times()
    counted, times = dict(statuses), sorted(waits) or [float("nan")]
    deadline = 0
    counting.cancel()
    await running
    made = counted.get(201, 0)
    return {
        "requests/s": made / seconds,
        "server us": cpu / max(made, 1) * 1e6,
        "p50 ms": times[len(times) // 2] * 1000,
        "p99 ms": times[int(len(times) * 0.99)] * 1000,
        "5xx": sum(count for status, count in counted.items() if status >= 500),
        "connections": max(counted_connections, default=0),
        "generator %": (after.user + after.system - own.user - own.system) / seconds * 100,
    }


async def _count_connections(url: str, counts: list[int]) -> None:
    """Again and again, until it is cancelled; its own is not counted."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        while True:
            row = await (await connection.execute(asked)).fetchone()
            assert row
            counts.append(int(row[0]))
            await asyncio.sleep(0.25)
