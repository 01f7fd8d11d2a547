"""Waiting for SQLite's one write lock leaves nothing behind that others could wait for."""

import gc
import sqlite3
import threading
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import OperationalError, connection, transaction

pytestmark = [
    pytest.mark.skipif(not settings.EMBEDDED, reason="of SQLite"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def somebody_writes() -> Iterator[None]:
    """Holds the lock, in a thread of its own, until the end of the test."""
    has_it, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            has_it.set()
            done.wait(60)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert has_it.wait(60)
    yield
    done.set()
    holder.join(60)


def test_a_refused_transaction_leaves_no_statement_to_whoever_collects_the_garbage(somebody_writes: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 20")
    with pytest.raises(OperationalError, match="locked") as refused, transaction.atomic():
        pass

    mine = [
        found
        for found in gc.get_objects()
        if issubclass(type(found), sqlite3.Cursor) and found.connection is connection.connection
    ]
    connection.close()
    assert refused  # its traceback is what keeps the cursor
    assert mine
    for found in mine:
        with pytest.raises(sqlite3.ProgrammingError, match="closed cursor"):
            found.fetchone()
