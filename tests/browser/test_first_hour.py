"""The first hour with it: a visitor, and two agents in two browsers, whose screens, the API and the search agree."""

from collections.abc import Callable
from typing import Any

import pytest

from tests import corpus
from tests.browser.conftest import Server
from tests.browser.pages import console_of, signed_in
from tests.browser.widget_page import Acme, Visit, until

PHOTO = {"name": "hopper.png", "mimeType": "image/png", "buffer": corpus.picture("PNG", (800, 400))}
INVOICE = {"name": "Invoice.pdf", "mimeType": "application/pdf", "buffer": corpus.PDF}
LARGE = {"width": 1440, "height": 900}


@pytest.fixture
def acme(server: Server, acme: Acme) -> Acme:
    ben = {"email": "ben@first.example", "full_name": "Ben Bitdiddle", "password": "tidewater-lane-9"}
    server.call("POST", "/auth/register", ben)
    acme.call("POST", "/team/invite?email=ben@first.example")
    acme.call("POST", "/canned-responses", {"shortcut": "madeira", "content": "We ship to Madeira.", "shared": True})
    acme.call("POST", "/tags", {"name": "Delivery"})
    return acme


class Desk:
    """One agent's browser."""

    def __init__(self, browser: Any, server: Server, email: str) -> None:
        self.context = signed_in(browser, server, email, viewport=LARGE)
        self.page = self.context.new_page()
        self.said = console_of(self.page, server)
        self.box = self.page.locator("#reply")

    def go(self, address: str) -> None:
        self.page.goto(address)
        self.page.locator("body[data-ready]").wait_for()

    def sees(self, content: str) -> None:
        self.page.locator("#messages").get_by_text(content, exact=True).wait_for()

    def answer(self, content: str) -> None:
        self.box.fill(content)
        self.page.keyboard.press("Control+Enter")

    @property
    def bubbles(self) -> list[str]:
        return list(self.page.locator("#messages .msg .bubble").all_inner_texts())


def test_the_first_hour(browser: Any, server: Server, acme: Acme, visit: Callable[..., Visit]) -> None:
    ada, ben = Desk(browser, server, acme.email), Desk(browser, server, "ben@first.example")
    [bens_id] = [one["user_id"] for one in acme.call("GET", "/team/members") if one["name"] == "Ben Bitdiddle"]
    cleo = visit()
    for desk in (ada, ben):
        desk.go(f"{server.url}/inbox/")

    # A message comes in, is answered, and both sides see each other write.
    cleo.start("Do you ship to Madeira?")
    ada.page.locator("#lists .n-new").first.wait_for()
    ada.page.set_viewport_size({"width": 1440, "height": 300})
    assert ada.page.evaluate("document.documentElement.scrollHeight") == 300  # its columns scroll, and never the page
    ada.page.set_viewport_size(LARGE)
    for desk in (ada, ben):
        desk.page.locator("#rows .row", has_text="Do you ship to Madeira?").click()
        desk.sees("Do you ship to Madeira?")
    [conversation] = acme.conversations
    path = f"/conversations/{conversation['id']}"
    now = lambda: acme.call("GET", path)  # noqa: E731
    cleo.field.press_sequentially("One")
    ada.page.locator("[data-typing]:visible").wait_for()
    cleo.field.fill("")
    ada.box.press_sequentially("We")
    cleo.chat.locator(".pb-typing").wait_for()
    ben.page.locator("[data-company]", has_text="Writing now: Ada").wait_for()
    ada.answer("We do.")
    cleo.sees("We do.")
    ben.sees("We do.")
    ada.page.locator("#messages .msg-out .msg-meta", has_text="Read").wait_for()

    # The network goes away and comes back: everything is there, once and in order.
    cleo.line.cut()
    cleo.write("Lovely.", "How long does it take?")
    ada.answer("Eight days.")
    cleo.line.mend()
    cleo.sees("Eight days.")
    said = {"Do you ship to Madeira?", "We do.", "Lovely.", "How long does it take?", "Eight days."}
    until(cleo.page, lambda: len(acme.words) == len(said))
    in_order = acme.words
    assert {*in_order} == said
    for shown in (lambda: ada.bubbles, lambda: ben.bubbles, lambda: cleo.shown):
        until(cleo.page, lambda shown=shown: shown() == in_order)  # type: ignore[misc]

    # Two agents on one thread.
    ben.page.locator("[data-company]", has_text="Also here: Ada").wait_for()
    ada.page.keyboard.press("Escape")
    ada.page.keyboard.press("a")
    ada.page.locator("#thread-assign[open]").get_by_role("button", name="Ben Bitdiddle").click()
    ben.page.locator("#thread-assign", has_text="You").wait_for()
    ada.page.keyboard.press("n")
    ada.page.keyboard.type("@Be")
    ada.page.locator("#suggest [role=option]", has_text="@Ben Bitdiddle").wait_for()
    ada.page.keyboard.press("Enter")
    ada.page.keyboard.type("is this in the list?")
    ada.page.keyboard.press("Control+Enter")
    ben.page.locator("#messages", has_text="is this in the list?").wait_for()
    assert cleo.shown == in_order  # a note is the team's
    ben.page.keyboard.press("r")
    ben.page.keyboard.type("/mad")
    ben.page.locator("#suggest [role=option]", has_text="/madeira").wait_for()
    ben.page.keyboard.press("Enter")
    assert ben.box.input_value().strip() == "We ship to Madeira."
    ben.page.keyboard.press("Control+Enter")
    cleo.sees("We ship to Madeira.")
    acme.call("PUT", f"{path}/tags", {"tags": ["Delivery"]})
    ben.page.locator("#tags .tag", has_text="Delivery").wait_for()
    ada.page.keyboard.press("Escape")
    ada.page.keyboard.press("z")
    ada.page.locator("#thread-snooze[open]").get_by_role("button", name="They reply").click()
    ben.page.locator("#thread-head .badge", has_text="Pending").wait_for()
    assert now()["status"] == "pending"
    cleo.write("And back?")
    ben.page.locator("#thread-head .badge").wait_for(state="detached")
    assert now()["status"] == "open"
    ben.page.keyboard.press("Escape")
    ben.page.keyboard.press("e")
    ada.page.locator("#thread-head .badge", has_text="Resolved").wait_for()
    cleo.chat.get_by_text("This conversation is resolved.").wait_for()
    ada.page.get_by_role("button", name="Reopen").click()
    ben.page.locator("#thread-head .badge").wait_for(state="detached")
    assert (now()["status"], now()["assignee_id"]) == ("open", bens_id)

    # Files both ways.
    cleo.chat.locator("input[type=file]").set_input_files([PHOTO])
    cleo.chat.get_by_role("button", name="Send").click()
    ben.page.get_by_role("link", name="Picture: hopper.png").locator("img").wait_for()
    ben.page.get_by_label("Attach files").set_input_files([INVOICE])
    ben.page.locator("[data-file]").wait_for()
    ben.page.get_by_role("button", name="Send", exact=True).click()
    cleo.chat.get_by_role("link", name="Invoice.pdf").wait_for()
    ada.page.get_by_role("link", name="Download Invoice.pdf").wait_for()

    # An old word is found, a view is kept, twenty are resolved at once.
    business = acme.call("GET", "/auth/me")["business"]["id"]
    for number in range(20):
        acme.call("POST", "/conversations", {"business_id": business, "initial_message": f"Where is parcel {number}?"})
    ada.page.keyboard.press("/")
    ada.page.keyboard.type("Lovely")
    ada.page.locator("#rows mark", has_text="Lovely").wait_for()
    found = acme.call("GET", "/search?q=Lovely")["results"]
    assert [each["conversation_id"] for each in found] == [conversation["id"]]
    ada.page.get_by_role("link", name="New view").click()
    ada.page.get_by_label("Name").fill("Nobody's")
    ada.page.get_by_label("What", exact=True).select_option("assignee")
    ada.page.get_by_label("Which", exact=True).select_option(label="Nobody")
    ada.page.get_by_role("button", name="Save", exact=True).last.click()
    ada.page.locator("#list-title", has_text="Nobody's").wait_for()
    rows = ada.page.locator("#rows > li")
    rows.nth(19).wait_for()
    for number, key in ((0, "x"), (19, "X")):
        rows.nth(number).click()
        opened = rows.nth(number).locator(".row").get_attribute("href").split("?")[0].split("/")[-2]  # type: ignore[union-attr]
        ada.page.locator(f"#thread[data-thread='{opened}']").wait_for()
        ada.page.keyboard.press(key)
    ada.page.get_by_text("20 selected").wait_for()
    selected = ada.page.get_by_label("The selected conversations")
    selected.get_by_role("button", name="Resolve", exact=True).click()
    ada.page.get_by_text("Resolved 20.").wait_for()
    for desk in (ada, ben):
        desk.page.locator("#lists a", has_text="Resolved").get_by_text("20", exact=True).wait_for()
    assert [each["id"] for each in acme.call("GET", "/conversations/?status=open")] == [conversation["id"]]
    for desk in (ada, ben):
        assert [line for line in desk.said if "preload" not in line] == []
        desk.context.close()
    assert [line for line in cleo.complaints if "ERR_FAILED" not in line] == []  # of the time without a network
