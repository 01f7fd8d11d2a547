"""Asking the index. One interface, an engine for either database; both find the same."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from unicodedata import normalize
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from conversations.search.index import ENTRIES, table_of
from conversations.search.models import SearchEntry, Shelf
from conversations.search.sources import SOURCES
from conversations.search.words import Words, holds

# So many entries that hold the words are looked at for what else is asked for, before one says "go on".
ROUND, ROUNDS = 1_000, 10
# PostgreSQL: so many of the newest entries are gone through first, and then so many each time while words are common:
# while more than one of so many entries holds them.
NEAR, FAR, RARE = 2_000, 5_000, 100
# SQLite: so many of the newest entries are read for a word that was only begun.
READ = 250
_MARKS = re.compile("[\u0300-\u036f]")


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
                ids, end = self._rare(asked, business_id, shelf, below)
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

    def _rare(self, asked: str, business_id: UUID, shelf: Shelf, below: int | None) -> tuple[list[int], int | None]:
        """Likewise out of the index of words: OFFSET 0 keeps the order out of how it is found.

        The workspace is among the words, as in its entries; but anybody can write its id.
        """
        found = self._asked(
            f"SELECT id FROM (SELECT id FROM {ENTRIES} WHERE doc @@ %s::tsquery AND shelf = '{shelf}' AND id < %s"  # noqa: S608
            " AND business_id = %s OFFSET 0) AS found ORDER BY id DESC LIMIT %s",
            [asked, below, business_id, ROUND],
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
        entries: list[SearchEntry] = []
        if words.is_begun:
            ids, end = self._read(words, business_id, shelf, below)
            entries += rows.filter(pk__in=ids).order_by("-pk")[:limit]
            if len(entries) == limit or end is None:
                return Part(entries=entries, below=entries[-1].pk if len(entries) == limit else None)
            below = end
        match = f'scope : "{_scope(business_id, shelf)}" AND body : ({_fts5(words)})'
        many = ROUND if is_narrowed else limit - len(entries)
        for _round in range(ROUNDS if is_narrowed else 1):
            ids = self._ids(table_of(shelf), match, below, many)
            entries += rows.filter(pk__in=ids).order_by("-pk")[: limit - len(entries)]
            if len(entries) == limit:
                return Part(entries=entries, below=entries[-1].pk)
            if len(ids) < many:
                return Part(entries=entries, below=None)
            below = ids[-1]
        return Part(entries=entries, below=below)

    def _read(self, words: Words, business_id: UUID, shelf: Shelf, below: int | None) -> tuple[list[int], int | None]:
        """Of the newest entries, those that hold the words; and the last that was looked at, None at the end.

        For a beginning FTS5 puts together all entries of every word that begins so before it gives the first one:
        with a million messages that is half of them. Common ones are among the newest; of the others there are few.
        """
        asked = SearchEntry.objects.filter(business_id=business_id, shelf=shelf)
        if below:
            asked = asked.filter(pk__lt=below)
        newest = list(asked.order_by("-pk").values_list("pk", "kind")[:READ])
        if not newest:
            return [], None
        first, last, found = newest[-1][0], newest[0][0], []
        for kind in {kind for _pk, kind in newest} & SOURCES.keys():
            source = SOURCES[kind]
            with connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT e.id, {source.words.format(row='known')} FROM {ENTRIES} e"  # noqa: S608
                    f" JOIN {source.table} known ON known.id = e.object_id"
                    " WHERE e.business_id = %s AND e.shelf = %s AND e.id BETWEEN %s AND %s AND e.kind = %s",
                    [business_id.hex, str(shelf), first, last, kind],
                )
                found += [pk for pk, text in cursor.fetchall() if holds(text, words)]
        return found, first if len(newest) == READ else None

    def _ids(self, table: str, match: str, below: int | None, limit: int) -> list[int]:
        behind, given = ("AND rowid < %s", [below]) if below else ("", [])
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT rowid FROM {table} WHERE {table} MATCH %s {behind} ORDER BY rowid DESC LIMIT %s",  # noqa: S608
                [match, *given, limit],
            )
            return [row[0] for row in cursor.fetchall()]


def _plainly(rows: QuerySet[SearchEntry], *, business_id: UUID, shelf: Shelf, below: int | None, limit: int) -> Part:
    """Of a shelf's newest ROUND * ROUNDS entries: what is asked for may be true of none of a million."""
    shelved = Q(business_id=business_id, shelf=shelf)
    if below:
        shelved &= Q(pk__lt=below)
    last = (
        SearchEntry.objects.filter(shelved).order_by("-pk").values_list("pk", flat=True)[ROUND * ROUNDS - 1 :].first()
    )
    rows = rows.filter(shelved, pk__gte=last) if last else rows.filter(shelved)
    entries = list(rows.order_by("-pk")[:limit])
    return Part(entries=entries, below=entries[-1].pk if len(entries) == limit else last)


def _scope(business_id: UUID, shelf: Shelf) -> str:
    return f"{business_id.hex}{shelf}"


def _tsquery(words: Words) -> str:
    """words are letters and digits alone: there is nothing to escape. Marks are taken off as `index` takes them off."""
    terms = [" <-> ".join(f"'{_MARKS.sub('', normalize('NFD', word))}'" for word in term) for term in words.terms]
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
