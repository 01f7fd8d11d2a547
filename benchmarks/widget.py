"""What the widget costs the page that has it: the same page without it, with it, and opened, in Chromium.

Bytes are what came over the wire, requests those beyond the page itself, and the main thread's work what Chromium's
trace says in processor time, by step. Where the chat is opened, its frame's are in it, too. While it is traced nothing
but the page runs in the page: waiting for an element there would cost it more than the widget does.
"""

import asyncio
import http.server
import json
import os
import shutil
import threading
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from benchmarks import scene
from benchmarks.lab import Server
from benchmarks.plan import Plan
from benchmarks.report import Figures, Outcome, Ratio

CHROMIUM = os.environ.get("PINGBACK_CHROMIUM") or shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Tidewater</title>{head}</head><body><main>'
    + "<h1>Guji natural</h1><p>Roasted by the sea, posted by noon.</p>" * 40
    + "</main></body></html>"
)
WATCH = """
window.shift = 0
new PerformanceObserver((list) => list.getEntries().forEach((entry) => { window.shift += entry.value }))
    .observe({ type: "layout-shift", buffered: true })"""
IS_THERE = "Boolean(document.querySelector('pb-widget')?.shadowRoot.querySelector('.launch'))"
SETTLE = 1.0
TRACED = ["devtools.timeline", "disabled-by-default-devtools.timeline"]
VISITS = 5
# What a trace calls its work -> the step that we call it; what is not here is "other".
STEPS = {
    "EvaluateScript": "script",
    "v8.compile": "script",
    "FunctionCall": "script",
    "RunMicrotasks": "script",
    "TimerFire": "script",
    "EventDispatch": "script",
    "MinorGC": "script",
    "MajorGC": "script",
    "ParseHTML": "parse",
    "ParseAuthorStyleSheet": "style",
    "UpdateLayoutTree": "style",
    "Layout": "layout",
    "PrePaint": "paint",
    "Paint": "paint",
    "Layerize": "paint",
    "Commit": "paint",
}


async def run(plan: Plan) -> list[Outcome]:
    from playwright.async_api import async_playwright

    server = await plan.lab.pingback("widget", postgres=False)
    (made,) = scene.in_pingback(server.environment, 1, 1, 1)
    embed = await asyncio.to_thread(_embed, server, made.agents[0]["token"])
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=CHROMIUM, headless=True, chromium_sandbox=False, args=FLAGS
        )
        with _shop() as address:
            measures = {
                "without": partial(_measure, chromium, address, ""),
                "with": partial(_measure, chromium, address, embed),
                "opened": partial(_measure, chromium, address, embed, opened=True),
            }
            rows = await plan.in_turns("widget", measures)
        await chromium.close()
    bare, there = rows["without"], rows["with"]
    ratios = [
        Ratio("KB that the closed widget adds, headers included", there["KB"] - bare["KB"], 6),
        Ratio("requests that the closed widget adds", there["requests"] - bare["requests"], 2),
        Ratio("ms of main thread that the closed widget adds", there["main ms"] - bare["main ms"], 10),
        Ratio("layout shift with the widget, closed or opened", max(there["shift"], rows["opened"]["shift"]), 0),
    ]
    return [Outcome("widget", "a page with and without the widget", rows, ratios, [])]


async def _measure(chromium: Any, address: str, head: str, *, opened: bool = False) -> Figures:
    """Of some visits the cheapest, for what else the machine does makes them dearer; nothing moves in any."""
    tries = [await _visit(chromium, address, head, opened=opened) for _ in range(VISITS)]
    visits = [visit for visit in tries if visit]
    if not visits:
        raise RuntimeError("the widget was on no page in time: nothing was measured")
    cheapest = min(visits, key=lambda visit: visit["main ms"])
    return {**cheapest, "shift": max(visit["shift"] for visit in visits)}


async def _visit(chromium: Any, address: str, head: str, *, opened: bool) -> Figures | None:
    """A new visitor: nothing is cached. None where the widget was not there before the measuring ended."""
    context = await chromium.new_context(viewport={"width": 1280, "height": 800})
    try:
        page = await context.new_page()
        await page.add_init_script(WATCH)
        session = await context.new_cdp_session(page)
        bytes_by_request: dict[str, int] = {}

        def finished(event: dict[str, Any]) -> None:
            bytes_by_request[event["requestId"]] = event["encodedDataLength"]

        session.on("Network.loadingFinished", finished)
        await session.send("Network.enable")
        await chromium.start_tracing(page=page, categories=TRACED)
        await page.goto(f"{address}?{urllib.parse.urlencode({'head': head})}", wait_until="load")
        if opened:
            await page.get_by_role("button", name="Open chat").click()
            await page.frame_locator("pb-widget iframe").get_by_role("heading").wait_for()
        await asyncio.sleep(SETTLE)
        is_there = await page.evaluate(IS_THERE)  # one look, while it counts
        steps = _steps(json.loads(await chromium.stop_tracing())["traceEvents"])
        if is_there != bool(head):
            return None
        return {
            "KB": sum(bytes_by_request.values()) / 1024,
            "requests": float(len(bytes_by_request)),
            "main ms": sum(steps.values()),
            **{f"{step} ms": steps[step] for step in (*dict.fromkeys(STEPS.values()), "other")},
            "shift": float(await page.evaluate("shift")),
        }
    finally:
        await context.close()


def _steps(events: list[dict[str, Any]]) -> Counter[str]:
    """Milliseconds of processor time that pages' main threads spent on each step, each without what ran within."""
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    steps: Counter[str] = Counter()
    for main in mains:
        within: list[tuple[int, str]] = []  # until when, and what
        tasks = [event for event in events if (event["pid"], event["tid"]) == main and "tdur" in event]
        for event in sorted(tasks, key=lambda event: (event["ts"], -event["dur"])):
            while within and within[-1][0] <= event["ts"]:
                within.pop()
            step = STEPS.get(event["name"]) or (within[-1][1] if within else "other")
            spent = event["tdur"] / 1000
            if within:
                steps[within[-1][1]] -= spent
            steps[step] += spent
            within.append((event["ts"] + event["dur"], step))
    return steps


def _embed(server: Server, token: str) -> str:
    """The line for a new widget of the pages that are served here."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}/api/v1/widget/create",
        json.dumps({"domain": "localhost"}).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        widget_id = json.loads(answer.read())["id"]
    # The address of the embed code is the one that people would use.
    return f'<script async src="http://127.0.0.1:{server.port}/widget.js" data-widget-id="{widget_id}"></script>'


@contextmanager
def _shop() -> Iterator[str]:
    """A page on another origin, with what the query says in its head."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            if not self.path.startswith("/favicon"):
                self.wfile.write(PAGE.format(head=query.get("head", [""])[0]).encode())

        def log_message(self, *arguments: Any) -> None:
            """The figures are enough."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as shopkeeper:
        threading.Thread(target=shopkeeper.serve_forever, daemon=True).start()
        yield f"http://localhost:{shopkeeper.server_port}/"
        shopkeeper.shutdown()
