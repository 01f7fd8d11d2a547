"""What is played while things break, and what must be true after it. The tests and `bin/bench faults` share these."""

import random
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from tests.faults.people import LOST, AgentsApp, ByApi, BySocket, Line, Visitor, Watcher, Writer
from tests.faults.town import PATIENCE, Owner, Refused, Town
from tests.waiting import until

T = TypeVar("T")


@dataclass
class Talk:
    """One conversation: its visitor's key, and the messages that were there before the scene."""

    id: str
    key: str
    first: tuple[int, str, str]


@dataclass
class Scene:
    town: Town
    owner: Owner
    talks: list[Talk]

    @property
    def port(self) -> int:
        return self.town.balancer.port

    def visitor(self, talk: Talk) -> dict[str, str]:
        return self.owner.visitor(talk.key)

    def writers(self, each: int, **options: Any) -> list[Writer]:
        """Two in each conversation: visitors' and agents' sockets, and programs."""
        writers: list[Writer] = []
        for number, talk in enumerate(self.talks):
            writers.append(BySocket(self.port, self.visitor(talk), talk.id, most=each, **options))
            if number % 2:
                writers.append(BySocket(self.port, self.owner.auth, talk.id, most=each, **options))
            else:
                writers.append(ByApi(self.owner, talk.id, self.port, most=each, **options))
        return writers

    def browsers(self, each: int, **options: Any) -> list[Writer]:
        """Visitors alone, two in each conversation."""
        return [
            BySocket(self.port, self.visitor(talk), talk.id, most=each, **options) for talk in self.talks for _ in "ab"
        ]

    def watchers(self, agents: int, visitors: int) -> list[Watcher]:
        """visitors: of each conversation."""
        apps: list[Watcher] = [AgentsApp(self.port, self.owner.auth) for _ in range(agents)]
        return apps + [Visitor(self.port, self.visitor(talk), talk.id) for talk in self.talks for _ in range(visitors)]


def begin(town: Town, talks: int = 4) -> Scene:
    """What an earlier scene broke may not be whole yet: like everybody, who is sent away comes again."""
    owner = _in_the_end(lambda: town.sign_up("Ada"))
    return Scene(town, owner, [_in_the_end(lambda: _talk(town, owner)) for _ in range(talks)])


def _talk(town: Town, owner: Owner) -> Talk:
    line = Line(town.balancer.port, owner.visitor())
    try:
        ack = line.ask("client_message", {"content": "Hello?", "client_message_id": str(uuid.uuid4())})
    finally:
        line.close()
    if error := ack.get("error"):
        raise Refused(error["code"], error["detail"])
    message = ack["message"]
    return Talk(ack["conversation_id"], ack["visitor_key"], (message["seq"], message["id"], message["content"]))


def _in_the_end(act: Callable[[], T], seconds: float = PATIENCE) -> T:
    deadline = time.monotonic() + seconds
    while True:
        try:
            return act()
        except (*LOST, Refused) as error:
            if (isinstance(error, Refused) and error.args[0] not in {503, "busy"}) or time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def play(writers: Sequence[Writer], faults: Sequence[Callable[[], None]] = (), *, seconds: float = 240) -> float:
    """Let them write to the end, with the faults spread evenly over what they send. Seconds that it took."""
    started = time.monotonic()
    for writer in writers:
        writer.start()
    whole = sum(writer.most for writer in writers)
    for number, fault in enumerate(faults, 1):
        share = whole * number // (len(faults) + 1)
        until(lambda share=share: said(writers) >= share or not alive(writers), seconds=seconds, why="they got stuck")
        fault()
    for writer in writers:
        writer.join(max(1, seconds - (time.monotonic() - started)))
    assert not alive(writers), "they got stuck"
    troubles = [writer.trouble for writer in writers if writer.trouble]
    assert not troubles, troubles
    return time.monotonic() - started


def said(writers: Sequence[Writer]) -> int:
    return sum(len(writer.acknowledged) for writer in writers)


def alive(writers: Sequence[threading.Thread]) -> bool:
    return any(writer.is_alive() for writer in writers)


def check(scene: Scene, writers: Sequence[Writer]) -> int:
    """Acknowledged is stored, nothing twice, numbers without gaps, and nothing that nobody wrote. Messages counted."""
    expected: dict[str, set[tuple[int, str, str]]] = {talk.id: {talk.first} for talk in scene.talks}
    for writer in writers:
        for content, (conversation_id, seq, message_id) in writer.acknowledged.items():
            expected[conversation_id].add((seq, message_id, content))
    for talk in scene.talks:
        stored = scene.owner.stored(talk.id)
        lost = expected[talk.id] - set(stored)
        extra = set(stored) - expected[talk.id]
        assert not lost, f"acknowledged and not stored so: {sorted(lost)[:5]} of {len(lost)}"
        assert not extra, f"stored, and acknowledged to nobody: {sorted(extra)[:5]} of {len(extra)}"
        assert [seq for seq, _id, _content in stored] == list(range(1, len(stored) + 1)), "a gap, or one number twice"
    feed = scene.owner.feed()
    assert feed == list(range(1, len(feed) + 1)), "the feed has a gap"
    assert scene.owner.feed_seq() == len(feed), "the feed's counter and its rows disagree"
    return sum(len(messages) for messages in expected.values())


def agree(scene: Scene, watchers: Sequence[Watcher], *, seconds: float = 90) -> float:
    """Every copy ends equal to the database. Seconds until the last one was."""
    stored = {talk.id: scene.owner.stored(talk.id) for talk in scene.talks}

    def differing() -> list[str]:
        return [
            f"{type(watcher).__name__} in {talk_id}: {_difference(watcher.contents(talk_id), messages)}"
            for watcher in watchers
            for talk_id, messages in stored.items()
            if not isinstance(watcher, Visitor) or watcher.conversation_id == talk_id
            if watcher.contents(talk_id) != messages
        ]

    deadline = time.monotonic() + seconds
    started = time.monotonic()
    while found := differing():
        troubles = [watcher.trouble for watcher in watchers if watcher.trouble]
        assert time.monotonic() < deadline, (found[:3], len(found), troubles)
        time.sleep(0.05)
    return time.monotonic() - started


def _difference(mine: list[tuple[int, str, str]], stored: list[tuple[int, str, str]]) -> str:
    return f"missing {sorted(set(stored) - set(mine))[:3]}, too much {sorted(set(mine) - set(stored))[:3]}"


class Cutter(threading.Thread):
    """Cuts connections in the middle of a frame, again and again.

    watchers: are waited for before each cut. On a machine so busy that a handshake takes longer than the pause between
    two cuts, nobody would ever get through.
    """

    def __init__(
        self, town: Town, seed: int, *, every: float = 0.4, share: float = 0.6, watchers: Sequence[Watcher] = ()
    ) -> None:
        super().__init__(name="cutter", daemon=True)
        self.town, self.dice, self.every, self.share = town, random.Random(seed), every, share
        self.watchers, self.halt = watchers, threading.Event()

    def run(self) -> None:
        while not self.halt.wait(self.dice.uniform(0.2, 1.8) * self.every):
            if all(watcher.is_live.is_set() for watcher in self.watchers):
                self.town.balancer.cut(self.dice, self.share)

    def stop(self) -> None:
        self.halt.set()
        self.join(10)
