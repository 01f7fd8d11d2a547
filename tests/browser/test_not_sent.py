"""What did not reach a customer: in a list of its own at once, sent again one by one or together, and off it again."""

import json
import shutil
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Server
from tests.browser.pages import console_of, flaws, signed_in
from tests.fakes import telegram as wire
from tests.fakes.telegram import TOKEN, Telegram
from tests.waiting import until


@pytest.fixture(scope="module")
def telegram() -> Iterator[Telegram]:
    with Telegram() as fake:
        yield fake


@pytest.fixture(scope="module")
def server(prepared: Path, telegram: Telegram) -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="pingback-browser-"))
    shutil.copytree(prepared, folder, dirs_exist_ok=True)
    running = Server(folder, TELEGRAM_API_BASE_URL=telegram.url, TELEGRAM_FILE_BASE_URL=telegram.url)
    yield running
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)


def hears(server: Server, telegram: Telegram, number: int) -> None:
    """Somebody writes to the bot."""
    chat = {"id": number, "type": "private"}
    said = {"message_id": 1, "from": {"id": number, "first_name": f"Cleo {number}"}, "chat": chat, "text": "Hello?"}
    headers = {
        "Content-Type": "application/json",
        "X-Telegram-Bot-Api-Secret-Token": str(telegram.hook["secret_token"]),
    }
    path = telegram.hook["url"].partition("/api")[2]
    update = json.dumps({"update_id": number, "message": said}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{server.url}/api{path}", update, headers), timeout=60):
        pass


def test_what_is_not_sent_appears_is_sent_again_and_goes_away(browser: Any, server: Server, telegram: Telegram) -> None:
    token = server.sign_up("ada@lost.example")
    server.call("POST", "/channels", {"type": "telegram", "config": {"bot_token": TOKEN}}, token)
    until(lambda: telegram.hook)
    for number in (1, 2, 3):
        hears(server, telegram, number)
    context = signed_in(browser, server, "ada@lost.example", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    said = console_of(page, server)
    page.goto(f"{server.url}/inbox/?list=not_sent")
    page.locator("body[data-ready]").wait_for()
    page.get_by_text("Everything went out.").wait_for()
    rows = page.locator("#rows > li")

    talks = server.call("GET", "/conversations/", None, token)
    for count, talk in enumerate(talks, start=1):
        telegram.next.append(wire.error(400, "Bad Request: it is not taken"))
        server.call("POST", f"/conversations/{talk['id']}/messages", {"content": "Here we are"}, token)
        rows.nth(count - 1).wait_for()  # nobody looked again
        page.locator("#lists a", has_text="Not sent").get_by_text(str(count), exact=True).wait_for()

    rows.nth(2).click()
    page.locator("#messages .msg", has_text="Here we are").get_by_text("Not sent").wait_for()
    assert [each for each in flaws(page) if "preload" not in each] == []
    page.get_by_role("link", name="Send again").click()
    rows.nth(2).wait_for(state="detached")
    page.locator("#messages [data-retry]").wait_for(state="detached")
    assert len(telegram.sent) == 4

    page.keyboard.press("Shift+A")
    page.get_by_text("2 selected").wait_for()
    page.get_by_label("The selected conversations").get_by_role("button", name="Send again").click()
    page.get_by_text("Everything went out.").wait_for()
    page.locator("#lists a", has_text="Not sent").get_by_text("0", exact=True).wait_for()
    assert [call.is_refused for call in telegram.sent] == [True] * 3 + [False] * 3
    assert [line for line in said if "Applying inline style" not in line and "preload" not in line] == []
    context.close()
