"""One browser, several people and several tabs: nothing of the one is the other's."""

from collections.abc import Callable
from typing import Any

from tests.browser.test_widget_identity import identify, secret_of, token
from tests.browser.widget_page import Acme, Visit, until


def keys_in(page: Any) -> list[str]:
    return list(page.evaluate("Object.keys(localStorage)"))


def test_who_signs_out_in_one_tab_is_gone_from_all_of_them(visit: Callable[..., Visit], acme: Acme) -> None:
    proof = {"identity_token": token(acme, secret_of(acme), sub="cleo", name="Cleo"), "external_id": "cleo"}
    cleo = visit()
    identify(cleo, **proof)
    cleo.start("Only mine")
    cleo.gets_through()
    tab = cleo.context.new_page()
    tab.goto(cleo.page.url)
    tab.get_by_role("button", name="Open chat").wait_for()
    tab.evaluate("who => PingBack('identify', who)", proof)
    tab.get_by_role("button", name="Open chat").click()
    tab.frame_locator("pb-widget iframe").get_by_role("log").get_by_text("Only mine").wait_for()

    tab.evaluate("PingBack('reset')")

    for page in (tab, cleo.page):
        chat = page.frame_locator("pb-widget iframe")
        chat.get_by_role("button", name="Send us a message").wait_for()
        assert chat.get_by_text("Only mine").count() == 0
    assert not any(name.endswith(":key") for name in keys_in(tab))


def test_what_one_person_had_not_sent_is_not_the_next_ones(visit: Callable[..., Visit], acme: Acme) -> None:
    secret = secret_of(acme)
    cleo = visit()
    identify(cleo, identity_token=token(acme, secret, sub="cleo", name="Cleo"))
    cleo.start("First of Cleo")
    cleo.gets_through()
    cleo.line.cut()
    cleo.write("Private")
    cleo.field.fill("A draft")
    until(cleo.page, lambda: any("outbox" in name for name in keys_in(cleo.page)))
    cleo.reload()
    cleo.launcher.wait_for()
    identify(cleo, identity_token=token(acme, secret, sub="dan", name="Dan"))
    cleo.open()
    cleo.line.mend()

    until(cleo.page, lambda: not any("outbox" in name or ":draft:" in name for name in keys_in(cleo.page)))
    cleo.chat.get_by_role("button", name="Send us a message").click()
    assert cleo.field.input_value() == ""
    cleo.write("First of Dan")
    cleo.gets_through()

    told = {}
    for conversation in acme.conversations:
        whole = acme.call("GET", f"/conversations/{conversation['id']}")
        told[whole["customer"]["name"]] = [message["content"] for message in whole["messages"]]
    assert told == {"Cleo": ["First of Cleo"], "Dan": ["First of Dan"]}


def test_a_launcher_that_could_not_come_comes_later(visit: Callable[..., Visit], acme: Acme) -> None:
    tries: list[str] = []

    def fail_once(route: Any) -> None:
        tries.append(route.request.url)
        route.abort() if len(tries) == 1 else route.continue_()

    cleo = visit(launcher=False)
    cleo.context.route("**/api/v1/widget/*", fail_once)
    cleo.page.reload()
    cleo.page.evaluate("PingBack('open')")

    cleo.chat.get_by_role("button", name="Send us a message").wait_for()


def test_what_came_during_a_break_is_told_to_the_page_too(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.page.evaluate("window.heard = []; PingBack('on', 'message', (message) => heard.push(message.content))")
    cleo.start("Hello?")
    cleo.gets_through()
    cleo.line.cut()
    acme.say("During")
    cleo.line.mend()
    cleo.sees("During")
    acme.say("After")
    cleo.sees("After")

    until(cleo.page, lambda: cleo.page.evaluate("heard") == ["Hello?", "During", "After"])


def test_the_page_says_one_option_of_a_group_and_the_others_stay(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.page.evaluate("PingBack('update', { prechat: { enabled: true, email: 'required' } })")
    cleo.open()
    cleo.chat.get_by_role("button", name="Send us a message").click()

    cleo.chat.get_by_label("E-mail").wait_for()


def test_a_page_that_changes_by_itself_keeps_the_count_in_its_title(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Hello?")
    cleo.gets_through()
    cleo.page.evaluate("PingBack('close')")
    acme.say("One")
    cleo.page.get_by_role("button", name="Open chat, 1 unread").wait_for()

    cleo.page.evaluate("document.title = 'Grinders'")

    until(cleo.page, lambda: cleo.page.title() == "(1) Grinders")


def test_a_draft_stays_with_its_conversation(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()

    def write_to_nobody_yet() -> None:
        cleo.chat.get_by_role("button", name="Back").click()
        cleo.chat.get_by_role("button", name="Send us a message").click()

    cleo.start("Hello?")
    cleo.field.fill("For the first")  # begun before the conversation is there
    cleo.gets_through()
    write_to_nobody_yet()
    assert cleo.field.input_value() == ""
    cleo.field.fill("For another")
    cleo.chat.get_by_role("button", name="Back").click()
    cleo.chat.get_by_role("button", name="Hello?").click()
    assert cleo.field.input_value() == "For the first"

    cleo.reload()
    cleo.open()

    until(cleo.page, lambda: cleo.field.input_value() == "For the first")
    write_to_nobody_yet()
    assert cleo.field.input_value() == "For another"
    cleo.field.press("Enter")
    cleo.sees("For another")
    until(
        cleo.page,
        lambda: (
            [name.split(":", 2)[2] for name in keys_in(cleo.page) if "draft" in name]
            == [f"draft:{acme.conversations[-1]['id']}"]
        ),
    )


def test_what_two_tabs_write_without_a_network_goes_out_in_the_order_in_which_it_was_written(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    cleo.start("Hello")
    cleo.gets_through()
    tab = cleo.context.new_page()
    tab.goto(cleo.page.url)
    tab.get_by_role("button", name="Open chat").click()
    chat = tab.frame_locator("pb-widget iframe")
    chat.get_by_role("log").get_by_text("Hello").wait_for()
    cleo.context.set_offline(True)

    cleo.write("one")
    chat.get_by_role("log").get_by_text("one").wait_for()
    chat.get_by_role("textbox", name="Message").fill("two")
    chat.get_by_role("textbox", name="Message").press("Enter")
    cleo.sees("two")
    cleo.write("three", "four")
    chat.get_by_role("log").get_by_text("four").wait_for()
    cleo.page.close()  # the other one has it all
    cleo.context.set_offline(False)

    until(tab, lambda: acme.words == ["Hello", "one", "two", "three", "four"])
    until(tab, lambda: chat.get_by_role("log").locator(".pb-b").all_inner_texts() == acme.words)
    until(tab, lambda: not any("outbox" in name for name in keys_in(tab)))
