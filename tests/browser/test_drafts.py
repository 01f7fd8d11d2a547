"""A draft is its writer's own and gone once it is sent; what was chosen or agreed to once is not done later."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.pages import PATIENCE, console_of, signed_in

NOTE = "[name=mode][value=note]"


@pytest.fixture(scope="module")
def acme(server: Any) -> dict[str, str]:
    """Ada's workspace, where Ben works, too: its id and their tokens."""
    token = server.sign_up("ada@drafts.example")
    body = {"email": "ben@drafts.example", "full_name": "Ben Bitdiddle", "password": "tidewater-lane-9"}
    bens = server.call("POST", "/auth/register", body)["access_token"]
    server.call("POST", "/team/invite?email=ben@drafts.example", None, token)
    return {"business": server.call("GET", "/auth/me", token=token)["business"]["id"], "token": token, "ben": bens}


@pytest.fixture
def conversation(server: Any, acme: dict[str, str]) -> str:
    return begun(server, acme)


def begun(server: Any, acme: dict[str, str]) -> str:
    body = {"business_id": acme["business"], "initial_message": "Hello"}
    return str(server.call("POST", "/conversations", body, acme["token"])["id"])


@pytest.fixture
def context(browser: Any, server: Any) -> Iterator[Any]:
    """Ada's browser."""
    adas = signed_in(browser, server, "ada@drafts.example", viewport={"width": 1440, "height": 900})
    yield adas
    adas.close()


def tab(context: Any, server: Any, conversation: str) -> Any:
    page = context.new_page()
    page.goto(f"{server.url}/inbox/{conversation}/")
    page.locator("body[data-ready]").wait_for()
    return page


def sent(page: Any, words: str) -> None:
    page.locator("#messages .bubble", has_text=words).wait_for()
    page.wait_for_function("() => !document.getElementById('reply').value")


def test_who_signs_in_next_in_the_tab_sees_nothing_of_what_was_begun(
    server: Any, context: Any, conversation: str
) -> None:
    page = tab(context, server, conversation)
    said = console_of(page, server)
    page.locator(NOTE).check(force=True)
    with page.expect_response("**/draft/"):
        page.locator("#reply").fill("Between us: he is wrong")
    # As if the connection had been lost: this tab alone has it.
    page.route("**/draft/", lambda route: route.abort())
    page.locator("#reply").fill("Between us: he is wrong again")
    page.locator(".rail-end > summary").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(lambda url: "/inbox/" not in url.partition("?")[0])
    assert page.evaluate("sessionStorage.length") == 0

    page.unroute("**/draft/")
    page.goto(f"{server.url}/login")
    page.locator("[name=email]").fill("ben@drafts.example")
    page.locator("[name=password]").fill("tidewater-lane-9")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login" not in url)
    page.goto(f"{server.url}/inbox/{conversation}/")
    page.locator("body[data-ready]").wait_for()
    assert page.locator("#reply").input_value() == ""
    assert said == []


def test_a_note_that_only_this_tab_has_comes_back_as_a_note(server: Any, context: Any, conversation: str) -> None:
    page = tab(context, server, conversation)
    page.route("**/draft/", lambda route: route.abort())
    page.locator(NOTE).check(force=True)
    page.locator("#reply").fill("Between us")
    page.reload()
    page.locator("body[data-ready]").wait_for()
    assert page.locator("#reply").input_value() == "Between us"
    assert page.locator(NOTE).is_checked()


def test_a_draft_that_was_sent_in_another_tab_is_not_there_again(
    server: Any, context: Any, acme: dict[str, str], conversation: str
) -> None:
    other = begun(server, acme)
    one = tab(context, server, conversation)
    with one.expect_response("**/draft/"):
        one.locator("#reply").fill("Draft one")
    one.locator(f"#row-{other} a").click()
    one.locator(f'[data-thread="{other}"]').wait_for()

    two = tab(context, server, conversation)
    assert two.locator("#reply").input_value() == "Draft one"
    two.locator("#reply").press("Control+Enter")
    sent(two, "Draft one")

    one.goto(f"{server.url}/inbox/{conversation}/")
    one.locator("body[data-ready]").wait_for()
    assert one.locator("#reply").input_value() == ""


def test_what_another_tab_sends_right_behind_the_last_key_leaves_this_one_too(
    server: Any, context: Any, conversation: str
) -> None:
    one = tab(context, server, conversation)
    two = tab(context, server, conversation)
    one.locator("#reply").press_sequentially("Twice?")
    two.wait_for_function("() => document.getElementById('reply').value === 'Twice?'")
    two.locator("#reply").press("Control+Enter")
    sent(two, "Twice?")

    sent(one, "Twice?")


def test_ctrl_enter_sends_and_nothing_else(server: Any, context: Any, acme: dict[str, str], conversation: str) -> None:
    page = tab(context, server, conversation)
    path = f"/conversations/{conversation}"
    for choice in ("Send and resolve", "Tomorrow"):
        page.get_by_label("More ways to send").click()
        page.get_by_role("button", name=choice).click()  # there is nothing to send
        page.locator("#reply").press_sequentially(choice)
        page.locator("#reply").press("Control+Enter")
        sent(page, choice)
        assert server.call("GET", path, token=acme["token"])["status"] == "open"
        assert page.locator("#scheduled > li").count() == 0

    page.locator("#reply").fill("Bye")
    page.get_by_label("More ways to send").click()
    page.get_by_role("button", name="Send and resolve").click()
    sent(page, "Bye")
    assert server.call("GET", path, token=acme["token"])["status"] == "resolved"


def test_send_anyway_is_for_once(server: Any, context: Any, acme: dict[str, str], conversation: str) -> None:
    page = tab(context, server, conversation)
    stale, reply = page.locator("[data-stale]"), page.locator("#reply")

    def ben_replies(words: str) -> None:
        server.call("POST", f"/conversations/{conversation}/messages", {"content": words}, acme["ben"])

    def send_past(words: str, news: str) -> None:
        """What Ben replied arrives after it was pressed."""
        page.context.set_offline(True)
        ben_replies(news)
        reply.fill(words)
        reply.press("Control+Enter")
        page.get_by_text("Not sent: no connection.").wait_for()
        page.context.set_offline(False)
        stale.wait_for(timeout=PATIENCE * 1000)
        assert "Ben replied meanwhile." in stale.inner_text()

    send_past("One", "I am at it")
    reply.fill("")
    page.get_by_role("button", name="Send anyway").click()
    stale.wait_for(state="hidden")

    send_past("Two", "Still at it")
    assert page.locator("#messages .bubble", has_text="Two").count() == 0
    page.get_by_role("button", name="Send anyway").click()
    sent(page, "Two")


def test_r_goes_on_at_the_end_of_what_was_begun(
    server: Any, context: Any, acme: dict[str, str], conversation: str
) -> None:
    path = f"/conversations/{conversation}/draft"
    server.call("PUT", path, {"content": "Dear"}, acme["token"])
    page = tab(context, server, conversation)
    page.keyboard.press("r")
    page.keyboard.type(" Cleo")
    assert page.locator("#reply").input_value() == "Dear Cleo"


def test_what_was_begun_is_seen_in_the_list_once_one_is_elsewhere(
    server: Any, context: Any, acme: dict[str, str], conversation: str
) -> None:
    other = begun(server, acme)
    page = tab(context, server, conversation)
    page.locator("#reply").fill("Dear Cleo, your parcel")
    page.locator(f"#rows [data-row='{other}']").click()
    page.locator(f"#thread[data-thread='{other}']").wait_for()
    row = page.locator(f"#rows [data-row='{conversation}'] .row-text")
    row.get_by_text("Draft: Dear Cleo, your parcel").wait_for()

    row.click()
    page.locator(f"#thread[data-thread='{conversation}']").wait_for()
    page.get_by_role("button", name="Send").click()
    sent(page, "Dear Cleo, your parcel")
    row.get_by_text("Draft:").wait_for(state="detached")
    row.get_by_text("You: Dear Cleo, your parcel").wait_for()


def test_what_is_deleted_while_one_writes_leaves_the_words_and_nothing_to_do_with_it(
    server: Any, context: Any, acme: dict[str, str], conversation: str
) -> None:
    page = tab(context, server, conversation)
    said = console_of(page, server)
    page.locator("#reply").fill("Half a sentence")
    server.call("DELETE", f"/conversations/{conversation}", None, acme["token"])

    page.get_by_role("button", name="Resolve").wait_for(state="detached")
    page.locator("#thread-more").wait_for(state="detached")
    assert page.locator("#reply").input_value() == "Half a sentence"
    assert page.get_by_role("button", name="Send", exact=True).is_disabled()
    page.locator("body").press("e")
    assert said == []


def test_a_saved_reply_with_something_that_is_not_known_is_not_sent_unasked(
    server: Any, acme: dict[str, str], context: Any, conversation: str
) -> None:
    body = {"shortcut": "sorry", "content": "Sorry, {first_name}: {customer.plan|it} is back.", "shared": True}
    server.call("POST", "/canned-responses", body, acme["token"])
    page = tab(context, server, conversation)
    page.locator("#reply").press_sequentially("/sorry")
    page.get_by_role("option").wait_for()
    page.keyboard.press("Enter")
    assert page.locator("#reply").input_value() == "Sorry, [first name]: it is back."

    page.keyboard.press("Control+Enter")
    asked = page.get_by_text("Fill in [first name], or send once more to send it as it is.")
    asked.wait_for()
    assert page.locator("#messages .msg").count() == 1
    page.keyboard.press("End")
    with page.expect_response("**/draft/"):
        page.keyboard.type(" Ask [me] too.")  # no blank
    page.reload()
    page.locator("body[data-ready]").wait_for()
    page.locator("#reply").focus()
    page.keyboard.press("Control+Enter")
    asked.wait_for()
    assert page.locator("#messages .msg").count() == 1
    page.keyboard.type("Cleo")
    page.keyboard.press("Control+Enter")
    sent(page, "Sorry, Cleo: it is back. Ask [me] too.")
