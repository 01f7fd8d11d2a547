"""The widget as Cleo has it: Acme's shop on another site, the launcher, and the chat in its frame."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.pages import AXE, PATIENCE, RULES

if TYPE_CHECKING:
    from tests.browser.conftest import Server


PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
TEAL = "rgb(15, 95, 89)"


class Acme:
    """Ada's workspace with a widget for localhost."""

    count = 0

    def __init__(self, server: "Server") -> None:
        Acme.count += 1
        self.server = server
        self.email = f"ada{Acme.count}@acme.com"
        self.token = server.sign_up(self.email)
        self.widget = self.call(
            "POST",
            "/widget/create",
            {
                "domain": "localhost",
                "name": "Tidewater Coffee",
                "welcome_heading": "Hello, how can we help?",
                "welcome_tagline": "We answer in five minutes.",
                "primary_color": "#0f5f59",  # TEAL
            },
        )

    def call(self, method: str, path: str, body: Any = None) -> Any:
        return self.server.call(method, path, body, self.token)

    @property
    def conversations(self) -> list[Any]:
        return self.call("GET", "/conversations/")

    @property
    def words(self) -> list[str]:
        """Of the one conversation, as the API tells them."""
        [conversation] = self.conversations
        whole = self.call("GET", f"/conversations/{conversation['id']}")
        return [message["content"] for message in whole["messages"]]

    def say(self, content: str) -> None:
        [conversation] = self.conversations
        self.call("POST", f"/conversations/{conversation['id']}/messages", {"content": content})

    def change(self, **config: Any) -> None:
        """The widget's options."""
        self.call("PUT", f"/widget/update/{self.widget['id']}", {"config": config})

    def page(self, *, head: str = "") -> str:
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Tidewater</title>'
            f"{head or self.widget['embed_code']}</head><body><main><h1>Guji natural</h1></main></body></html>"
        )


class Line:
    """The network between a browser and our sockets: whole, without WebSockets, or cut."""

    def __init__(self, context: Any) -> None:
        self.has_sockets = self.has_polling = True
        self.loses_next_ack = self.loses_next_message = False
        context.route_web_socket("**/socket.io/**", self._socket)
        context.route("**/socket.io/**", lambda route: route.continue_() if self.has_polling else route.abort())
        self._open: list[Any] = []
        self.is_open = False  # the server has taken a socket of ours

    def cut(self) -> None:
        self.has_sockets = self.has_polling = self.is_open = False
        for socket in self._open:
            socket.close()
        self._open.clear()

    def mend(self) -> None:
        self.has_sockets = self.has_polling = True

    def _socket(self, ours: Any) -> None:
        if not self.has_sockets:
            ours.close()
            return
        theirs = ours.connect_to_server()
        self._open.append(ours)

        def pass_on(packet: str) -> None:
            if self.loses_next_ack and packet.startswith("43"):
                self.loses_next_ack = False
                ours.close()
            elif self.loses_next_message and packet.startswith('42["new_message"'):
                self.loses_next_message = False
            else:
                self.is_open |= packet.startswith("40")
                ours.send(packet)

        theirs.on_message(pass_on)


class Visit:
    """Cleo's browser on the shop's page."""

    def __init__(self, context: Any) -> None:
        self.context = context
        context.set_default_timeout(PATIENCE * 1000)
        self.line = Line(context)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page = context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda line: line.type in {"error", "warning"} and self.complaints.append(line.text))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", lambda line: self.requests.append(line.url))
        self.chat = self.page.frame_locator("pb-widget iframe")
        self.launcher = self.page.locator("pb-widget .launch")
        self.field = self.chat.get_by_role("textbox", name="Message")
        self.log = self.chat.get_by_role("log")

    def open(self) -> None:
        self.page.get_by_role("button", name="Open chat").click()

    def open_with(self, *, unread: int) -> None:
        self.page.get_by_role("button", name=f"Open chat, {unread} unread").click()

    def write(self, *lines: str) -> None:
        for content in lines:
            self.field.fill(content)
            self.field.press("Enter")

    def start(self, *lines: str) -> None:
        """Open the chat for the first time and write."""
        self.open()
        self.chat.get_by_role("button", name="Send us a message").click()
        self.write(*lines)

    def reload(self) -> None:
        """With the chat there, as somebody does who takes a moment for it: what it gave the page to keep is kept."""
        self.page.frames[-1].evaluate("parent.postMessage({pingback: 'keep', name: 'last', value: 'said'}, '*')")
        kept = "() => Object.keys(localStorage).filter((each) => each.endsWith(':last'))"
        until(self.page, lambda: bool(self.page.evaluate(kept)))
        self.page.evaluate(f"({kept})().forEach((name) => localStorage.removeItem(name))")
        self.page.reload()

    def gets_through(self) -> None:
        """The last word has reached the server."""
        self.chat.get_by_text("Sent", exact=True).wait_for()

    def sees(self, content: str) -> None:
        self.log.get_by_text(content, exact=True).wait_for()

    @property
    def shown(self) -> list[str]:
        return self.log.locator(".pb-b").all_inner_texts()


def style(locator: Any, name: str) -> str:
    return str(locator.evaluate("(node, name) => getComputedStyle(node)[name]", name))


def until(page: Any, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail("that did not come true")
        page.wait_for_timeout(100)


# What fades or grows has done so; what goes on for ever does not count. What stands in the host's shadow, too.
SETTLED = """() => {
    const trees = [document, ...[...document.querySelectorAll("*")].flatMap((node) => node.shadowRoot ?? [])]
    const moves = trees.flatMap((tree) => tree.getAnimations())
    const finite = moves.filter((each) => each.effect.getTiming().iterations !== Infinity)
    return Promise.allSettled(finite.map((each) => each.finished)).then(() => undefined)
}"""


def flaws(cleo: Visit) -> list[Any]:
    """What axe-core finds on the host page and in the frame, and what is wider than the frame."""
    found: list[Any] = []
    for frame in cleo.page.frames:
        frame.evaluate(SETTLED)
        frame.evaluate(AXE.read_text())
        # Each frame by itself: axe's own talk with frames of another site is a warning on the console.
        result = frame.evaluate("rules => axe.run(document, {runOnly: rules, iframes: false})", RULES)
        found += [(one["id"], [node["html"] for node in one["nodes"]]) for one in result["violations"]]
    frame = cleo.page.frames[-1]
    if frame.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append("wider than the frame")
    return found
