"""How the database goes about the lists: what they show is found in order, however much lies beside it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from conversations import feed, lists, selectors
from conversations.models import Conversation
from conversations.sorting import Sort
from foundation.ids import new_id
from tests import builders

pytestmark = pytest.mark.django_db
SOMEBODY = UUID("0193f3a0-0000-7000-8000-000000000007")


def plan(rows: Any) -> str:
    """On PostgreSQL without what it does to small tables alone, so that it shows what it would do to large ones."""
    sql, params = rows.query.sql_with_params()
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off"
            )
            cursor.execute("EXPLAIN (COSTS OFF) " + sql, params)
            return "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("EXPLAIN QUERY PLAN " + sql, params)
        return "\n".join(row[3] for row in cursor.fetchall())


def is_in_order(found: str, index: str, table: str) -> bool:
    """By this index, without sorting. SQLite names the indexes of constraints itself."""
    by_index = index in found or f"{table} USING INDEX sqlite_autoindex" in found
    return by_index and "Sort" not in found and "TEMP B-TREE" not in found


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        ({}, "conversation_newest"),
        ({"status": "open"}, "conversation_by_status"),
        ({"assignee_id": SOMEBODY}, "conversation_of_assignee"),
        ({"assignee_id": SOMEBODY, "status": "open"}, ""),  # that one or the status's: both are in order
        ({"unassigned": True}, "conversation_unassigned"),
        ({"unassigned": True, "status": "open"}, ""),
        ({"team_id": SOMEBODY}, "conversation_of_team"),
        ({"team_id": SOMEBODY, "status": "open"}, ""),
    ],
    ids=str,
)
def test_a_list_is_read_in_order_from_an_index_of_its_own(
    acme: Business, ada: User, filters: dict[str, Any], index: str
) -> None:
    builders.conversation(acme)

    found = plan(selectors.inbox(ada, **filters)[:20])

    assert index in found
    assert "Sort" not in found
    assert "TEMP B-TREE" not in found


def test_a_later_page_begins_where_the_one_before_ended(acme: Business, ada: User, monkeypatch: Any) -> None:
    builders.conversation(acme)
    asked: list[Any] = []
    monkeypatch.setattr("conversations.sorting.list", lambda rows: asked.append(rows) or [], raising=False)
    cursor = f"0_{(timezone.now() - timedelta(days=9)).isoformat()}_{new_id()}"

    lists.rows_of(ada, lists.Place(listing=lists.LISTS["closed"]), cursor=cursor)

    entered = next(line for line in plan(asked[0]).splitlines() if "updated_at <" in line or "updated_at<" in line)
    assert "Index Cond" in entered or "USING INDEX" in entered


@pytest.mark.parametrize("sort", Sort.values)
def test_every_order_of_a_list_is_read_in_order(
    acme: Business, ada: User, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    builders.conversation(acme)
    asked: list[Any] = []
    monkeypatch.setattr("conversations.sorting.list", lambda rows: asked.append(rows) or [], raising=False)

    lists.rows_of(ada, lists.Place(listing=lists.LISTS["open"], sort=Sort(sort)), cursor=None)

    for rows in asked:
        found = plan(rows)
        assert "Sort" not in found
        assert "TEMP B-TREE" not in found


@pytest.mark.parametrize("page", ["newest", "before", "after"])
def test_a_window_of_a_thread_is_read_in_order_from_its_index(
    acme: Business, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = builders.conversation(acme)
    asked: list[Any] = []
    monkeypatch.setattr("conversations.selectors.list", lambda rows: asked.append(rows) or [], raising=False)

    if page == "after":
        selectors.messages_after(conversation, 3, limit=50)
    else:
        selectors.messages_before(conversation, 3 if page == "before" else None, limit=50)

    assert is_in_order(plan(asked[0]), "message_seq_once", "conversations_message")


def test_the_feed_is_read_in_order_from_its_index(acme: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("conversations.feed.list", lambda rows: asked.append(rows) or [], raising=False)

    feed.missed(acme.pk, after=acme.feed_seq, limit=100)

    assert is_in_order(plan(asked[0]), "feed_seq_once", "businesses_feedevent")


@pytest.mark.parametrize("name", list(lists.LISTS))
def test_a_list_is_counted_within_an_index(acme: Business, ada: User, name: str) -> None:
    builders.conversation(acme)

    found = plan(Conversation.objects.visible_to(ada).filter(lists.LISTS[name].belongs(ada)).values("pk")[:100])

    assert "Seq Scan" not in found
    assert "SCAN" not in found


def test_messages_that_were_read_are_not_looked_at_when_the_unread_are_counted(acme: Business, ada: User) -> None:
    builders.conversation(acme)

    found = plan(selectors.inbox(ada)[:20])

    by_number = next(line for line in found.splitlines() if "seq >" in line or "seq>" in line)
    assert "Index Cond" in by_number or "USING INDEX" in by_number
