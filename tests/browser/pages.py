"""What tests of our pages share."""

import json
from pathlib import Path
from typing import Any

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

PATIENCE = 90  # seconds, on a machine that does much else


def signed_in(browser: Any, server: Any, email: str, **options: Any) -> Any:
    """A browser context in which the person has signed in through the page."""
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    page.goto(f"{server.url}/login")
    page.locator("[name=email]").fill(email)
    page.locator("[name=password]").fill("tidewater-lane-9")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login" not in url)
    page.close()
    return context


def enhanced_by(page: Any, module: str) -> None:
    """Wait until what app.js imports under that name has come, and done its part."""
    page.wait_for_function(
        """async name => {
            const entries = performance.getEntriesByType("resource").map(({ name }) => name)
            const address = entries.find(each => new RegExp(`/js/${name}[^/]*[.]js$`).test(each))
            // app.js may be told in a later task that it is here.
            return address && import(address).then(() => new Promise(done => setTimeout(done, 0, true)))
        }""",
        arg=module,
    )


def console_of(page: Any, server: Any) -> list[str]:
    """Collects what should not happen: console messages, errors, and requests to elsewhere."""
    said: list[str] = []
    expected = (
        "ERR_INTERNET_DISCONNECTED",
        "ERR_FAILED",
        "WebSocket connection to",
        "status of 400",
        "status of 404",
        "status of 409",
        "status of 422",
        # Chromium's advice for log-ins, at a form that takes a channel's several secrets.
        "Multiple forms should be contained in their own form elements",
    )

    def console(message: Any) -> None:
        if not any(part in message.text for part in expected):
            said.append(message.text)

    def request(sent: Any) -> None:
        if not sent.url.startswith((server.url, server.url.replace("http", "ws"), "data:", "blob:")):
            said.append(f"request to {sent.url}")

    page.on("console", console)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", request)
    return said


def flaws(page: Any) -> list[str]:
    """What axe-core finds, one line each. Evaluated over the protocol: the page's own policy stays as it is."""
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": AXE.read_text()})
    run = f"axe.run({{runOnly: {json.dumps(RULES)}}})"
    told = "v => [v.id, ...v.nodes.map(n => n.target.join(' '))].join(' ')"
    found = page.evaluate(f"{run}.then(r => r.violations.map({told}))")
    return list(found)


def write_in(chat: Any, text: str) -> None:
    """What a visitor does in the open widget's frame: past the home, when it shows, and send."""
    box = chat.get_by_role("textbox")
    ask = chat.get_by_role("button").filter(has_text="Send us a message")
    box.or_(ask).first.wait_for()
    if not box.is_visible():
        ask.first.click()
    box.fill(text)
    box.press("Enter")
