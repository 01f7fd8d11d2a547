"""Both pages side by side: each sees what arrived and was read on the other, and after a break both have all."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.conftest import Server
from tests.browser.pages import console_of, flaws, signed_in
from tests.browser.widget_page import Acme, Line, Visit, until


class Desk:
    """Ada's inbox."""

    def __init__(self, browser: Any, server: Server, acme: Acme, **options: Any) -> None:
        self.context = signed_in(browser, server, acme.email, **options)
        self.line = Line(self.context)
        self.page = self.context.new_page()
        self.url = server.url
        self.said = console_of(self.page, server)

    def open(self, conversation_id: str) -> None:
        self.page.goto(f"{self.url}/inbox/{conversation_id}/")
        self.page.locator("body[data-ready]").wait_for()

    @property
    def words(self) -> list[str]:
        return list(self.page.locator("#messages .bubble").all_inner_texts())

    @property
    def last_mark(self) -> str:
        return str(self.page.locator("#messages .msg").last.locator("[data-mark]").inner_text()).strip()


@pytest.fixture
def desk(browser: Any, server: Server, acme: Acme) -> Iterator[Callable[..., Desk]]:
    made: list[Desk] = []

    def come(**options: Any) -> Desk:
        made.append(Desk(browser, server, acme, **options))
        return made[-1]

    yield come
    for each in made:
        assert each.said == []
        each.context.close()


def receipt(cleo: Visit) -> str:
    return str(cleo.log.locator(".pb-me small").last.inner_text())


def test_the_visitor_sees_that_words_arrived_and_that_they_were_read(
    visit: Callable[..., Visit], desk: Callable[..., Desk], acme: Acme
) -> None:
    cleo = visit()
    cleo.start("Do you ship to Madeira?")
    until(cleo.page, lambda: receipt(cleo) == "Sent")
    ada = desk()
    ada.page.goto(f"{ada.url}/inbox/")
    ada.page.locator("#rows .row").first.wait_for()
    ada.page.locator("body[data-ready]").wait_for()

    cleo.write("And to the Azores?")
    until(cleo.page, lambda: receipt(cleo) == "Delivered")
    ada.page.locator("#rows .row").first.click()

    until(cleo.page, lambda: receipt(cleo) == "Read")
    assert cleo.log.locator(".pb-me small").count() == 1


def test_the_agent_sees_what_arrived_and_what_was_read_only_once_it_was_shown(
    visit: Callable[..., Visit], desk: Callable[..., Desk], acme: Acme
) -> None:
    cleo = visit()
    cleo.start("Do you ship to Madeira?")
    until(cleo.page, lambda: len(acme.conversations) == 1)
    cleo.page.keyboard.press("Escape")
    cleo.chat.locator(".pb-conversation").wait_for(state="hidden")
    ada = desk()
    ada.open(acme.conversations[0]["id"])
    ada.page.get_by_label("Reply to").fill("We do.")
    ada.page.get_by_role("button", name="Send").click()

    until(ada.page, lambda: ada.last_mark == "Delivered")
    before = ada.page.locator("#messages .msg").last.bounding_box()
    assert acme.conversations[0]["last_message"]["status"] == "delivered"
    cleo.open()

    until(ada.page, lambda: ada.last_mark == "Read")
    assert ada.page.locator("#messages .msg").last.bounding_box()["height"] == before["height"]
    assert acme.conversations[0]["last_message"]["status"] == "read"


def test_what_was_not_seen_is_unread_for_the_server_until_it_is(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Hello?")
    until(cleo.page, lambda: len(acme.conversations) == 1)
    cleo.page.keyboard.press("Escape")
    acme.say("Hi!")
    acme.say("How can I help?")
    cleo.page.get_by_role("button", name="Open chat, 2 unread").wait_for()
    until(cleo.page, lambda: acme.conversations[0]["last_message"]["status"] == "delivered")

    cleo.page.reload()
    cleo.open()
    cleo.sees("How can I help?")

    until(cleo.page, lambda: acme.conversations[0]["last_message"]["status"] == "read")


def test_after_a_break_with_messages_from_both_sides_both_pages_have_what_the_api_has(
    visit: Callable[..., Visit], desk: Callable[..., Desk], acme: Acme
) -> None:
    cleo = visit()
    cleo.start("one")
    until(cleo.page, lambda: len(acme.conversations) == 1)
    ada = desk()
    ada.open(acme.conversations[0]["id"])
    cleo.line.cut()
    ada.line.cut()

    cleo.write("two from the tunnel", "three from the tunnel")
    acme.say("four")
    acme.say("five")
    ada.page.get_by_label("Reply to").fill("six")
    ada.page.get_by_role("button", name="Send").click()  # over HTTP: the page has that, whatever sockets do
    until(ada.page, lambda: "six" in ada.words)
    cleo.line.mend()
    ada.line.mend()

    until(cleo.page, lambda: len(acme.words) == 6 and cleo.shown == acme.words)
    until(ada.page, lambda: ada.words == acme.words)
    until(ada.page, lambda: acme.call("GET", "/conversations/")[0]["unread"] == 0)
    assert sorted(acme.words) == ["five", "four", "one", "six", "three from the tunnel", "two from the tunnel"]


def test_an_event_that_the_desk_lost_is_asked_for_after_a_moment(
    visit: Callable[..., Visit], desk: Callable[..., Desk], acme: Acme
) -> None:
    cleo = visit()
    cleo.start("one")
    until(cleo.page, lambda: len(acme.conversations) == 1)
    ada = desk()
    ada.open(acme.conversations[0]["id"])
    acme.say("two")  # the first answer also assigns the conversation
    until(ada.page, lambda: ada.words == ["one", "two"])
    ada.page.wait_for_timeout(1_000)  # its looks are over
    ada.line.loses_next_message = True

    acme.say("lost on the way")
    ada.page.wait_for_timeout(1_000)
    assert "lost on the way" not in ada.words
    acme.call("PATCH", "/team/status", {"status": "away"})  # the next number in the feed, about something else

    until(ada.page, lambda: ada.words == ["one", "two", "lost on the way"])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_about_receipts(
    visit: Callable[..., Visit], desk: Callable[..., Desk], acme: Acme, theme: str
) -> None:
    cleo = visit(color_scheme=theme)
    cleo.start("Do you ship to Madeira?")
    until(cleo.page, lambda: len(acme.conversations) == 1)
    ada = desk(color_scheme=theme, viewport={"width": 1440, "height": 900})
    ada.open(acme.conversations[0]["id"])
    until(cleo.page, lambda: receipt(cleo) == "Read")
    ada.page.get_by_label("Reply to").fill("We do.")
    ada.page.get_by_role("button", name="Send").click()
    until(ada.page, lambda: ada.last_mark == "Read")

    assert flaws(ada.page) == []
    ada.said.clear()  # axe styles its own marks, which the page's policy refuses
