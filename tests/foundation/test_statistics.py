"""What SQLite's planner is told of the tables."""

import pytest
from django.db import connection
from django.utils import timezone

from businesses.models import Business
from conversations.models import Customer
from conversations.search.index import table_of
from conversations.search.models import Shelf
from foundation import statistics

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("config.getoption('--services')", reason="PostgreSQL looks by itself"),
]


def plan(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return "\n".join(row[3] for row in cursor.fetchall())


def known() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tbl FROM sqlite_stat1")
        return {row[0] for row in cursor.fetchall()}


def test_a_table_that_was_small_is_not_gone_through_once_it_is_large(acme: Business) -> None:
    """Of the search's own tables that was what each few messages did, for as long as a new installation ran."""
    statistics.refresh()

    for shelf in Shelf:
        found = plan(f"DELETE FROM {table_of(shelf)}_data WHERE id >= 1 AND id <= 2")  # as FTS5 puts it
        assert found.startswith("SEARCH"), found


def test_of_large_tables_it_is_known_how_large_they_are(acme: Business) -> None:
    now = timezone.now()
    Customer.objects.bulk_create(
        Customer(business=acme, name=f"Number {number}", created_at=now) for number in range(statistics.SMALL)
    )

    statistics.refresh()

    assert Customer._meta.db_table in known()
    assert Business._meta.db_table not in known()
