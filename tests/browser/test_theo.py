"""Theo in front of a visitor, with its real engine: it answers what it knows, and hands over the rest."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.browser.conftest import Server
from tests.browser.pages import console_of, flaws, signed_in
from tests.browser.widget_page import Acme, Visit, until
from tests.browser.widget_page import flaws as chat_flaws

SHELF = {
    "Return an item for a refund": "You can send an item back within 30 days of delivery for a full refund.",
    "Delivery times": "Orders arrive in two working days. Express delivery costs 6 EUR.",
    "Opening hours of the shop": "The shop is open from Monday to Friday, nine to five.",
    "Gift cards": "Gift cards are valid for three years and can be bought at the counter.",
}
PASSED_ON = "I am passing this on to the team. A person will answer you here."


def teach(acme: Acme, cleo: Visit) -> None:
    for title, content in SHELF.items():
        acme.call("POST", "/kb/articles", {"title": title, "content": content})
    acme.call("PATCH", "/ai/settings", {"mode": "auto", "auto_run": True})
    until(cleo.page, lambda: {one["index_state"] for one in acme.call("GET", "/kb/articles")} == {"ready"})


def test_a_visitor_who_was_helped_says_so_by_keyboard_once_and_finds_it_said_after_a_reload(
    acme: Acme, visit: Callable[..., Visit]
) -> None:
    cleo = visit()
    teach(acme, cleo)
    cleo.start("How long do I have to send something back?")
    chip = cleo.chat.get_by_role("button", name="That helped")
    chip.wait_for()
    assert chat_flaws(cleo) == []

    cleo.page.context.set_offline(True)
    chip.focus()
    cleo.page.keyboard.press("Enter")
    cleo.chat.get_by_role("alert").get_by_text("Not sent.").wait_for()
    cleo.page.context.set_offline(False)
    chip.focus()
    with cleo.page.expect_response("**/feedback") as answer:
        cleo.page.keyboard.press("Enter")
    assert answer.value.json()["helped"] is True
    cleo.sees("Thank you.")
    chip.wait_for(state="detached")
    cleo.chat.locator("textarea:focus").wait_for()
    assert cleo.chat.get_by_text("Not sent.").count() == 0

    cleo.page.reload()
    cleo.open()
    cleo.sees("Thank you.")
    assert chip.count() == 0
    cleo.write("How long is a gift card valid?")
    cleo.sees(SHELF["Gift cards"])
    chip.wait_for()


def test_theo_answers_with_its_source_or_hands_over_and_the_agent_sees_which(
    browser: Any, server: Server, acme: Acme, visit: Callable[..., Visit]
) -> None:
    knows, wonders, asks = visit(), visit(), visit()
    teach(acme, knows)

    knows.start("How long do I have to send something back?")
    knows.sees(f"Hello! {SHELF['Return an item for a refund']}")
    knows.sees("From our article “Return an item for a refund”")
    assert knows.chat.get_by_role("link", name="From our article").count() == 0  # the help centre is closed
    wonders.start("Do you have a jacuzzi?")
    wonders.sees(PASSED_ON)
    asks.start("Please let me talk to a human")
    asks.sees(PASSED_ON)

    waiting = {one["handoff_reason"] for one in acme.call("GET", "/team/pending-handoffs")}
    assert waiting == {"low_confidence", "user_requested"}
    [answered] = [one for one in acme.conversations if not one["handoff_reason"]]
    desk = signed_in(browser, server, acme.email).new_page()
    said = console_of(desk, server)
    desk.goto(f"{server.url}/inbox/{answered['id']}/")
    sent = desk.locator("#messages .msg-out")
    sent.get_by_role("link", name="Return an item for a refund").wait_for()
    assert sent.locator(".msg-meta").inner_text().startswith("Theo")
    desk.goto(f"{server.url}/notifications/")
    assert desk.get_by_role("button", name="Theo asks for a person").count() == 2
    assert said == []
    assert flaws(desk) == []

    desk.goto(f"{server.url}/inbox/{answered['id']}/")
    desk.locator("#messages .msg-out").wait_for()
    knows.chat.get_by_role("button", name="Talk to a person").click()
    box = desk.get_by_role("region", name="Why Theo asks for a person")
    box.get_by_role("link", name="Return an item for a refund").wait_for()
    assert "“Talk to a person”" in box.inner_text()
    assert flaws(desk) == []
    box.get_by_role("button", name="Close").click()
    box.wait_for(state="detached")
    knows.sees(PASSED_ON)
    knows.chat.get_by_role("button", name="Talk to a person").wait_for(state="detached")
    assert len(acme.call("GET", "/team/pending-handoffs")) == 3
    desk.locator("[data-composer] [name=content]").press_sequentially("One moment, please")
    knows.chat.get_by_text("Tidewater Coffee is typing").wait_for()  # a person, and not Theo
    assert knows.complaints == []
    desk.context.close()


def test_files_that_are_too_many_are_told_of_where_they_were_chosen_and_big_ones_come_in(
    browser: Any, server: Server, tmp_path: Path
) -> None:
    server.sign_up("import@knowledge.example")
    context = signed_in(browser, server, "import@knowledge.example")
    page = context.new_page()
    files = [tmp_path / f"{number}.md" for number in range(6)]
    for file in files:
        file.write_text("# Grind\n\nCoarse.")
    page.goto(f"{server.url}/knowledge/import/")
    said = page.get_by_text("At most 5 files at once, and 10 MB together.")

    page.get_by_label("Files").set_input_files(files)
    said.wait_for()
    page.get_by_role("button", name="Import", exact=True).click()
    page.locator("input[type=file]:focus").wait_for()
    assert flaws(page) == []

    big = tmp_path / "big.csv"
    big.write_text("title,content\nBrew,Slowly.\n" + "\n" * 1_000_000)
    page.get_by_label("Files").set_input_files([files[0], big])
    said.wait_for(state="hidden")
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_text("2 articles are in.").wait_for()
    context.close()
