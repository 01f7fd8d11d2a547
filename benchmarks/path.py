"""The full path: a Socket.IO message is checked, stored with its feed row, acknowledged, and heard by three."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from benchmarks import pgbench, scene, talking
from benchmarks.lab import Server
from benchmarks.plan import Plan, ratio_of
from benchmarks.references import ejabberd
from benchmarks.report import Figures, Outcome, Ratio
from benchmarks.scene import Scene

TITLE = "Socket.IO message to three receivers, one server process"
WORKSPACES, VISITORS = 20, 3
# Beyond what twenty conversations ask for: everybody writes, with so many on their way.
WINDOW = 4

Measure = Callable[[], Awaitable[Figures]]


async def run(plan: Plan) -> list[Outcome]:
    workspaces = plan.count(WORKSPACES)
    servers: dict[str, tuple[Server, Scene]] = {}
    for name, start in _servers(plan, workspaces).items():
        if plan.wants(name):
            print(f"  starting {name} ...", flush=True)
            servers[name] = await start()
    pgbench_url = pgbench.prepare(plan) if plan.wants("pgbench") and pgbench.program() else ""
    outcomes = []
    for title, writers, window in (
        (f"closed loop, {workspaces} conversations", workspaces, 1),
        (f"saturated, {workspaces * VISITORS} conversations with {WINDOW} messages on their way", 10_000, WINDOW),
    ):
        measures: dict[str, Measure] = {
            name: partial(_measure, plan, *it, writers, window) for name, it in servers.items()
        }
        if window == 1 and pgbench_url:
            measures["pgbench"] = partial(pgbench.measure, plan, pgbench_url)
        rows = await plan.in_turns(title.split(",")[0], measures)
        name = "path" if window == 1 else "path, saturated"
        notes = _notes(rows)
        outcomes.append(Outcome(name, f"{TITLE}; {title}", rows, _ratios(rows) if window == 1 else [], notes))
    return outcomes


def _servers(plan: Plan, workspaces: int) -> dict[str, Callable[[], Awaitable[tuple[Server, Scene]]]]:
    lab = plan.lab

    async def pingback(name: str, *, postgres: bool) -> tuple[Server, Scene]:
        server = await lab.pingback(name, postgres=postgres)
        return server, scene.in_pingback(server.environment, workspaces, VISITORS)

    async def stock() -> tuple[Server, Scene]:
        server = await lab.python("stock", "benchmarks.references.stock:application")
        return server, scene.in_rooms(workspaces, VISITORS)

    async def plain() -> tuple[Server, Scene]:
        environment = {"DATABASE_URL": lab.database("plain")}
        who = scene.in_plain(environment, workspaces, VISITORS)
        return await lab.python("plain", "benchmarks.references.plain.asgi:application", environment), who

    async def node() -> tuple[Server, Scene]:
        server = await lab.node("node", "chat.mjs", {"DATABASE_URL": lab.database("node")})
        return server, scene.in_rooms(workspaces, VISITORS)

    async def xmpp() -> tuple[Server, Scene]:
        return await ejabberd.started(lab), scene.in_rooms(workspaces, VISITORS)

    if plan.with_ejabberd and not ejabberd.is_here():
        plan.notes.append("ejabberd is not here: apt-get install ejabberd erlang-p1-pgsql")
    return {
        "pingback": partial(pingback, "pingback", postgres=True),
        "pingback-sqlite": partial(pingback, "pingback-sqlite", postgres=False),
        "stock": stock,
        "plain": plain,
        "node": node,
        **({"ejabberd": xmpp} if ejabberd.is_here() else {}),
    }


async def _measure(plan: Plan, server: Server, who: Scene, writers: int, window: int) -> Figures:
    other: dict[str, Any] = {"path": "/ws", "headers": "Sec-WebSocket-Protocol: xmpp\r\n", "kind": ejabberd.Socket}
    room = await talking.gather(server.port, who, **(other if server.name == "ejabberd" else {}))
    try:
        talk = await talking.talk(
            room,
            writers=writers,
            window=window,
            seconds=plan.seconds,
            server_pids=server.pids,
            postgres_pids=plan.lab.postgres_pids(),
            warm_up=min(talking.WARM_UP, plan.seconds),
        )
    finally:
        room.close()
    if talk.first_error:
        plan.notes.append(f"{server.name} refused {talk.errors}: {talk.first_error}")
    return talk.figures()


def _ratios(rows: dict[str, Figures]) -> list[Ratio]:
    found = []

    def add(what: str, one: str, other: str, figure: str, reach: float, *, at_least: bool = False) -> None:
        if one in rows and other in rows:
            found.append(Ratio(what, ratio_of(rows, one, other, figure), reach, at_least))

    add("server CPU a message, of stock that stores nothing", "pingback", "stock", "server us", 1.1)
    add("messages/s, of stock that stores nothing", "pingback", "stock", "messages/s", 0.65, at_least=True)
    add("messages/s, of the same written plainly", "pingback", "plain", "messages/s", 6, at_least=True)
    add("server CPU a message, of the same written plainly", "pingback", "plain", "server us", 1 / 7)
    add("messages/s, of Node socket.io + pg", "pingback", "node", "messages/s", 1.0, at_least=True)
    add("messages/s, of ejabberd MUC + MAM", "pingback", "ejabberd", "messages/s", 1.2, at_least=True)
    add("messages/s on SQLite, of PostgreSQL", "pingback-sqlite", "pingback", "messages/s", 1.0, at_least=True)
    if "pingback" in rows and "node" in rows:
        ours, theirs = (rows[name]["server us"] + rows[name]["postgres us"] for name in ("pingback", "node"))
        found.append(Ratio("server and PostgreSQL CPU a message, of Node's", ours / theirs, 0.9))
    for name in ("pingback", "pingback-sqlite"):
        if name in rows:
            found.append(Ratio(f"p99 in p50s, {name}", rows[name]["p99 ms"] / rows[name]["p50 ms"], 4))
    return found


def _notes(rows: dict[str, Figures]) -> list[str]:
    notes = []
    for name, figures in rows.items():
        if "generator %" not in figures:
            continue
        if figures["generator %"] > 80:
            notes.append(
                f"{name}: the load generator took {figures['generator %']:.0f} % of a core and may be the limit"
            )
        if abs(figures["heard"] - 3) > 0.1:
            notes.append(f"{name}: a message was heard {figures['heard']:.2f} times, not 3")
    return notes
