"""The widget on a shop's page of another site: what a visitor sees, and what the page never notices."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import ROOT, Server

AXE = ROOT / "node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
TEAL = "rgb(15, 95, 89)"


class Acme:
    """Ada's workspace with a widget for localhost."""

    count = 0

    def __init__(self, server: Server) -> None:
        Acme.count += 1
        self.server = server
        self.token = server.sign_up(f"ada{Acme.count}@acme.com")
        self.widget = self.call(
            "POST",
            "/widget/create",
            {
                "domain": "localhost",
                "name": "Tidewater Coffee",
                "welcome_heading": "Hello, how can we help?",
                "welcome_tagline": "We answer in five minutes.",
                "primary_color": "#0f5f59",
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
        self.loses_next_ack = False
        context.route_web_socket("**/socket.io/**", self._socket)
        context.route("**/socket.io/**", lambda route: route.continue_() if self.has_polling else route.abort())
        self._open: list[Any] = []

    def cut(self) -> None:
        self.has_sockets = self.has_polling = False
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
            else:
                ours.send(packet)

        theirs.on_message(pass_on)


class Visit:
    """Cleo's browser on the shop's page."""

    def __init__(self, context: Any) -> None:
        self.context = context
        self.line = Line(context)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page = context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda line: line.type in {"error", "warning"} and self.complaints.append(line.text))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.chat = self.page.frame_locator("pb-widget iframe")
        self.launcher = self.page.locator("pb-widget button")
        self.field = self.chat.get_by_role("textbox", name="Message")
        self.log = self.chat.get_by_role("log")

    def open(self) -> None:
        self.page.get_by_role("button", name="Open chat").click()

    def write(self, *lines: str) -> None:
        for content in lines:
            self.field.fill(content)
            self.field.press("Enter")

    def start(self, *lines: str) -> None:
        """Open the chat for the first time and write."""
        self.open()
        self.chat.get_by_role("button", name="Send us a message").click()
        self.write(*lines)

    def sees(self, content: str) -> None:
        self.log.get_by_text(content, exact=True).wait_for()

    @property
    def shown(self) -> list[str]:
        return self.log.locator(".pb-b").all_inner_texts()


@pytest.fixture
def acme(server: Server) -> Acme:
    return Acme(server)


@pytest.fixture
def visit(browser: Any, shop: Callable[..., str], acme: Acme) -> Iterator[Callable[..., Visit]]:
    """`visit(head="", csp="", **options of the browser)` comes to the shop's page."""
    contexts = []

    def come(*, head: str = "", csp: str = "", **options: Any) -> Visit:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        context.set_default_timeout(15_000)
        contexts.append(context)
        cleo = Visit(context)
        cleo.page.goto(shop(acme.page(head=head), csp=csp))
        cleo.launcher.wait_for()
        return cleo

    yield come
    for context in contexts:
        context.close()


def style(locator: Any, name: str) -> str:
    return str(locator.evaluate("(node, name) => getComputedStyle(node)[name]", name))


def until(page: Any, condition: Callable[[], bool]) -> None:
    for _ in range(150):
        if condition():
            return
        page.wait_for_timeout(100)
    pytest.fail("that did not come true")


def test_it_greets_in_the_colour_and_the_words_of_the_settings(visit: Callable[..., Visit]) -> None:
    cleo = visit()
    assert style(cleo.launcher, "backgroundColor") == TEAL
    assert style(cleo.launcher, "color") == "rgb(255, 255, 255)"

    cleo.open()

    cleo.chat.get_by_role("heading", name="Hello, how can we help?").wait_for()
    assert cleo.chat.get_by_text("We answer in five minutes.").is_visible()
    assert cleo.chat.get_by_text("Tidewater Coffee").is_visible()
    assert style(cleo.chat.locator("header").first, "backgroundColor") == TEAL
    assert cleo.complaints == []


def test_a_bright_colour_gets_dark_words(visit: Callable[..., Visit], acme: Acme) -> None:
    acme.call("PUT", f"/widget/update/{acme.widget['id']}", {"primary_color": "#ffe600"})

    cleo = visit()

    assert style(cleo.launcher, "color") == "rgb(0, 0, 0)"


def test_before_the_first_click_only_script_and_settings_are_asked_and_nothing_is_kept(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    cleo.page.wait_for_timeout(1_000)

    asked = [url for url in cleo.requests if "favicon" not in url and url != cleo.page.url]
    base = acme.server.url
    assert asked == [f"{base}/widget.js", f"{base}/api/v1/widget/{acme.widget['id']}"]
    assert cleo.page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    assert cleo.context.cookies() == []
    assert cleo.page.locator("iframe").count() == 0
    assert cleo.complaints == []


def test_after_it_too_the_page_gets_no_cookie_and_only_our_own_keys(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()

    cleo.start("Hi there")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()

    assert cleo.context.cookies() == []
    keys = cleo.page.evaluate("Object.keys(localStorage)")
    assert keys == [f"pingback:{acme.widget['id']}:key"]
    assert {url.split("/")[2] for url in cleo.requests} == {
        acme.server.url.split("/")[2],
        cleo.page.url.split("/")[2],
    }


def test_a_message_is_stored_once_and_the_answer_appears(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Do you ship to Madeira?")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()

    acme.say("We do. See https://acme.com/madeira.")

    link = cleo.log.get_by_role("link", name="https://acme.com/madeira", exact=True)
    link.wait_for()
    assert link.get_attribute("rel") == "noopener noreferrer nofollow"
    assert cleo.log.get_by_text("Ada Lovelace", exact=True).is_visible()
    assert acme.words == ["Do you ship to Madeira?", "We do. See https://acme.com/madeira."]
    assert cleo.complaints == []


def test_peoples_words_are_never_markup(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("<img src=x onerror=alert(1)>")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()

    acme.say("<b>bold</b> javascript:alert(1)")

    cleo.sees("<img src=x onerror=alert(1)>")
    cleo.sees("<b>bold</b> javascript:alert(1)")
    assert cleo.log.locator("img, b, a").count() == 0


def test_a_reload_keeps_the_conversation_and_opening_shows_it(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Is it in stock?")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    cleo.page.reload()
    acme.say("Yes, eleven bags.")

    cleo.open()

    cleo.sees("Is it in stock?")
    cleo.sees("Yes, eleven bags.")
    cleo.write("Then I take one.")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    assert acme.words == ["Is it in stock?", "Yes, eleven bags.", "Then I take one."]


def test_a_closed_conversation_stays_in_the_list_and_opening_greets_again(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    cleo.start("Is it in stock?")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    acme.call("PUT", f"/conversations/{acme.conversations[0]['id']}/close")
    cleo.chat.get_by_text("This conversation is closed.").wait_for()
    cleo.page.reload()

    cleo.open()

    cleo.chat.get_by_role("heading", name="Hello, how can we help?").wait_for()
    cleo.chat.get_by_role("button", name="Is it in stock?").click()
    cleo.sees("Is it in stock?")


def test_what_was_written_without_a_line_survives_a_reload_and_goes_out_once_in_order(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    cleo.start("one")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    cleo.line.cut()
    cleo.chat.get_by_text("No connection.").wait_for()
    cleo.write("two", "three")
    cleo.page.reload()
    cleo.open()
    cleo.sees("three")
    cleo.write("four")
    assert acme.words == ["one"]

    cleo.line.mend()

    until(cleo.page, lambda: len(acme.words) == 4)
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    assert acme.words == ["one", "two", "three", "four"]
    assert cleo.shown == acme.words
    assert cleo.page.evaluate("Object.keys(localStorage).length") == 1


def test_the_very_first_words_may_wait_too(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.line.cut()
    cleo.start("one", "two")
    cleo.page.reload()
    cleo.open()
    cleo.sees("two")

    cleo.line.mend()

    until(cleo.page, lambda: len(acme.conversations) == 1 and len(acme.words) == 2)
    assert acme.words == ["one", "two"]


def test_a_lost_acknowledgement_doubles_nothing(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.line.loses_next_ack = True

    cleo.start("Only once")

    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    assert acme.words == ["Only once"]
    assert cleo.shown == ["Only once"]


def test_what_was_said_during_a_break_is_caught_up_with(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Hello?")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    cleo.line.cut()
    for content in ("one", "two", "three"):
        acme.say(content)

    cleo.line.mend()

    cleo.sees("three")
    assert cleo.shown == ["Hello?", "one", "two", "three"]


def test_where_websockets_are_blocked_it_polls(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.line.has_sockets = False

    cleo.start("Over polling")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    acme.say("It works")

    cleo.sees("It works")
    assert any("transport=polling" in url for url in cleo.requests)


def test_a_restarted_server_is_found_again(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Before")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()

    acme.server.stop()
    cleo.write("Meanwhile")
    acme.server.start()

    until(cleo.page, lambda: acme.words == ["Before", "Meanwhile"])
    acme.say("Welcome back")
    cleo.sees("Welcome back")


def test_an_answer_to_a_closed_chat_is_counted_on_the_launcher(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Ping me")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    cleo.chat.get_by_role("button", name="Close chat").last.click()

    acme.say("Ping")

    cleo.page.get_by_role("button", name="Open chat, 1 unread").click()
    cleo.sees("Ping")
    cleo.page.keyboard.press("Escape")
    cleo.page.get_by_role("button", name="Open chat", exact=True).wait_for()


def test_both_sides_see_who_is_typing(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Anybody there?")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    who = {"business_id": acme.widget["business_id"], "token": acme.token}
    conversation_id = acme.conversations[0]["id"]
    desk = cleo.context.browser.new_page()
    desk.goto(f"{acme.server.url}/healthz")
    desk.evaluate(
        """async ([auth, conversation_id]) => {
            const { connect } = await import("/static/js/socket.js")
            window.heard = []
            const onEvent = (name, payload) => window.heard.push([name, payload.user_id, payload.is_typing])
            await new Promise((online) => {
                window.socket = connect({ auth, onEvent, onState: (state) => state === "online" && online() })
            })
            await socket.emit("join_conversation", { conversation_id })
            await socket.emit("typing", { conversation_id, is_typing: true })
        }""",
        [who, conversation_id],
    )
    cleo.chat.get_by_text("is typing").wait_for()

    cleo.field.press_sequentially("I am")

    until(desk, lambda: ["typing", None, True] in desk.evaluate("heard"))
    desk.evaluate("id => socket.emit('typing', { conversation_id: id, is_typing: false })", conversation_id)
    cleo.chat.get_by_text("is typing").wait_for(state="detached")
    desk.close()


def test_an_unread_answer_elsewhere_stays_counted_after_closing(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Ping me")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    cleo.chat.get_by_role("button", name="Back").click()
    acme.say("Ping")
    cleo.chat.get_by_role("button", name="Ping").wait_for()

    cleo.page.keyboard.press("Escape")

    cleo.page.get_by_role("button", name="Open chat, 1 unread").wait_for()


def test_a_second_tab_is_the_same_visitor(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("From the first tab")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    tab = cleo.context.new_page()
    tab.goto(cleo.page.url)
    tab.get_by_role("button", name="Open chat").click()
    chat = tab.frame_locator("pb-widget iframe")
    chat.get_by_role("log").get_by_text("From the first tab").wait_for()

    field = chat.get_by_role("textbox", name="Message")
    field.fill("From the second")
    field.press("Enter")

    cleo.sees("From the second")
    assert acme.words == ["From the first tab", "From the second"]


def test_escape_closes_it_and_gives_the_focus_back(visit: Callable[..., Visit]) -> None:
    cleo = visit()
    cleo.page.keyboard.press("Tab")
    cleo.page.keyboard.press("Enter")
    cleo.chat.locator("h1:focus").wait_for()
    cleo.page.keyboard.press("Tab")
    cleo.page.keyboard.press("Enter")
    cleo.chat.locator("textarea:focus").wait_for()
    cleo.page.keyboard.type("Only the keyboard")
    cleo.page.keyboard.press("Enter")
    cleo.sees("Only the keyboard")

    cleo.page.keyboard.press("Escape")

    cleo.page.get_by_role("button", name="Open chat").wait_for()
    assert cleo.page.evaluate("document.activeElement.shadowRoot.activeElement.ariaLabel") == "Open chat"
    cleo.page.locator("pb-widget iframe").wait_for(state="hidden")


def test_the_vendors_form_works_and_twice_on_a_page_is_one_widget(visit: Callable[..., Visit], acme: Acme) -> None:
    script = f'<script async src="{acme.server.url}/widget.js"></script>'
    cleo = visit(head=f"<script>window.PingBackWidgetId = {json.dumps(acme.widget['id'])}</script>{script}{script}")

    cleo.page.wait_for_timeout(500)

    assert cleo.page.locator("pb-widget").count() == 1
    assert cleo.complaints == []


def test_a_page_that_swaps_its_body_keeps_the_open_chat(visit: Callable[..., Visit]) -> None:
    cleo = visit()
    cleo.start("Still here?")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()

    cleo.page.evaluate("document.body.replaceWith(document.createElement('body'))")

    cleo.write("Yes")
    cleo.sees("Yes")


def test_a_strict_policy_of_the_page_needs_three_lines(visit: Callable[..., Visit], acme: Acme) -> None:
    base = acme.server.url
    cleo = visit(csp=f"default-src 'none'; script-src {base}; connect-src {base}; frame-src {base}")

    cleo.start("Through the policy")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()

    assert style(cleo.launcher, "backgroundColor") == TEAL
    assert cleo.complaints == []


def test_on_a_phone_the_chat_is_the_screen(visit: Callable[..., Visit]) -> None:
    cleo = visit(**PHONE)

    cleo.start("From my phone")
    cleo.sees("From my phone")

    box = cleo.page.locator("pb-widget iframe").bounding_box()
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 360, 740)
    assert not cleo.launcher.is_visible()
    assert cleo.page.evaluate("document.documentElement.scrollWidth") == 360
    cleo.chat.get_by_role("button", name="Close chat").last.click()
    cleo.page.get_by_role("button", name="Open chat").wait_for()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing(visit: Callable[..., Visit], acme: Acme, theme: str, options: dict[str, Any]) -> None:
    axe = Path(AXE).read_text()
    cleo = visit(color_scheme=theme, **options)

    def findings() -> list[Any]:
        cleo.page.wait_for_timeout(300)  # until what fades has faded
        found = []
        for frame in cleo.page.frames:
            frame.evaluate(axe)
            result = frame.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
            found += [(one["id"], [node["html"] for node in one["nodes"]]) for one in result["violations"]]
        return found

    assert findings() == []
    cleo.open()
    cleo.chat.get_by_role("button", name="Send us a message").wait_for()
    assert findings() == []
    cleo.chat.get_by_role("button", name="Send us a message").click()
    cleo.write("Hi! Which grind do I choose for a moka pot?")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    acme.say("A little coarser than espresso: https://acme.com/grind")
    cleo.log.get_by_role("link").wait_for()
    assert findings() == []
    cleo.line.cut()
    cleo.write("And for a press?")
    cleo.chat.get_by_text("No connection.").wait_for()
    assert findings() == []
    cleo.line.mend()
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    cleo.chat.get_by_role("button", name="Back").click()
    assert findings() == []
