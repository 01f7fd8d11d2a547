"""Help before writing: the articles of an open help centre in the chat, and a person one press away from Theo."""

from collections.abc import Callable

from tests.browser.conftest import Server
from tests.browser.pages import flaws as flaws_of
from tests.browser.widget_page import Acme, Visit, flaws


def test_a_visitor_reads_and_searches_articles_in_the_chat_and_outside(
    server: Server, acme: Acme, visit: Callable[..., Visit]
) -> None:
    for title in ("Delivery times", "Returning an item", "Gift cards", "Our roastery"):
        acme.call("POST", "/kb/articles", {"title": title, "content": f"# In short\n\nAll about {title.lower()}."})
    acme.call("PATCH", "/kb/help-centre", {"is_open": True})
    cleo = visit()
    cleo.open()
    card = cleo.chat.locator(".pb-help")

    card.get_by_role("button", name="Our roastery").wait_for()
    assert card.get_by_role("button").count() == 3
    assert flaws(cleo) == []
    card.get_by_role("searchbox").fill("how can I return something")
    card.get_by_role("button", name="Our roastery").wait_for(state="detached")
    assert card.get_by_role("button").all_inner_texts() == ["Returning an item"]
    card.get_by_role("searchbox").press("Tab")
    cleo.page.keyboard.press("Enter")
    cleo.chat.get_by_role("heading", name="In short").wait_for()
    cleo.chat.get_by_text("All about returning an item.").wait_for()
    assert flaws(cleo) == []
    cleo.chat.get_by_role("button", name="Back").click()
    assert card.get_by_role("button", name="Returning an item").evaluate("node => node === document.activeElement")
    card.get_by_role("searchbox").fill("jacuzzi")
    card.get_by_text("Nothing found.").wait_for()

    page = cleo.context.new_page()
    page.goto(acme.call("GET", "/kb/help-centre")["url"].replace("http://127.0.0.1:8000", server.url))
    page.get_by_role("link", name="Gift cards").click()
    page.get_by_text("All about gift cards.").wait_for()
    assert flaws_of(page) == []
    assert cleo.complaints == []
