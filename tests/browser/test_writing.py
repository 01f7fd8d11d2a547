"""What one has begun to write, in all of one's tabs; what was just sent, taken back; a time of one's own choice."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests import corpus
from tests.browser.pages import console_of, flaws, signed_in


@pytest.fixture(scope="module")
def token(server: Any) -> str:
    return str(server.sign_up("ada@writing.example"))


@pytest.fixture(scope="module")
def conversation(server: Any, token: str) -> str:
    """Of a channel that leaves the house, in a workspace with a macro."""
    server.call("POST", "/macros", {"name": "Late", "content": "We are late"}, token)
    config = {"bot_token": "123456:a-long-token-of-a-bot"}
    channel = server.call("POST", "/channels/", {"type": "telegram", "config": config}, token)
    business = server.call("GET", "/auth/me", token=token)["business"]["id"]
    body = {"business_id": business, "channel_id": channel["id"], "initial_message": "Hello"}
    return str(server.call("POST", "/conversations", body, token)["id"])


@pytest.fixture
def tab(browser: Any, server: Any, conversation: str) -> Iterator[Any]:
    """`tab(**options)`: the conversation in a browser of Ada's."""
    contexts = []

    def opened(**options: Any) -> Any:
        contexts.append(signed_in(browser, server, "ada@writing.example", **options))
        page = contexts[-1].new_page()
        page.goto(f"{server.url}/inbox/{conversation}/")
        page.locator("body[data-ready]").wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()


def holds(page: Any, words: str) -> None:
    page.wait_for_function("words => document.getElementById('reply').value === words", arg=words)


def test_a_draft_is_in_the_other_tab_at_once_and_never_over_what_is_being_written_there(server: Any, tab: Any) -> None:
    one, other = tab(), tab()
    said = console_of(one, server)
    for page in (one, other):
        page.clock.set_fixed_time(page.evaluate("Date.now()"))  # who began to write goes on, however slow the machine
    one.locator("#reply").press_sequentially("Dear")
    holds(other, "Dear")
    with other.expect_response("**/draft/"):
        other.locator("#reply").press_sequentially(" Cleo")
    with one.expect_response("**/draft/"):
        one.locator("#reply").press_sequentially(" Grace")
    assert one.locator("#reply").input_value() == "Dear Grace"
    assert other.locator("#reply").input_value() == "Dear Cleo"
    other.close()
    with one.expect_response("**/draft/"):
        one.locator("#reply").fill("")
    third = tab()
    holds(third, "")
    assert said == []


def test_words_that_are_begun_outlive_the_conversation_that_a_colleague_deletes(
    server: Any, tab: Any, token: str
) -> None:
    business = server.call("GET", "/auth/me", token=token)["business"]["id"]
    body = {"business_id": business, "initial_message": "Soon gone"}
    gone = server.call("POST", "/conversations", body, token)["id"]
    page = tab(viewport={"width": 1440, "height": 900})
    said = console_of(page, server)
    page.locator(f"[data-row='{gone}']").click()
    page.locator(f"#thread[data-thread='{gone}']").wait_for()
    page.locator("#reply").fill("Half a reply")
    server.call("DELETE", f"/conversations/{gone}", None, token)
    page.get_by_text("This conversation was deleted.").wait_for()
    page.locator(f"[data-row='{gone}']").wait_for(state="detached")
    assert page.locator("#reply").input_value() == "Half a reply"
    page.locator("[data-row]").first.click()
    page.locator(f"#thread:not([data-thread='{gone}'])").wait_for()
    assert said == []


def test_what_was_just_sent_is_taken_back_with_its_file_and_else_goes_out(server: Any, tab: Any) -> None:
    page = tab(viewport={"width": 1440, "height": 900})
    said = console_of(page, server)
    reply, waiting = page.locator("#reply"), page.locator("#scheduled > li")
    page.set_input_files("[data-attach]", {"name": "a.png", "mimeType": "image/png", "buffer": corpus.picture()})
    page.locator(".composer-files [data-file]").wait_for()
    reply.fill("Oops")
    page.get_by_role("button", name="Send", exact=True).click()
    waiting.get_by_role("button", name="Undo").click()
    holds(page, "Oops")
    page.locator(".composer-files [data-file]").wait_for()
    waiting.wait_for(state="detached")
    assert page.locator("#messages .bubble", has_text="Oops").count() == 0

    reply.fill("Yes")
    page.get_by_role("button", name="Send", exact=True).click()
    page.locator("#messages .bubble", has_text="Yes").wait_for()
    page.locator("#messages .thumb").wait_for()
    assert reply.input_value() == ""
    assert said == []


def test_a_macro_speaks_once_each_time_that_it_is_chosen(server: Any, tab: Any) -> None:
    page = tab(viewport={"width": 1440, "height": 900})
    said = console_of(page, server)
    for times in (1, 2):
        page.get_by_label("Macros").click()
        page.get_by_role("button", name="Late").click()
        page.get_by_text("Done: Late").last.wait_for()
        bubbles = page.locator("#messages .bubble", has_text="We are late")
        bubbles.nth(times - 1).wait_for()
        assert bubbles.count() == times
    assert said == []


def test_a_time_of_ones_own_choice_for_a_message_and_for_a_nap(server: Any, tab: Any) -> None:
    page = tab(viewport={"width": 1440, "height": 900}, timezone_id="Asia/Tokyo")
    page.reload()  # by now the server knows where the reader is
    page.locator("body[data-ready]").wait_for()
    day = page.evaluate("new Date(Date.now() + 2 * 86400000).toLocaleDateString('sv')")
    page.locator("#reply").fill("On that day")
    page.get_by_label("More ways to send").click()
    page.locator("#later-at").fill(f"{day}T09:30")
    assert flaws(page) == []
    page.locator("#later-at").press("Enter")
    page.locator("#scheduled", has_text="On that day").get_by_text(re.compile("Goes out .* 09:30")).wait_for()

    page.get_by_label("Snooze", exact=True).click()
    page.locator("#snooze-at").fill(f"{day}T10:45")
    page.get_by_role("button", name="Snooze until then").click()
    page.get_by_text("Snoozed.", exact=True).first.wait_for()
