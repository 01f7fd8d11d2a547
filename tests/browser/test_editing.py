"""Changing and taking back what one wrote, before the eyes of a visitor."""

import re
from typing import Any

from tests.browser.pages import console_of, signed_in, write_in


def test_other_words_and_none_any_more_are_seen_at_once(browser: Any, server: Any, shop: Any) -> None:
    token = server.sign_up("ada@editing.example")
    widget = server.call("POST", "/widget/create", {"domain": "localhost", "name": "Acme"}, token)
    visitor, agent = browser.new_context(), signed_in(browser, server, "ada@editing.example")
    site, page = visitor.new_page(), agent.new_page()
    said = console_of(page, server)
    code = f'<script async src="{server.url}/widget.js" data-widget-id="{widget["id"]}"></script>'
    site.goto(shop(f"<!doctype html><title>Shop</title>{code}<h1>Shop</h1>"))
    site.get_by_role("button", name="Open chat").click()
    chat = site.frame_locator("iframe")
    write_in(chat, "When do you open?")
    page.goto(f"{server.url}/inbox/")
    page.locator("body[data-ready]").wait_for()
    page.locator("#rows .row").click()
    page.get_by_label(re.compile("^Reply to")).fill("At nien.")
    page.get_by_role("button", name="Send", exact=True).click()
    chat.get_by_text("At nien.", exact=True).wait_for()

    page.get_by_role("link", name="Edit or delete this message").click()
    page.locator("#edit-content").fill("At nine.")
    page.keyboard.press("Control+Enter")
    page.locator("#messages .bubble", has_text="At nine.").wait_for()
    chat.get_by_text("At nine.", exact=True).wait_for()
    chat.get_by_text("edited").wait_for()
    assert chat.get_by_text("At nien.", exact=True).count() == 0

    [conversation] = server.call("GET", "/conversations/", token=token)
    address = f"/conversations/{conversation['id']}/messages/{conversation['last_message']['id']}"
    for words in ("At ten.", "At eleven.", "At nine again."):  # within a second, as a rule
        server.call("PATCH", address, {"content": words}, token)
    chat.get_by_text("At nine again.", exact=True).wait_for()
    page.locator("#messages .bubble", has_text="At nine again.").wait_for()

    page.get_by_role("link", name="Edit or delete this message").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.locator("#messages .bubble.is-gone").wait_for()
    chat.get_by_text("Message deleted").wait_for()
    assert chat.get_by_text("At nine again.", exact=True).count() == 0
    assert said == []
    visitor.close()
    agent.close()
