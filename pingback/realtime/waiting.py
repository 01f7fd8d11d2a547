"""GET /feed?wait=: an answer that waits, without a thread, a connection to the database or a place among the requests.

The request goes to Django as it is. When there is nothing to tell yet, it waits here until the workspace's feed moves
(in this process or another), and goes to Django again: a live event is a hint, and the row is the truth.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from conversations.api.feed import Wait
from pingback.realtime import bus, sockets

PATHS = {"/api/v1/feed", "/api/v1/feed/"}
MAX_WAITING = 1_000
PER_MEMBER = 10

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_waiting: dict[str, set[asyncio.Future[None]]] = {}
_of_member: Counter[UUID] = Counter()
_is_leaving = False


def wake(business: str | None) -> None:
    """The workspace's feed moved, or may have; None: of all."""
    for news in _waiting.get(business, set()) if business else set().union(*_waiting.values()):
        if not news.done():
            news.set_result(None)


def leave() -> None:
    """The process ends: nobody waits any longer."""
    global _is_leaving
    _is_leaving = True
    wake(None)


class Waiting:
    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in PATHS or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        wait, answer = await self._ask(scope)
        if wait.seconds and _has_room(wait):
            with _listening(wait) as news:
                # What happened before we listened.
                again, answer = await self._ask(scope)
                if again.seconds:
                    await _first(news, _gone(receive), seconds=wait.seconds)
                    _again, answer = await self._ask(scope)
        for message in answer:
            await send(message)

    async def _ask(self, scope: Scope) -> tuple[Wait, list[Message]]:
        wait, answer = Wait(), list[Message]()

        async def keep(message: Message) -> None:
            answer.append(message)

        await self.app({**scope, "pingback.wait": wait}, _nothing_sent(), keep)
        return wait, answer


def _has_room(wait: Wait) -> bool:
    """Whoever finds none is answered at once, and asks again."""
    assert wait.membership_id
    return not _is_leaving and _of_member.total() < MAX_WAITING and _of_member[wait.membership_id] < PER_MEMBER


@contextmanager
def _listening(wait: Wait) -> Iterator[asyncio.Future[None]]:
    """The future ends when the workspace's feed moves."""
    assert wait.membership_id
    business, news = str(wait.business_id), asyncio.get_running_loop().create_future()
    _waiting.setdefault(business, set()).add(news)
    _of_member[wait.membership_id] += 1
    if sockets.in_order.listen(business, after=wait.seq):
        bus.listen(business)
    try:
        yield news
    finally:
        if sockets.in_order.leave(business):
            bus.leave(business)
        _of_member[wait.membership_id] -= 1
        if not _of_member[wait.membership_id]:
            del _of_member[wait.membership_id]
        _waiting[business].discard(news)
        if not _waiting[business]:
            del _waiting[business]


async def _first(news: asyncio.Future[None], gone: Awaitable[None], *, seconds: float) -> None:
    """Until there is news, or nobody who waits for it."""
    leaving = asyncio.ensure_future(gone)
    try:
        await asyncio.wait([news, leaving], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        leaving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await leaving


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _nothing_sent() -> Receive:
    """A request without a body; whether its sender stays is looked at elsewhere."""
    is_read = False

    async def receive() -> Message:
        nonlocal is_read
        if is_read:
            await asyncio.Event().wait()
        is_read = True
        return {"type": "http.request", "body": b"", "more_body": False}

    return receive
