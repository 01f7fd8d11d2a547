"""What one does shows at once, before the server has answered; and is taken back where nobody answers."""

import re
from collections.abc import Callable
from typing import Any

from tests.browser.pages import signed_in
from tests.browser.widget_page import until

WORK = re.compile(r"/inbox/[0-9a-f-]{36}/(assign|handle|status|unread)/")


def choose(page: Any, menu: str, name: str) -> None:
    page.locator(f"#thread-{menu} > summary").click()
    page.locator(f"#thread-{menu}").get_by_role("button", name=name, exact=True).click()


def add_tag(page: Any) -> None:
    page.locator("#tag-name").fill("Refund")
    page.keyboard.press("Enter")


# What one does, what shows then, and whether the conversation leaves the list thereby.
DONE: list[tuple[Callable[[Any], None], str, str, bool]] = [
    (lambda page: choose(page, "assign", "Night"), "#thread-assign summary", "Night", False),
    (lambda page: choose(page, "more", "Urgent"), "#thread-head [data-priority]", "Urgent", False),
    (lambda page: choose(page, "more", "Block this customer"), "#thread-head [data-blocked]", "Blocked", False),
    (add_tag, "#tags .tag", "Refund", False),
    (lambda page: choose(page, "snooze", "They reply"), "#thread-head [data-standing]", "Pending", True),
    (lambda page: choose(page, "more", "Close"), "#thread-head [data-standing]", "Closed", True),
]


def test_what_one_does_shows_before_it_is_answered_and_is_taken_back_when_it_is_not(browser: Any, server: Any) -> None:
    token = server.sign_up("ada@once.example")
    business = server.call("GET", "/auth/me", token=token)["business"]["id"]
    customer = server.call("POST", "/customers", {"name": "Cleo Hart"}, token)
    body = {"business_id": business, "customer_id": customer["id"], "initial_message": "Hello"}
    conversation = server.call("POST", "/conversations", body, token)
    server.call("POST", "/teams", {"name": "Night"}, token)
    context = signed_in(browser, server, "ada@once.example", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"{server.url}/inbox/{conversation['id']}/")
    page.locator("body[data-ready]").wait_for()
    row, held = page.locator("#rows > li"), []
    page.route(WORK, lambda route: held.append(route))

    def answer(how: str) -> None:
        until(page, lambda: bool(held))
        getattr(held.pop(), how)()

    for do, where, words, leaves in DONE:
        shown = page.locator(where, has_text=words)
        assert shown.count() == 0
        do(page)
        shown.wait_for()
        if leaves:
            row.wait_for(state="detached")
        answer("abort")
        page.get_by_text("No connection. Try again in a moment.").last.wait_for()
        shown.wait_for(state="detached")
        row.wait_for()

    for do, where, words, leaves in DONE:
        do(page)
        answer("continue_")
        page.locator(where, has_text=words).wait_for()
        if leaves:
            page.locator("[data-toast-action]:visible").last.click()
            answer("continue_")
            row.wait_for()
            page.locator("#thread-head [data-standing]").wait_for(state="detached")

    unread = page.locator("#rows .is-unread")
    choose(page, "more", "Mark as unread")
    unread.wait_for()
    answer("abort")
    unread.wait_for(state="detached")
    page.locator("#thread[data-thread]").wait_for()
    choose(page, "more", "Mark as unread")
    answer("continue_")
    page.get_by_text("The customer has written nothing here.").wait_for()
    unread.wait_for(state="detached")
    context.close()


def test_keys_that_are_pressed_while_a_conversation_opens_are_about_that_one(browser: Any, server: Any) -> None:
    token = server.sign_up("ada@arrival.example")
    business = server.call("GET", "/auth/me", token=token)["business"]["id"]
    opened, other = (
        server.call("POST", "/conversations", {"business_id": business, "initial_message": words}, token)["id"]
        for words in ("First", "Second")
    )
    context = signed_in(browser, server, "ada@arrival.example", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"{server.url}/inbox/{opened}/")
    page.locator("body[data-ready]").wait_for()
    held: list[Any] = []
    page.route(re.compile(f"/inbox/{other}/$"), lambda route: held.append(route))
    page.locator(f"[data-row='{other}']").click()
    until(page, lambda: bool(held))

    page.keyboard.press("r")
    page.keyboard.type("here!eu")
    for route in held:
        route.continue_()

    page.locator(f"#thread[data-thread='{other}']").wait_for()
    page.locator("[data-composer] [name=content]:focus").wait_for()
    assert page.locator("[data-composer] [name=content]").input_value() == ""
    for each in (opened, other):
        assert server.call("GET", f"/conversations/{each}", token=token)["status"] == "open"
        assert server.call("GET", f"/conversations/{each}/draft", token=token)["content"] == ""
    context.close()
