"""An agent writes to somebody before they have written: from the inbox, by key, to somebody new or known."""

from typing import Any

from tests.browser.pages import console_of, enhanced_by, flaws, signed_in


def test_somebody_is_found_written_down_and_written_to(browser: Any, server: Any) -> None:
    token = server.sign_up("ada@first.example")
    business = server.call("GET", "/auth/me", token=token)["business"]["id"]
    server.call("POST", "/widget/create", {"domain": "localhost", "name": "Acme"}, token)
    cleo = server.call("POST", "/customers", {"name": "Cleo", "email": "cleo@example.net"}, token)["id"]
    server.call("POST", "/customers", {"name": "Dora"}, token)
    body = {"business_id": business, "customer_id": cleo, "initial_message": "Hello"}
    server.call("POST", "/conversations", body, token)
    context = signed_in(browser, server, "ada@first.example", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    said = console_of(page, server)
    page.goto(f"{server.url}/inbox/")
    page.locator("body[data-ready]").wait_for()

    page.keyboard.press("c")
    page.wait_for_url("**/inbox/new/")
    enhanced_by(page, "look")
    page.get_by_label("Look for a customer").press_sequentially("cle")
    page.get_by_role("link", name="Dora").wait_for(state="detached")
    page.get_by_role("link", name="New customer “cle”").wait_for()
    page.get_by_role("link", name="Cleo").click()
    page.get_by_role("heading", name="New message to Cleo").wait_for()
    page.get_by_label("Message", exact=True).fill("Your parcel left today.")
    assert not page.get_by_label("Subject").is_visible()
    page.get_by_role("button", name="Send").click()
    page.locator("#messages .bubble", has_text="Your parcel left today.").wait_for()
    page.locator("#rows .row-text", has_text="You: Your parcel left today.").wait_for()

    page.goto(f"{server.url}/inbox/new/?q=grace@example.net")
    page.get_by_role("link", name="New customer “grace@example.net”").click()
    assert page.get_by_label("E-mail").input_value() == "grace@example.net"
    page.get_by_label("Name").fill("Grace")
    page.get_by_role("button", name="Save and write").click()
    page.get_by_text("There is no way to them yet").wait_for()  # mail is not connected here
    page.get_by_text("They have never written in the chat.").wait_for()
    assert flaws(page) == []
    assert [each for each in said if "inline style" not in each and "preload assets" not in each] == []
    context.close()
