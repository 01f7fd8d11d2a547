"""Asking the index. One interface, an engine for either database; both find the same."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from conversations.search.index import ENTRIES, table_of
from conversations.search.models import SearchEntry, Shelf

# So many entries that hold the words are looked at for what else is asked for, before one says "go on".
ROUND, ROUNDS = 1_000, 10
# PostgreSQL: so many of the newest entries are gone through first, and then so many each time while words are common:
# while more than one of so many entries holds them.
NEAR, FAR, RARE = 2_000, 5_000, 100

Term = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """All of the terms; a term of several words is those words in that order, side by side.

    is_begun: the last word may go on. without: what these match is not meant.
    """

    terms: tuple[Term, ...]
    is_begun: bool = False
    without: tuple["Words", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """entries: newest first. below: the position to go on from, None at the end."""

    entries: list[SearchEntry]
    below: int | None


class Engine(Protocol):
    def find(
        self,
        rows: QuerySet[SearchEntry],
        *,
        business_id: UUID,
        shelf: Shelf,
        words: Words | None,
        below: int | None,
        limit: int,
        is_narrowed: bool,
    ) -> Part:
        """Entries of a workspace's shelf among `rows` that hold the words (None: all), newest first, behind `below`.

        is_narrowed: `rows` leaves some out, so that who counts on finding `limit` of them looks at more.
        """


def engine() -> Engine:
    return Postgres() if connection.vendor == "postgresql" else SQLite()


def folded(text: str) -> str:
    """Without case and accents, as both indexes hold it; of the same length as the text, to find the place again."""
    return "".join(_plain(sign) for sign in text) if not text.isascii() else text.lower()


def _plain(sign: str) -> str:
    return (unicodedata.normalize("NFD", sign)[0].lower() or sign)[0]


class Postgres:
    def find(
        self,
        rows: QuerySet[SearchEntry],
        *,
        business_id: UUID,
        shelf: Shelf,
        words: Words | None,
        below: int | None,
        limit: int,
        is_narrowed: bool,
    ) -> Part:
        """The planner cannot tell how common words are. Common ones are soon met among the newest entries, where their
        index would bring half of all there are; of rare ones it has few, where all entries would be gone through.
        """
        if not words:
            return _plainly(rows, business_id=business_id, shelf=shelf, below=below, limit=limit)
        asked = f"'{_scope(business_id, shelf)}' & ({_tsquery(words)})"
        entries: list[SearchEntry] = []
        many, is_common = NEAR, True
        for _round in range(ROUNDS):
            if is_common:
                ids, end = self._newest(asked, business_id, shelf, below, many)
                is_common, many = len(ids) * RARE >= many, FAR
            else:
                ids, end = self._rare(asked, shelf, below)
            wanted = ids if is_narrowed else ids[: limit - len(entries)]
            entries += rows.filter(pk__in=wanted).order_by("-pk")[: limit - len(entries)]
            if len(entries) == limit or end is None:
                return Part(entries=entries, below=entries[-1].pk if len(entries) == limit else None)
            below = end
        return Part(entries=entries, below=below)

    def _newest(
        self, asked: str, business_id: UUID, shelf: Shelf, below: int | None, many: int
    ) -> tuple[list[int], int | None]:
        """Of so many entries, in order, those that hold the words; and the last that was looked at, None at the end.

        Compared as rows: only the index of the workspace's shelf is in that order. By its own the planner would go
        through the primary key, past what others said.
        """
        found = self._asked(
            f"SELECT id, doc @@ %s::tsquery FROM {ENTRIES}"  # noqa: S608
            " WHERE (business_id, shelf, id) >= (%s, %s, 0) AND (business_id, shelf, id) < (%s, %s, %s)"
            " ORDER BY business_id DESC, shelf DESC, id DESC LIMIT %s",
            [asked, *(business_id, str(shelf)) * 2, below or 2**63 - 1, many],
        )
        return [pk for pk, holds in found if holds], found[-1][0] if len(found) == many else None

    def _rare(self, asked: str, shelf: Shelf, below: int | None) -> tuple[list[int], int | None]:
        """Likewise out of the index of words: OFFSET 0 keeps the order out of how it is found."""
        found = self._asked(
            f"SELECT id FROM (SELECT id FROM {ENTRIES} WHERE doc @@ %s::tsquery AND shelf = '{shelf}' AND id < %s"  # noqa: S608
            " OFFSET 0) AS found ORDER BY id DESC LIMIT %s",
            [asked, below, ROUND],
        )
        return [pk for (pk,) in found], found[-1][0] if len(found) == ROUND else None

    def _asked(self, sql: str, given: list[Any]) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, given)
            return list(cursor.fetchall())


class SQLite:
    def find(
        self,
        rows: QuerySet[SearchEntry],
        *,
        business_id: UUID,
        shelf: Shelf,
        words: Words | None,
        below: int | None,
        limit: int,
        is_narrowed: bool,
    ) -> Part:
        if not words:
            return _plainly(rows, business_id=business_id, shelf=shelf, below=below, limit=limit)
        match = f'scope : "{_scope(business_id, shelf)}" AND body : ({_fts5(words)})'
        entries: list[SearchEntry] = []
        many = ROUND if is_narrowed else limit
        for _round in range(ROUNDS if is_narrowed else 1):
            ids = self._ids(table_of(shelf), match, below, many)
            entries += rows.filter(pk__in=ids).order_by("-pk")[: limit - len(entries)]
            if len(entries) == limit:
                return Part(entries=entries, below=entries[-1].pk)
            if len(ids) < many:
                return Part(entries=entries, below=None)
            below = ids[-1]
        return Part(entries=entries, below=below)

    def _ids(self, table: str, match: str, below: int | None, limit: int) -> list[int]:
        behind, given = ("AND rowid < %s", [below]) if below else ("", [])
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT rowid FROM {table} WHERE {table} MATCH %s {behind} ORDER BY rowid DESC LIMIT %s",  # noqa: S608
                [match, *given, limit],
            )
            return [row[0] for row in cursor.fetchall()]


def _plainly(rows: QuerySet[SearchEntry], *, business_id: UUID, shelf: Shelf, below: int | None, limit: int) -> Part:
    rows = rows.filter(business_id=business_id, shelf=shelf)
    if below:
        rows = rows.filter(pk__lt=below)
    entries = list(rows.order_by("-pk")[:limit])
    return Part(entries=entries, below=entries[-1].pk if len(entries) == limit else None)


def _scope(business_id: UUID, shelf: Shelf) -> str:
    return f"{business_id.hex}{shelf}"


def _tsquery(words: Words) -> str:
    """words are letters and digits alone: there is nothing to escape."""
    terms = [" <-> ".join(f"'{word}'" for word in term) for term in words.terms]
    if words.is_begun:
        terms[-1] += ":*"
    return _joined(terms, " & ") + "".join(f" & !({_tsquery(other)})" for other in words.without)


def _fts5(words: Words) -> str:
    terms = [f'"{" ".join(term)}"' for term in words.terms]
    if words.is_begun:
        terms[-1] += " *"
    asked = _joined(terms, " AND ")
    for other in words.without:
        asked = f"({asked}) NOT ({_fts5(other)})"
    return asked


def _joined(terms: Sequence[str], by: str) -> str:
    return by.join(_bracketed(terms))


def _bracketed(terms: Sequence[str]) -> Iterable[str]:
    return (f"({term})" for term in terms)
