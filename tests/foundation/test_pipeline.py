"""PostgreSQL is asked in few pieces, and what we rely on inside psycopg is there."""

import hashlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from foundation import rows

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs --services"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def counter() -> Iterator[Callable[[], int]]:
    """A sequence, and how often it was asked, as another connection sees it: no transaction takes that back."""
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE asked MINVALUE 0")

        def asked() -> int:
            cursor.execute("SELECT last_value FROM asked WHERE is_called UNION ALL SELECT 0")
            return int(cursor.fetchone()[0])

        yield asked
        cursor.execute("DROP SEQUENCE asked")
    other.close()


def test_nothing_is_sent_before_somebody_reads_an_answer_and_then_all_of_it(counter: Callable[[], int]) -> None:
    with transaction.atomic(), rows.pipelined():
        rows.ask("SELECT nextval('asked')", [])
        second = rows.ask("SELECT nextval('asked')", [])
        assert counter() == 0
        assert second() == [(1,)]
        rows.ask("SELECT nextval('asked')", [])
        assert counter() == 1
    assert counter() == 2  # the end sends what nobody reads


def test_what_fails_says_so_and_the_connection_goes_on(ada: User) -> None:
    twin = User(email=ada.email, full_name="Twin")
    with pytest.raises(IntegrityError), transaction.atomic(), rows.pipelined():
        rows.insert([twin])
    with pytest.raises(IntegrityError):
        _insert_and_ask(twin)

    assert rows.ask("SELECT 2", [])() == [(2,)]
    assert not User.objects.filter(full_name="Twin").exists()


def _insert_and_ask(row: User) -> None:
    with transaction.atomic(), rows.pipelined():
        rows.insert([row])
        rows.ask("SELECT 1", [])()


DIGESTS: dict[str, str] = {
    "Connection.pipeline": "954640e51e5d",
    "Connection._start_query": "bf3d90efd129",
    "Pipeline.__exit__": "0f93e86e8d39",
    "Pipeline._communicate_gen": "e1b241de73fc",
    "Pipeline._enqueue_sync": "976a6bf02bf2",
    "Pipeline._exit_gen": "fd7793ca0482",
    "Pipeline._fetch_gen": "c2bcdf56de27",
    "Pipeline._sync_gen": "e808e0941b7e",
    "Cursor._execute_gen": "d4128fe2e220",
    "Cursor._fetch_pipeline": "cee672b7f290",
}


@pytest.mark.parametrize("name", DIGESTS)
def test_psycopg_is_still_what_we_read(name: str) -> None:
    """When an upgrade changes one, read the change, adapt foundation/pipeline.py, and write the new digest down."""
    import psycopg

    function: Any = psycopg
    for part in name.split("."):
        function = getattr(function, part)

    assert hashlib.sha256(inspect.getsource(function).encode()).hexdigest()[:12] == DIGESTS[name]
