"""Keeping the index: the database's own triggers, so that whatever writes a row, however, writes its entry.

In the same transaction, hence a message can be found as soon as it is stored and nothing can be found that is gone.
On SQLite the triggers are away while `migrate` works: it changes tables by putting new ones in their place, which
takes a table's triggers along and refuses to rename under those of others.
"""

from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

from conversations.search.models import IndexedKind, SearchEntry, Shelf
from conversations.search.sources import SOURCES, Source

ENTRIES = SearchEntry._meta.db_table
BATCH = 2_000
# So many entries are gone through in one statement for those of a shelf.
APIECE = 50_000
# Between words, whatever PostgreSQL's parser would make of them: addresses and numbers are found by their parts.
APART = "@./:_-+<>&~%=?#*|\\'\"’"
COLUMNS = "business_id, shelf, kind, object_id, conversation_id, at"

Tell = Callable[[str], Any]


def is_postgres() -> bool:
    return connection.vendor == "postgresql"


def table_of(shelf: str) -> str:
    """SQLite's table of a shelf's words; one each: what is often said, and nobody's name, is at once nobody's name."""
    return f"conversations_search_{shelf}"


def create() -> None:
    """Where the words lie; of a database that has the entries' table. For migrations; safe to repeat."""
    with connection.cursor() as cursor:
        if not is_postgres():
            for shelf in Shelf:
                cursor.execute(
                    f"CREATE VIRTUAL TABLE IF NOT EXISTS {table_of(shelf)} USING fts5(scope, body, content='',"
                    " columnsize=0, tokenize='unicode61 remove_diacritics 2')"
                )
            return
        cursor.execute(f"ALTER TABLE {ENTRIES} ADD COLUMN IF NOT EXISTS doc tsvector")
        cursor.execute(f"ALTER TABLE {ENTRIES} ALTER COLUMN doc SET STATISTICS 500")
        for shelf in Shelf:
            # A short list of what is not sorted in yet: no message waits long for its turn to sort it in.
            cursor.execute(
                f"CREATE INDEX IF NOT EXISTS search_words_{shelf} ON {ENTRIES} USING gin (doc)"
                f" WITH (gin_pending_list_limit = 256) WHERE shelf = '{shelf}'"
            )


def part_shelves() -> None:
    """From one place for all words to one for each shelf; what was there comes in again after the migrations."""
    with connection.cursor() as cursor:
        if is_postgres():
            cursor.execute("DROP INDEX IF EXISTS search_words")
        else:
            cursor.execute("DROP TABLE IF EXISTS conversations_search")
            for table in (ENTRIES, IndexedKind._meta.db_table):
                cursor.execute(f"DELETE FROM {table}")  # noqa: S608
    create()


def drop() -> None:
    with connection.cursor() as cursor:
        if not is_postgres():
            for shelf in Shelf:
                cursor.execute(f"DROP TABLE {table_of(shelf)}")
            return
        cursor.execute("DROP FUNCTION IF EXISTS conversations_search_doc(text, text) CASCADE")
        for source in SOURCES.values():
            cursor.execute(f"DROP FUNCTION IF EXISTS {_name(source)}() CASCADE")
        cursor.execute(f"ALTER TABLE {ENTRIES} DROP COLUMN doc")


def pause() -> None:
    """Before tables change; see above."""
    if is_postgres():
        return
    with connection.cursor() as cursor:
        for source in SOURCES.values():
            for what in ("insert", "update", "delete"):
                cursor.execute(f"DROP TRIGGER IF EXISTS {_name(source)}_{what}")


def keep(*, tell: Tell) -> None:
    """Triggers for every source whose table is there, and what was written before them. Safe to repeat."""
    tables = set(connection.introspection.table_names())
    if ENTRIES not in tables:
        return
    with transaction.atomic():
        _forget_what_is_gone()
        there = [source for source in SOURCES.values() if source.table in tables]
        statements = _on_postgres(there) if is_postgres() else [each for one in there for each in _on_sqlite(one)]
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    filled = set(IndexedKind.objects.values_list("kind", flat=True))
    for source in there:
        if source.kind not in filled:
            fill(source, tell=tell)
            IndexedKind.objects.get_or_create(kind=source.kind)


def rebuild(*, tell: Tell) -> None:
    """The whole index anew. What is written meanwhile is in it; what is not sorted in yet is not found for a while."""
    pause()
    IndexedKind.objects.all().delete()
    SearchEntry.objects.all().delete()
    keep(tell=tell)


def reenter(shelf: Shelf) -> None:
    """For migrations, when sources of a shelf have other words: its entries go, and `keep` brings its rows in again.

    Triggers first, so that nothing comes in the old way meanwhile; in batches that each commit; safe to repeat.
    """
    sources = [source for source in SOURCES.values() if source.shelf == shelf]
    with connection.cursor() as cursor:
        if is_postgres():
            for source in sources:
                cursor.execute(f"DROP FUNCTION IF EXISTS {_name(source)}() CASCADE")
        else:
            cursor.execute(f"INSERT INTO {table_of(shelf)} ({table_of(shelf)}) VALUES ('delete-all')")  # noqa: S608
    newest = SearchEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    for first in range(0, newest, APIECE):
        SearchEntry.objects.filter(shelf=shelf, pk__gt=first, pk__lte=first + APIECE).delete()
    IndexedKind.objects.filter(kind__in=[source.kind for source in sources]).delete()


def fill(source: Source, *, tell: Tell) -> None:
    """Entries for rows that have none, oldest first, in batches that each commit; goes on where it broke off."""
    last, done = None, 0
    while True:
        upper, count = _batch_end(source, last)
        if not count:
            return
        with transaction.atomic():
            _fill_between(source, last, upper)
        last, done = upper, done + count
        if done % (10 * BATCH) == 0:
            tell(f"  Search: {done:,} rows of {source.table} indexed")


def _batch_end(source: Source, last: Any) -> tuple[Any, int]:
    """The last id of the batch behind `last`, and how many rows it has."""
    behind, given = ("WHERE id > %s", [last]) if last else ("", [])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {source.table} {behind} ORDER BY id LIMIT {BATCH}", given)  # noqa: S608
        ids = [row[0] for row in cursor.fetchall()]
    return (ids[-1] if ids else None), len(ids)


def _fill_between(source: Source, last: Any, upper: Any) -> None:
    behind, given = ("AND known.id > %s", [last]) if last else ("", [])
    known = (
        f"FROM {source.table} known WHERE known.id <= %s {behind} AND {_is_found(source, 'known')}"  # noqa: S608
        f" AND NOT EXISTS (SELECT 1 FROM {ENTRIES} e WHERE e.object_id = known.id) ORDER BY known.id"
    )
    with connection.cursor() as cursor:
        if is_postgres():
            doc = f", {_doc(source, 'known')}"
            cursor.execute(
                f"INSERT INTO {ENTRIES} ({COLUMNS}, doc) SELECT {_values(source, 'known')}{doc} {known}",
                [upper, *given],
            )
            return
        cursor.execute(f"SELECT coalesce(max(id), 0) FROM {ENTRIES}")  # noqa: S608
        (before,) = cursor.fetchone()
        cursor.execute(
            f"INSERT INTO {ENTRIES} ({COLUMNS}) SELECT {_values(source, 'known')} {known}",
            [upper, *given],
        )
        cursor.execute(
            f"INSERT INTO {table_of(source.shelf)} (rowid, scope, body)"  # noqa: S608
            f" SELECT e.id, e.business_id || e.shelf, {source.words.format(row='known')}"
            f" FROM {ENTRIES} e JOIN {source.table} known ON known.id = e.object_id WHERE e.id > %s",
            [before],
        )


def _forget_what_is_gone() -> None:
    """SQLite: a table of entries that was emptied past the triggers (as tests do) leaves words behind."""
    if is_postgres() or SearchEntry.objects.exists():
        return
    with connection.cursor() as cursor:
        for table in map(table_of, Shelf):
            cursor.execute(f"INSERT INTO {table} ({table}) VALUES ('delete-all')")  # noqa: S608


def _name(source: Source) -> str:
    return f"conversations_search_{source.kind}"


def _values(source: Source, row: str) -> str:
    business_id, conversation_id = source.business_id.format(row=row), source.conversation_id.format(row=row)
    if conversation_id == "NULL" and is_postgres():
        conversation_id = "NULL::uuid"
    return f"{business_id}, '{source.shelf}', '{source.kind}', {row}.id, {conversation_id}, {row}.created_at"


def _is_found(source: Source, row: str) -> str:
    return f"{source.words.format(row=row)} <> ''"


def _doc(source: Source, row: str) -> str:
    """PostgreSQL's words; whose they are is one of them, so that nobody's search goes through another's."""
    scope = f"replace({source.business_id.format(row=row)}::text, '-', '') || '{source.shelf}'"
    return f"conversations_search_doc({scope}, {source.words.format(row=row)})"


def _on_sqlite(source: Source) -> list[str]:
    table, name, words = source.table, _name(source), table_of(source.shelf)
    add = (
        f"INSERT INTO {ENTRIES} ({COLUMNS}) SELECT {_values(source, 'NEW')} WHERE {_is_found(source, 'NEW')};"  # noqa: S608
        f" INSERT INTO {words} (rowid, scope, body) SELECT e.id, e.business_id || e.shelf,"
        f" {source.words.format(row='NEW')} FROM {ENTRIES} e WHERE e.object_id = NEW.id;"
    )
    # The words as they were put in: the table of words does not keep them.
    remove = (
        f"INSERT INTO {words} ({words}, rowid, scope, body) SELECT 'delete', e.id, e.business_id || e.shelf,"  # noqa: S608
        f" {source.words.format(row='OLD')} FROM {ENTRIES} e WHERE e.object_id = OLD.id;"
        f" DELETE FROM {ENTRIES} WHERE object_id = OLD.id;"
    )
    others = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in source.columns)
    return [
        f"CREATE TRIGGER IF NOT EXISTS {name}_insert AFTER INSERT ON {table} BEGIN {add} END",
        f"CREATE TRIGGER IF NOT EXISTS {name}_update AFTER UPDATE OF {', '.join(source.columns)} ON {table}"
        f" WHEN {others} BEGIN {remove} {add} END",
        f"CREATE TRIGGER IF NOT EXISTS {name}_delete AFTER DELETE ON {table} BEGIN {remove} END",
    ]


def _on_postgres(sources: list[Source]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
        there = {row[0] for row in cursor.fetchall()}
    apart = APART.replace("'", "''")
    statements = [
        # Plain text, as most is, has no marks to take off.
        "CREATE OR REPLACE FUNCTION conversations_search_doc(scope text, words text) RETURNS tsvector"
        " LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT array_to_tsvector(ARRAY[scope]) ||"
        " to_tsvector('pg_catalog.simple', translate(CASE WHEN octet_length(words) = char_length(words) THEN words"
        " ELSE regexp_replace(normalize(words, NFD), '[\u0300-\u036f]', '', 'g') END,"
        f" '{apart}', '{' ' * len(APART)}')) $$"
    ]
    for source in sources:
        name, table = _name(source), source.table
        into = f"INSERT INTO {ENTRIES} ({COLUMNS}, doc) SELECT"
        others = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in source.columns)
        statements.append(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"  # noqa: S608
            " IF TG_OP = 'INSERT' THEN"
            f" {into} {_values(source, 'fresh')}, {_doc(source, 'fresh')} FROM fresh"
            f" WHERE {_is_found(source, 'fresh')} ORDER BY fresh.id;"
            " ELSIF TG_OP = 'DELETE' THEN"
            f" DELETE FROM {ENTRIES} e USING gone WHERE e.object_id = gone.id;"
            " ELSE"
            f" DELETE FROM {ENTRIES} WHERE object_id = OLD.id;"
            f" {into} {_values(source, 'NEW')}, {_doc(source, 'NEW')} WHERE {_is_found(source, 'NEW')};"
            " END IF; RETURN NULL; END $$"
        )
        triggers = {
            "insert": "AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT",
            "delete": "AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone FOR EACH STATEMENT",
            "update": f"AFTER UPDATE OF {', '.join(source.columns)} ON {{table}} FOR EACH ROW WHEN ({others})",
        }
        statements += [
            f"CREATE TRIGGER {name}_{what} {when.format(table=table)} EXECUTE FUNCTION {name}()"
            for what, when in triggers.items()
            if f"{name}_{what}" not in there
        ]
    return statements
