"""Round after round: eight write, twelve watch, a network cuts sockets in mid-frame, and something is always broken.

After each round everything is whole again, and every copy and every acknowledgement is compared with the database.
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from signal import SIGTERM
from typing import Any

from tests.faults import scenes, town
from tests.faults.scenes import Cutter
from tests.faults.town import Town

ROUND_SECONDS = 60
# What a tier has seen at its end: R1 and R3; on SQLite R1s.
REACH = {
    ("nightly", False): {"messages": 100_000, "kills": 40, "reconnects": 2_000},
    ("release", False): {"messages": 1_000_000, "kills": 200, "reconnects": 10_000},
    ("nightly", True): {"messages": 20_000, "kills": 20},
    ("release", True): {"messages": 100_000, "kills": 20},
}


def run(
    figures: dict[str, Any], *, minutes: float, dice: random.Random, embedded: bool, tier: str | None = None
) -> None:
    """tier: goes on until its figures are reached, however long that takes; else for so many minutes."""
    reach = REACH[tier, embedded] if tier else {}
    faults: Counter[str] = Counter()
    figures.update(tier=tier, rounds=0, messages=0, kills=0, sent_again=0, reconnects=0, cuts=0, faults=faults)
    figures.update(slowest_send_seconds=0.0, slowest_agreement_seconds=0.0)
    with town.running(embedded=embedded) as place:
        end = time.monotonic() + 60 * minutes
        while time.monotonic() < end or any(figures[name] < least for name, least in reach.items()):
            seconds = ROUND_SECONDS if reach else min(ROUND_SECONDS, end - time.monotonic())
            _round(place, figures, faults, random.Random(dice.random()), seconds)
            figures["rounds"] += 1
            figures["kills"] = sum(count for name, count in faults.items() if name.endswith("killed"))
            print(
                f"  round {figures['rounds']}: {figures['messages']:,} messages stored once, "
                f"{figures['sent_again']:,} sent again, {figures['reconnects']:,} reconnects, "
                f"{sum(faults.values())} faults, {figures['kills']} of them kills",
                flush=True,
            )


def _round(place: Town, figures: dict[str, Any], faults: Counter[str], dice: random.Random, seconds: float) -> None:
    scene = scenes.begin(place)
    writers = scene.writers(1_000_000, pause=0.005, patience=120)
    watchers = scene.watchers(agents=4, visitors=2)
    cutter = Cutter(place, seed=dice.randrange(1_000_000))
    cuts = place.balancer.cuts
    for thread in (*watchers, *writers, cutter):
        thread.start()
    end = time.monotonic() + seconds
    choices = _faults(place, dice)
    names, weights = [name for name, _weight, _run in choices], [weight for _name, weight, _run in choices]
    runs = {name: fault for name, _weight, fault in choices}
    while time.monotonic() < end:
        time.sleep(dice.uniform(0.5, 3))
        [name] = dice.choices(names, weights)
        runs[name]()
        faults[name] += 1
        for process in [*place.workers, *place.webs]:
            process.revive()
        broken = [writer.trouble for writer in writers if writer.trouble]
        assert not broken, f"a writer gave up after {name}: {broken}"
    cutter.stop()
    for writer in writers:
        writer.halt.set()
    for writer in writers:
        writer.join(130)
    place.recover()
    assert not scenes.alive(writers), "a writer got stuck"
    broken = [writer.trouble for writer in writers if writer.trouble]
    assert not broken, f"a writer gave up: {broken}"
    figures["messages"] += scenes.check(scene, writers)
    took = scenes.agree(scene, watchers, seconds=30)
    for watcher in watchers:
        watcher.stop()
    figures["sent_again"] += sum(writer.again for writer in writers)
    figures["reconnects"] += sum(max(watcher.reconnects, 0) for watcher in watchers)
    figures["cuts"] += place.balancer.cuts - cuts
    slowest = max(writer.slowest for writer in writers)
    figures["slowest_send_seconds"] = round(max(figures["slowest_send_seconds"], slowest), 1)
    figures["slowest_agreement_seconds"] = round(max(figures["slowest_agreement_seconds"], took), 1)


def _faults(place: Town, dice: random.Random) -> list[tuple[str, int, Callable[[], None]]]:
    """Name, weight, what it does. Each leaves everything running again, if not yet ready."""

    def kill_app() -> None:
        place.kill_web(dice.randrange(len(place.webs)))
        time.sleep(dice.uniform(0, 4))

    def restart() -> None:
        for web in place.webs:
            place.recover()
            web.send(SIGTERM)
            web.wait(20)
            web.start()
            place.recover()

    if place.embedded:
        return [("app killed", 8, kill_app), ("restart", 1, restart)]
    assert place.postgres
    assert place.redis
    postgres, redis = place.postgres, place.redis

    def redis_gone() -> None:
        redis.kill()
        time.sleep(30)
        redis.begin()

    def postgres_gone() -> None:
        postgres.kill()
        time.sleep(dice.uniform(1, 10))
        postgres.begin()

    def postgres_hangs() -> None:
        postgres.freeze()
        time.sleep(dice.uniform(1, 30))
        postgres.thaw()

    return [
        ("app killed", 80, kill_app),
        ("worker killed", 60, place.kill_worker),
        ("Redis killed", 30, place.kill_redis),
        ("PostgreSQL killed", 30, place.kill_postgres),
        ("Redis gone for 30 s", 3, redis_gone),
        ("PostgreSQL gone for 1 to 10 s", 5, postgres_gone),
        ("PostgreSQL hangs for 1 to 30 s", 5, postgres_hangs),
        ("rolling restart", 10, restart),
    ]
