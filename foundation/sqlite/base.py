"""What a `BEGIN` that was refused leaves behind is let go by its own thread.

Django leaves its cursor to the garbage collector. That may run in the very thread that has the write lock, and to let
go of a cursor it waits for the cursor's connection, which waits for the lock again: twenty seconds for each refusal,
in which all others are refused as well, and so on without an end.
"""

from typing import Any

from django.db.backends.sqlite3 import base


class DatabaseWrapper(base.DatabaseWrapper):
    transaction_mode: Any

    def _start_transaction_under_autocommit(self) -> None:
        with self.cursor() as cursor:
            cursor.execute(f"BEGIN {self.transaction_mode or ''}")
