"""On a phone the chat is the screen."""

from collections.abc import Callable

from tests.browser.widget_page import PHONE, Acme, Visit, until


def test_on_a_phone_the_chat_is_the_screen(visit: Callable[..., Visit]) -> None:
    cleo = visit(**PHONE)

    cleo.start("From my phone")
    cleo.sees("From my phone")

    whole = {"x": 0, "y": 0, "width": 360, "height": 740}
    until(cleo.page, lambda: cleo.page.locator("pb-widget iframe").bounding_box() == whole)
    assert not cleo.launcher.is_visible()
    assert cleo.page.evaluate("document.documentElement.scrollWidth") == 360
    cleo.chat.get_by_role("button", name="Close chat").last.click()
    cleo.page.get_by_role("button", name="Open chat").wait_for()


def test_a_keyboard_on_a_phone_leaves_the_field_and_the_last_words_in_sight(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit(**PHONE)
    cleo.start("Hello?")
    cleo.gets_through()
    for number in range(12):
        acme.say(f"{number}: longer than a screen is high")
    cleo.sees("11: longer than a screen is high")

    # As iOS does it: what is seen of the page gets smaller and moves, the page itself does neither.
    cleo.page.evaluate(
        """() => {
            Object.defineProperty(visualViewport, "height", { value: 400 })
            Object.defineProperty(visualViewport, "offsetTop", { value: 120 })
            visualViewport.dispatchEvent(new Event("resize"))
        }"""
    )

    seen = {"x": 0, "y": 120, "width": 360, "height": 400}
    until(cleo.page, lambda: cleo.page.locator("pb-widget iframe").bounding_box() == seen)
    last = cleo.log.get_by_text("11: longer than a screen is high")
    until(cleo.page, lambda: last.bounding_box()["y"] < cleo.field.bounding_box()["y"] < 120 + 400)


def test_where_the_panel_is_the_screen_the_focus_does_not_go_behind_it(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit(viewport={"width": 360, "height": 640})
    cleo.page.evaluate("document.querySelector('main').innerHTML = '<a href=\"#1\">One</a> <a href=\"#2\">Two</a>'")
    cleo.open()
    cleo.chat.locator(":focus").wait_for()

    for _ in range(14):
        cleo.page.keyboard.press("Tab")
        until(cleo.page, lambda: cleo.page.evaluate("document.activeElement.tagName") in {"PB-WIDGET", "BODY"})


def test_the_page_behind_it_is_out_of_reach_for_a_screen_reader_and_there_again_after(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit(**PHONE)
    reader = cleo.context.new_cdp_session(cleo.page)

    def hears_the_page() -> bool:
        nodes = reader.send("Accessibility.getFullAXTree")["nodes"]
        return any(node.get("name", {}).get("value") == "Guji natural" and not node["ignored"] for node in nodes)

    assert hears_the_page()
    cleo.open()
    cleo.chat.get_by_role("button", name="Send us a message").wait_for()
    until(cleo.page, lambda: not hears_the_page())
    cleo.page.evaluate("PingBack('setLocale', 'de')")
    cleo.chat.get_by_role("button", name="Nachricht schreiben").wait_for()
    until(cleo.page, lambda: not hears_the_page())

    cleo.chat.get_by_role("button", name="Chat schließen").first.click()

    cleo.page.get_by_role("button", name="Chat öffnen").wait_for()
    assert hears_the_page()
    assert cleo.page.evaluate("document.activeElement.shadowRoot.activeElement.className") == "launch"


def test_the_way_back_of_a_phone_closes_it(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit(**PHONE)
    cleo.open()
    cleo.chat.get_by_role("button", name="Send us a message").wait_for()
    dialog = cleo.page.locator("pb-widget dialog")
    until(cleo.page, lambda: dialog.evaluate("dialog => dialog.open"))

    dialog.evaluate("dialog => dialog.requestClose ? dialog.requestClose() : dialog.close()")  # as a browser does it

    cleo.page.get_by_role("button", name="Open chat").wait_for()
    cleo.page.locator("pb-widget iframe").wait_for(state="hidden")
