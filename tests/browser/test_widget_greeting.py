"""The greeting that a page shows by itself: when, where, and what a page can say of it."""

from collections.abc import Callable
from typing import Any

from tests.browser.test_widget_api import has
from tests.browser.widget_page import Acme, Visit


def greeting(acme: Acme, **options: Any) -> None:
    config = {"greeting": {"enabled": True, "delay": 0, **options}}
    acme.call("PUT", f"/widget/update/{acme.widget['id']}", {"config": config})


def test_a_greeting_comes_by_itself_opens_the_chat_and_stays_away_once_dismissed(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    greeting(acme, text="Looking for a grinder?")
    cleo = visit(launcher=False)
    bubble = cleo.page.get_by_role("status").get_by_role("button", name="Looking for a grinder?")
    bubble.wait_for()
    assert cleo.page.evaluate("localStorage.length") == 0
    assert cleo.page.locator("iframe").count() == 0

    bubble.click()
    has(cleo, "Close chat")
    assert bubble.count() == 0
    cleo.field.wait_for()  # whoever follows an invitation to write may write
    cleo.page.keyboard.press("Escape")
    cleo.page.locator("pb-widget .launch:focus").wait_for()

    cleo.page.reload()
    bubble.wait_for()
    cleo.page.get_by_role("button", name="Dismiss").click()
    cleo.page.reload()
    cleo.page.wait_for_timeout(2_500)
    assert bubble.count() == 0
    assert cleo.complaints == []


def test_the_cross_of_a_greeting_stands_beside_its_words_from_right_to_left_too(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    greeting(acme, text="Looking for a grinder? We have twelve, and a person who knows each.")
    cleo = visit(head=acme.widget["embed_code"].replace("<script", '<script data-locale="he"'), launcher=False)
    words = cleo.page.locator("pb-widget bdi")
    words.wait_for()

    cross = cleo.page.get_by_role("button", name="הסתרה").bounding_box()
    assert cross["x"] + cross["width"] <= words.bounding_box()["x"]


def test_a_greeting_for_some_pages_follows_a_single_page_app(visit: Callable[..., Visit], acme: Acme) -> None:
    greeting(acme, page="/shop/*")
    cleo = visit(launcher=False)
    cleo.page.wait_for_timeout(2_500)
    bubble = cleo.page.get_by_role("status").get_by_role("button", name="Hello, how can we help?")
    assert bubble.count() == 0

    cleo.page.evaluate("history.pushState(null, '', '/shop/grinders')")

    bubble.wait_for()


def test_what_a_page_says_out_of_a_frame_of_its_own_changes_no_more_than_it_names(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    greeting(acme, enabled=False, text="Looking for a grinder?")
    cleo = visit(launcher=False)

    cleo.page.evaluate(
        """() => {
            const theirs = document.body.appendChild(document.createElement("iframe")).contentWindow
            PingBack("update", theirs.JSON.parse('{"greeting": {"enabled": true}}'))
        }"""
    )

    cleo.page.get_by_role("status").get_by_role("button", name="Looking for a grinder?").wait_for()
    assert cleo.complaints == []
