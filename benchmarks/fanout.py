"""One message to a room of 200."""

from functools import partial

from benchmarks import scene, talking
from benchmarks.lab import Server
from benchmarks.plan import Plan, ratio_of
from benchmarks.report import Figures, Outcome, Ratio
from benchmarks.scene import Scene, Workspace

ROOM, WRITERS = 200, 4
# A person may have twenty sockets.
SOCKETS = 20


async def run(plan: Plan) -> list[Outcome]:
    room = plan.count(ROOM, least=SOCKETS)
    servers: dict[str, tuple[Server, Scene]] = {}
    if plan.wants("pingback"):
        server = await plan.lab.pingback("fanout")
        (made,) = scene.in_pingback(server.environment, 1, WRITERS, max(room // SOCKETS, 1))
        servers["pingback"] = server, [_with_agents(made, made.agents * SOCKETS)]
    if plan.wants("stock"):
        server = await plan.lab.python("fanout-stock", "benchmarks.references.stock:application")
        servers["stock"] = server, [_one_room(room)]
    if plan.wants("raw"):
        server = await plan.lab.python("fanout-raw", "benchmarks.references.raw:application")
        made = _one_room(room)
        servers["raw"] = server, [Workspace("", [None] * room, [None] * WRITERS, made.conversations)]
    measures = {name: partial(_measure, plan, server, who) for name, (server, who) in servers.items()}
    rows = await plan.in_turns("fanout", measures)
    ratios = [
        Ratio(f"CPU a delivery, of {other}", ratio_of(rows, "pingback", other, "us a delivery"), reach)
        for other, reach in (("raw", 1.3), ("stock", 0.4))
        if other in rows and "pingback" in rows
    ]
    title = f"a message to a room of {room}, {WRITERS} writing"
    return [Outcome("fanout", title, rows, ratios, ["PingBack stores each message and checks who may hear it"])]


def _one_room(size: int) -> Workspace:
    """Everybody in the room of one conversation, so that all servers deliver alike."""
    made = scene.in_rooms(1, 1)[0]
    auth = {"rooms": made.conversations}
    return Workspace(made.business_id, [auth] * size, [auth] * WRITERS, made.conversations * WRITERS)


def _with_agents(made: Workspace, agents: list[object]) -> Workspace:
    return Workspace(made.business_id, agents, made.visitors, made.conversations)


async def _measure(plan: Plan, server: Server, who: Scene) -> Figures:
    room = await talking.gather(server.port, who, only_visitors=True)
    try:
        talk = await talking.talk(
            room,
            writers=WRITERS,
            window=1,
            seconds=plan.seconds,
            server_pids=server.pids,
            postgres_pids=plan.lab.postgres_pids(),
            warm_up=min(talking.WARM_UP, plan.seconds),
        )
    finally:
        room.close()
    return {
        "us a delivery": talk.server_cpu / talk.heard * 1e6,
        "deliveries/s": talk.heard / talk.seconds,
        "p50 ms": talk.percentile(0.5),
        "p99 ms": talk.percentile(0.99),
        "heard": talk.heard / talk.messages,
        "errors": talk.errors,
        "generator %": talk.generator_cpu / talk.seconds * 100,
    }
