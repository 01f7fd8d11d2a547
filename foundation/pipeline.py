"""Our subclass of psycopg's pipeline; tests/foundation/test_pipeline.py holds what it relies on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.generators import send
from psycopg.pq import TransactionStatus

Gen = Any  # psycopg's own: a generator that says what it waits for


@contextmanager
def pipeline(connection: "psycopg.Connection[Any]") -> Iterator[None]:
    """`connection.pipeline()`, of the kind below."""
    if connection._pipeline is None:
        connection._pipeline = Pipeline(connection)
    with connection.pipeline():
        yield


class Pipeline(psycopg.Pipeline):
    """What is asked goes out in one piece once somebody reads an answer, and all answers come back in one.

    The library's own writes to the network with every statement and looks whether an answer is there, which takes
    longer than the rest of it, and goes there and back once more at the beginning and at the end.
    """

    def _communicate_gen(self) -> Gen:
        """libpq keeps what it is given."""
        while self.command_queue:
            self.command_queue.popleft()()
        yield from ()

    def _sync_gen(self) -> Gen:
        """Called behind BEGIN, which goes along with what follows it, and behind COMMIT."""
        if self.pgconn.transaction_status == TransactionStatus.IDLE:
            yield from self._communicate_gen()
        else:
            yield from super()._sync_gen()

    def _fetch_gen(self, *, flush: bool) -> Gen:
        """flush: nobody has asked for the answers yet."""
        if flush and self.result_queue:
            self._enqueue_sync()
            yield from self._communicate_gen()
        yield from send(self.pgconn)
        yield from super()._fetch_gen(flush=False)

    def _exit_gen(self) -> Gen:
        """Nothing when all answers have been read."""
        yield from self._communicate_gen()
        yield from self._fetch_gen(flush=True)
