"""What somebody is in the middle of stays as it is, whatever happens to the conversation meanwhile."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.browser.pages import console_of, flaws, signed_in
from tests.browser.widget_page import until

LATER = (datetime.now() + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")


@pytest.fixture(scope="module")
def token(server: Any) -> str:
    return str(server.sign_up("ada@undisturbed.example"))


@pytest.fixture
def conversation(server: Any, token: str) -> str:
    business = server.call("GET", "/auth/me", token=token)["business"]["id"]
    customer = server.call("POST", "/customers", {"name": "Cleo", "email": "cleo@example.com"}, token)["id"]
    body = {"business_id": business, "customer_id": customer, "initial_message": "Hello?"}
    return str(server.call("POST", "/conversations", body, token)["id"])


def test_menus_and_fields_stay_while_the_head_and_the_panel_change(
    browser: Any, server: Any, token: str, conversation: str
) -> None:
    path = f"/conversations/{conversation}"
    context = signed_in(browser, server, "ada@undisturbed.example", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    said = console_of(page, server)
    page.goto(f"{server.url}/inbox/{conversation}/")
    page.locator("body[data-ready]").wait_for()
    head = page.locator("#thread-head")

    def something_happens(name: str) -> None:
        server.call("PUT", f"{path}/tags", {"tags": [name]}, token)
        head.locator(".tag", has_text=name).wait_for()
        page.locator("#tags .tag", has_text=name).wait_for()

    page.keyboard.press("z")
    page.locator("#snooze-at").fill(LATER)
    page.locator("#thread-snooze .menu-title").first.click()  # out of the field
    something_happens("one")
    assert page.locator("#snooze-at").input_value() == LATER
    page.locator("#thread-snooze").get_by_role("button", name="Snooze until then").click()
    head.locator(".badge", has_text="Pending").wait_for()
    head.get_by_text("Mark as pending").wait_for(state="detached")  # the badge does not wait for the server
    assert server.call("GET", path, token=token)["snoozed_until"]

    page.locator("#snooze-at").evaluate("(field) => { field.closest('details').open = true }")
    page.locator("#snooze-at").click(position={"x": 12, "y": 12})
    page.keyboard.type("03")  # half a date: it has no value yet
    something_happens("two")
    assert page.locator("#snooze-at").evaluate("(field) => field.validity.badInput && field.matches(':focus')")
    page.keyboard.press("Escape")

    for name, menu in (("three", "#thread-more"), ("four", "#thread-head details:has([data-assign])")):
        page.locator(menu).locator("summary").first.click()
        page.locator(menu).locator(".menu-item:visible").nth(1).focus()
        something_happens(name)
        assert page.locator(menu).get_attribute("open") is not None
        assert page.locator(f"{menu} .menu-item:focus").count() == 1
        page.keyboard.press("Escape")

    page.locator("#tag-name").fill("half a ta")
    page.locator("#customer [data-change]").click()
    field = page.locator("[data-changing] [name=name]")
    field.fill("Cleopatr")
    something_happens("five")
    assert [page.locator("#tag-name").input_value(), field.input_value()] == ["half a ta", "Cleopatr"]
    assert said == []


def test_on_a_phone_one_snoozes_until_a_time_of_ones_own(
    browser: Any, server: Any, token: str, conversation: str
) -> None:
    context = signed_in(browser, server, "ada@undisturbed.example", viewport={"width": 360, "height": 640})
    page = context.new_page()
    page.goto(f"{server.url}/inbox/{conversation}/")
    page.locator("body[data-ready]").wait_for()

    page.locator("#thread-more > summary").click()
    page.locator("#thread-more").get_by_text("Snooze", exact=True).click()
    page.locator("#snooze-at-by-phone").fill(LATER)
    assert flaws(page) == []
    page.locator("#thread-more").get_by_role("button", name="Snooze until then").click()

    page.get_by_text("Snoozed.").wait_for()
    until(page, lambda: bool(server.call("GET", f"/conversations/{conversation}", token=token)["snoozed_until"]))


def test_what_was_begun_elsewhere_while_the_line_was_cut_is_in_the_composer(
    browser: Any, server: Any, token: str, conversation: str
) -> None:
    path = f"/conversations/{conversation}/draft"
    context = signed_in(browser, server, "ada@undisturbed.example")
    page = context.new_page()
    page.goto(f"{server.url}/inbox/{conversation}/")
    page.locator("body[data-ready]").wait_for()
    text = page.locator("#reply")

    context.set_offline(True)
    server.call("PUT", path, {"content": "Begun at home"}, token)
    context.set_offline(False)
    until(page, lambda: text.input_value() == "Begun at home")

    # What was written here while nobody could be told is not overwritten, and gets there.
    context.set_offline(True)
    text.fill("Begun at home, and more")
    page.wait_for_timeout(1500)  # it could not be kept
    context.set_offline(False)
    until(page, lambda: server.call("GET", path, token=token)["content"] == "Begun at home, and more")
    assert text.input_value() == "Begun at home, and more"


def test_who_reads_what_is_deleted_is_back_at_the_list(
    browser: Any, server: Any, token: str, conversation: str
) -> None:
    contexts = [signed_in(browser, server, "ada@undisturbed.example") for _ in range(2)]
    one, other = [context.new_page() for context in contexts]
    for page in (one, other):
        page.goto(f"{server.url}/inbox/{conversation}/")
        page.locator("body[data-ready]").wait_for()
    one.locator("#thread-more > summary").click()
    one.locator("#thread-more").get_by_role("link", name="Delete this conversation").click()
    one.get_by_role("heading", name="Delete this conversation?").wait_for()
    assert flaws(one) == []
    one.get_by_role("button", name="Delete for good").click()
    for page in (one, other):
        page.wait_for_url("**/inbox/")
        page.locator("body[data-ready]").wait_for()
        assert page.locator(f"#row-{conversation}").count() == 0


def test_words_are_made_bold_and_slanted_by_keys_and_shown_so(
    browser: Any, server: Any, token: str, conversation: str
) -> None:
    context = signed_in(browser, server, "ada@undisturbed.example")
    page = context.new_page()
    page.goto(f"{server.url}/inbox/{conversation}/")
    page.locator("body[data-ready]").wait_for()
    text = page.locator("#reply")
    text.fill("It goes out ")
    text.press("Control+b")
    page.keyboard.type("today")
    text.press("End")
    page.keyboard.type(" for sure")
    for _ in "sure":
        text.press("Shift+ArrowLeft")
    text.press("Control+i")
    assert text.input_value() == "It goes out *today* for _sure_"
    text.press("Control+i")
    assert text.input_value() == "It goes out *today* for sure"
    text.press("Control+i")
    text.press("Control+Enter")
    bubble = page.locator("#messages .bubble").last
    bubble.locator("b", has_text="today").wait_for()
    assert bubble.inner_html() == "It goes out <b>today</b> for <i>sure</i>"
