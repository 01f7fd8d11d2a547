"""A real Chromium, the real server as its own process, and a shop on another origin that embeds the widget."""

import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests import migrated
from tests.browser.widget_page import Acme, Visit
from tests.services import free_port

# The headless shell draws the same pages with a quarter less work than the whole browser.
CHROMIUM = os.environ.get("PINGBACK_CHROMIUM") or shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE *.localhost",
]
ROOT = Path(__file__).resolve().parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(300, func_only=True))  # the server starts in the first one


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Whatever failed, what its pages showed and said and the server's log say why."""
    report = yield
    given = getattr(item, "funcargs", {})
    if call.when == "call" and report.failed and "browser" in given:
        for page in (page for context in given["browser"].contexts for page in context.pages):
            report.sections.append((page.url, _told(page)))
        if "server" in given:
            report.sections.append(("the server's log", (given["server"].folder / "log").read_text()[-2000:]))
    return report


def _told(page: Any) -> str:
    asked = [f"{each.method} {each.url} {each.failure or ''}" for each in page.requests()[-15:]]
    told = [each.text for each in page.console_messages()] + [str(error) for error in page.page_errors()]
    for frame in page.frames:
        try:
            told.append(f"{frame.url}: {frame.locator('body').inner_text(timeout=5000)[:1000]}")
        except Exception as error:  # one that hangs or is gone tells that
            told.append(f"{frame.url}: {error}")
    return "\n".join(asked + told)


# Playwright's sync API holds a running event loop: kept for one module only, or every later async test would fail.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    if not os.path.exists(CHROMIUM):
        pytest.fail("These tests need Chromium: apt-get install chromium-headless-shell, or set PINGBACK_CHROMIUM.")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, headless=True, chromium_sandbox=False, args=FLAGS
        )
        yield chromium
        chromium.close()


class Server:
    """The real thing on a free port, with a data folder of its own."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.port = free_port()
        self.environment = environment
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self.start()

    def start(self) -> None:
        environment = {
            **{name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}},
            "PINGBACK_DATA_DIR": str(self.folder),
            "PORT": str(self.port),
            "REQUEST_SECONDS": "60",  # a busy machine's answers may be late
            **self.environment,
        }
        log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pingback.serve"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
        deadline = time.monotonic() + 240
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text()[-3000:])
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:
                    assert answer.status == 200
                    return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("the server did not start: " + (self.folder / "log").read_text()[-3000:])

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)

    def call(self, method: str, path: str, body: Any = None, token: str = "") -> Any:
        """One API request; the answer's JSON. Fails for anything but a success."""
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def sign_up(self, email: str, *, name: str = "Ada Lovelace", workspace: str = "Acme") -> str:
        """A person with a workspace; returns the token. The password is `tidewater-lane-9`."""
        body = {"email": email, "full_name": name, "password": "tidewater-lane-9"}
        token = str(self.call("POST", "/auth/register", body)["access_token"])
        self.call("POST", "/auth/business/create", {"name": workspace}, token)
        return token


@pytest.fixture(scope="session")
def prepared() -> Path:
    """A data folder that a first start has filled: every server begins from a copy of it."""

    def start(folder: Path) -> None:
        migrated.bring(folder / migrated.NAME)
        Server(folder).stop()

    return migrated.once("prepared", start)


@pytest.fixture(scope="session")
def server(prepared: Path) -> Iterator[Server]:
    """One for all modules: each has people and workspaces of its own."""
    folder = Path(tempfile.mkdtemp(prefix="pingback-browser-"))
    shutil.copytree(prepared, folder, dirs_exist_ok=True)
    running = Server(folder)
    yield running
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def shop() -> Iterator[Callable[..., str]]:
    """`shop(html, csp="", headers={})` serves the page on http://localhost:<port>, another site than 127.0.0.1."""
    pages: dict[str, Any] = {"html": b"", "headers": {}}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            for name, value in pages["headers"].items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(pages["html"] if self.path != "/favicon.ico" else b"")

        def log_message(self, *arguments: Any) -> None:
            """Tests print what they need."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as shopkeeper:
        threading.Thread(target=shopkeeper.serve_forever, daemon=True).start()

        def serve(html: str, *, csp: str = "", headers: Mapping[str, str] = {}) -> str:
            policy = {"Content-Security-Policy": csp} if csp else {}
            pages.update(html=html.encode(), headers={**headers, **policy})
            return f"http://localhost:{shopkeeper.server_port}/"

        yield serve
        shopkeeper.shutdown()


@pytest.fixture
def acme(server: Server) -> Acme:
    return Acme(server)


@pytest.fixture
def visit(browser: Any, shop: Callable[..., str], acme: Acme) -> Iterator[Callable[..., Visit]]:
    """`visit(head="", csp="", headers={}, **options of the browser)` comes to the shop's page.

    launcher: whether to wait for it; not where there is none, or more than one button.
    """
    contexts = []

    def come(
        *, head: str = "", csp: str = "", headers: Mapping[str, str] = {}, launcher: bool = True, **options: Any
    ) -> Visit:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        contexts.append(context)
        cleo = Visit(context)
        cleo.page.goto(shop(acme.page(head=head), csp=csp, headers=headers))
        if launcher:
            cleo.launcher.wait_for()
        return cleo

    yield come
    for context in contexts:
        context.close()
