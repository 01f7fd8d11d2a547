"""Work that no answer waits for, like handing over a mail: neither its duration nor its outcome shows in the answer.

Best effort: what is lost with the process can be asked for again. What must not be lost is a row.
"""

import atexit
import logging
import queue
import threading
import time
from collections.abc import Callable

from django.db import close_old_connections

log = logging.getLogger("pingback.later")

Work = Callable[[], None]


class Pool:
    """Daemon threads, so that the process ends when it has to: Python's own pool waits for its threads."""

    def __init__(self, *, threads: int, most: int) -> None:
        """most: so much may wait; what comes then is refused."""
        self._threads = threads
        self._waiting: queue.Queue[Work] = queue.Queue(most)
        self._starting = threading.Lock()

    def submit(self, work: Work) -> None:
        """Raises queue.Full."""
        self._waiting.put_nowait(work)
        with self._starting:
            if self._threads:
                self._threads -= 1
                threading.Thread(target=self._work, name="later", daemon=True).start()

    def finish(self, *, seconds: float) -> bool:
        """Give what waits and what is under way that long; whether all of it is done."""
        until = time.monotonic() + seconds
        with self._waiting.all_tasks_done:
            while self._waiting.unfinished_tasks and (left := until - time.monotonic()) > 0:
                self._waiting.all_tasks_done.wait(left)
        return not self._waiting.unfinished_tasks

    def _work(self) -> None:
        while True:
            work = self._waiting.get()
            try:
                work()
            except Exception:
                log.exception("Something that nobody waits for failed")
            finally:
                close_old_connections()
                self._waiting.task_done()


_pool = Pool(threads=2, most=1_000)


def later(work: Work) -> None:
    """Run it soon, in another thread with database connections of its own; not at all when too much waits already."""
    try:
        _pool.submit(work)
    except queue.Full:
        log.error("Something that nobody waits for was left out: too much is waiting")


@atexit.register
def _finish() -> None:
    """A part of the 15 seconds in which a process ends."""
    if not _pool.finish(seconds=4):
        log.warning("The process ends before everything that nobody waits for was done")
