"""Half of what this machine carries, clients included, for as long as one likes: memory flat, no error, no gap."""

import hashlib
import random
import statistics
import time
from collections.abc import Sequence
from typing import Any

from tests.faults import scenes, town
from tests.faults.people import BySocket, Payload, Visitor, Writer
from tests.faults.scenes import Scene
from tests.faults.town import Process
from tests.waiting import until

TALKS = 20
PROBE_SECONDS = 15
SAMPLE_SECONDS = 5
# Of the run: caches fill, pools open.
WARM_UP = 0.2
KIBIBYTE = 1024
FLAT_FROM_MINUTES, MOST_KIB_A_MINUTE = 10, 64


class Listener(Visitor):
    """Keeps no words: a digest of what it has, in order, and how far that goes without a gap."""

    def __init__(self, port: int, auth: Payload, conversation_id: str) -> None:
        super().__init__(port, auth, conversation_id)
        self.digest = hashlib.sha256()
        self.asked = 0

    def take(self, message: Payload) -> None:
        before = self.whole
        if message["seq"] <= before:
            return
        super().take(message)
        have = self.messages[self.conversation_id]
        for seq in range(before + 1, self.whole + 1):
            self.digest.update(_line(seq, have.pop(seq)["id"]))

    def catch_up(self, line: Any) -> None:
        self.asked += 1
        super().catch_up(line)


def run(figures: dict[str, Any], *, minutes: float, dice: random.Random, embedded: bool) -> None:
    with town.running(embedded=embedded, webs=1, durable=True) as place:
        scene = scenes.begin(place, talks=TALKS)
        most = _rate(scene)
        print(f"  {most:,.0f} messages/s with everybody at full speed", flush=True)
        scene = scenes.begin(place, talks=TALKS)
        writers = _writers(scene, pause=2 * TALKS / most)
        listeners = [Listener(scene.port, scene.visitor(talk), talk.id) for talk in scene.talks]
        for thread in (*listeners, *writers):
            thread.start()
        until(lambda: all(listener.is_live.is_set() for listener in listeners), seconds=60)
        processes = [*place.webs, *place.workers]
        samples: list[tuple[float, list[int]]] = []
        started = time.monotonic()
        told = started
        while (now := time.monotonic()) < started + 60 * minutes:
            samples.append((now - started, [process.memory() for process in processes]))
            if now - told > 60:
                told = now
                sizes = "  ".join(f"{size / KIBIBYTE / KIBIBYTE:.1f}" for size in samples[-1][1])
                print(f"  {(now - started) / 60:.0f} min  {scenes.said(writers):,} messages  MiB {sizes}", flush=True)
            assert not [writer.trouble for writer in writers if writer.trouble]
            time.sleep(SAMPLE_SECONDS)
        for writer in writers:
            writer.halt.set()
        for writer in writers:
            writer.join(60)
        took = time.monotonic() - started
        figures.update(
            minutes=round(took / 60, 1),
            most_per_second=round(most),
            messages=scenes.said(writers),
            per_second=round(scenes.said(writers) / took),
            errors=[refusal for writer in writers for refusal in writer.refusals],
            slowest_send_seconds=round(max(writer.slowest for writer in writers), 2),
            reconnects=sum(listener.reconnects for listener in listeners),
            asked_after_gaps=sum(listener.asked - 1 - listener.reconnects for listener in listeners),
            memory=_memory(processes, samples, minutes),
        )
        scenes.check(scene, writers)
        _compare(scene, listeners)
        for listener in listeners:
            listener.stop()
        assert not figures["errors"], "there were errors"
        assert not figures["reconnects"], "a line was lost"
        assert not figures["asked_after_gaps"], "an event was lost"
        # A short run is all warm-up.
        growing = minutes >= FLAT_FROM_MINUTES and [
            name for name, found in figures["memory"].items() if found["kib_a_minute"] > MOST_KIB_A_MINUTE
        ]
        assert not growing, f"memory is not flat: {growing}"


def _rate(scene: Scene) -> float:
    writers = _writers(scene)
    listeners = [Listener(scene.port, scene.visitor(talk), talk.id) for talk in scene.talks]
    for thread in (*listeners, *writers):
        thread.start()
    time.sleep(PROBE_SECONDS / 3)
    before, started = scenes.said(writers), time.monotonic()
    time.sleep(PROBE_SECONDS)
    rate = (scenes.said(writers) - before) / (time.monotonic() - started)
    for writer in writers:
        writer.halt.set()
        writer.join(30)
    for listener in listeners:
        listener.stop()
    return rate


def _writers(scene: Scene, *, pause: float = 0) -> list[Writer]:
    """One in each conversation, visitors and agents in turns. pause: seconds from one message to the next."""
    auths = [scene.owner.auth if number % 2 else scene.visitor(talk) for number, talk in enumerate(scene.talks)]
    return [
        BySocket(scene.port, auth, talk.id, most=100_000_000, pause=pause)
        for auth, talk in zip(auths, scene.talks, strict=True)
    ]


def _memory(
    processes: Sequence[Process], samples: list[tuple[float, list[int]]], minutes: float
) -> dict[str, dict[str, float]]:
    """Each process: MiB at the end of the warm-up and at the end, and the slope between them in KiB a minute."""
    warm = [sample for sample in samples if sample[0] >= WARM_UP * 60 * minutes]
    found = {}
    for place, process in enumerate(processes):
        times, sizes = [at / 60 for at, _sizes in warm], [sizes[place] / KIBIBYTE for _at, sizes in warm]
        found[f"{process.kind} {process.port}"] = {
            "mib_warm": round(sizes[0] / KIBIBYTE, 1),
            "mib_end": round(sizes[-1] / KIBIBYTE, 1),
            "kib_a_minute": round(statistics.linear_regression(times, sizes).slope, 1),
        }
    return found


def _compare(scene: Scene, listeners: Sequence[Listener]) -> None:
    for listener in listeners:
        stored = scene.owner.stored(listener.conversation_id)
        _wait_for(listener, len(stored))
        digest = hashlib.sha256()
        for seq, message_id, _content in stored:
            digest.update(_line(seq, message_id))
        assert digest.digest() == listener.digest.digest(), "a copy differs"


def _wait_for(listener: Listener, last: int) -> None:
    until(lambda: listener.whole >= last, seconds=30, why="a copy is behind")


def _line(seq: int, message_id: str) -> bytes:
    return f"{seq} {message_id}\n".encode()
