"""PostgreSQL is asked in few pieces, and what we rely on inside psycopg is there."""

import hashlib
import inspect
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest
from django.db import IntegrityError, NotSupportedError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from foundation import rows

if TYPE_CHECKING:
    from foundation import straight

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
    twin = _person(ada.email, "Twin")
    with pytest.raises(IntegrityError), transaction.atomic(), rows.pipelined():
        rows.insert([twin])
    with pytest.raises(IntegrityError):
        _insert_and_ask(twin)

    assert rows.ask("SELECT 2", [])() == [(2,)]
    assert not User.objects.filter(full_name="Twin").exists()


def _person(email: str, name: str) -> User:
    return User(email=email, full_name=name, created_at=timezone.now())


def _insert_and_ask(row: User) -> None:
    with transaction.atomic(), rows.pipelined():
        rows.insert([row])
        rows.ask("SELECT 1", [])()


def test_a_commit_goes_with_what_nobody_has_read_yet_and_who_runs_after_it_finds_the_answers(ada: User) -> None:
    found: list[Any] = []
    with transaction.atomic(), rows.pipelined(commits=True):
        rows.insert([_person("twin@example.com", "Twin")])
        answer = rows.ask("SELECT 7", [])
        transaction.on_commit(lambda: found.append((answer(), User.objects.filter(full_name="Twin").exists())))
    assert found == [([(7,)], True)]


def test_what_fails_with_the_commit_is_taken_back_and_says_so(ada: User) -> None:
    with pytest.raises(IntegrityError):
        _insert_and_commit(_person("triplet@example.com", "Triplet"), _person(ada.email, "Twin"))
    assert not User.objects.filter(full_name="Triplet").exists()
    assert rows.ask("SELECT 2", [])() == [(2,)]


def test_what_is_part_of_another_transaction_ends_with_that_one() -> None:
    with transaction.atomic():
        _insert_and_commit(_person("twin@example.com", "Twin"))
        transaction.set_rollback(True)
    assert not User.objects.filter(full_name="Twin").exists()


def _insert_and_commit(*new: User) -> None:
    with transaction.atomic(), rows.pipelined(commits=True):
        for row in new:
            rows.insert([row])


def _straight(sql: str, given: list[Any]) -> "straight.Answer | None":
    from foundation import straight  # psycopg is not there without PostgreSQL

    return straight.ask(connection, sql, given)


@pytest.mark.parametrize("together", [False, True])
def test_what_is_asked_often_goes_the_short_way_and_is_answered_alike(together: bool) -> None:
    sql, given = "SELECT %s::int, now() > %s::timestamptz, %s::text, NULL::uuid", [5, "2020-01-01T00:00:00Z", "ä%"]
    assert _straight(sql, given) is None
    for _ in range(6):
        assert rows.ask(sql, given)() == [(5, True, "ä%", None)]

    with transaction.atomic(), rows.pipelined() if together else nullcontext():
        answer = _straight(sql, given)
        assert answer
        assert answer.rows() == [(5, True, "ä%", None)]
    with CaptureQueriesContext(connection) as heard:
        rows.ask(sql, given)()
    assert len(heard) == 1


def test_a_plan_that_is_no_longer_good_is_made_anew() -> None:
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("CREATE TABLE changing (one int)")
        try:
            for _ in range(6):
                assert rows.ask("SELECT * FROM changing", [])() == []
            cursor.execute("ALTER TABLE changing ADD two int")
            with pytest.raises(NotSupportedError):
                rows.ask("SELECT * FROM changing", [])()
            assert rows.ask("SELECT * FROM changing", [])() == []
        finally:
            cursor.execute("DROP TABLE changing")
            other.close()


def test_what_a_rollback_made_psycopg_forget_is_prepared_again() -> None:
    for _ in range(6):
        rows.ask("SELECT 3", [])()
    with transaction.atomic():
        rows.ask("SELECT 3", [])()
        transaction.set_rollback(True)
    assert _straight("SELECT 3", []) is None
    assert rows.ask("SELECT 3", [])() == [(3,)]


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
    # foundation/straight.py does what these do
    "Connection._commit_gen": "125b5c5fef4d",
    "Cursor._check_results": "ee0084e7ae03",
    "Cursor._maybe_prepare_gen": "86dc8e74d068",
    "Cursor._send_query_prepared": "b93f0ec6a1ac",
    "Pipeline._process_results": "ea5c5d588a64",
    "_preparing.PrepareManager.get": "92bd48792422",
    "_preparing.PrepareManager.maybe_add_to_cache": "cc8322856abe",
    "_preparing.PrepareManager.clear": "280d908190b9",
    "_queries.PostgresQuery.dump": "5f1575fab909",
    "_queries._query2pg_nocache": "a57458f5b0a7",
}


@pytest.mark.parametrize("name", DIGESTS)
def test_psycopg_is_still_what_we_read(name: str) -> None:
    """When an upgrade changes one, read the change, adapt pipeline.py or straight.py, and write the new digest down."""
    import psycopg

    function: Any = psycopg
    for part in name.split("."):
        function = getattr(function, part)

    assert hashlib.sha256(inspect.getsource(function).encode()).hexdigest()[:12] == DIGESTS[name]
