"""Who goes on before an answer is there: it is about what it was asked for, and neither words nor keys go astray."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.pages import console_of, signed_in
from tests.browser.widget_page import until

UNREAD = re.compile(r"/inbox/[0-9a-f-]{36}/unread/")
LIST = re.compile(r"/inbox/$")
ROWS = re.compile(r"/inbox/rows/")
REPLY = re.compile(r"/inbox/[0-9a-f-]{36}/reply/$")
DRAFT = re.compile(r"/draft/")


@pytest.fixture(scope="module")
def token(server: Any) -> str:
    return str(server.sign_up("ada@going.example"))


@pytest.fixture
def opened(server: Any, token: str) -> Callable[[str], str]:
    """Opens a conversation with these words and says its id."""
    business = server.call("GET", "/auth/me", token=token)["business"]["id"]

    def opened(words: str) -> str:
        body = {"business_id": business, "initial_message": words}
        return str(server.call("POST", "/conversations", body, token)["id"])

    return opened


@pytest.fixture
def page(browser: Any, server: Any) -> Iterator[Any]:
    context = signed_in(browser, server, "ada@going.example", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    said = console_of(page, server)
    yield page
    assert said == []
    context.close()


def holds(page: Any, address: re.Pattern[str]) -> list[Any]:
    """Requests that wait for the test from now on."""
    held: list[Any] = []
    page.route(address, lambda route: held.append(route))
    return held


def test_marking_unread_leaves_no_other_one_that_is_opened_meanwhile(
    server: Any, opened: Callable[[str], str], page: Any
) -> None:
    marked, other = opened("First"), opened("Second")
    page.goto(f"{server.url}/inbox/{marked}/")
    page.locator("body[data-ready]").wait_for()
    page.route(UNREAD, lambda route: route.fulfill(status=204))
    held = holds(page, LIST)
    page.keyboard.press("u")
    until(page, lambda: bool(held))
    page.locator(f"[data-row='{other}']").click()
    page.locator(f"#thread[data-thread='{other}']").wait_for()

    with page.expect_response(LIST), page.expect_response(ROWS):  # the rows are asked for behind it
        held.pop().continue_()

    assert page.locator("#thread").get_attribute("data-thread") == other
    assert page.url.endswith(f"/inbox/{other}/")


def test_a_reply_that_is_under_way_when_one_leaves_is_no_draft_again(
    server: Any, token: str, opened: Callable[[str], str], page: Any
) -> None:
    conversation = opened("Hello")
    page.goto(f"{server.url}/inbox/{conversation}/")
    page.locator("body[data-ready]").wait_for()
    page.route(UNREAD, lambda route: route.fulfill(status=204))
    held = holds(page, REPLY)
    page.locator("#reply").fill("Sent once")
    page.keyboard.press("Control+Enter")
    until(page, lambda: bool(held))
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    page.locator("#thread:not([data-thread])").wait_for()

    with page.expect_response(DRAFT):  # what is left of it is kept once it is sent
        held.pop().continue_()

    path = f"/conversations/{conversation}"
    until(page, lambda: server.call("GET", f"{path}/draft", token=token)["content"] == "")
    said = [each["content"] for each in server.call("GET", f"{path}/messages", token=token)["results"]]
    assert said == ["Hello", "Sent once"]


def test_who_answers_in_an_old_part_goes_on_writing_at_its_end(
    server: Any, token: str, opened: Callable[[str], str], page: Any
) -> None:
    conversation = opened("1")
    path = f"/conversations/{conversation}"
    page.goto(f"{server.url}/inbox/{conversation}/")
    page.locator("body[data-ready]").wait_for()
    page.locator("#thread").evaluate("thread => { thread.dataset.still = 1 }")  # as of one that is long
    held = holds(page, re.compile(f"/inbox/{conversation}/$"))
    page.locator("#reply").fill("Sent")
    page.keyboard.press("Control+Enter")
    until(page, lambda: bool(held))
    page.keyboard.type("e!")
    held.pop().continue_()

    page.locator("#thread:not([data-still]) #reply:focus").wait_for()
    assert page.locator("#reply").input_value() == ""
    page.locator("#messages .bubble", has_text="Sent").wait_for()
    assert server.call("GET", path, token=token)["status"] == "open"
