"""A whole installation that may be broken at will: web processes and a worker on a database and a bus of their own.

On SQLite it is one process, which is all that SQLite serves.
"""

import contextlib
import http.client
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from tests import migrated, services
from tests.faults.balancer import Balancer
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "tidewater-lane-9"
PATIENCE = 240  # seconds until what was started works, on a machine that does much else


class Process:
    """A web process or a worker, on the same port however often it is started."""

    def __init__(self, kind: str, folder: Path, environment: dict[str, str]) -> None:
        self.kind, self.port = kind, services.free_port()
        self.environment = {**environment, "PORT": str(self.port)}
        self.log = folder / f"{kind}-{self.port}.log"
        self.child: subprocess.Popen[bytes] | None = None
        self.given: dict[str, str] = {}

    def start(self, **environment: str) -> None:
        self.given = environment
        command = [sys.executable, str(Path(__file__).with_name("launch.py")), self.kind]
        with self.log.open("ab") as log:
            log.write(b"---- start\n")
            self.child = subprocess.Popen(
                command, cwd=ROOT, env={**self.environment, **environment}, stdout=log, stderr=log
            )

    def listening(self, seconds: float = PATIENCE) -> None:
        until(lambda: self._alive() and self.answers(), seconds=seconds, why=self.said)

    def ready(self, seconds: float = PATIENCE) -> None:
        if self.kind == "web":
            until(lambda: self._alive() and self.works(), seconds=seconds, why=self.said)

    def revive(self) -> None:
        """As a service manager does with one that ended by itself: it may have met a database that was away."""
        if self.child is not None and self.child.poll() is not None:
            self.start(**self.given)

    def answers(self, path: str = "/healthz") -> bool:
        return status_of(self.port, path) == 200

    def works(self) -> bool:
        """Every part of it, by its own word."""
        return said_by(self.port, "/readyz").get("status") == "ok"

    def said(self) -> str:
        return self.log.read_text()[-3000:]

    def _alive(self) -> bool:
        assert self.child is not None
        assert self.child.poll() is None, self.said()
        return True

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        self.wait()

    def send(self, number: signal.Signals) -> None:
        assert self.child is not None
        self.child.send_signal(number)

    def wait(self, seconds: float = 30) -> None:
        assert self.child is not None
        self.child.wait(seconds)

    def stop(self) -> None:
        if self.child is not None and self.child.poll() is None:
            self.send(signal.SIGCONT)
            self.send(signal.SIGTERM)
            try:
                self.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def open_files(self) -> int:
        """Sockets among them."""
        assert self.child is not None
        return len(os.listdir(f"/proc/{self.child.pid}/fd"))

    def memory(self) -> int:
        """Resident bytes."""
        assert self.child is not None
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024


def status_of(port: int, path: str, timeout: float = 2) -> int | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
        connection.request("GET", path)
        return connection.getresponse().status
    return None


def said_by(port: int, path: str, timeout: float = 2) -> dict[str, str]:
    """What it answers, whatever its status; nothing when it does not."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    with contextlib.suppress(OSError, http.client.HTTPException, ValueError), contextlib.closing(connection):
        connection.request("GET", path)
        return dict(json.load(connection.getresponse()))
    return {}


class Refused(Exception):
    """An answer that is neither good nor lost: status, body."""


class Town:
    """webs: how many web processes; on SQLite one, with the worker inside. durable: PostgreSQL as it is set up in
    a house that is lived in, with fsync and with its autovacuum, without which plans stay those of empty tables."""

    def __init__(
        self,
        *,
        embedded: bool,
        webs: int = 2,
        folder: Path | None = None,
        durable: bool = False,
        **environment: str,
    ) -> None:
        self.folder = folder or Path(tempfile.mkdtemp(prefix="pingback-faults-"))
        self.embedded = embedded
        self.postgres: services.Server | None = None
        self.redis: services.Server | None = None
        settings = {
            **os.environ,
            "PINGBACK_DATA_DIR": str(self.folder),
            "ALLOWED_HOSTS": "127.0.0.1",
            "THROTTLES": "off",
            "DATABASE_URL": "",
            "REDIS_URL": "",
            **environment,
        }
        if embedded and not settings["DATABASE_URL"]:
            migrated.bring(self.folder / migrated.NAME)
        if not embedded:
            settings["DATABASE_URL"] = services.start_postgres(durable=durable)
            settings["REDIS_URL"] = services.start_redis()
            settings["WORKER_IN_PROCESS"] = "no"
            settings["DRAIN_SECONDS"] = "2"  # several of the balancer's looks
            self.postgres = services.servers[settings["DATABASE_URL"]]
            self.redis = services.servers[settings["REDIS_URL"]]
        self.database_url = settings["DATABASE_URL"]
        self.webs = [Process("web", self.folder, settings) for _ in range(1 if embedded else webs)]
        self.workers = [] if embedded else [Process("worker", self.folder, settings)]
        self.balancer = Balancer([web.port for web in self.webs])

    def start(self) -> None:
        self.webs[0].start(FIRST="yes")
        self.webs[0].listening()  # it migrates, for the others too
        for process in [*self.workers, *self.webs[1:]]:
            process.start()
        for process in self.webs:
            process.ready()
        self.balancer.start()

    def stop(self) -> None:
        self.balancer.stop()
        for process in [*self.workers, *self.webs]:
            process.stop()
        for server in (self.redis, self.postgres):
            if server:
                server.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    # Breaking ---------------------------------------------------------------------------------------------

    def kill_web(self, number: int = 0) -> None:
        """kill -9, and the start that a service manager would make."""
        web = self.webs[number]
        web.kill()
        web.start()
        web.listening()  # one that finds no database at its start ends; a service manager would try again

    def back(self, web: Process) -> None:
        """All of it works again, and people get there."""
        web.ready()
        until(lambda: self.balancer.is_ready(web.port), seconds=PATIENCE)

    def kill_worker(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.start()

    def kill_redis(self) -> None:
        assert self.redis
        self.redis.kill()
        self.redis.begin()

    def kill_postgres(self) -> None:
        assert self.postgres
        self.postgres.kill()
        self.postgres.begin()
        until(self._database_answers, seconds=PATIENCE, why="the database did not come back")

    def _database_answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(self.database_url, connect_timeout=5).close()
            return True
        return False

    def recover(self, seconds: float = PATIENCE) -> None:
        """Every process is up again, all of it works, and people get there."""

        def all_are_ready() -> bool:
            for process in [*self.workers, *self.webs]:
                process.revive()
            return all(web.works() and self.balancer.is_ready(web.port) for web in self.webs)

        until(all_are_ready, seconds=seconds, why=lambda: "\n".join(web.said() for web in self.webs))

    # Asking ----------------------------------------------------------------------------------------------

    def call(self, method: str, path: str, body: Any = None, token: str = "", *, port: int = 0) -> Any:
        return Caller(port or self.balancer.port, token).call(method, path, body)

    def upload(self, path: str, words: bytes, token: str) -> None:
        edge = uuid.uuid4().hex
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        Caller(self.balancer.port, token).call(
            "POST",
            path,
            head.encode() + words + f"\r\n--{edge}--\r\n".encode(),
            Content_Type=f"multipart/form-data; boundary={edge}",
        )

    def sign_up(self, name: str) -> "Owner":
        email = f"{name.lower()}-{uuid.uuid4().hex[:8]}@example.com"
        body = {"email": email, "full_name": name, "password": PASSWORD}
        token = self.call("POST", "/auth/register", body)["access_token"]
        session = self.call("POST", "/auth/business/create", {"name": f"{name}'s"}, token)
        return Owner(self, token, session["business"]["id"], {"email": email, "password": PASSWORD})

    def rows(self, sql: str, *parameters: str) -> list[tuple[Any, ...]]:
        """Straight from the database. `%s` stands for a parameter; ids are given and come back as hex."""
        if self.embedded:
            with contextlib.closing(sqlite3.connect(self.folder / "pingback.sqlite3", timeout=20)) as database:
                return database.execute(sql.replace("%s", "?"), parameters).fetchall()
        with psycopg.connect(self.database_url, connect_timeout=5) as connection:
            return connection.execute(sql, parameters).fetchall()  # type: ignore[arg-type]


class Owner:
    """Somebody with a workspace."""

    def __init__(self, town: Town, token: str, business_id: str, credentials: dict[str, str]) -> None:
        self.town, self.token, self.business_id, self.credentials = town, token, business_id, credentials

    @property
    def auth(self) -> dict[str, str]:
        return {"business_id": self.business_id, "token": self.token}

    def visitor(self, key: str = "") -> dict[str, str]:
        return {"business_id": self.business_id, **({"visitor_key": key} if key else {})}

    def stored(self, conversation_id: str) -> list[tuple[int, str, str]]:
        """(seq, id, content) of its messages, as the database has them."""
        rows = self.town.rows(
            "SELECT seq, id, content FROM conversations_message WHERE conversation_id = %s ORDER BY seq",
            self._id(conversation_id),
        )
        return [
            (seq, str(uuid.UUID(bytes=row) if isinstance(row, bytes) else uuid.UUID(str(row))), content)
            for seq, row, content in rows
        ]

    def feed(self) -> list[int]:
        sql = "SELECT seq FROM businesses_feedevent WHERE business_id = %s ORDER BY seq"
        return [seq for (seq,) in self.town.rows(sql, self._id(self.business_id))]

    def feed_seq(self) -> int:
        return int(
            self.town.rows("SELECT feed_seq FROM businesses_business WHERE id = %s", self._id(self.business_id))[0][0]
        )

    def _id(self, given: str) -> str:
        return uuid.UUID(given).hex if self.town.embedded else given


class Caller:
    """A program that keeps its connection, as programs do."""

    def __init__(self, port: int, token: str = "", timeout: float = 20) -> None:
        self._headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Raises OSError or HTTPException when there is no answer, Refused for one that is not 2xx."""
        sent = {**self._headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        data = body if body is None or isinstance(body, bytes) else json.dumps(body)
        try:
            self._connection.request(method, f"/api/v1{path}", data, sent)
            answer = self._connection.getresponse()
            text = answer.read()
        except BaseException:
            self.close()
            raise
        if answer.status >= 300:
            raise Refused(answer.status, text.decode())
        try:
            return json.loads(text)
        except ValueError as error:  # cut within the headers, which http.client takes for their end
            self.close()
            raise http.client.IncompleteRead(text) from error

    def close(self) -> None:
        self._connection.close()


@contextlib.contextmanager
def running(
    *, embedded: bool, webs: int = 2, folder: Path | None = None, durable: bool = False, **environment: str
) -> Iterator[Town]:
    town = Town(embedded=embedded, webs=webs, folder=folder, durable=durable, **environment)
    try:
        town.start()
        yield town
    finally:
        town.stop()
