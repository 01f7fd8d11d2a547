"""The inbox while the network or the server fails: nothing is lost, nothing is in the way, and all comes back."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.pages import console_of, flaws, signed_in

BUSY = {"status": 503, "headers": {"Retry-After": "1"}, "json": {"detail": "Try again"}}


@pytest.fixture(scope="module")
def acme(server: Any) -> dict[str, str]:
    """A workspace; `business`, `token`."""
    token = server.sign_up("ada@breaks.example")
    widget = server.call("POST", "/widget/create", {"domain": "localhost", "name": "Acme"}, token)
    return {"token": token, "business": widget["business_id"]}


@pytest.fixture
def page(browser: Any, server: Any) -> Iterator[Any]:
    context = signed_in(browser, server, "ada@breaks.example", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    said = console_of(page, server)
    yield page
    expected = ("status of 503", "ERR_CONNECTION", "Applying inline style", "preload assets")  # axe's, the last two
    assert [line for line in said if not any(part in line for part in expected)] == []
    context.close()


def opened(server: Any, acme: dict[str, str], text: str) -> str:
    """The id of a new conversation with one message."""
    body = {"business_id": acme["business"], "initial_message": text}
    return str(server.call("POST", "/conversations", body, acme["token"])["id"])


def edited(server: Any, acme: dict[str, str], conversation: str, text: str) -> None:
    """The conversation's first message says this from now on."""
    first = server.call("GET", f"/conversations/{conversation}", token=acme["token"])["messages"][0]["id"]
    server.call("PATCH", f"/conversations/{conversation}/messages/{first}", {"content": text}, acme["token"])


def go_to(page: Any, server: Any, conversation: str) -> Any:
    """The conversation's page with its live line; returns the reply's box."""
    with page.expect_websocket(lambda line: "/socket.io/" in line.url) as line:
        page.goto(f"{server.url}/inbox/{conversation}/")
        page.locator("body[data-ready]").wait_for()
    if not line.value.is_closed():
        page.wait_for_function("() => document.querySelector('[data-company]')")
    return page.get_by_label(re.compile("^Reply to"))


def bubbles(page: Any) -> list[str]:
    return list(page.locator("#messages .bubble").all_inner_texts())


def test_a_message_that_could_not_be_fetched_is_fetched_when_the_server_has_time(
    server: Any, acme: dict[str, str], page: Any
) -> None:
    conversation = opened(server, acme, "one")
    go_to(page, server, conversation)
    page.wait_for_timeout(500)  # the first look is over
    refused: list[str] = []

    def busy(route: Any) -> None:
        refused.append(route.request.url)
        route.fulfill(**BUSY)

    page.route("**/messages/?*", busy)
    page.route("**/inbox/rows/**", busy)
    server.call("POST", f"/conversations/{conversation}/messages", {"content": "two"}, acme["token"])
    while len(refused) < 2:
        page.wait_for_timeout(50)
    page.unroute("**/messages/?*")
    page.unroute("**/inbox/rows/**")
    page.get_by_role("log").get_by_text("two", exact=True).wait_for()
    page.locator(f"#row-{conversation}", has_text="two").wait_for()
    assert bubbles(page) == ["one", "two"]


def test_a_change_that_could_not_be_fetched_is_fetched_later(server: Any, acme: dict[str, str], page: Any) -> None:
    conversation = opened(server, acme, "one")
    go_to(page, server, conversation)
    page.wait_for_timeout(500)
    page.route("**/messages/?*limit=1*", lambda route: route.fulfill(**BUSY))
    page.evaluate(
        """async () => {
          const address = performance.getEntriesByType("resource").map(({ name }) => name)
          const { Thread } = await import(address.find(name => /\\/js\\/thread[^/]*\\.js$/.test(name)))
          const thread = Thread.of(document.getElementById("thread"))
          thread.messages.querySelector(".bubble").textContent = "an older state"
          thread.changed.add(1)
          window.caughtUp = () => thread.catchUp()
        }"""
    )
    assert page.evaluate("window.caughtUp().then(() => 'told', ({ status }) => status)") == 503
    page.unroute("**/messages/?*limit=1*")
    page.evaluate("window.caughtUp()")
    assert bubbles(page) == ["one"]


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (360, "dark")])
def test_no_connection_is_said_without_covering_or_moving_anything(
    server: Any, acme: dict[str, str], page: Any, width: int, scheme: str
) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    page.emulate_media(color_scheme=scheme)
    go_to(page, server, opened(server, acme, "hello"))
    page.wait_for_timeout(500)
    places = """() => [...document.querySelectorAll(
        `#thread-head h2, #thread-head > .btn, #thread-head summary, #thread-head form > .btn,
        .list > .bar .btn-icon, .composer, #messages .bubble, #rows .row`
      )].filter(each => each.checkVisibility()).map(each => {
        const { x, y, width, height } = each.getBoundingClientRect()
        const top = document.elementFromPoint(x + width / 2, y + height / 2)
        return [each.className, x, y, width, height, each.contains(top)]
      })"""
    before = page.evaluate(places)
    assert len(before) >= 5

    page.context.set_offline(True)
    note = page.locator(".offline:visible")
    note.wait_for()
    assert "Offline" in note.inner_text()
    assert page.get_by_role("button", name="Try now").is_visible()
    assert page.evaluate(places) == before
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.context.set_offline(False)
    note.wait_for(state="hidden")
    assert page.evaluate(places) == before
    page.evaluate("document.body.dataset.isOffline = ''")
    assert flaws(page) == []


def test_try_now_tries_now(server: Any, acme: dict[str, str], page: Any) -> None:
    is_down = [True]
    cut = lambda line: line.close() if is_down[0] else line.connect_to_server()  # noqa: E731
    page.route_web_socket(re.compile("/socket.io/"), cut)
    page.route("**/socket.io/**", lambda route: route.abort() if is_down[0] else route.continue_())
    page.goto(f"{server.url}/inbox/{opened(server, acme, 'hello')}/")
    button = page.get_by_role("button", name="Try now")
    button.wait_for()
    is_down[0] = False
    button.click()
    button.wait_for(state="hidden")


def test_a_row_that_cannot_be_opened_now_leaves_one_where_one_is(server: Any, acme: dict[str, str], page: Any) -> None:
    other = opened(server, acme, "the other one")
    here = opened(server, acme, "this one")
    box = go_to(page, server, here)
    box.fill("A draft.")
    page.context.set_offline(True)
    page.locator(f"#row-{other} a").click()
    page.get_by_role("alert").or_(page.locator("[data-toast]")).get_by_text("No connection.").wait_for()
    assert page.url == f"{server.url}/inbox/{here}/"
    assert box.input_value() == "A draft."
    assert page.locator(f"#row-{here} a").get_attribute("aria-current") == "true"
    page.context.set_offline(False)
    page.locator(f"#row-{other} a").click()
    page.get_by_role("log").get_by_text("the other one", exact=True).wait_for()
    page.locator(f"#row-{here} a").click()
    page.get_by_role("log").get_by_text("this one", exact=True).wait_for()
    assert page.get_by_label(re.compile("^Reply to")).input_value() == "A draft."


def test_a_reply_without_connection_goes_out_by_itself_once(server: Any, acme: dict[str, str], page: Any) -> None:
    box = go_to(page, server, opened(server, acme, "hello"))
    page.context.set_offline(True)
    box.fill("Kept.")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Not sent: no connection. Your text is kept and goes out by itself.").wait_for()
    page.context.set_offline(False)
    page.get_by_role("log").get_by_text("Kept.", exact=True).wait_for()
    page.locator("[data-thread]").get_by_text("Not sent").wait_for(state="hidden")
    page.wait_for_timeout(1500)
    assert (bubbles(page), box.input_value()) == (["hello", "Kept."], "")


def test_a_reply_whose_answer_was_lost_is_not_called_unsent_for_long(
    server: Any, acme: dict[str, str], page: Any
) -> None:
    box = go_to(page, server, opened(server, acme, "hello"))

    lost: list[Any] = []

    def lose_the_answer(route: Any) -> None:
        if lost:
            return route.continue_()
        lost.append(route.fetch())  # stored
        return route.abort()

    page.route("**/reply/", lose_the_answer)
    box.fill("Stored.")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("log").get_by_text("Stored.", exact=True).wait_for()
    page.wait_for_function("() => !document.querySelector('[data-composer] textarea').value")
    told = page.locator("[data-thread]").get_by_text("Not sent")
    assert told.count() == 0 or told.is_hidden()
    assert bubbles(page) == ["hello", "Stored."]


def test_a_busy_server_is_said_with_what_becomes_of_the_text(server: Any, acme: dict[str, str], page: Any) -> None:
    box = go_to(page, server, opened(server, acme, "hello"))
    page.route("**/reply/", lambda route: route.fulfill(**BUSY))
    box.fill("Patience.")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Not sent yet: the server is busy. Your text is kept and goes out by itself.").wait_for()
    assert box.input_value() == "Patience."
    page.unroute("**/reply/")
    page.get_by_role("log").get_by_text("Patience.", exact=True).wait_for()
    page.get_by_text("Not sent yet").wait_for(state="hidden")


def test_what_is_written_after_a_failed_reply_is_a_draft_again(server: Any, acme: dict[str, str], page: Any) -> None:
    box = go_to(page, server, opened(server, acme, "hello"))
    page.context.set_offline(True)
    box.fill("Half a")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Not sent: no connection.").wait_for()
    box.fill("Half a thought")
    page.context.set_offline(False)
    page.locator(".offline:visible").wait_for(state="hidden")
    page.wait_for_timeout(1500)
    assert (bubbles(page), box.input_value()) == (["hello"], "Half a thought")


def test_what_is_sent_while_a_reply_is_on_its_way_goes_after_it(server: Any, acme: dict[str, str], page: Any) -> None:
    box = go_to(page, server, opened(server, acme, "hello"))
    held: list[Any] = []
    page.route("**/reply/", lambda route: route.continue_() if held else held.append(route))
    box.fill("First.")
    page.get_by_role("button", name="Send").click()
    while not held:
        page.wait_for_timeout(20)
    box.press("End")
    page.keyboard.type(" Second.")
    page.keyboard.press("Control+Enter")
    held[0].continue_()
    page.get_by_role("log").get_by_text("Second.", exact=True).wait_for()
    assert (bubbles(page), box.input_value()) == (["hello", "First.", "Second."], "")


def test_what_changed_before_the_page_had_its_line_is_shown(server: Any, acme: dict[str, str], page: Any) -> None:
    conversation = opened(server, acme, "the first words")
    is_down = [True]
    cut = lambda line: line.close() if is_down[0] else line.connect_to_server()  # noqa: E731
    page.route_web_socket(re.compile("/socket.io/"), cut)
    page.route("**/socket.io/**", lambda route: route.abort() if is_down[0] else route.continue_())
    page.goto(f"{server.url}/inbox/{conversation}/")
    page.locator("body[data-ready]").wait_for()
    edited(server, acme, conversation, "the words they meant")
    is_down[0] = False
    page.get_by_role("log").get_by_text("the words they meant", exact=True).wait_for()
    assert bubbles(page) == ["the words they meant"]


def test_what_changed_while_events_were_lost_is_shown_when_the_server_says_that_some_were(
    server: Any, acme: dict[str, str], page: Any
) -> None:
    conversation = opened(server, acme, "the first words")
    server.call("POST", f"/conversations/{conversation}/messages", {"content": "the last words"}, acme["token"])
    lines: list[Any] = []
    asked: list[str] = []
    answered: list[str] = []
    is_losing = [False]
    lost: list[str] = []

    def between(line: Any) -> None:
        def from_server(packet: str) -> None:
            if is_losing[0] and packet.startswith("42"):
                lost.append(packet)
                return
            answered.extend(number for number in asked if packet.startswith(f"43{number}["))
            line.send(packet)

        def from_page(packet: str) -> None:
            if '["resume"' in packet:
                asked.append(packet[2 : packet.index("[")])
            upstream.send(packet)

        upstream = line.connect_to_server()
        upstream.on_message(from_server)
        line.on_message(from_page)
        lines.append(line)

    page.route_web_socket(re.compile("/socket.io/"), between)
    page.goto(f"{server.url}/inbox/{conversation}/")
    while not answered:
        page.wait_for_timeout(50)
    is_losing[0] = True
    edited(server, acme, conversation, "the words they meant")
    while not any("message_updated" in packet for packet in lost):
        page.wait_for_timeout(50)
    is_losing[0] = False
    assert bubbles(page) == ["the first words", "the last words"]
    cursor = server.call("GET", "/feed?after=0", token=acme["token"])["next"]
    lines[-1].send(f'42["resync",{{"cursor":{cursor}}}]')
    page.get_by_role("log").get_by_text("the words they meant", exact=True).wait_for()
    assert bubbles(page) == ["the words they meant", "the last words"]
