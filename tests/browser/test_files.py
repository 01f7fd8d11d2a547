"""Files in a real browser: chosen or pasted, sent, seen by a colleague at once, and looked at."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests import corpus
from tests.browser.pages import console_of, flaws, signed_in, write_in
from tests.browser.widget_page import until

PHOTO = {"name": "hopper.png", "mimeType": "image/png", "buffer": corpus.picture("PNG", (800, 400))}
INVOICE = {"name": "Invoice.pdf", "mimeType": "application/pdf", "buffer": corpus.PDF}
# The refusal of a file, and what axe does to the page while it looks.
EXPECTED = ("status of 415", "Applying inline style", "preload assets")
PASTE = """([name, bytes]) => {
  const data = new DataTransfer()
  data.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }))
  document.getElementById("reply").dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }))
}"""
SHIFTS = """() => new Promise((resolve) => {
  new PerformanceObserver((list) => resolve(list.getEntries().reduce((sum, { value }) => sum + value, 0)))
    .observe({ type: "layout-shift", buffered: true })
  setTimeout(() => resolve(0), 300)
})"""


@pytest.fixture(scope="module")
def conversation(server: Any) -> str:
    token = server.sign_up("ada@files.example")
    business = server.call("GET", "/auth/me", None, token)["business"]["id"]
    body = {"business_id": business, "initial_message": "Hello"}
    return str(server.call("POST", "/conversations", body, token)["id"])


@pytest.fixture
def page(browser: Any, server: Any, conversation: str) -> Iterator[Any]:
    context = signed_in(browser, server, "ada@files.example")
    page = context.new_page()
    said = console_of(page, server)
    page.goto(f"{server.url}/inbox/{conversation}/")
    page.locator("[data-attaches]").wait_for(state="attached")
    yield page
    assert [line for line in said if not any(part in line for part in EXPECTED)] == []
    context.close()


def test_a_visitor_sees_pictures_files_and_who_sent_them(browser: Any, server: Any, shop: Any) -> None:
    token = server.sign_up("bea@files.example", name="Bea Kant")
    widget = server.call("POST", "/widget/create", {"domain": "localhost"}, token)["id"]
    code = f'<script async src="{server.url}/widget.js" data-widget-id="{widget}"></script>'
    visitor = browser.new_context()
    site = visitor.new_page()
    site.goto(shop(f"<!doctype html><title>Shop</title>{code}<h1>Shop</h1>"))
    site.get_by_role("button", name="Open chat").click()
    chat = site.frame_locator("iframe")
    write_in(chat, "What does it look like?")
    chat.get_by_text("Sent", exact=True).wait_for()
    conversation = server.call("GET", "/conversations/", None, token)[0]["id"]

    agent = signed_in(browser, server, "bea@files.example")
    page = agent.new_page()
    page.goto(f"{server.url}/settings/profile/")
    with page.expect_navigation():
        page.locator("[data-send-at-once]").set_input_files([PHOTO])
    page.goto(f"{server.url}/inbox/{conversation}/")
    page.locator("[data-attaches]").wait_for(state="attached")
    page.get_by_label("Attach files").set_input_files([PHOTO, INVOICE])
    page.locator("[data-file]").nth(1).wait_for()
    send(page)

    picture = chat.get_by_role("link", name="hopper.png").locator("img")
    picture.wait_for()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 640
    assert picture.bounding_box()["width"] == 220
    assert chat.get_by_role("link", name="Invoice.pdf").get_attribute("href").startswith(f"{server.url}/files/")
    face = chat.locator(".pb-m .pb-av img").last
    assert face.evaluate("image => image.decode().then(() => image.naturalWidth)") == 256
    agent.close()
    visitor.close()


def send(page: Any) -> None:
    page.get_by_role("button", name="Send", exact=True).click()
    page.locator("[data-file]").first.wait_for(state="detached")


def test_files_are_attached_sent_and_seen_by_the_other_agent_at_once(page: Any, server: Any, conversation: str) -> None:
    colleague = page.context.new_page()
    colleague.goto(f"{server.url}/inbox/{conversation}/")
    page.get_by_label("Attach files").set_input_files([PHOTO, INVOICE])
    page.locator("[data-file]").nth(1).wait_for()
    send(page)
    photo = colleague.get_by_role("link", name="Picture: hopper.png")
    photo.wait_for()
    assert photo.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 640
    with colleague.expect_download() as saved:
        colleague.get_by_role("link", name="Download Invoice.pdf").click()
    assert saved.value.suggested_filename == "Invoice.pdf"
    photo.click()
    large = colleague.locator("#picture img")
    large.wait_for()
    assert large.evaluate("image => image.decode().then(() => image.naturalWidth)") == 800
    colleague.keyboard.press("Escape")
    large.wait_for(state="hidden")


def test_a_pasted_picture_and_words_go_out_as_one_message(page: Any) -> None:
    before = page.locator("#messages .msg").count()
    page.evaluate(PASTE, ["image.png", list(corpus.picture())])
    page.get_by_label("Remove image.png").wait_for()
    page.locator("#reply").fill("Like this.")
    send(page)
    last = page.locator("#messages .msg").last
    last.get_by_text("Like this.").wait_for()
    assert last.get_by_role("link", name="Picture: image.png").count() == 1
    assert page.locator("#messages .msg").count() == before + 1


def test_the_end_of_the_thread_stays_in_sight_while_the_composer_grows(page: Any, server: Any) -> None:
    for number in range(12):
        page.locator("#reply").fill(f"Line {number}\n\nand more")
        send(page)
        page.locator("#messages .bubble", has_text=f"Line {number}").wait_for()
    below = "({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight"
    thread = page.locator("#thread-scroll")
    before = thread.evaluate("scroller => { scroller.scrollTop = 1e6; return scroller.clientHeight }")

    page.evaluate(PASTE, ["image.png", list(corpus.picture())])
    page.get_by_label("Remove image.png").wait_for()
    page.locator("[data-emoji]").click()
    page.locator(".pb-emoji").wait_for()

    until(page, lambda: thread.evaluate(below) < 1)
    assert thread.evaluate("scroller => scroller.clientHeight") < before
    page.keyboard.press("Escape")
    page.get_by_label("Remove image.png").click()
    thread.evaluate("scroller => { scroller.scrollTop = 0 }")  # who reads further up goes on reading
    page.locator("#reply").fill("\n" * 9)
    assert thread.evaluate("scroller => scroller.scrollTop") == 0
    page.locator("#reply").fill("")


def test_a_picture_pasted_into_a_note_is_in_it(page: Any) -> None:
    page.locator("[data-note-mode]").check(force=True)
    page.evaluate(PASTE, ["screen.png", list(corpus.picture())])
    page.get_by_label("Remove screen.png").wait_for()
    assert page.get_by_label("Attach files").count() == 1
    page.get_by_role("button", name="Add note").click()
    note = page.locator("#messages .note").last
    note.get_by_role("link", name="Picture: screen.png").wait_for()
    assert flaws(page) == []


def test_what_is_refused_is_said_in_words_and_what_is_removed_is_not_sent(page: Any) -> None:
    page.get_by_label("Attach files").set_input_files(
        [
            PHOTO,
            {"name": "page.html", "mimeType": "text/html", "buffer": corpus.HTML},
            {"name": "empty.pdf", "mimeType": "application/pdf", "buffer": b""},
            {"name": "other.html", "mimeType": "text/html", "buffer": corpus.HTML},
        ]
    )
    for words in ("page.html", "other.html", ".html: Send a picture", "empty.pdf: This file is empty."):
        page.locator("#reply-error", has_text=words).wait_for()
    page.locator("#reply").fill("They")
    page.locator("#reply-error").wait_for(state="hidden")
    page.locator("#reply").fill("")
    page.get_by_label("Remove hopper.png").click()
    assert page.locator("[data-files] li").count() == 0
    page.get_by_label("Attach files").set_input_files([INVOICE] * 6)
    page.get_by_text("Invoice.pdf: At most 5 files a message.").wait_for()
    page.locator("[data-file]").nth(4).wait_for()
    assert flaws(page) == []
    for _ in range(5):
        page.get_by_label("Remove Invoice.pdf").first.click()
    assert page.locator("[data-files] li").count() == 0


def test_pictures_move_nothing_when_they_arrive(page: Any) -> None:
    page.get_by_label("Attach files").set_input_files([PHOTO])
    page.locator("[data-file]").wait_for()
    send(page)
    page.reload()
    page.locator(".thumb img").last.evaluate("image => image.decode()")
    assert page.evaluate(SHIFTS) < 0.01
    assert page.locator(".thumb img").last.bounding_box()["width"] == 280
