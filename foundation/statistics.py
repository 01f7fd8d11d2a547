"""What SQLite's planner knows of the tables: nothing, until it is told to look.

Without it a workspace's hundred thousand customers count as ten, and they are gone through for one of them. PostgreSQL
looks by itself.
"""

from typing import Any

from django.db import connection, transaction

# Of each index so many rows are looked at: a tenth of a second for a million messages.
LOOKED_AT = 400
# What was small when it was looked at is gone through as a whole ever after, however large it became. Of tables with
# fewer rows nothing is known: then it is by their indexes. Nor of the search's own, which are written unlike others.
SMALL = 1_000


def refresh() -> int:
    """Look again. Connections notice when they begin (CONN_MAX_AGE). Returns 0: there is no next batch of it."""
    if connection.vendor == "sqlite":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"PRAGMA analysis_limit = {LOOKED_AT}")
            tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
            large = [table for table in tables if _is_large(cursor, table)]
            for table in large:
                cursor.execute(f'ANALYZE "{table}"')
            if "sqlite_stat1" in connection.introspection.table_names(cursor):
                marks = ", ".join(["%s"] * len(large))
                cursor.execute(f"DELETE FROM sqlite_stat1 WHERE tbl NOT IN ({marks})", large)  # noqa: S608
    return 0


def _is_large(cursor: Any, table: str) -> bool:
    cursor.execute(f'SELECT 1 FROM "{table}" LIMIT 1 OFFSET {SMALL - 1}')  # noqa: S608
    return cursor.fetchone() is not None
