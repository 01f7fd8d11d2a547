"""How the database goes about the lists: what they show is found in order, however much lies beside it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from businesses.reading import READER
from conversations import feed, lists, narrowing, pages, people, selectors
from conversations.models import ChannelType, Conversation, Customer
from conversations.narrowing import Shape
from conversations.sorting import MENTIONED, Part, Sort
from foundation import rows, statistics
from foundation.ids import new_id
from foundation.prepared import Prepared
from tests import builders

pytestmark = pytest.mark.django_db
SOMEBODY = UUID("0193f3a0-0000-7000-8000-000000000007")


@pytest.fixture(autouse=True)
def nothing_known_of_the_tables(db: None) -> None:
    """SQLite may remember tables of one row, which another test's chores have looked at."""
    if "sqlite_stat1" in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM sqlite_stat1")
            cursor.execute("ANALYZE sqlite_schema")  # reads again what is left, and looks at nothing


def plan(asked: Prepared[Any], **given: Any) -> str:
    """On PostgreSQL without what it does to small tables alone, so that it shows what it would do to large ones; and as
    it is planned once for all values.
    """
    ids = "reader", "business", "conversation", "assignee", "team", "channel", "tag"
    values = {**dict.fromkeys(ids, SOMEBODY), **given}
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off;"
                "SET LOCAL plan_cache_mode = force_generic_plan"
            )
            return "\n".join(row[0] for row in rows.ask("EXPLAIN (COSTS OFF) " + asked.sql, asked.bound(values))())
        return "\n".join(row[3] for row in rows.ask("EXPLAIN QUERY PLAN " + asked.sql, asked.bound(values))())


def is_in_order(found: str, index: str, table: str) -> bool:
    """By this index, without sorting. SQLite names the indexes of constraints itself."""
    by_index = index in found or f"{table} USING INDEX sqlite_autoindex" in found
    return by_index and "Sort" not in found and "TEMP B-TREE" not in found


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({}, "conversation_newest"),
        ({"status": "open"}, "conversation_by_status"),
        ({"assignee": ""}, "conversation_of_assignee"),
        ({"status": "open", "assignee": ""}, ""),  # that one or the status's: both are in order
        ({"assignee": "none"}, "conversation_unassigned"),
        ({"status": "open", "assignee": "none"}, ""),
        ({"team": ""}, "conversation_of_team"),
        ({"status": "open", "team": ""}, ""),
        ({"status": "open", "channel": ""}, "conversation_by_status"),
        ({"status": "open", "unread": "yes"}, "conversation_by_status"),
    ],
    ids=str,
)
def test_a_list_is_read_in_order_from_an_index_of_its_own(acme: Business, asked: dict[str, str], index: str) -> None:
    builders.conversation(acme)
    if connection.vendor == "postgresql" and asked:
        with connection.cursor() as cursor:  # of a handful of rows the index of all will do: without it it shows
            cursor.execute("DROP INDEX conversation_newest")

    found = plan(narrowing.page_question(Shape(asked=tuple(asked.items())), Part(Sort.NEWEST, 0), 0, 20))

    assert index in found
    assert "Sort" not in found
    assert "TEMP B-TREE" not in found


def test_a_later_page_begins_where_the_one_before_ended(acme: Business) -> None:
    builders.conversation(acme)
    where = {"place_0": timezone.now() - timedelta(days=9), "place_1": new_id()}

    found = plan(lists.question_of("closed", Part(Sort.NEWEST, 0, is_placed=True)), **where)

    entered = next(line for line in found.splitlines() if "updated_at <" in line or "updated_at<" in line)
    assert "Index Cond" in entered or "USING INDEX" in entered


@pytest.mark.parametrize("many", [10, 1_000])
@pytest.mark.parametrize(
    ("sort", "index"),
    [
        (Sort.NEWEST, ""),  # of its status, or among all: few rows are quickly passed over
        (Sort.OLDEST, ""),
        (Sort.WAITING, "conversation_waiting"),
        (Sort.PRIORITY, "conversation_by_priority"),
    ],
)
def test_every_order_of_a_list_is_read_in_order(acme: Business, sort: Sort, index: str, many: int) -> None:
    now = timezone.now()
    Conversation.objects.bulk_create(
        Conversation(
            business=acme,
            channel_type=ChannelType.WIDGET,
            priority=number % 5,
            waiting_since=now - timedelta(seconds=number) if number % 3 else None,
            created_at=now,
            updated_at=now - timedelta(minutes=number),
        )
        for number in range(many)
    )
    statistics.refresh()

    first = plan(lists.question_of("open", Part(sort, 0)))

    assert index in first
    for number in range(1 + (sort in {Sort.WAITING, Sort.PRIORITY})):
        for found in (
            plan(lists.question_of("open", Part(sort, number))),
            plan(
                lists.question_of("open", Part(sort, number, is_placed=True)),
                place_0=2 if (sort, number) == (Sort.PRIORITY, 0) else timezone.now(),
                place_1=timezone.now() if (sort, number) == (Sort.PRIORITY, 0) else new_id(),
                place_2=new_id(),
            ),
        ):
            assert "Sort" not in found
            assert "TEMP B-TREE" not in found


def test_the_newest_mention_is_found_among_the_readers_own(acme: Business) -> None:
    builders.conversation(acme)

    for found in (
        plan(lists.question_of("mentions", Part(MENTIONED, 0))),
        plan(lists.question_of("mentions", Part(MENTIONED, 0, is_placed=True)), place_0=7, place_1=new_id()),
    ):
        assert "mention_of_user" in found


@pytest.mark.parametrize("page", ["newest", "before", "after"])
def test_a_window_of_a_thread_is_read_in_order_from_its_index(acme: Business, page: str) -> None:
    builders.conversation(acme)
    asked = {
        "newest": lambda: selectors.last_messages(50, is_first=True),
        "before": lambda: selectors.last_messages(50, is_first=False),
        "after": lambda: selectors.next_messages(50),
    }[page]()

    assert is_in_order(plan(asked, seq=3), "message_seq_once", "conversations_message")


def test_the_feed_is_read_in_order_from_its_index(acme: Business) -> None:
    found = plan(feed.events_after(100), after=acme.feed_seq)

    assert is_in_order(found, "feed_seq_once", "businesses_feedevent")


@pytest.mark.parametrize("name", list(lists.LISTS))
def test_a_list_is_counted_within_an_index(acme: Business, ada: User, name: str) -> None:
    builders.conversation(acme)

    rows = Conversation.objects.visible_to(READER).filter(lists.LISTS[name].belongs(READER))

    found = plan(Prepared(rows.values("pk")[:100]))

    assert "Seq Scan" not in found
    assert "SCAN" not in found


def test_a_channels_list_is_read_in_order_from_an_index(acme: Business) -> None:
    found = plan(lists.question_of(f"channel-{acme.pk}", Part(Sort.NEWEST, 0)), channel=acme.pk)

    assert is_in_order(found, "conversation_by_status", "conversations_conversation")


def test_messages_that_were_read_are_not_looked_at_when_the_unread_are_counted(acme: Business, ada: User) -> None:
    builders.conversation(acme)

    found = plan(narrowing.page_question(Shape(), Part(Sort.NEWEST, 0), 0, 20))

    by_number = next(line for line in found.splitlines() if "seq >" in line or "seq>" in line)
    assert "Index Cond" in by_number or "USING INDEX" in by_number


def test_what_is_read_to_its_end_is_no_reason_to_look_at_its_messages(acme: Business) -> None:
    """And what is merged is looked through once, among what is merged alone."""
    builders.conversation(acme)

    asked = narrowing.page_question(Shape(asked=(("unread", "yes"),)), Part(Sort.NEWEST, 0), 0, 20)

    where = asked.sql.rpartition(' WHERE ("conversations_conversation"."business_id"')[2]
    assert where.index("last_seq") < where.index("EXISTS")
    assert "conversation_merged" in plan(asked).partition("LIST SUBQUERY")[2] or connection.vendor == "postgresql"


@pytest.mark.skipif(not settings.EMBEDDED, reason="PostgreSQL looks by itself, and a test's look outlives the test")
def test_of_many_customers_one_is_gone_to_straight(acme: Business) -> None:
    """What the planner knows of large tables it is told by the worker."""
    now = timezone.now()
    customers = Customer.objects.bulk_create(
        Customer(business=acme, name=f"Cleo {number}") for number in range(statistics.SMALL)
    )
    Conversation.objects.bulk_create(
        Conversation(business=acme, customer=customer, channel_type=ChannelType.WIDGET, created_at=now, updated_at=now)
        for customer in customers
    )
    statistics.refresh()

    found = plan(pages.earlier_question(), person=customers[7].pk)

    assert "conversation_of_customer" in found
    assert "customer_last_seen" not in found


def test_the_few_that_sleep_are_counted_among_themselves(acme: Business, ada: User) -> None:
    builders.conversation(acme, content="one")

    found = plan(Prepared(Conversation.objects.visible_to(READER).filter(lists.LISTS["snoozed"].belongs(READER))))

    assert "conversation_snoozed" in found or "conversation_to_wake" in found


@pytest.mark.skipif(not settings.EMBEDDED, reason="PostgreSQL makes one question of it")
def test_who_wrote_on_a_channel_is_found_once_and_not_for_each_customer(acme: Business, ada: User) -> None:
    """With 20,000 customers that took two minutes."""
    sql, given = people.customers_of(ada, people.Filter(channel=ChannelType.SMS)).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", given)
        assert not [row[3] for row in cursor.fetchall() if "CORRELATED" in row[3]]


@pytest.mark.skipif(settings.EMBEDDED, reason="SQLite plans no hashes of a whole table")
def test_what_is_merged_is_looked_for_by_the_rows_that_are_shown(acme: Business) -> None:
    """And not by going through all conversations first."""
    now = timezone.now()
    Conversation.objects.bulk_create(
        Conversation(business=acme, channel_type=ChannelType.WIDGET, status="open", created_at=now, updated_at=now)
        for _ in range(2_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE conversations_conversation")
    asked = lists.question_of("open", Part(Sort.NEWEST, 0), 50)
    given = dict.fromkeys(("reader", "business", "assignee", "team"), acme.pk)

    found = rows.ask("EXPLAIN " + asked.sql, asked.bound(given))()

    assert not [line for (line,) in found if "Seq Scan on conversations_conversation" in line], found


def test_the_few_with_something_that_was_not_sent_are_read_and_counted_among_themselves(acme: Business) -> None:
    builders.conversation(acme)
    rows = Conversation.objects.visible_to(READER).filter(lists.LISTS["not_sent"].belongs(READER))

    for asked in (lists.question_of("not_sent", Part(Sort.NEWEST, 0)), Prepared(rows.values("pk")[:100])):
        assert "conversation_not_sent" in plan(asked)
