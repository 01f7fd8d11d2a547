"""Reading in a workspace with a long history, beside the bare SQL and a request that reads nothing."""

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import psycopg

from benchmarks import http, scene
from benchmarks.lab import Server
from benchmarks.plan import Plan
from benchmarks.processes import ROOT
from benchmarks.report import Figures, Outcome, Ratio

CONVERSATIONS, MESSAGES_EACH = 100_000, 10
Query = Callable[[str, Sequence[Any]], list[Any]]
Measure = Callable[[], Awaitable[Figures]]
Statements = list[tuple[str, Sequence[Any]]]


async def run(plan: Plan) -> list[Outcome]:
    nothing = await _nothing(plan) if plan.wants("nothing") else None
    outcomes = []
    for name, postgres in (("PostgreSQL", True), ("SQLite", False)):
        if plan.wants(name.lower()):
            outcomes.append(await _on(plan, name, postgres, nothing))
    return outcomes


async def _nothing(plan: Plan) -> Measure:
    """A signed-in request of the plain reference that reads nothing."""
    environment = {"DATABASE_URL": plan.lab.database("read_plain")}
    (made,) = scene.in_plain(environment, 1, 1)
    server = await plan.lab.python("read-plain", "benchmarks.references.plain.asgi:application", environment)
    headers = {"Authorization": f"Bearer {made.agents[0]['token']}"}
    return partial(_asked, plan, server.port, http.request("GET", "/nothing", headers=headers))


async def _on(plan: Plan, name: str, postgres: bool, nothing: Measure | None) -> Outcome:
    server = await plan.lab.pingback(f"read-{name.lower()}", postgres=postgres)
    conversations = plan.count(CONVERSATIONS, least=100)
    print(f"  writing {conversations} conversations of {MESSAGES_EACH} messages for {name} ...", flush=True)
    data = _filled(server, conversations)
    query = _query(server, data)
    bearer, cookie = {"Authorization": f"Bearer {data['token']}"}, {"Cookie": data["cookie"]}
    own = data["conversation_id"]
    cursor = data["feed_seq"] - 500
    reads = {
        "list API": ("/api/v1/conversations/?limit=50", bearer, _list(data)),
        "inbox page": ("/inbox/", cookie, _list(data, status="open")),
        "open API": (f"/api/v1/conversations/{own}/messages?limit=50", bearer, _thread(own)),
        "open page": (f"/inbox/{own}/", cookie, _thread(own) + _list(data, status="open")),
        "search, a rare word": (
            f"/api/v1/search?limit=20&q={data['rare_word']}",
            bearer,
            _search(data, data["rare_word"], postgres),
        ),
        "search, a common word": ("/api/v1/search?limit=20&q=refund", bearer, _search(data, "refund", postgres)),
        "search, two common words": (
            "/api/v1/search?limit=20&q=refund+lamp",
            bearer,
            _search(data, "refund lamp", postgres),
        ),
        "search, just begun": ("/api/v1/search?limit=20&q=refun", bearer, _search(data, "refun*", postgres)),
        "search, narrowed": (
            "/api/v1/search?limit=20&q=refund+status:pending",
            bearer,
            _search(data, "refund", postgres),
        ),
        "feed API": (f"/api/v1/feed?after={cursor}&limit=100", bearer, _feed(data, cursor)),
    }
    measures: dict[str, Measure] = {"nothing": nothing} if nothing else {}
    notes = [f"{conversations * MESSAGES_EACH:,} messages; one request at a time; bare SQL through the driver alone"]
    for read, (path, headers, statements) in reads.items():
        asked = http.request("GET", path, headers=headers)
        connection = await http.connected(server.port)
        status = await connection.ask(asked)
        connection.close()
        if status != 200:
            notes.append(f"{read} is not there: {status}")
            continue
        measures[read] = partial(_asked, plan, server.port, asked)
        measures[f"{read}, bare SQL"] = partial(_queried, plan, query, statements)
    rows = await plan.in_turns(f"read {name}", measures)
    ratios = []
    for read in reads:
        if read in rows and nothing:
            least = rows[f"{read}, bare SQL"]["ms"] + rows["nothing"]["ms"]
            ratios.append(Ratio(f"{read}, of the bare SQL plus one empty request", rows[read]["ms"] / least, 3))
    return Outcome(f"read, {name}", f"{conversations:,} conversations", rows, ratios, notes)


def _filled(server: Server, conversations: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.dataset", str(conversations), str(MESSAGES_EACH)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **server.environment}, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _query(server: Server, data: dict[str, Any]) -> Query:
    """Statements have `%s` for what is given; SQLite's rows hold ids as 32 characters."""
    if url := server.environment.get("DATABASE_URL"):
        postgres = psycopg.connect(url, autocommit=True)
        return lambda statement, given: postgres.execute(statement, given, prepare=True).fetchall()
    sqlite = sqlite3.connect(data["database"])

    def ask(statement: str, given: Sequence[Any]) -> list[Any]:
        told = [each.replace("-", "") if isinstance(each, str) and len(each) == 36 else each for each in given]
        return sqlite.execute(statement.replace("%s", "?"), told).fetchall()

    return ask


def _list(data: dict[str, Any], status: str = "") -> Statements:
    chosen = "AND c.status = %s" if status else ""
    statement = f"""
        SELECT c.*, cu.*, u.full_name, m.*, s.full_name, r.*, (
            SELECT count(*) FROM conversations_message x WHERE x.conversation_id = c.id AND x.sender_type = 'customer'
            AND x.seq > coalesce((SELECT seq FROM conversations_readmark k
                                  WHERE k.conversation_id = c.id AND k.user_id = %s), 0))
        FROM conversations_conversation c
        LEFT JOIN conversations_customer cu ON cu.id = c.customer_id
        LEFT JOIN accounts_user u ON u.id = c.assignee_id
        LEFT JOIN conversations_message m ON m.id = c.last_message_id
        LEFT JOIN accounts_user s ON s.id = m.sender_id
        LEFT JOIN conversations_receipts r ON r.conversation_id = c.id
        WHERE c.business_id = %s {chosen}
        ORDER BY c.updated_at DESC, c.id DESC LIMIT 50"""
    return [(statement, [data["user_id"], data["business_id"], *([status] if status else [])])]


def _thread(conversation_id: str) -> Statements:
    one = """
        SELECT c.*, cu.* FROM conversations_conversation c
        LEFT JOIN conversations_customer cu ON cu.id = c.customer_id WHERE c.id = %s"""
    messages = """
        SELECT m.*, u.full_name FROM conversations_message m LEFT JOIN accounts_user u ON u.id = m.sender_id
        WHERE m.conversation_id = %s ORDER BY m.seq DESC LIMIT 50"""
    return [(one, [conversation_id]), (messages, [conversation_id])]


def _feed(data: dict[str, Any], cursor: int) -> Statements:
    statement = """
        SELECT e.*, m.*, u.full_name FROM businesses_feedevent e
        LEFT JOIN conversations_message m ON m.id = e.message_id LEFT JOIN accounts_user u ON u.id = m.sender_id
        WHERE e.business_id = %s AND e.seq > %s ORDER BY e.seq LIMIT 100"""
    return [(statement, [data["business_id"], cursor])]


def _search(data: dict[str, Any], words: str, postgres: bool) -> Statements:
    """The newest twenty entries that hold all of the words (`*`: the last is begun), with their messages."""
    scope = f"{data['business_id'].replace('-', '')}t"
    if postgres:
        asked = " & ".join([f"'{scope}'", *(f"'{word.rstrip('*')}'" for word in words.split())])
        matches, given = "e.doc @@ %s::tsquery", asked + (":*" if words.endswith("*") else "")
    else:
        asked = " AND ".join(f'"{word.rstrip("*")}"' + (" *" if word.endswith("*") else "") for word in words.split())
        given = f'scope : "{scope}" AND body : ({asked})'
        matches = (
            "e.id IN (SELECT rowid FROM conversations_search_t WHERE conversations_search_t MATCH %s"
            " ORDER BY rowid DESC LIMIT 20)"
        )
    statement = f"""
        SELECT e.*, m.*, c.*, cu.* FROM conversations_searchentry e
        JOIN conversations_message m ON m.id = e.object_id JOIN conversations_conversation c ON c.id = m.conversation_id
        LEFT JOIN conversations_customer cu ON cu.id = c.customer_id
        WHERE {matches} AND e.business_id = %s AND e.shelf = 't' ORDER BY e.id DESC LIMIT 20"""
    return [(statement, [given, data["business_id"]])]


async def _asked(plan: Plan, port: int, request: bytes) -> Figures:
    waits: list[float] = []
    connection = await http.connected(port)
    deadline = time.perf_counter() + plan.seconds
    while not waits or time.perf_counter() < deadline:
        began = time.perf_counter()
        status = await connection.ask(request)
        waits.append(time.perf_counter() - began)
        if status != 200:
            raise RuntimeError(f"{request[:80]!r} answers {status}: {connection.body[:300]!r}")
    connection.close()
    return _milliseconds(waits)


async def _queried(plan: Plan, query: Query, statements: Statements) -> Figures:
    waits: list[float] = []
    deadline = time.perf_counter() + plan.seconds
    while not waits or time.perf_counter() < deadline:
        began = time.perf_counter()
        for statement, given in statements:
            query(statement, given)
        waits.append(time.perf_counter() - began)
    return _milliseconds(waits)


def _milliseconds(waits: list[float]) -> Figures:
    return {"ms": statistics.median(waits) * 1000, "best ms": min(waits) * 1000}
