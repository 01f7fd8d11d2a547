"""Every page in a real browser: both themes, phone and desktop, no flaw that axe knows, nothing from elsewhere."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.pages import console_of, flaws, signed_in, write_in

EMAIL = "ada@pages.example"
PAGES = {
    "outside": (
        "/",
        "/login",
        "/signup",
        "/password/forgot",
        "/password/reset/no-such-link",
        "/invitation/no-such-link",
        "/no/such/page",
        "/help/{business}/",
        "/help/{business}/{article}/",
    ),
    "inbox": (
        "/inbox/",
        "/inbox/?list=closed",
        "/inbox/?q=nobody",
        "/inbox/?q=hello",
        "/inbox/views/new/",
        "/inbox/new/",
        "/inbox/new/?customer={customer}",
        "/inbox/{conversation}/",
        "/inbox/{conversation}/?view=customer",
        "/inbox/{conversation}/merge/",
        "/inbox/{conversation}/messages/{message}/",
        "/inbox/{conversation}/notes/{note}/",
        "/inbox/{conversation}/delete/",
        "/inbox/views/{view}/",
    ),
    "people and knowledge": (
        "/customers/",
        "/customers/?q=nobody",
        "/customers/import/",
        "/customers/new/",
        "/customers/{customer}/",
        "/customers/{customer}/edit/",
        "/customers/{customer}/delete/",
        "/customers/{customer}/merge/?q=cleo",
        "/knowledge/",
        "/knowledge/new/",
        "/knowledge/import/",
        "/knowledge/questions/",
        "/knowledge/use/",
        "/knowledge/{article}/",
        "/notifications/",
        "/onboarding?step=message",
    ),
    "settings": (
        "/settings/theo/",
        "/settings/theo/playground/?q=hello",
        "/settings/notifications/",
        "/settings/macros/",
        "/settings/macros/{macro}/",
        "/settings/tags/",
        "/settings/tags/{tag}/",
        "/settings/replies/",
        "/settings/replies/{reply}/",
        "/settings/hours/",
        "/settings/security/",
        "/settings/profile/",
        "/settings/team/",
        "/settings/tokens/",
        "/settings/workspace/",
        "/settings/plan/",
        "/settings/audit/",
        "/settings/audit/?q=nobody",
    ),
    "channels and widgets": (
        "/settings/channels/",
        "/settings/channels/whatsapp/",
        "/settings/channels/email/",
        "/settings/channels/{channel}/",
        "/settings/channels/{channel}/delete/",
        "/settings/widget/",
        "/settings/widget/new/",
        "/settings/widget/{widget}/",
        "/settings/widget/{widget}/install/",
        "/settings/widget/{widget}/identity/",
        "/settings/widget/{widget}/commands/",
        "/settings/widget/{widget}/delete/",
    ),
}
SIZES = {
    "phone": {"width": 360, "height": 740},
    "tablet": {"width": 768, "height": 1024},
    "desktop": {"width": 1440, "height": 900},
}


@pytest.fixture(scope="module")
def acme(server: Any) -> dict[str, str]:
    token = server.sign_up(EMAIL)
    widget = server.call("POST", "/widget/create", {"domain": "localhost", "name": "Acme"}, token)
    config = {"phone_number_id": "106540352242922", "access_token": "a-long-access-token"}
    channel = server.call("POST", "/channels/", {"type": "whatsapp", "config": config}, token)
    body = {"business_id": widget["business_id"], "channel_type": "widget", "initial_message": "Hello, " + "long" * 60}
    conversation = server.call("POST", "/conversations", body, token)
    article = server.call("POST", "/kb/articles", {"title": "Hello", "content": "# Hello\n\nSay *hello*."}, token)
    server.call("PATCH", "/kb/help-centre", {"is_open": True}, token)
    customer = server.call("POST", "/customers", {"name": "Cleo Hart", "email": "cleo@hart.example"}, token)
    view = {"name": "Open", "shared": True, "filter": {"all": [{"field": "status", "op": "is", "value": "open"}]}}
    at = f"/conversations/{conversation['id']}"
    return {
        "business": widget["business_id"],
        "widget": widget["id"],
        "channel": channel["id"],
        "conversation": conversation["id"],
        "message": server.call("POST", f"{at}/messages", {"content": "Not yet edited"}, token)["id"],
        "note": server.call("POST", f"{at}/notes", {"content": "Between us"}, token)["id"],
        "view": server.call("POST", "/views", {**view, "sort": "newest"}, token)["id"],
        "macro": server.call("POST", "/macros", {"name": "Bye", "status": "closed"}, token)["id"],
        "tag": server.call("POST", "/tags", {"name": "Refund", "color": "red"}, token)["id"],
        "reply": server.call(
            "POST", "/canned-responses", {"shortcut": "hi", "content": "Hello", "shared": True}, token
        )["id"],
        "article": article["id"],
        "customer": customer["id"],
    }


@pytest.fixture(scope="module")
def cookies(browser: Any, server: Any, acme: dict[str, str]) -> Iterator[Any]:
    context = signed_in(browser, server, EMAIL)
    yield context.storage_state()
    context.close()


# Each size in one theme and each theme in one size: a colour has no size, and a layout has no colour.
@pytest.mark.parametrize(("size", "theme"), [("phone", "light"), ("tablet", "light"), ("desktop", "dark")])
@pytest.mark.parametrize("part", PAGES)
def test_every_page_is_sound(
    part: str, size: str, theme: str, browser: Any, server: Any, acme: dict[str, str], cookies: Any
) -> None:
    wrong: list[str] = []
    context = browser.new_context(
        storage_state=None if part == "outside" else cookies,
        viewport=SIZES[size],
        color_scheme=theme,
        has_touch=size == "phone",
    )
    for address in PAGES[part]:
        page = context.new_page()
        said = console_of(page, server)
        page.goto(server.url + address.format(**acme))
        page.wait_for_timeout(150)
        found = list(said)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append("wider than the window")
        found += flaws(page)
        wrong += [f"{address}: {flaw}" for flaw in found]
        page.close()
    context.close()
    assert wrong == []


def test_the_theme_switch_changes_the_page_at_once_and_stays(browser: Any, server: Any) -> None:
    page = browser.new_page(color_scheme="light")
    page.goto(f"{server.url}/login")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    page.goto(f"{server.url}/signup")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.close()


def test_a_newcomer_goes_from_sign_up_to_a_first_message_that_lights_up(browser: Any, server: Any) -> None:
    context = browser.new_context(viewport=SIZES["desktop"])
    page = context.new_page()
    page.goto(f"{server.url}/signup")
    page.locator("[name=full_name]").fill("Ada Lovelace")
    page.locator("[name=email]").fill("newcomer@pages.example")
    page.locator("[name=password]").fill("tidewater-lane-9")
    page.get_by_role("button", name="Sign up").click()
    page.locator("[name=name]").fill("Acme")
    page.get_by_role("button", name="Continue").click()
    page.locator("[name=welcome_heading]").fill("Ahoy!")
    preview = page.frame_locator("[data-preview]").frame_locator("pb-widget iframe")
    preview.get_by_role("heading", name="Ahoy!").wait_for()
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("Waiting for the first message").wait_for()
    page.get_by_role("button", name="Open chat").click()
    chat = page.frame_locator("iframe")
    chat.locator("body").wait_for()
    write_in(chat, "Is this on?")
    page.locator("#live.is-live").wait_for()
    assert "Is this on?" in page.locator("#live").inner_text()
    page.get_by_role("link", name="Answer it").click()
    page.get_by_role("log").get_by_text("Is this on?").wait_for()
    context.close()


def test_a_widgets_colour_follows_a_swatch_and_its_code_can_be_copied(
    browser: Any, server: Any, acme: dict[str, str], cookies: Any
) -> None:
    context = browser.new_context(storage_state=cookies, permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{server.url}/settings/widget/{acme['widget']}/")
    page.get_by_role("button", name="#0F5F59").click()
    assert page.locator("[name=primary_color]").input_value() == "#0F5F59"
    page.get_by_role("link", name="Install").click()
    page.get_by_role("button", name="Copy the embed code").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert acme["widget"] in page.evaluate("navigator.clipboard.readText()")
    context.close()


def test_deleting_a_channel_asks_first(browser: Any, server: Any, acme: dict[str, str], cookies: Any) -> None:
    context = browser.new_context(storage_state=cookies)
    page = context.new_page()
    page.goto(f"{server.url}/settings/channels/{acme['channel']}/")
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Keep it").click()
    page.get_by_role("dialog").wait_for(state="hidden")
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.get_by_text("Channel deleted.").wait_for()
    context.close()


def test_the_servers_of_a_common_mail_provider_are_filled_in(
    browser: Any, server: Any, acme: dict[str, str], cookies: Any
) -> None:
    context = browser.new_context(storage_state=cookies)
    page = context.new_page()
    page.goto(f"{server.url}/settings/channels/email/")
    page.get_by_role("button", name="Gmail").click()
    assert page.locator("[name=smtp_host]").input_value() == "smtp.gmail.com"
    assert page.locator("[name=imap_host]").input_value() == "imap.gmail.com"
    page.get_by_text("2-Step Verification, App passwords").wait_for()
    assert not page.locator("[name=oauth_client_id]").is_visible()
    page.get_by_text("Sign in with OAuth", exact=True).click()
    page.locator("[name=oauth_client_id]").wait_for()
    context.close()
