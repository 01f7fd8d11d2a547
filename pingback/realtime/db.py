"""Database work of sockets: a few threads of their own, so that no request waits for them nor they for one."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, ParamSpec, TypeVar

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from foundation.errors import Unavailable

THREADS = 4
MAX_WAITING = 200
MAX_TOGETHER = 100

P = ParamSpec("P")
R = TypeVar("R")
Question = TypeVar("Question")
Answer = TypeVar("Answer")

_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="sockets")
_waiting = 0


class Busy(Unavailable):
    """More is waiting than we can do soon."""

    def __init__(self) -> None:
        super().__init__(_("Try again"))


async def run(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run `work` in a thread. Raises Busy when too much is waiting already."""
    global _waiting
    if _waiting >= MAX_WAITING:
        raise Busy
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_pool, _tidily, work, args, kwargs)
    finally:
        _waiting -= 1


def _tidily(work: Callable[..., R], args: tuple[object, ...], kwargs: dict[str, object]) -> R:
    """PostgreSQL's connection goes back to the pool, which looks at it before it lends it again.

    SQLite's stays with the thread for as long as nothing went wrong with it: opening one costs more than most
    questions do.
    """
    try:
        return work(*args, **kwargs)
    finally:
        if not settings.EMBEDDED or connection.errors_occurred:
            connection.close()


class Together(Generic[Question, Answer]):
    """Questions of one kind are answered in one visit to the database: those of one turn of the loop together, then
    those that came meanwhile. Belongs to one event loop.

    answer_all: what answers them, in order, in a thread; an exception in an answer's place is raised to its asker.
    most_waiting: beyond so many, who asks is sent away.
    """

    def __init__(
        self,
        answer_all: Callable[[Sequence[Question]], Sequence[Answer | Exception]],
        *,
        most_waiting: int = MAX_WAITING,
    ) -> None:
        self._answer_all = answer_all
        self._most_waiting = most_waiting
        self._waiting: list[tuple[Question, asyncio.Future[Answer]]] = []
        self._visits: asyncio.Task[None] | None = None

    async def ask(self, question: Question) -> Answer:
        """Raises Busy when too much is waiting already, and what the visit raises."""
        if len(self._waiting) >= self._most_waiting:
            raise Busy
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answered))
        if self._visits is None:
            self._visits = asyncio.create_task(self._visit())
        return await answered

    async def _visit(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting[:MAX_TOGETHER], self._waiting[MAX_TOGETHER:]
                for (_question, answered), answer in zip(asked, await self._answers(asked), strict=True):
                    if answered.done():  # whoever asked has gone
                        continue
                    if isinstance(answer, Exception):
                        answered.set_exception(answer)
                    else:
                        answered.set_result(answer)
        finally:
            self._visits = None

    async def _answers(self, asked: list[tuple[Question, asyncio.Future[Answer]]]) -> Sequence[Answer | Exception]:
        try:
            return await run(self._answer_all, [question for question, _answered in asked])
        except Exception as error:
            return [error] * len(asked)
