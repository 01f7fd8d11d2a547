"""Two agents and one conversation, in two real browsers: each sees that the other is there, before both answer."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.pages import console_of, flaws, signed_in

HINT = "[data-company]"


@pytest.fixture(scope="module")
def conversation(server: Any) -> str:
    """In Ada's workspace, where Ben works, too."""
    token = server.sign_up("ada@company.example")
    body = {"email": "ben@company.example", "full_name": "Ben Bitdiddle", "password": "tidewater-lane-9"}
    server.call("POST", "/auth/register", body)
    server.call("POST", "/team/invite?email=ben@company.example", None, token)
    business = server.call("GET", "/auth/me", token=token)["business"]["id"]
    return str(server.call("POST", "/conversations", {"business_id": business}, token)["id"])


@pytest.fixture
def page_of(browser: Any, server: Any, conversation: str) -> Iterator[Any]:
    """`page_of("ben", **options)`: the conversation, open in a browser of their own."""
    contexts = []

    def opened(who: str, **options: Any) -> Any:
        contexts.append(signed_in(browser, server, f"{who}@company.example", **options))
        page = contexts[-1].new_page()
        page.goto(f"{server.url}/inbox/{conversation}/")
        page.locator("body[data-ready]").wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()


def shows(page: Any, words: str) -> None:
    page.wait_for_function("([hint, words]) => document.querySelector(hint).textContent === words", arg=[HINT, words])


def test_a_colleague_who_looks_or_writes_is_named_and_gone_when_gone(server: Any, page_of: Any) -> None:
    adas = page_of("ada")
    said = console_of(adas, server)
    height = adas.locator("[data-composer]").bounding_box()["height"]
    bens = page_of("ben")
    shows(adas, "Also here: Ben")
    bens.locator("#reply").press_sequentially("I have")
    shows(adas, "Writing now: Ben")
    assert adas.locator("[data-composer]").bounding_box()["height"] == height
    bens.locator("#reply").blur()
    shows(adas, "Also here: Ben")
    bens.close()
    shows(adas, "")
    assert said == []


@pytest.mark.parametrize(("width", "theme"), [(360, "dark"), (1440, "light")])
def test_the_hint_fits_everywhere(page_of: Any, width: int, theme: str) -> None:
    page_of("ben")
    adas = page_of("ada", viewport={"width": width, "height": 740}, color_scheme=theme)
    shows(adas, "Also here: Ben")
    assert adas.evaluate("document.documentElement.scrollWidth") == width
    hint, send = (adas.locator(each).bounding_box() for each in (HINT, "[data-send]"))
    assert hint["x"] + hint["width"] <= send["x"]
    assert abs((hint["y"] + hint["height"] / 2) - (send["y"] + send["height"] / 2)) < 4
    assert flaws(adas) == []
