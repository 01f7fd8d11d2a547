"""Two processes on one Redis: every message crosses. And a third, in which nobody hears any of it."""

import asyncio
from functools import partial

from benchmarks import processes, scene, talking
from benchmarks.lab import Server
from benchmarks.plan import Plan
from benchmarks.report import Figures, Outcome, Ratio
from benchmarks.scene import Scene
from benchmarks.wire import connect_all

WORKSPACES, VISITORS = 20, 3


async def run(plan: Plan) -> list[Outcome]:
    workspaces = plan.count(WORKSPACES)
    one = await plan.lab.pingback("cross", redis=True)
    two = await plan.lab.pingback_beside("cross-two", one.environment, one.folder)
    third = await plan.lab.pingback_beside("cross-third", one.environment, one.folder)
    who = scene.in_pingback(one.environment, workspaces, VISITORS)
    elsewhere = scene.in_pingback(one.environment, 1, 1)
    measures = {
        "one process": partial(_measure, plan, who, one, one),
        "two processes": partial(_measure, plan, who, one, two, third, elsewhere),
    }
    rows = await plan.in_turns("cross", measures)
    ratios = [
        Ratio(
            "CPU a message of two processes, of one",
            rows["two processes"]["server us"] / rows["one process"]["server us"],
            1.8,
        ),
        Ratio("us a message in a process that serves nobody in the room", rows["two processes"]["bystander us"], 20),
    ]
    return [Outcome("cross", "visitors at one process, agents at another", rows, ratios, [])]


async def _measure(
    plan: Plan, who: Scene, one: Server, two: Server, third: Server | None = None, elsewhere: Scene | None = None
) -> Figures:
    others = await connect_all(third.port, elsewhere[0].agents) if third and elsewhere else []
    room = await talking.gather(one.port, who, only_visitors=True, agents_port=two.port)
    pids = [one.pids[0]] if one is two else [one.pids[0], two.pids[0]]
    try:
        idle = await _used(third, 1.0)
        began = processes.cpu(*third.pids) if third else 0
        talk = await talking.talk(
            room,
            writers=10_000,
            window=1,
            seconds=plan.seconds,
            server_pids=pids,
            postgres_pids=plan.lab.postgres_pids(),
            warm_up=0.1,
        )
        bystander = processes.cpu(*third.pids) - began - idle * talk.seconds if third else 0
    finally:
        room.close()
        for socket in others:
            socket.close()
    figures = talk.figures()
    if third:
        figures["bystander us"] = max(bystander, 0) / talk.messages * 1e6
    return figures


async def _used(server: Server | None, seconds: float) -> float:
    """CPU seconds a second that it takes while nothing happens."""
    if server is None:
        return 0
    began = processes.cpu(*server.pids)
    await asyncio.sleep(seconds)
    return (processes.cpu(*server.pids) - began) / seconds
