"""Channels in the inbox: a sign on what a customer wrote, an edit where it went, who gets an answer by mail, and what
is left when WhatsApp's window closes."""

import contextlib
import hashlib
import hmac
import json
import re
import shutil
import sqlite3
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import corpus
from tests.browser.conftest import Server
from tests.browser.pages import console_of, enhanced_by, flaws, signed_in
from tests.channels_app.cases import whatsapp_says
from tests.fakes import meta as wire
from tests.fakes.meta import Meta
from tests.fakes.telegram import TOKEN, Telegram
from tests.waiting import until

SECRET = "canary-inbound-secret"


@pytest.fixture(scope="module")
def telegram() -> Iterator[Telegram]:
    with Telegram() as fake:
        yield fake


@pytest.fixture(scope="module")
def meta() -> Iterator[Meta]:
    with Meta() as fake:
        yield fake


@pytest.fixture(scope="module")
def server(prepared: Path, telegram: Telegram, meta: Meta) -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="pingback-browser-"))
    shutil.copytree(prepared, folder, dirs_exist_ok=True)
    hosts = ("TELEGRAM_API_BASE_URL", "TELEGRAM_FILE_BASE_URL", "TWILIO_API_BASE_URL")
    running = Server(folder, **dict.fromkeys(hosts, telegram.url), META_GRAPH_BASE_URL=meta.url)
    yield running
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)


def post(url: str, body: bytes, kind: str, **headers: str) -> None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": kind, **named}), timeout=60):
        pass


def calls(telegram: Telegram, method: str) -> list[dict[str, Any]]:
    return [call.fields for call in telegram.calls if call.path.endswith(f"/{method}")]


def test_a_sign_on_a_customers_message_and_an_edit_of_ones_own_are_so_at_telegram(
    browser: Any, server: Server, telegram: Telegram
) -> None:
    token = server.sign_up("ada@signs.example")
    server.call("POST", "/channels", {"type": "telegram", "config": {"bot_token": TOKEN}}, token)
    until(lambda: telegram.hook)
    person = {"id": 7, "first_name": "Cleo"}
    said = {"message_id": 1, "from": person, "chat": {"id": 7, "type": "private"}, "text": "Thank you!"}
    secret = str(telegram.hook["secret_token"])
    path = telegram.hook["url"].partition("/api")[2]
    update = json.dumps({"update_id": 1, "message": said}).encode()
    post(f"{server.url}/api{path}", update, "application/json", X_Telegram_Bot_Api_Secret_Token=secret)
    agent = signed_in(browser, server, "ada@signs.example")
    page = agent.new_page()
    heard = console_of(page, server)
    page.goto(f"{server.url}/inbox/")
    page.locator("body[data-ready]").wait_for()
    page.locator("#rows .row").click()

    page.get_by_role("link", name="React to this message").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="👍").wait_for()
    dialog.get_by_role("button", name="👍").click()
    page.locator("#messages .reaction", has_text="👍").wait_for()
    dialog.wait_for(state="hidden")
    assert calls(telegram, "setMessageReaction")[-1]["reaction"] == [{"type": "emoji", "emoji": "👍"}]

    page.get_by_role("link", name="React to this message").click()
    dialog.get_by_role("button", name="Take it off").click()
    page.locator("#messages .reaction").wait_for(state="detached")
    assert calls(telegram, "setMessageReaction")[-1]["reaction"] == []

    page.get_by_label(re.compile("^Reply to")).fill("At nien.")
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("link", name="Edit or delete this message").click(timeout=60_000)  # once it is there
    page.locator("#edit-content").fill("At nine.")
    page.keyboard.press("Control+Enter")
    page.locator("#messages .bubble", has_text="At nine.").wait_for()
    assert calls(telegram, "editMessageText")[-1]["text"] == "At nine."
    assert heard == []
    page.get_by_role("link", name="React to this message").click()
    dialog.get_by_role("button", name="👍").wait_for()
    assert flaws(page) == []
    agent.close()


def test_the_composer_says_where_an_answer_by_mail_goes_and_who_gets_a_copy(browser: Any, server: Server) -> None:
    token = server.sign_up("ada@copies.example")
    config = {"address": "help@acme.example", "smtp_host": "mail.acme.example", "inbound_secret": SECRET}
    server.call("POST", "/channels", {"type": "email", "config": config}, token)
    raw = b"From: cleo@example.net\r\nTo: help@acme.example, dora@example.net\r\nCc: eve@example.org\r\n"
    raw += b"Reply-To: the-orders-department@a-long-name-of-a-company.example\r\nSubject: Order 1009\r\n"
    raw += b"Auto-Submitted: auto-generated\r\nMessage-ID: <1@example.net>\r\n\r\nWhere is it?\r\n"
    signed = "sha256=" + hmac.digest(SECRET.encode(), raw, hashlib.sha256).hex()
    post(f"{server.url}/api/v1/webhooks/email", raw, "message/rfc822", X_PingBack_Signature=signed)
    agent = signed_in(browser, server, "ada@copies.example", viewport={"width": 360, "height": 740})
    page = agent.new_page()
    heard = console_of(page, server)
    page.goto(f"{server.url}/inbox/")
    page.locator("body[data-ready]").wait_for()
    page.locator("#rows .row").click()

    page.get_by_text("Copies to dora@example.net, eve@example.org").wait_for()
    page.get_by_text("Answers go to the-orders-department@a-long-name-of-a-company.example").wait_for()
    assert page.locator("#messages .msg-meta", has_text="Automatic").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert heard == []
    assert flaws(page) == []
    agent.close()


def test_pictures_of_a_mail_that_did_not_come_along_are_loaded_for_who_asks(browser: Any, server: Server) -> None:
    token = server.sign_up("ada@pictures.example")
    config = {"address": "pictures@acme.example", "smtp_host": "mail.acme.example", "inbound_secret": SECRET}
    server.call("POST", "/channels", {"type": "email", "config": config}, token)
    raw = b"From: cleo@example.net\r\nTo: pictures@acme.example\r\nSubject: Look\r\nMessage-ID: <2@example.net>\r\n"
    raw += b"MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>What I ordered</p>"
    raw += f'<img src="{server.url}/static/icons/app-192.png">\r\n'.encode()
    signed = "sha256=" + hmac.digest(SECRET.encode(), raw, hashlib.sha256).hex()
    post(f"{server.url}/api/v1/webhooks/email", raw, "message/rfc822", X_PingBack_Signature=signed)
    agent = signed_in(browser, server, "ada@pictures.example", viewport={"width": 360, "height": 740})
    page = agent.new_page()
    heard = console_of(page, server)
    page.goto(f"{server.url}/inbox/")
    page.locator("body[data-ready]").wait_for()
    page.locator("#rows .row").click()

    page.get_by_text("Show original").click()
    mail = page.frame_locator(".mail-frame")
    mail.get_by_text("What I ordered").wait_for()
    assert mail.locator("img:not([src])").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    with page.expect_request("**/app-192.png"):
        page.get_by_role("link", name="Show pictures").click()

    mail.locator("img[src]").wait_for()
    assert heard == []
    assert flaws(page) == []
    agent.close()


def test_the_composer_names_a_file_that_the_channel_does_not_carry(browser: Any, server: Server) -> None:
    token = server.sign_up("ada@carries.example")
    business = server.call("GET", "/auth/me", None, token)["business"]["id"]
    config = {"account_sid": f"AC{'0' * 32}", "auth_token": "right", "phone_number": "+15550001111"}
    channel = server.call("POST", "/channels", {"type": "sms", "config": config}, token)["id"]
    body = {"business_id": business, "channel_id": channel, "initial_message": "Hello"}
    thread = server.call("POST", "/conversations", body, token)["id"]
    agent = signed_in(browser, server, "ada@carries.example", viewport={"width": 360, "height": 740})
    page = agent.new_page()
    heard = console_of(page, server)
    page.goto(f"{server.url}/inbox/{thread}/")
    page.locator("[data-attaches]").wait_for(state="attached")

    plan = {"name": "plan.pdf", "mimeType": "application/pdf", "buffer": corpus.PDF}
    page.get_by_label("Attach files").set_input_files([plan])

    page.get_by_text("plan.pdf: this channel carries JPEG, PNG, GIF only.").wait_for()
    assert page.locator("[data-files] li").count() == 0
    assert heard == []
    agent.close()


def test_the_page_of_a_channel_says_by_itself_what_the_provider_answered(
    browser: Any, server: Server, telegram: Telegram
) -> None:
    token = server.sign_up("ada@settling.example")
    own = f"7000000002:{'A' * 35}"  # a bot is one channel's in the house
    telegram.tokens.add(own)
    made = server.call("POST", "/channels", {"type": "telegram", "config": {"bot_token": own}}, token)
    agent = signed_in(browser, server, "ada@settling.example")
    page = agent.new_page()
    heard = console_of(page, server)
    page.goto(f"{server.url}/settings/channels/{made['id']}/")
    page.locator("#standing").get_by_text("Connected. Waiting for the first message.").wait_for()
    page.get_by_role("button", name="Test the connection").click()
    page.get_by_text("Tested: the connection works.").wait_for()

    page.locator("[name=bot_token]").fill("7000000001:AAnobodysTokenOfTelegram00000000000000")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Channel saved.").wait_for()
    page.locator("#standing").get_by_text("Telegram does not know this bot token any more.").wait_for()
    page.locator("#standing:not([data-settling])").wait_for()
    assert heard == []
    assert flaws(page) == []
    agent.close()


def test_open_pages_follow_a_channel_that_is_paused_and_goes_on(
    browser: Any, server: Server, telegram: Telegram
) -> None:
    token = server.sign_up("ada@pausing.example")
    own = f"7000000003:{'A' * 35}"
    telegram.tokens.add(own)
    made = server.call("POST", "/channels", {"type": "telegram", "config": {"bot_token": own}}, token)
    until(lambda: made["id"] in str(telegram.hook.get("url")))
    said = {"message_id": 1, "from": {"id": 8}, "chat": {"id": 8, "type": "private"}, "text": "Hello?"}
    secret = str(telegram.hook["secret_token"])
    path = telegram.hook["url"].partition("/api")[2]
    update = json.dumps({"update_id": 1, "message": said}).encode()
    post(f"{server.url}/api{path}", update, "application/json", X_Telegram_Bot_Api_Secret_Token=secret)
    agent = signed_in(browser, server, "ada@pausing.example")
    page, settings = agent.new_page(), agent.new_page()
    heard = console_of(page, server)
    page.goto(f"{server.url}/inbox/")
    page.locator("body[data-ready]").wait_for()
    page.locator("#rows .row").click()
    page.get_by_label(re.compile("^Reply to")).fill("It left today.")
    settings.goto(f"{server.url}/settings/channels/{made['id']}/")
    settings.locator("#standing").get_by_text("Working.").wait_for()
    trouble = page.locator("#channel-trouble")

    server.call("PATCH", f"/channels/{made['id']}", {"paused": True}, token)
    trouble.get_by_text("What you send waits.").wait_for()
    settings.locator("#standing").get_by_text("Paused since").wait_for()
    settings.get_by_role("button", name="Resume sending").wait_for()
    assert page.get_by_label(re.compile("^Reply to")).input_value() == "It left today."
    assert heard == []
    assert flaws(page) == []

    server.call("PATCH", f"/channels/{made['id']}", {"paused": False}, token)
    trouble.locator(".notice").wait_for(state="detached")
    settings.locator("#standing").get_by_text("Working.").wait_for()
    agent.close()


def test_whoever_has_a_conversation_open_sees_its_window_close_and_fills_a_template(
    browser: Any, server: Server, meta: Meta
) -> None:
    token = server.sign_up("ada@window.example")
    config = {"phone_number_id": wire.NUMBER, "access_token": wire.TOKEN, "waba_id": wire.WABA, "app_secret": SECRET}
    server.call("POST", "/channels", {"type": "whatsapp", "config": config}, token)
    until(lambda: meta.hook)
    raw = json.dumps(whatsapp_says("Where is my parcel?", 1)).encode()
    signed = "sha256=" + hmac.digest(SECRET.encode(), raw, hashlib.sha256).hex()

    def taken() -> bool:
        """Meta sends again what is not: the number is this channel's a moment after its address is known there."""
        try:
            post(f"{server.url}/api/v1/webhooks/whatsapp", raw, "application/json", X_Hub_Signature_256=signed)
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise
            return False
        return True

    until(taken)
    agent = signed_in(browser, server, "ada@window.example", viewport={"width": 360, "height": 740})
    page = agent.new_page()
    heard = console_of(page, server)
    page.clock.install()
    page.goto(f"{server.url}/inbox/")
    page.locator("body[data-ready]").wait_for()
    page.locator("#rows .row").click()
    page.get_by_text("Answers get through until").wait_for()

    with contextlib.closing(sqlite3.connect(server.folder / "pingback.sqlite3", timeout=60)) as database, database:
        database.execute("UPDATE channels_app_thread SET last_heard_at = datetime('now', '-25 hours')")
    page.clock.fast_forward(25 * 3600 * 1000)
    page.get_by_text("the reply window is closed").wait_for()

    page.get_by_role("link", name="Send a template").click()
    page.get_by_role("link", name="order_update").wait_for()
    templates = page.url
    page.get_by_role("link", name="order_update").click()
    enhanced_by(page, "template")
    page.get_by_label("Blank 1").fill("Cleo")
    page.get_by_label("Blank 2").fill("1009")
    page.locator(".bubble", has_text="Hello Cleo, your order 1009 left.").wait_for()
    page.get_by_role("button", name="Send").click()
    page.locator("#messages .bubble", has_text="Hello Cleo, your order 1009 left.").wait_for()
    assert heard == []
    conversation = page.url
    for address in (conversation, templates, f"{templates}?name=order_update&language=en_GB"):
        page.goto(address)
        assert flaws(page) == []
    agent.close()
