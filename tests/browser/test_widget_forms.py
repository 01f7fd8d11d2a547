"""Who is there, and what the widget asks of a visitor: before, when nobody is there, and at the end."""

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Server
from tests.browser.pages import flaws, signed_in
from tests.browser.widget_page import Acme, Visit, until
from tests.browser.widget_page import flaws as widget_flaws


@pytest.fixture(scope="module")
def server(prepared: Path) -> Iterator[Server]:
    """One that sends mails, into files of its own folder."""
    folder = Path(tempfile.mkdtemp(prefix="pingback-browser-"))
    shutil.copytree(prepared, folder, dirs_exist_ok=True)
    running = Server(folder, EMAIL_URL=f"filemail:///{folder}/mails", MAIL_ANSWERS_AFTER="1")
    yield running
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)


def mailed(server: Server, address: str) -> list[str]:
    """The texts of what went there so far. Mails follow the answer: not even their folder need be there yet."""
    texts = []
    for file in (server.folder / "mails").glob("*"):
        mail = message_from_bytes(file.read_bytes(), policy=policy.default)
        text = mail.get_body(["plain"])
        if mail["To"] == address and text:
            texts.append(text.get_content())
    return texts


def test_the_chat_says_who_is_there_and_when_a_closed_one_opens(visit: Callable[..., Visit], acme: Acme) -> None:
    acme.call("PATCH", "/team/status", {"status": "live"})
    acme.call("PUT", "/business/hours", {"hours": None, "reply_time": "minutes"})
    cleo = visit()
    cleo.open()
    cleo.chat.get_by_role("button", name="Online now · Usually replies in a few minutes").click()
    there = cleo.chat.locator(".pb-head").get_by_text("Online now", exact=True)
    there.wait_for()
    acme.call("PATCH", "/team/status", {"status": "away"})
    there.wait_for(state="detached")
    acme.call("PATCH", "/team/status", {"status": "live"})
    there.wait_for()

    acme.call("PUT", "/business/hours", {"hours": {}, "reply_time": "minutes"})
    cleo.page.reload()
    cleo.open()

    cleo.chat.get_by_role("button", name="We are away").wait_for()
    assert cleo.complaints == []


def test_what_the_owner_asks_for_is_asked_once_before_the_first_message(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    topic = {"label": "What is it about?", "kind": "choice", "choices": ["Delivery", "Coffee"], "required": True}
    order = {"label": "Order number"}
    acme.change(prechat={"enabled": True, "name": "required", "text": "Who are you?", "questions": [topic, order]})
    cleo = visit()
    cleo.open()
    cleo.chat.get_by_role("button", name="Send us a message").click()
    cleo.chat.get_by_text("Who are you?").wait_for()
    cleo.chat.locator("input:focus").wait_for()
    cleo.page.keyboard.type("Cleo")
    cleo.chat.get_by_label("E-mail").fill("cleo@shop")
    cleo.field.fill("Do you ship?")
    cleo.chat.get_by_role("button", name="Send").click()
    cleo.chat.get_by_text("Write an address like cleo@example.com.").wait_for()
    cleo.chat.get_by_text("This is needed.").wait_for()
    assert acme.conversations == []

    cleo.chat.get_by_label("What is it about?").select_option("Delivery")
    cleo.chat.get_by_label("Order number optional").fill("4711")
    cleo.chat.get_by_label("E-mail").fill("cleo@shop.example")
    cleo.chat.get_by_label("E-mail").press("Enter")

    cleo.gets_through()
    cleo.chat.locator("textarea:focus").wait_for()
    [conversation] = acme.conversations
    assert (conversation["customer"]["name"], conversation["customer"]["email"]) == ("Cleo", "cleo@shop.example")
    assert conversation["customer"]["verified"] is False
    assert acme.words == ["Do you ship?\n\nWhat is it about?: Delivery\nOrder number: 4711"]
    cleo.chat.get_by_role("button", name="Back").click()
    cleo.chat.get_by_role("button", name="Send us a message").click()
    cleo.field.wait_for()
    assert cleo.complaints == []


def test_what_was_asked_and_not_sent_survives_a_reload_with_its_answers(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    acme.change(prechat={"enabled": True})
    cleo = visit()
    cleo.line.cut()
    cleo.open()
    cleo.chat.get_by_role("button", name="Send us a message").click()
    cleo.chat.get_by_label("E-mail").fill("cleo@shop.example")
    cleo.field.fill("Do you ship?")
    cleo.chat.get_by_role("button", name="Send").click()
    cleo.sees("Do you ship?")
    cleo.reload()
    cleo.open()
    cleo.line.mend()

    until(cleo.page, lambda: len(acme.conversations) == 1)
    assert acme.conversations[0]["customer"]["email"] == "cleo@shop.example"


def test_what_is_half_answered_survives_a_reload_and_what_is_sent_is_asked_no_more(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    topic = {"label": "What is it about?", "kind": "choice", "choices": ["Delivery", "Coffee"]}
    acme.change(prechat={"enabled": True, "questions": [topic, {"label": "Order number"}]})
    cleo = visit()
    cleo.open()
    cleo.chat.get_by_role("button", name="Send us a message").click()
    cleo.chat.get_by_label("Name").fill("Cleo")
    cleo.chat.get_by_label("E-mail").fill("cleo@shop.example")
    cleo.chat.get_by_label("What is it about?").select_option("Coffee")
    cleo.chat.get_by_label("Order number").fill("4711")
    cleo.field.fill("Do you")
    cleo.reload()
    cleo.open()
    cleo.chat.get_by_role("button", name="Send us a message").click()

    cleo.field.wait_for()
    written = cleo.chat.locator(".pb-form").locator("input, select, textarea")
    assert [each.input_value() for each in written.all()] == ["Cleo", "cleo@shop.example", "Coffee", "4711", "Do you"]
    cleo.chat.get_by_role("button", name="Send").click()
    cleo.gets_through()
    assert acme.words == ["Do you\n\nWhat is it about?: Coffee\nOrder number: 4711"]
    until(cleo.page, lambda: "4711" not in cleo.page.evaluate("JSON.stringify(localStorage)"))


def test_when_it_is_closed_a_visitor_leaves_an_address(visit: Callable[..., Visit], acme: Acme) -> None:
    acme.change(offline_form=True)
    acme.call("PUT", "/business/hours", {"hours": {}, "reply_time": "measured"})
    cleo = visit()
    cleo.open()
    cleo.chat.get_by_role("button", name="Send us a message").click()
    cleo.chat.get_by_role("heading", name="We are away").wait_for()
    cleo.field.fill("Call me")
    cleo.field.press("Shift+Enter")
    cleo.field.press_sequentially("please")
    cleo.chat.get_by_role("button", name="Send").click()
    cleo.chat.get_by_text("This is needed.").wait_for()
    cleo.chat.get_by_label("E-mail").fill("cleo@shop.example")
    cleo.field.press("Enter")

    cleo.gets_through()
    assert acme.words == ["Call me\nplease"]
    assert acme.conversations[0]["customer"]["email"] == "cleo@shop.example"


def test_at_the_end_it_is_rated_commented_and_mailed(
    visit: Callable[..., Visit], acme: Acme, browser: Any, server: Server
) -> None:
    cleo = visit()
    cleo.start("My hopper is broken.")
    cleo.gets_through()
    acme.say("A new one is on its way.")
    cleo.sees("A new one is on its way.")
    assert cleo.chat.get_by_text("How did we do?").count() == 0
    [conversation] = acme.conversations
    desk = signed_in(browser, server, acme.email)
    inbox = desk.new_page()
    inbox.goto(f"{server.url}/inbox/{conversation['id']}/")
    acme.call("PUT", f"/conversations/{conversation['id']}/resolve")

    cleo.chat.get_by_role("button", name="4", exact=True).click()
    cleo.chat.get_by_text("Thank you.").wait_for()
    cleo.chat.get_by_role("button", name="5, great").click()
    cleo.chat.get_by_label("What could be better?").fill("Nothing & more")
    cleo.chat.get_by_role("button", name="Send comment").click()
    cleo.chat.get_by_role("button", name="Send comment").wait_for(state="hidden")

    inbox.get_by_text("rated this conversation 5 of 5").wait_for()
    inbox.get_by_text("Nothing & more").wait_for()
    assert acme.call("GET", "/analytics/overview")["customer_happiness"] == 100

    def rating() -> Any:
        rated = acme.call("GET", f"/conversations/{conversation['id']}/rating")["rating"]
        return rated["score"], rated["comment"]

    for score, name in ((4, "4"), (5, "5, great")):
        cleo.chat.get_by_role("button", name=name, exact=True).click()
        until(cleo.page, lambda score=score: rating() == (score, "Nothing & more"))
    cleo.chat.get_by_role("button", name="E-mail me this conversation").click()
    log, sends = cleo.log.bounding_box(), cleo.log.get_by_role("button", name="Send", exact=True).bounding_box()
    assert sends["y"] + sends["height"] <= log["y"] + log["height"]
    cleo.chat.get_by_label("E-mail", exact=True).press("Enter")
    cleo.chat.get_by_text("Write an address like cleo@example.com.").or_(
        cleo.chat.get_by_text("This is needed.")
    ).wait_for()
    assert widget_flaws(cleo) == []
    cleo.chat.get_by_label("E-mail", exact=True).fill("cleo@shop.example")
    cleo.chat.get_by_label("E-mail", exact=True).press("Enter")
    cleo.chat.get_by_text("Sent to cleo@shop.example.").wait_for()
    assert widget_flaws(cleo) == []
    until(cleo.page, lambda: bool(mailed(server, "cleo@shop.example")))
    cleo.page.reload()
    cleo.open()
    pressed = cleo.chat.get_by_role("button", name="5, great")
    pressed.wait_for()
    assert pressed.get_attribute("aria-pressed") == "true"
    cleo.write("One more thing")
    cleo.chat.get_by_text("How did we do?").wait_for(state="detached")
    assert cleo.complaints == []
    desk.close()


def test_who_has_left_gets_the_answer_by_mail_and_comes_back_by_its_link(
    visit: Callable[..., Visit], acme: Acme, server: Server
) -> None:
    address = f"gone-{acme.email}"
    cleo = visit()
    cleo.page.evaluate("email => PingBack('identify', { email })", address)
    cleo.start("Do you ship?")
    cleo.gets_through()
    cleo.page.goto("about:blank")
    acme.say("We do, to all islands.")

    until(cleo.page, lambda: any("No more of these" in text for text in mailed(server, address)))
    [text] = mailed(server, address)
    assert "We do, to all islands." in text
    [link] = re.findall(rf"{server.url}/chat/\S+/(?=\s)", text.replace("stop/", ""))[:1]

    other = cleo.context.browser.new_page()
    other.goto(link)
    chat = other.frame_locator("pb-widget iframe")
    chat.get_by_role("log").get_by_text("We do, to all islands.").wait_for()
    assert flaws(other) == []
    field = chat.get_by_role("textbox", name="Message")
    field.fill("Then I take two.")
    field.press("Enter")

    until(other, lambda: acme.words == ["Do you ship?", "We do, to all islands.", "Then I take two."])
    other.close()
