"""Where a run happens: its folder, PostgreSQL and Redis, and the servers that it measures."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from benchmarks import processes
from benchmarks.processes import Process
from tests import services

# What the operator's own PingBack is set to must not reach the servers that are measured.
OURS = re.compile(
    r"PINGBACK_|THROTTLE|DATABASE_|REDIS_|PUBLIC_|EMAIL_|DEBUG$|PORT$|HOST$|WORKER_|TRUSTED_|ALLOWED_|.*_KEY"
)


@dataclass
class Server:
    """One thing that is measured. pids: the process trees whose CPU is the server's."""

    name: str
    port: int
    pids: list[int] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    folder: Path = Path()


class Lab:
    """Everything that a run starts, it ends, however it ends."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pingback-bench-"))
        self._postgres = self._redis = ""
        self._processes: dict[int, Process] = {}
        for name in [name for name in os.environ if OURS.match(name)]:
            del os.environ[name]

    def close(self) -> None:
        processes.stop_all()
        services.stop_all()
        shutil.rmtree(self.folder, ignore_errors=True)

    # What lies below ------------------------------------------------------------------------------------

    def postgres(self) -> str:
        """The address of the run's PostgreSQL, which waits for the disk as in production."""
        if not self._postgres:
            self._postgres = services.start_postgres(durable=True)
        return self._postgres

    def database(self, name: str, *, like: str = "template1") -> str:
        """The address of a new database in it, a copy of another one."""
        with psycopg.connect(self.postgres(), autocommit=True) as connection:
            command = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(command.format(sql.Identifier(name), sql.Identifier(like)))
        return self.postgres().rpartition("/")[0] + f"/{name}"

    def postgres_pids(self) -> list[int]:
        """The postmaster, whose tree is all of PostgreSQL; none when none was started."""
        if not self._postgres:
            return []
        with psycopg.connect(self._postgres) as connection:
            row = connection.execute("SELECT pg_backend_pid()").fetchone()
            assert row
            return [int(Path(f"/proc/{row[0]}/stat").read_text().rpartition(")")[2].split()[1])]

    def redis(self) -> str:
        if not self._redis:
            self._redis = services.start_redis()
        return self._redis

    # What is measured -----------------------------------------------------------------------------------

    async def pingback(self, name: str, *, postgres: bool = True, redis: bool = False) -> Server:
        """A PingBack as in production, without throttles: `python -m pingback.serve`."""
        environment = {"THROTTLES": "off"}
        folder = self._prepared(name, environment, postgres=postgres)
        if redis:
            environment["REDIS_URL"] = self.redis()
        return await self.pingback_beside(name, environment, folder)

    async def pingback_beside(self, name: str, environment: dict[str, str], folder: Path) -> Server:
        """One more process with the database, bus and keys of the others."""
        port = services.free_port()
        environment = {**environment, "PINGBACK_DATA_DIR": str(folder), "PORT": str(port), "HOST": "127.0.0.1"}
        server = await self.started(name, [sys.executable, "-m", "pingback.serve"], port, environment)
        server.folder = folder
        return server

    async def python(self, name: str, application: str, environment: dict[str, str] | None = None) -> Server:
        """A reference in Python, on the same web server with the same options."""
        port = services.free_port()
        command = [sys.executable, "-m", "benchmarks.references.serve", application, str(port)]
        return await self.started(name, command, port, environment or {})

    async def node(self, name: str, script: str, environment: dict[str, str]) -> Server:
        port = services.free_port()
        command = ["node", str(processes.ROOT / "benchmarks/references" / script)]
        return await self.started(name, command, port, {**environment, "PORT": str(port)})

    def stop(self, server: Server) -> None:
        for pid in server.pids:
            self._processes.pop(pid).stop()

    def stop_servers(self) -> None:
        """What one benchmark needed must not cost the next."""
        self._processes.clear()
        processes.stop_all()

    async def started(self, name: str, command: list[str], port: int, environment: dict[str, str]) -> Server:
        log = self.folder / f"{name}.log"
        health = f"http://127.0.0.1:{port}/healthz"
        process = Process(name, command, log=log, health=health, environment=environment)
        await process.ready()
        self._processes[process.pid] = process
        return Server(name, port, [process.pid], environment)

    def _prepared(self, name: str, environment: dict[str, str], *, postgres: bool) -> Path:
        """A data folder with a database that is up to date: a copy of the first, as making one takes seconds."""
        kind = "postgres" if postgres else "sqlite"
        first, folder = self.folder / f"first-{kind}", self.folder / name
        template = f"first_{kind}"
        if not first.exists():
            first.mkdir()
            database = {"DATABASE_URL": self.database(template)} if postgres else {}
            for command in ("migrate", "collectstatic"):
                subprocess.run(
                    [sys.executable, "manage.py", command, "--no-input", "--verbosity=0"],
                    cwd=processes.ROOT,
                    env={**os.environ, "PINGBACK_DATA_DIR": str(first), **database},
                    check=True,
                )
        shutil.copytree(first, folder)
        if postgres:
            environment["DATABASE_URL"] = self.database(name.replace("-", "_"), like=template)
        return folder
