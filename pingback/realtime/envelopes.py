"""Events and verbs between processes, over Django Channels' layer.

What travels is an envelope, one of
  {"business", "seq", "out": [[room, packet], ...], "wrote"?}   a feed event, encoded once, emitted in the feed's order;
                                                      of a new message: [conversation, user or None for a customer]
  {"room", "packet", "skip", "business"?}             what has no place in the feed
  {"business", "typing", ...}, {"business", "company"}  who writes (typing.py) and who is there (presence.py)
  {"cut": room, "reason"}                             close the sockets of a room
  {"person", "signed"}                                what a member's messages are signed with has changed
  {"business", "widget", "config"}                    what a widget's visitors may do may have changed
Without REDIS_URL there is one process and nothing travels.

Each workspace has a Channels group, which a process joins while it has sockets of it. Not each room: the feed's
numbers, by which a process puts events in order, have no holes only for who hears all of a workspace. What names no
workspace, and the beats, go to a control group that every process hears.

Pub/sub loses what is sent while Redis is away, and nobody says so. So every process numbers what it publishes to each
group, and beats once a second with the numbers it has reached: a hole is a loss, and the local sockets of that group
are told to fetch anew; a hole in the control group means that anything may be missing.
"""

import asyncio
import logging
import time
import uuid
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

from channels.layers import get_channel_layer
from django.conf import settings

log = logging.getLogger("pingback.realtime")

CONTROL = "pingback"
BEAT_SECONDS = 1
# Heard nothing of ourselves for so long: the bus is down.
SILENCE_SECONDS = 4
ASK_SECONDS = 5
FORGET_SECONDS = 60
MAX_OUTBOX = 5_000
MAX_BATCH = 100

Envelope = dict[str, Any]


@dataclass(slots=True)
class _Host:
    """What was heard of another process. numbers: the last one in each group."""

    heard_at: float
    beat_at: float = float("-inf")
    numbers: dict[str, int] = field(default_factory=dict)


class Bus:
    """Belongs to one event loop.

    hear: what to do with an envelope here.
    gap: what a workspace's sockets missed is unknown; None for those of all.
    joined: from now on everything of this workspace is heard.
    """

    def __init__(
        self,
        *,
        hear: Callable[[Envelope], None] | None = None,
        gap: Callable[[str | None], None] = lambda business: None,
        joined: Callable[[str], None] = lambda business: None,
    ) -> None:
        self._hear, self._gap, self._joined = hear, gap, joined
        self._host = uuid.uuid4().hex
        self._outbox: deque[Envelope] = deque()
        self._on_the_way = 0
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        # By group. One number for each workspace that this process has ever spoken of.
        self._numbers: dict[str, int] = {}
        self._untold: set[str] = set()  # groups whose number no beat has told yet
        self._told: dict[str, int] = {}  # as of the last beat
        self._hosts: dict[str, _Host] = {}
        self._heard_ourselves = float("-inf")
        self._channel = ""
        self._wanted: set[str] = set()  # workspaces with sockets here
        self._groups: dict[str, float] = {}  # joined, and heard since when; inf until our own greeting came back
        self._regroup = asyncio.Event()

    async def start(self) -> None:
        if not settings.REDIS_URL:
            return
        work: list[Coroutine[Any, Any, None]] = [self._pump(), self._beat()]
        if self._hear:
            work.append(self._listen())
        self._tasks = [asyncio.create_task(coroutine) for coroutine in work]

    async def stop(self) -> None:
        """Sends what waits, for a moment."""
        deadline = time.monotonic() + 1
        while (self._outbox or self._on_the_way) and self._tasks and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def take(self, envelopes: Iterable[Envelope]) -> None:
        """Here first, then everywhere else. Never waits, never raises."""
        for envelope in envelopes:
            self._deliver(envelope)
            if self._tasks:
                self._outbox.append(envelope)
        if len(self._outbox) > MAX_OUTBOX:
            for group in set(map(_group_of, self._outbox)):
                self._next_number(group)  # the hole tells the others
            self._outbox.clear()
        if self._outbox:
            self._wake.set()

    def listen(self, business: str) -> None:
        """This process has a socket of the workspace."""
        self._wanted.add(business)
        if _name(business) not in self._groups:
            self._regroup.set()

    def leave(self, business: str) -> None:
        """It has none any more. The group is left with the next beat, in case the page was only reloaded."""
        self._wanted.discard(business)

    def is_up(self) -> bool:
        if not settings.REDIS_URL:
            return has_nobody_else()
        return time.monotonic() - self._heard_ourselves < SILENCE_SECONDS

    # Speaking -------------------------------------------------------------------------------------------

    async def _pump(self) -> None:
        """What is added while a batch is under way goes out together in the next one, a message for each group."""
        layer = get_channel_layer()
        while True:
            await self._wake.wait()
            self._wake.clear()
            batches: dict[str, list[Envelope]] = {}
            for _ in range(min(MAX_BATCH, len(self._outbox))):
                envelope = self._outbox.popleft()
                batches.setdefault(_group_of(envelope), []).append(envelope)
            await self._publish(layer, batches)
            if self._outbox:
                self._wake.set()

    async def _publish(self, layer: Any, batches: dict[str, list[Envelope]], **more: Any) -> None:
        messages = [
            {
                "type": "bus",
                "host": self._host,
                "group": group,
                "number": self._next_number(group),
                "told": self._told.get(group, 0),
                "batch": batch,
                **more,
            }
            for group, batch in batches.items()
        ]
        self._on_the_way += 1
        try:
            await asyncio.gather(*[layer.group_send(message["group"], message) for message in messages])
        except Exception as error:
            log.warning("The bus is away: %s", error)
            await asyncio.sleep(BEAT_SECONDS)
        finally:
            self._on_the_way -= 1

    def _next_number(self, group: str) -> int:
        self._numbers[group] = self._numbers.get(group, 0) + 1
        self._untold.add(group)
        return self._numbers[group]

    async def _beat(self) -> None:
        """A beat that is lost leaves a hole in the control group, so what it told is known to be missing."""
        layer = get_channel_layer()
        while True:
            news = {group: self._numbers[group] for group in self._untold - {CONTROL}}
            self._untold = set()
            self._told |= news
            await self._publish(layer, {CONTROL: []}, beat=news)
            self._regroup.set()
            await asyncio.sleep(BEAT_SECONDS)

    # Hearing --------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        layer = get_channel_layer()
        self._channel = await _until_it_works(layer.new_channel)
        await _until_it_works(lambda: layer.group_add(CONTROL, self._channel))
        # From here on we miss nothing of ourselves.
        self._hosts[self._host] = _Host(time.monotonic(), numbers={CONTROL: self._numbers.get(CONTROL, 0)})
        self._tasks.append(asyncio.create_task(self._keep_groups(layer)))
        while True:
            try:
                self._heard(await layer.receive(self._channel))
            except Exception:  # what others put on the same Redis, too
                log.exception("What the bus brought could not be delivered")
                await asyncio.sleep(BEAT_SECONDS / 10)

    async def _keep_groups(self, layer: Any) -> None:
        """Be in the groups of the workspaces that have sockets here.

        Nothing is lost on the way in. What was committed before our own greeting comes back through the group may
        not have been heard, so then `joined` compares the feed with the database; what is published after that
        arrives. A handshake does not wait for any of this: Redis may be away.
        """
        while True:
            await self._regroup.wait()
            self._regroup.clear()
            wanted = {_name(business) for business in self._wanted}
            try:
                async with asyncio.timeout(ASK_SECONDS):
                    for group in wanted - self._groups.keys():
                        await layer.group_add(group, self._channel)
                        self._groups[group] = float("inf")
                    for group in self._groups.keys() - wanted:
                        await layer.group_discard(group, self._channel)
                        self._forget(group)
                    greeting = {"type": "bus", "hello": self._host}
                    unheard = [group for group, since in self._groups.items() if since == float("inf")]
                    await asyncio.gather(*[layer.group_send(group, {**greeting, "group": group}) for group in unheard])
            except Exception as error:  # the next beat tries again
                log.warning("The bus is away: %s", error)

    def _in_since(self, group: str) -> float:
        return self._groups.get(group, float("inf"))

    def _forget(self, group: str) -> None:
        del self._groups[group]
        for host in self._hosts.values():
            host.numbers.pop(group, None)

    def _heard(self, message: dict[str, Any]) -> None:
        group = message["group"]
        if "hello" in message:
            if message["hello"] == self._host and self._groups.get(group) == float("inf"):
                self._groups[group] = time.monotonic()
                self._joined(_business(group))
            return
        now = time.monotonic()
        if message["host"] == self._host:
            self._heard_ourselves = now
        host = self._known(message["host"], now)
        before = host.numbers.get(group)
        if before is None and self._in_since(group) < host.beat_at:
            before = message["told"]
        host.numbers[group] = message["number"]
        if before is not None and message["number"] > before + 1:
            self._missed(group)
        if "beat" in message:
            self._compare(message["host"], message["beat"], now)
        if message["host"] != self._host:
            for envelope in message["batch"]:
                self._deliver(envelope)

    def _compare(self, name: str, told: dict[str, int], now: float) -> None:
        """Whether we have heard as much from a process as it says to have said."""
        host = self._known(name, now)
        for group, number in told.items():
            since = self._in_since(group)
            if name == self._host or since == float("inf"):
                continue
            # In a group since before its last beat we would have heard what it has said there meanwhile.
            before = host.numbers.get(group, 0 if since < host.beat_at else number)
            host.numbers[group] = max(before, number)
            if before < number:
                self._missed(group)
        host.beat_at = now

    def _known(self, name: str, now: float) -> _Host:
        if name not in self._hosts:
            self._hosts = {each: host for each, host in self._hosts.items() if now - host.heard_at < FORGET_SECONDS}
            self._hosts[name] = _Host(now)
        self._hosts[name].heard_at = now
        return self._hosts[name]

    def _missed(self, group: str) -> None:
        if group == CONTROL:
            # Whoever else was not heard meanwhile is covered by the same fetching.
            for host in self._hosts.values():
                control = host.numbers.get(CONTROL)
                host.numbers = {CONTROL: control} if control is not None else {}
            self._gap(None)
        elif group in self._groups:
            self._gap(_business(group))

    def _deliver(self, envelope: Envelope) -> None:
        if self._hear:
            try:
                self._hear(envelope)
            except Exception:
                log.exception("An envelope could not be delivered")


def has_nobody_else() -> bool:
    """One process is all there is, as far as the settings say: nothing has to travel."""
    return bool(settings.EMBEDDED or settings.WORKER_IN_PROCESS)


def _name(business: str) -> str:
    return f"{CONTROL}.{business}"


def _business(group: str) -> str:
    return group.removeprefix(f"{CONTROL}.")


def _group_of(envelope: Envelope) -> str:
    business = envelope.get("business")
    return _name(business) if business else CONTROL


async def _until_it_works(attempt: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    while True:
        try:
            return await attempt()
        except Exception as error:
            log.warning("The bus is away: %s", error)
            await asyncio.sleep(BEAT_SECONDS)
