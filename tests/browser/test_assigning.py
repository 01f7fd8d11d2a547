"""Assigning in two real browsers: what one chooses, the other sees."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.pages import console_of, flaws, signed_in
from tests.browser.widget_page import until


@pytest.fixture(scope="module")
def acme(server: Any) -> dict[str, str]:
    """Ada's workspace, with Ben as an agent; `business`, `token`."""
    token = server.sign_up("ada@assign.example")
    body = {"email": "ben@assign.example", "full_name": "Ben Bitdiddle", "password": "tidewater-lane-9"}
    server.call("POST", "/auth/register", body)
    server.call("POST", "/team/invite?email=ben@assign.example", None, token)
    return {"token": token, "business": server.call("GET", "/auth/me", token=token)["business"]["id"]}


def page_of(browser: Any, server: Any, email: str) -> Iterator[Any]:
    context = signed_in(browser, server, email)
    page = context.new_page()
    said = console_of(page, server)
    yield page
    assert said == []
    context.close()


@pytest.fixture
def adas(browser: Any, server: Any, acme: dict[str, str]) -> Iterator[Any]:
    yield from page_of(browser, server, "ada@assign.example")


@pytest.fixture
def bens(browser: Any, server: Any, acme: dict[str, str]) -> Iterator[Any]:
    yield from page_of(browser, server, "ben@assign.example")


def opened(server: Any, acme: dict[str, str]) -> str:
    return str(server.call("POST", "/conversations", {"business_id": acme["business"]}, acme["token"])["id"])


def test_ada_assigns_to_ben_by_keyboard_and_his_page_shows_it_without_a_reload(
    server: Any, acme: dict[str, str], adas: Any, bens: Any
) -> None:
    conversation = opened(server, acme)
    bens.goto(f"{server.url}/inbox/?list=mine")
    bens.get_by_text("Nothing of yours is open.").wait_for()
    bens.locator("body[data-ready]").wait_for()
    other_tab = bens.context.new_page()
    other_tab.goto(f"{server.url}/notifications/")
    adas.goto(f"{server.url}/inbox/{conversation}/")
    adas.locator("body[data-ready]").wait_for()

    adas.keyboard.press("a")
    menu = adas.locator("#thread-assign[open]")
    menu.get_by_role("button", name="Ben Bitdiddle").wait_for()
    assert adas.evaluate("document.activeElement.value") == "nobody"
    adas.keyboard.press("ArrowUp")
    adas.keyboard.press("Enter")
    for tab in (bens, other_tab):  # the bell counts in both
        tab.locator("[data-bell-count]").get_by_text("1", exact=True).wait_for()
        assert tab.title().startswith("(1) ")

    adas.get_by_text("Assigned to Ben Bitdiddle.").wait_for()
    adas.locator("#thread-assign:not([open]) summary", has_text="Ben").wait_for()
    bens.locator(f"#row-{conversation}").wait_for()
    bens.get_by_text("A conversation is yours now.").wait_for()
    bens.get_by_role("button", name="Show it").click()
    bens.locator(f"[data-thread='{conversation}'] #thread-assign", has_text="You").wait_for()
    # What Ben has open follows what Ada does next.
    adas.locator("#thread-assign summary").click()
    adas.get_by_role("button", name="Unassigned").click()
    bens.get_by_role("button", name="Take it").wait_for()
    bens.keyboard.press("a")
    adas.locator("#thread-assign summary", has_text="Ben").wait_for()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_choices_fit_a_phone_and_have_no_flaws(browser: Any, server: Any, acme: dict[str, str], theme: str) -> None:
    conversation = opened(server, acme)
    phone = {"width": 360, "height": 740}
    for who in ("ada", "ben"):
        context = signed_in(browser, server, f"{who}@assign.example", viewport=phone, color_scheme=theme)
        page = context.new_page()
        page.goto(f"{server.url}/inbox/{conversation}/")
        page.locator("body[data-ready]").wait_for()
        if who == "ada":
            page.keyboard.press("a")
            box = page.locator("#thread-assign .menu").bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= phone["width"]
        assert page.evaluate("document.documentElement.scrollWidth") == phone["width"]
        assert flaws(page) == []
        context.close()


def test_an_agent_goes_down_the_list_resolving_and_undoes_one_from_another(
    server: Any, acme: dict[str, str], bens: Any
) -> None:
    fourth, third, second, _first = [opened(server, acme) for _each in range(4)]  # the newest is on top

    def standing(conversation: str) -> tuple[str, str | None]:
        found = server.call("GET", f"/conversations/{conversation}", token=acme["token"])
        return found["status"], found["assignee_id"]

    def is_open(conversation: str) -> None:
        bens.locator(f"#thread[data-thread='{conversation}']").wait_for()

    bens.goto(f"{server.url}/inbox/{second}/")
    bens.locator("body[data-ready]").wait_for()
    with bens.expect_response(lambda answer: answer.url.split("?")[0].endswith(f"{second}/status/")):
        bens.keyboard.press("e")
    bens.locator(f"#rows [data-row='{second}']").wait_for(state="detached")
    is_open(third)
    assert standing(second) == ("resolved", None)  # he has not taken it

    bens.keyboard.press("j")
    is_open(fourth)
    with bens.expect_response(lambda answer: answer.url.split("?")[0].endswith(f"{second}/status/")):
        bens.get_by_role("button", name="Undo").click()
    bens.locator(f"#rows [data-row='{second}']").wait_for()
    assert bens.locator(f"#rows [data-row='{third}']").count() == 1
    assert standing(second)[0] == standing(third)[0] == "open"

    bens.get_by_role("button", name="Undo").wait_for(state="detached")
    bens.keyboard.press("k")
    is_open(third)
    bens.keyboard.press("e")
    is_open(fourth)
    bens.get_by_role("button", name="Undo").click()
    is_open(third)  # nobody went on by himself
    until(bens, lambda: standing(third)[0] == "open")


def test_who_cannot_resolve_it_stays_with_it(server: Any, acme: dict[str, str], bens: Any) -> None:
    _behind, conversation = opened(server, acme), opened(server, acme)
    bens.goto(f"{server.url}/inbox/{conversation}/")
    bens.locator("body[data-ready]").wait_for()
    bens.route(f"**/{conversation}/status/**", lambda route: route.abort())

    bens.keyboard.press("e")
    bens.get_by_text("No connection. Try again in a moment.").wait_for()

    bens.locator(f"#rows [data-row='{conversation}'][aria-current]").wait_for()
    assert bens.locator("#thread").get_attribute("data-thread") == conversation
    assert bens.locator("#thread-head [data-standing]").count() == 0


def test_an_old_part_of_a_thread_keeps_up_and_asks_before_it_sends(
    server: Any, acme: dict[str, str], adas: Any
) -> None:
    conversation = opened(server, acme)
    ben = {"email": "ben@assign.example", "password": "tidewater-lane-9"}
    bens_token = server.call("POST", "/auth/login", ben)["access_token"]
    for words in ("one", "two", "three"):
        server.call("POST", f"/conversations/{conversation}/messages", {"content": words}, acme["token"])
    adas.goto(f"{server.url}/inbox/{conversation}/?before=3")
    adas.locator("body[data-ready]").wait_for()
    assert adas.locator("#messages .bubble").all_inner_texts() == ["one", "two"]

    adas.goto(f"{server.url}/inbox/{conversation}/?before=3&list=mentions")  # beside a list that it is not in
    adas.locator("body[data-ready]").wait_for()
    adas.keyboard.press("e")
    adas.locator("#thread-head .badge", has_text="Resolved").wait_for()
    server.call("POST", f"/conversations/{conversation}/messages", {"content": "I have it"}, bens_token)
    adas.locator("#reply").fill("four")
    adas.keyboard.press("Control+Enter")
    adas.locator("[data-stale]", has_text="Ben replied meanwhile.").wait_for()
    adas.get_by_role("button", name="Send anyway").click()

    adas.locator("#messages .bubble", has_text="four").wait_for()
    assert adas.locator("#messages .bubble").all_inner_texts() == ["one", "two", "three", "I have it", "four"]
    assert adas.locator("#reply").input_value() == ""
