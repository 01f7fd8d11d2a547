"""Lists, search, selection and the palette in a real browser: the day of somebody who uses the keyboard."""

import re
from typing import Any

from tests.browser.pages import console_of, flaws, signed_in
from tests.browser.widget_page import until

MANY = 110
# What axe itself stumbles over, under the page's policy.
OF_AXE = ("Applying inline style", "load preload assets")


def test_an_agent_finds_picks_and_moves_among_many(browser: Any, server: Any) -> None:
    token = server.sign_up("ada@lists.example")
    business = server.call("GET", "/auth/me", token=token)["business"]["id"]
    for number in range(MANY):
        words = "the hopper is cracked" if number == 3 else f"question {number}"
        server.call("POST", "/conversations", {"business_id": business, "initial_message": words}, token)
    context = signed_in(browser, server, "ada@lists.example", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    said = console_of(page, server)
    page.goto(f"{server.url}/inbox/")
    page.locator("body[data-ready]").wait_for()
    rows, keys = page.locator("#rows > li"), page.keyboard

    # However long it is, few rows are in the page; the end is reached by scrolling alone.
    end = page.locator("#rows .row-text", has_text=re.compile("question 0$"))

    def at_the_end() -> bool:
        page.locator("#list-scroll").evaluate("(each) => { each.scrollTop = each.scrollHeight }")
        return bool(end.count())

    until(page, at_the_end)
    assert rows.count() < MANY - 40

    # In another order nothing goes from the end because something happened to it.
    page.goto(f"{server.url}/inbox/?sort=oldest")
    page.locator("body[data-ready]").wait_for()
    end = rows.filter(has_text=re.compile(f"question {MANY - 1}\\b"))
    until(page, at_the_end)
    conversation = end.locator("[data-row]").get_attribute("data-row")
    server.call("PUT", f"/conversations/{conversation}/tags", {"tags": ["Late"]}, token)
    end.locator(".tag", has_text="Late").wait_for()
    page.goto(f"{server.url}/inbox/")
    page.locator("body[data-ready]").wait_for()

    # Search as one types, and open the thread at what was found.
    keys.press("/")
    keys.type("crack")
    page.locator("#rows mark", has_text="cracked").wait_for()
    assert rows.count() == 1
    rows.first.click()
    page.locator(".msg.is-found", has_text="hopper").wait_for()
    page.locator("#q").fill("status:lost")
    page.get_by_text("status: is one of").wait_for()
    page.locator("#q").fill("")
    page.locator("#rows .row-text", has_text=re.compile(f"question {MANY - 1}$")).wait_for()

    # Pick a range with the keyboard, resolve it, and take it back.
    keys.press("Escape")
    for key in ("j", "x", "j", "j", "X"):
        before = page.locator("#thread").get_attribute("data-thread")
        keys.press(key)
        if key == "j":
            page.wait_for_function(
                "(before) => document.querySelector('#thread').dataset.thread !== before", arg=before
            )
    page.get_by_text("3 selected").wait_for()
    assert flaws(page) == []
    page.get_by_label("The selected conversations").get_by_role("button", name="Resolve", exact=True).click()
    page.get_by_text("Resolved 3.").wait_for()
    page.locator("#lists a", has_text="Resolved").get_by_text("3", exact=True).wait_for()
    page.locator("[data-toast-action]:visible").click()
    page.locator("#lists a", has_text="Resolved").get_by_text("0", exact=True).wait_for()

    # One field for all of it, and letters that can be turned off.
    keys.press("Control+k")
    keys.type("hopper")
    page.locator("#palette mark", has_text="hopper").wait_for()
    assert flaws(page) == []
    keys.press("Enter")
    page.locator(".msg.is-found", has_text="hopper").wait_for()
    keys.press("g")
    keys.press("u")
    page.locator("#list-title", has_text="Unassigned").wait_for()
    keys.press("?")
    page.get_by_label("Letters alone do something").uncheck()
    assert flaws(page) == []
    keys.press("Escape")
    keys.press("g")
    keys.press("m")
    keys.press("Control+k")
    page.locator("#palette[open]").wait_for()
    assert page.locator("#list-title").inner_text() == "Unassigned"
    page.locator("#palette input").fill("out, log")
    page.locator("#palette [role=option]", has_text="Log out").wait_for()
    assert [each for each in said if not any(part in each for part in OF_AXE)] == []
    context.close()


def test_the_bar_of_a_selection_fits_its_column(browser: Any, server: Any) -> None:
    token = server.sign_up("ada@bar.example")
    business = server.call("GET", "/auth/me", token=token)["business"]["id"]
    server.call("POST", "/conversations", {"business_id": business, "initial_message": "Hello"}, token)
    server.call("POST", "/tags", {"name": "Refund", "color": "red"}, token)
    context = signed_in(browser, server, "ada@bar.example")
    page = context.new_page()
    for width in (1440, 800, 360):
        page.set_viewport_size({"width": width, "height": 700})
        page.goto(f"{server.url}/inbox/")
        page.locator("body[data-ready]").wait_for()
        page.locator("[data-pick]").check()
        bar = page.get_by_label("The selected conversations")
        bar.get_by_text("1 selected").wait_for()
        bar.get_by_label("More actions").click()
        for part in (bar.get_by_label("Tag"), bar.locator("#bulk-more .menu"), bar.get_by_text("Resolve"), bar):
            box = part.locator("visible=true").bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= page.locator("#list-scroll").evaluate(
                "(each) => each.getBoundingClientRect().right"
            )
        assert page.evaluate("document.documentElement.scrollWidth") == width
        bar.get_by_label("Clear the selection").click()
        bar.wait_for(state="hidden")
    context.close()


def test_views_are_made_and_changed_from_the_inbox_and_what_a_colleague_makes_is_there_at_once(
    browser: Any, server: Any
) -> None:
    token = server.sign_up("ada@choices.example")
    business = server.call("GET", "/auth/me", token=token)["business"]["id"]
    conversation = server.call("POST", "/conversations", {"business_id": business, "initial_message": "Hello"}, token)
    context = signed_in(browser, server, "ada@choices.example", viewport={"width": 1440, "height": 900})
    page = context.new_page()

    page.goto(f"{server.url}/inbox/")
    page.locator("body[data-ready]").wait_for()
    page.get_by_role("link", name="New view").click()
    page.get_by_label("Name").fill("First")
    page.get_by_role("button", name="Save", exact=True).last.click()
    page.locator("#list-title", has_text="First").wait_for()
    page.locator("body[data-ready]").wait_for()
    page.get_by_role("link", name="Change this view").click()
    page.get_by_label("Name").fill("Second")
    page.get_by_role("button", name="Save", exact=True).last.click()
    page.locator("#list-title", has_text="Second").wait_for()

    page.goto(f"{server.url}/inbox/{conversation['id']}/")
    page.locator("body[data-ready][data-view=thread]").wait_for()
    asked = {"all": [{"field": "status", "op": "is", "value": "open"}]}
    view = server.call("POST", "/views", {"name": "Theirs", "shared": True, "filter": asked}, token)
    server.call("POST", "/macros", {"name": "Say goodbye", "status": "closed"}, token)
    server.call("POST", "/tags", {"name": "Refund", "color": "red"}, token)
    server.call("POST", "/teams", {"name": "Night"}, token)
    for name in ("Theirs", "Refund", "Night"):
        page.locator("#lists a", has_text=name).wait_for()
    page.get_by_label("Macros").click()
    page.get_by_role("button", name="Say goodbye").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Emoji").click()
    page.get_by_role("group", name="Emoji").wait_for()  # it comes with the first press
    page.keyboard.press("Enter")
    until(page, lambda: page.locator("[data-composer] [name=content]").input_value() == "😀")
    page.locator("#tag-names option[value=Refund]").wait_for(state="attached")
    server.call("PATCH", f"/views/{view['id']}", {"name": "Theirs, renamed"}, token)
    page.locator("#lists a", has_text="Theirs, renamed").wait_for()

    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{server.url}/inbox/")
    page.locator("body[data-ready]").wait_for()
    page.locator("#sort-menu summary").click()
    page.get_by_role("link", name="New view").click()
    page.get_by_label("Name").wait_for()
    context.close()


def test_what_one_does_by_key_while_rows_are_picked_is_about_all_of_them(browser: Any, server: Any) -> None:
    token = server.sign_up("ada@many.example")
    business = server.call("GET", "/auth/me", token=token)["business"]["id"]
    for number in range(60):  # more than the first page has
        body = {"business_id": business, "initial_message": f"Question {number}"}
        server.call("POST", "/conversations", body, token)
    context = signed_in(browser, server, "ada@many.example", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    said = console_of(page, server)
    page.goto(f"{server.url}/inbox/")
    page.locator("body[data-ready]").wait_for()

    def count_of(title: str, number: str) -> Any:
        return page.locator("#lists a", has_text=title).get_by_text(number, exact=True)

    page.keyboard.press("Shift+A")
    page.get_by_text("60 selected").wait_for()
    page.keyboard.press("z")
    page.get_by_role("button", name="They reply").focus()
    assert flaws(page) == []
    page.keyboard.press("Enter")
    page.get_by_text("Snoozed 60.").wait_for()
    count_of("Pending", "60").wait_for()
    page.locator("[data-toast-action]:visible").click()
    count_of("Pending", "0").wait_for()

    page.locator("#rows [data-pick]").first.check()
    page.get_by_text("1 selected").wait_for()
    page.keyboard.press("e")
    page.get_by_text("Resolved 1.").wait_for()
    count_of("Resolved", "1").wait_for()
    assert [each for each in said if not any(part in each for part in OF_AXE)] == []
    context.close()


def test_on_a_phone_the_lists_are_behind_a_button_in_their_groups(browser: Any, server: Any) -> None:
    token = server.sign_up("ada@phone-lists.example")
    server.call("POST", "/tags", {"name": "Refund", "color": "red"}, token)
    context = signed_in(browser, server, "ada@phone-lists.example", viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(f"{server.url}/inbox/")
    page.locator("body[data-ready]").wait_for()

    page.get_by_role("button", name="All lists").click()
    lists = page.get_by_role("dialog", name="Lists")
    lists.get_by_role("group", name="Tags").wait_for()
    assert flaws(page) == []
    lists.get_by_role("link", name="Refund").click()
    lists.wait_for(state="hidden")
    page.locator("#list-title", has_text="Refund").wait_for()
    page.get_by_role("button", name="All lists").click()
    lists.get_by_role("link", name="New view").click()
    page.wait_for_url("**/inbox/views/new/")
    context.close()
