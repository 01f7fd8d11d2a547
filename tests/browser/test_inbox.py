"""The inbox in a real browser, with a customer who writes meanwhile."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.pages import console_of, signed_in, write_in


@pytest.fixture(scope="module")
def acme(server: Any) -> dict[str, str]:
    """A workspace with its widget; `business`, `widget`, `token`."""
    token = server.sign_up("ada@inbox.example")
    widget = server.call("POST", "/widget/create", {"domain": "localhost", "name": "Acme"}, token)
    return {"token": token, "widget": widget["id"], "business": widget["business_id"]}


@pytest.fixture
def page(browser: Any, server: Any) -> Iterator[Any]:
    context = signed_in(browser, server, "ada@inbox.example")
    page = context.new_page()
    said = console_of(page, server)
    yield page
    assert said == []
    context.close()


def opened(server: Any, acme: dict[str, str], text: str) -> str:
    """The id of a new conversation with one message."""
    body = {"business_id": acme["business"], "initial_message": text}
    return str(server.call("POST", "/conversations", body, acme["token"])["id"])


def bubbles(page: Any) -> list[str]:
    return list(page.locator("#messages .bubble").all_inner_texts())


def test_a_visitors_message_comes_into_the_list_and_the_answer_into_the_chat(
    browser: Any, server: Any, shop: Any, acme: dict[str, str], page: Any
) -> None:
    page.goto(f"{server.url}/inbox/")
    page.get_by_text("Quiet so far").wait_for()
    other_tab = page.context.new_page()
    other_tab.goto(f"{server.url}/inbox/")
    code = f'<script async src="{server.url}/widget.js" data-widget-id="{acme["widget"]}"></script>'
    visitor = browser.new_context()
    site = visitor.new_page()
    site.goto(shop(f"<!doctype html><title>Shop</title>{code}<h1>Shop</h1>"))
    site.get_by_role("button", name="Open chat").click()
    chat = site.frame_locator("iframe")
    write_in(chat, "Do you ship to Madeira?")
    row = page.locator("#rows .row.is-unread")
    row.wait_for()
    assert "Do you ship to Madeira?" in row.inner_text()
    other_tab.locator("#rows .row.is-unread").wait_for()
    with page.expect_response(lambda answer: answer.url.endswith("/read/") and answer.ok):
        row.click()
    page.get_by_role("log").get_by_text("Do you ship to Madeira?").wait_for()
    page.locator("#rows .row:not(.is-unread)").wait_for()
    other_tab.locator("#rows .row:not(.is-unread)").wait_for()
    page.keyboard.press("u")
    page.get_by_text("Choose a conversation").wait_for()
    other_tab.locator("#rows .row.is-unread").wait_for()
    page.locator("#rows .row.is-unread").click()
    page.locator("#messages [data-new]").wait_for()
    page.get_by_label(re.compile("^Reply to")).fill("We do.")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("log").get_by_text("We do.", exact=True).wait_for()
    page.locator("#messages [data-new]").wait_for(state="detached")
    page.locator("#facts", has_text="within a minute").wait_for(state="attached")  # a drawer at this width
    chat.get_by_text("We do.", exact=True).wait_for()
    write_in(chat, "Lovely.")
    page.get_by_role("log").get_by_text("Lovely.", exact=True).wait_for()
    assert page.locator("#messages .msg").count() == 3
    assert page.get_by_label(re.compile("^Reply to")).input_value() == ""
    visitor.close()


def test_messages_of_a_time_without_network_are_there_once_and_in_order(
    server: Any, acme: dict[str, str], page: Any
) -> None:
    conversation = opened(server, acme, "one")
    page.goto(f"{server.url}/inbox/{conversation}/")
    page.locator("body[data-ready]").wait_for()
    page.wait_for_timeout(500)
    page.context.set_offline(True)
    for text in ("two", "three", "four"):
        server.call("POST", f"/conversations/{conversation}/messages", {"content": text}, acme["token"])
    page.get_by_text("No connection.").wait_for()
    page.context.set_offline(False)
    page.get_by_role("log").get_by_text("four", exact=True).wait_for()
    page.get_by_text("No connection.").wait_for(state="hidden")
    assert page.locator("#messages .bubble").all_inner_texts() == ["one", "two", "three", "four"]


def test_a_reply_without_network_is_kept_and_sent_once_when_tried_again(
    server: Any, acme: dict[str, str], page: Any
) -> None:
    conversation = opened(server, acme, "hello")
    page.goto(f"{server.url}/inbox/{conversation}/")
    page.locator("body[data-ready]").wait_for()
    box = page.get_by_label(re.compile("^Reply to"))
    box.fill("Kept and sent.")

    def lose_the_answer(route: Any) -> None:
        route.fetch()  # stored
        route.abort()

    page.route("**/reply/", lose_the_answer)
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Not sent: no connection.").wait_for()
    assert box.input_value() == "Kept and sent."
    page.unroute("**/reply/")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("log").get_by_text("Kept and sent.", exact=True).wait_for()
    page.wait_for_timeout(500)
    assert page.locator("#messages .bubble").all_inner_texts() == ["hello", "Kept and sent."]


def test_words_that_were_changed_after_a_lost_answer_are_sent_too(server: Any, acme: dict[str, str], page: Any) -> None:
    conversation = opened(server, acme, "hello")
    page.goto(f"{server.url}/inbox/{conversation}/")
    page.locator("body[data-ready]").wait_for()
    box = page.get_by_label(re.compile("^Reply to"))

    def lose_the_answer(route: Any) -> None:
        route.fetch()  # stored
        route.abort()

    page.route("**/reply/", lose_the_answer)
    box.fill("We open at nine.")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Not sent: no connection.").wait_for()
    page.unroute("**/reply/")
    box.fill("We open at ten.")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("log").get_by_text("We open at ten.", exact=True).wait_for()
    assert bubbles(page) == ["hello", "We open at nine.", "We open at ten."]


def test_a_reply_with_the_key_of_an_earlier_one_takes_a_new_key(server: Any, acme: dict[str, str], page: Any) -> None:
    conversation = opened(server, acme, "hello")
    page.goto(f"{server.url}/inbox/{conversation}/")
    page.locator("body[data-ready]").wait_for()
    box = page.get_by_label(re.compile("^Reply to"))
    used = page.locator("[data-composer] [name=client_message_id]").input_value()
    box.fill("The first.")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("log").get_by_text("The first.", exact=True).wait_for()
    page.evaluate("key => { document.querySelector('[data-composer] [name=client_message_id]').value = key }", used)
    box.fill("The second.")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("log").get_by_text("The second.", exact=True).wait_for()
    assert bubbles(page) == ["hello", "The first.", "The second."]
    assert page.get_by_role("alert").count() == 0


def test_what_was_sent_is_not_called_unsent_when_it_cannot_be_shown_yet(
    server: Any, acme: dict[str, str], page: Any
) -> None:
    conversation = opened(server, acme, "hello")
    page.goto(f"{server.url}/inbox/{conversation}/")
    page.locator("body[data-ready]").wait_for()
    page.wait_for_timeout(500)
    page.route("**/messages/?*", lambda route: route.abort())
    page.get_by_label(re.compile("^Reply to")).fill("Stored.")
    page.get_by_role("button", name="Send").click()
    page.locator("[data-composer]:not([aria-busy])").wait_for()
    page.wait_for_timeout(500)
    assert page.locator("[data-thread]").get_by_text("Not sent").count() == 0
    assert page.get_by_label(re.compile("^Reply to")).input_value() == ""
    page.unroute("**/messages/?*")
    server.call("POST", f"/conversations/{conversation}/messages", {"content": "more"}, acme["token"])
    page.get_by_role("log").get_by_text("more", exact=True).wait_for()
    assert bubbles(page) == ["hello", "Stored.", "more"]


def test_who_was_away_gets_all_of_it_however_much_one_answer_holds(
    server: Any, acme: dict[str, str], page: Any
) -> None:
    conversation = opened(server, acme, "one")
    page.goto(f"{server.url}/inbox/{conversation}/")
    page.locator("body[data-ready]").wait_for()
    page.wait_for_timeout(500)
    page.context.set_offline(True)
    for text in ("two", "three", "four", "five"):
        server.call("POST", f"/conversations/{conversation}/messages", {"content": text}, acme["token"])
    small = lambda route: route.continue_(url=f"{route.request.url}&limit=2")  # noqa: E731
    page.route("**/messages/?after=*", small)
    page.context.set_offline(False)
    page.get_by_role("log").get_by_text("five", exact=True).wait_for()
    assert bubbles(page) == ["one", "two", "three", "four", "five"]


def test_an_old_message_that_changes_stays_where_it_is_shown(server: Any, acme: dict[str, str], page: Any) -> None:
    conversation = opened(server, acme, "1")
    for number in range(2, 54):
        body = {"content": str(number)}
        server.call("POST", f"/conversations/{conversation}/messages", body, acme["token"])
    page.goto(f"{server.url}/inbox/{conversation}/")
    page.locator("body[data-ready]").wait_for()
    change = r"""async seq => {
      const address = performance.getEntriesByType("resource").map(({ name }) => name)
      const { Thread } = await import(address.find(name => /\/js\/thread[^/]*\.js$/.test(name)))
      await Thread.of(document.getElementById("thread")).update(seq)
    }"""
    page.evaluate(change, 2)  # older than what is shown
    page.evaluate(change, 50)
    assert bubbles(page) == [str(number) for number in range(4, 54)]
    page.locator("#thread-scroll").evaluate("each => { each.scrollTop = 100 }")
    read = page.get_by_role("log").get_by_text("8", exact=True)
    place = read.bounding_box()["y"]
    page.get_by_role("log").get_by_text("1", exact=True).wait_for()
    assert abs(read.bounding_box()["y"] - place) < 2  # whoever reads goes on reading
    assert page.get_by_role("link", name="Show earlier messages").count() == 0
    page.evaluate(change, 2)
    assert bubbles(page) == [str(number) for number in range(1, 54)]
    assert page.locator("#messages li.day:not(.day-new)").count() == 1
    assert page.locator("#messages > li").first.get_attribute("class") == "day"


def test_the_inbox_is_used_with_the_keyboard_alone(server: Any, acme: dict[str, str], page: Any) -> None:
    for text in ("first", "second"):
        opened(server, acme, f"{text} of the keyboard")
    page.goto(f"{server.url}/inbox/")
    page.locator("body[data-ready]").wait_for()
    page.keyboard.press("j")
    page.get_by_role("log").get_by_text("second of the keyboard").wait_for()
    page.keyboard.press("j")
    page.get_by_role("log").get_by_text("first of the keyboard").wait_for()
    page.keyboard.press("k")
    page.get_by_role("log").get_by_text("second of the keyboard").wait_for()
    page.keyboard.press("r")
    page.keyboard.type("je")  # letters are letters in a field
    page.keyboard.press("Control+Enter")
    page.get_by_role("log").get_by_text("je", exact=True).wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    page.get_by_role("log").get_by_text("first of the keyboard").wait_for()  # the next one
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("log").get_by_text("second of the keyboard").wait_for()
    page.locator("#thread-head .badge").wait_for(state="detached")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keyboard").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"


def test_everything_works_without_javascript(browser: Any, server: Any, acme: dict[str, str]) -> None:
    conversation = opened(server, acme, "no scripts here")
    context = signed_in(browser, server, "ada@inbox.example", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server.url}/inbox/")
    page.locator(f"a.row[href*='{conversation}']").click()
    page.locator("textarea").fill("None needed.")
    page.get_by_role("button", name="Send").click()
    page.locator("#messages .bubble", has_text="None needed.").wait_for()
    assert page.locator("#messages .bubble").all_inner_texts() == ["no scripts here", "None needed."]
    page.get_by_role("button", name="Resolve").click()
    page.locator("#thread-head .badge", has_text="Resolved").wait_for()
    context.close()
