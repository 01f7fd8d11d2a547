"""A real server in a process of its own, and clients that speak to it."""

import contextlib
import http.client
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import socketio
from django.conf import settings as live
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests import migrated
from tests.services import free_port
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]
needs_redis = pytest.mark.skipif(not live.REDIS_URL, reason="needs --services")
PASSWORD = "tidewater-lane-9"
Payload = dict[str, Any]
# Of python-engineio's client: a thread of it may outlive its test by half a minute, and complain when all are over.
SILENT = logging.getLogger("tests.realtime.silent")
SILENT.setLevel(logging.CRITICAL)


class House:
    """One running PingBack."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {**os.environ, "PINGBACK_DATA_DIR": str(folder), "PORT": str(self.port), **environment}
        if not self.environment.get("DATABASE_URL"):
            migrated.bring(folder / migrated.NAME)
        self.log = folder / "log"
        with self.log.open("ab") as log:
            launch = [sys.executable, str(Path(__file__).with_name("launch.py"))]
            self.process = subprocess.Popen(launch, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        self._shell: subprocess.Popen[str] | None = None
        until(self._answers, seconds=240)

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/healthz", timeout=2):
            return True
        return False

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        if self._shell:
            self._shell.communicate()

    def call(
        self, method: str, path: str, body: Any = None, token: str = "", headers: dict[str, str] | None = None
    ) -> Any:
        headers = {"Content-Type": "application/json", **(headers or {})}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def shell(self, code: str) -> str:
        """Run code beside the server, on its database, in a second process that stays. What it printed."""
        if self._shell is None:
            command = [sys.executable, str(Path(__file__).with_name("shell.py"))]
            pipe = subprocess.PIPE
            self._shell = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdin=pipe, stdout=pipe, text=True)
        assert self._shell.stdin
        assert self._shell.stdout
        self._shell.stdin.write(json.dumps(code) + "\n")
        self._shell.stdin.flush()
        done = json.loads(self._shell.stdout.readline())
        assert done["ok"], done["error"]
        return str(done["printed"]).strip()

    def work(self) -> float:
        """Seconds of a processor that the server has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> int:
        """Resident bytes of the server."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    folder = Path(tempfile.mkdtemp(prefix="pingback-sockets-"))
    proxied = {"TRUSTED_PROXIES": "1", "ALLOWED_HOSTS": "127.0.0.1,localhost"}
    running = House(folder, **proxied, AGENT_OFFLINE_AFTER="9999")
    yield running
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def watchful() -> Iterator[House]:
    """A server that looks every half second for what nobody told it; the others never do."""
    folder = Path(tempfile.mkdtemp(prefix="pingback-watchful-"))
    running = House(folder, TEST_LOOKS_EVERY="0.5")
    yield running
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def neighbour(house: House) -> Iterator[House]:
    """A second process on the same database and Redis."""
    folder = Path(tempfile.mkdtemp(prefix="pingback-neighbour-"))
    shutil.copytree(house.folder / "secrets", folder / "secrets")
    running = House(folder)
    yield running
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Owner:
    """Somebody with a workspace."""

    token: str
    user_id: str
    business_id: str

    @property
    def auth(self) -> Payload:
        return {"business_id": self.business_id, "token": self.token}

    @property
    def visitor(self) -> Payload:
        """What a browser without a key says."""
        return {"business_id": self.business_id}


def sign_up(house: House, name: str, workspace: str) -> Owner:
    email = f"{name.lower()}-{uuid.uuid4().hex[:8]}@example.com"
    body = {"email": email, "full_name": name, "password": PASSWORD}
    token = house.call("POST", "/auth/register", body)["access_token"]
    session = house.call("POST", "/auth/business/create", {"name": workspace}, token)
    return Owner(token=token, user_id=session["user"]["id"], business_id=session["business"]["id"])


@pytest.fixture
def ada(house: House) -> Owner:
    return sign_up(house, "Ada", "Acme")


@pytest.fixture
def mallory(house: House) -> Owner:
    return sign_up(house, "Mallory", "Umbrella")


@pytest.fixture
def ben(house: House, ada: Owner) -> Owner:
    return hired(house, ada)


def hired(house: House, ada: Owner) -> Owner:
    email = f"ben-{uuid.uuid4().hex[:8]}@example.com"
    body = {"email": email, "full_name": "Ben", "password": PASSWORD}
    token = house.call("POST", "/auth/register", body)["access_token"]
    house.call("POST", f"/team/invite?email={email}", None, ada.token)
    user_id = house.call("GET", "/auth/me", None, token)["user"]["id"]
    return Owner(token=token, user_id=user_id, business_id=ada.business_id)


def cookie_of(house: House, person: str) -> str:
    """The session cookie that the log-in page gives. person: an expression of a User."""
    return house.shell(
        "from importlib import import_module\n"
        "from django.conf import settings\n"
        "from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY\n"
        "from accounts.models import User\nfrom accounts.services import open_session\n"
        f"user = {person}\n"
        "store = import_module(settings.SESSION_ENGINE).SessionStore()\n"
        "store[SESSION_KEY] = str(user.pk)\n"
        "store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]\n"
        "store[HASH_SESSION_KEY] = user.get_session_auth_hash()\n"
        "store['sid'] = str(open_session(user=user).pk)\n"
        "store.save()\n"
        "print(f'{settings.SESSION_COOKIE_NAME}={store.session_key}')"
    )


def post(house: House, path: str, form: str, *, cookie: str) -> str:
    """Send a form of one of our pages, as its browser would. Where it leads to."""
    headers = {
        "Cookie": f"{cookie}; {live.CSRF_COOKIE_NAME}={'c' * 32}",
        "X-CSRFToken": "c" * 32,
        "Origin": house.url,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", house.port, timeout=60)) as line:
        line.request("POST", path, form, headers)
        answer = line.getresponse()
        assert answer.status == 302, (answer.status, answer.read()[:500])
        return str(answer.headers["Location"])


def history(house: House, owner: Owner, conversation_id: str) -> list[Payload]:
    """What the API has."""
    return list(house.call("GET", f"/conversations/{conversation_id}", token=owner.token)["messages"])


@dataclass
class Talker:
    """python-socketio's client, with what it heard."""

    client: socketio.Client
    heard: list[tuple[str, Any]] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)

    def ask(self, event: str, payload: Any = None, timeout: float = 60) -> Any:
        return self.client.call(event, payload, timeout=timeout)

    def named(self, event: str) -> list[Any]:
        return [payload for name, payload in list(self.heard) if name == event]

    def hears(self, event: str, count: int = 1) -> Any:
        """Waits for that many of an event; the last one's payload."""
        until(lambda: len(self.named(event)) >= count)
        return self.named(event)[-1]


Connect = Callable[..., Talker]


@pytest.fixture
def talk(house: House) -> Iterator[Connect]:
    """`talk(auth, transports=["polling"])`: connected, or with the reason in `refusal`."""
    made: list[socketio.Client] = []

    def start(auth: Any, *, to: House = house, headers: dict[str, str] | None = None, **options: Any) -> Talker:
        sent = dict(headers or {})
        # The websocket library names an origin of its own accord, unless it is told which.
        extra = {"origin": sent.pop("Origin")} if "Origin" in sent and options.get("transports") is None else {}
        client = socketio.Client(
            reconnection=False, handle_sigint=False, websocket_extra_options=extra, engineio_logger=SILENT
        )
        made.append(client)
        talker = Talker(client)
        client.on("*", lambda event, *arguments: talker.heard.append((event, *arguments)))
        client.on("connect_error", lambda data: talker.refusal.append(data["message"]))
        with contextlib.suppress(socketio.exceptions.ConnectionError):
            options.setdefault("transports", ["websocket"])
            client.connect(to.url, auth=auth, headers=sent, wait_timeout=60, **options)
        return talker

    yield start
    for client in made:
        with contextlib.suppress(Exception):
            client.disconnect()


@pytest.fixture
def raw(house: House) -> Iterator[Callable[..., ClientConnection]]:
    """A bare websocket on the Engine.IO path, before any CONNECT."""
    with contextlib.ExitStack() as open_ones:

        def opened(**options: Any) -> ClientConnection:
            url = f"ws://127.0.0.1:{house.port}/socket.io/?EIO=4&transport=websocket"
            options = {"ping_interval": None, "close_timeout": 1, **options}
            return open_ones.enter_context(connect(url, **options))

        yield opened


def is_closed(socket: ClientConnection, within: float = 30) -> bool:
    """Whether the server ends it; what it says before is read away, pings stay unanswered."""
    deadline = time.monotonic() + within
    try:
        while time.monotonic() < deadline:
            with contextlib.suppress(TimeoutError):
                socket.recv(timeout=0.1)
    except ConnectionClosed:
        return True
    return False


def polled(house: House, query: str = "", body: bytes | None = None, **headers: str) -> tuple[int, str]:
    """One request of the polling transport; status and body."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(f"{house.url}/socket.io/?EIO=4&transport=polling{query}", body, sent)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def new_id() -> str:
    return str(uuid.uuid4())
