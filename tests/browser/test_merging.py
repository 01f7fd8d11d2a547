"""Two agents and two conversations of one customer, which become one and two again, before the eyes of both."""

from typing import Any

from tests.browser.pages import console_of, flaws, signed_in


def test_a_merge_its_news_and_its_undoing_are_seen_by_both_at_once(browser: Any, server: Any) -> None:
    token = server.sign_up("ada@merging.example")
    body = {"email": "ben@merging.example", "full_name": "Ben Bitdiddle", "password": "tidewater-lane-9"}
    server.call("POST", "/auth/register", body)
    server.call("POST", "/team/invite?email=ben@merging.example", None, token)
    business = server.call("GET", "/auth/me", token=token)["business"]["id"]
    cleo = server.call("POST", "/customers", {"name": "Cleo Hart"}, token)["id"]

    def opened(text: str) -> str:
        body = {"business_id": business, "customer_id": cleo, "initial_message": text}
        return str(server.call("POST", "/conversations", body, token)["id"])

    gone, stays = opened("About the parcel"), opened("About the invoice")
    contexts = {who: signed_in(browser, server, f"{who}@merging.example") for who in ("ada", "ben")}
    ada, ben = (contexts[who].new_page() for who in ("ada", "ben"))
    said = {page: console_of(page, server) for page in (ada, ben)}

    def complaints(page: Any) -> list[str]:
        """Without what axe itself says, which arrives late."""
        return [text for text in said[page] if "inline style" not in text and "preload assets" not in text]

    def is_sound(page: Any) -> None:
        assert complaints(page) == []
        assert flaws(page) == []

    for page, conversation in ((ada, gone), (ben, stays)):
        page.goto(f"{server.url}/inbox/{conversation}/")
        page.locator("body[data-ready]").wait_for()
    ben.locator("#reply").fill("Not yet sent")

    ada.locator("#thread-more > summary").click()
    ada.get_by_role("link", name="Merge into another conversation").click()
    dialog = ada.get_by_role("dialog")
    dialog.get_by_role("radio", name="About the invoice").wait_for()
    is_sound(ada)
    dialog.get_by_role("button", name="Merge").click()
    ada.wait_for_url(f"**/inbox/{stays}/")
    bubbles = ["About the parcel", "About the invoice"]
    for page in (ada, ben):
        page.locator("#messages .bubble", has_text="About the parcel").wait_for()
        assert page.locator("#messages .bubble").all_inner_texts() == bubbles
        page.locator(f"#rows [data-row='{gone}']").wait_for(state="detached")
    is_sound(ada)
    assert ben.locator("#reply").input_value() == "Not yet sent"

    server.call("POST", f"/conversations/{gone}/messages", {"content": "Sent to what is gone"}, token)
    for page in (ada, ben):
        page.locator("#messages .bubble", has_text="Sent to what is gone").wait_for()

    ben.goto(f"{server.url}/inbox/{gone}/")
    ben.locator("body[data-ready]").wait_for()
    ben.get_by_text("is merged into another one").wait_for()
    assert not ben.locator("#reply").is_visible()
    is_sound(ben)
    ben.get_by_role("button", name="Undo the merge").click()
    ben.locator("#reply").wait_for()
    ben.locator(f"#rows [data-row='{gone}']").wait_for()
    ada.locator("#messages .bubble", has_text="About the parcel").wait_for(state="detached")
    assert ada.locator("#messages .bubble").all_inner_texts() == ["About the invoice", "Sent to what is gone"]
    assert complaints(ada) == complaints(ben) == []
    for context in contexts.values():
        context.close()
