"""Characters in the widget's frame that take more than a key: composed ones and emoji."""

from collections.abc import Callable

from tests.browser.widget_page import Acme, Visit


def test_enter_that_chooses_a_character_sends_nothing(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.open()
    cleo.chat.get_by_role("button", name="Send us a message").click()
    cleo.field.fill("にほん")

    # Safari's: the composition is over for it before the key is.
    cleo.field.evaluate(
        """field => field.dispatchEvent(
            new KeyboardEvent("keydown", { key: "Enter", keyCode: 229, bubbles: true, cancelable: true }))"""
    )

    assert cleo.field.input_value() == "にほん"
    cleo.field.press("Enter")
    cleo.sees("にほん")


def test_an_emoji_is_picked_by_keyboard_and_stands_where_the_caret_was(visit: Callable[..., Visit]) -> None:
    cleo = visit()
    cleo.open()
    cleo.chat.get_by_role("button", name="Send us a message").click()
    cleo.field.fill("ab")
    cleo.field.press("ArrowLeft")

    cleo.chat.get_by_role("button", name="Emoji").press("Enter")
    cleo.chat.get_by_role("group", name="Emoji").wait_for()
    cleo.page.keyboard.press("ArrowRight")
    cleo.page.keyboard.press("Enter")

    assert cleo.field.input_value() == "a😃b"
    assert cleo.chat.get_by_role("group", name="Emoji").count() == 0
    cleo.chat.get_by_role("button", name="Emoji").press("Enter")
    cleo.chat.get_by_role("group", name="Emoji").wait_for()
    cleo.page.keyboard.press("Escape")
    cleo.chat.locator("textarea:focus").wait_for()


def test_emoji_that_do_not_come_say_so_and_come_with_the_next_press(visit: Callable[..., Visit]) -> None:
    cleo = visit()
    cleo.open()
    cleo.chat.get_by_role("button", name="Send us a message").click()
    cleo.context.route("**/emoji*.js*", lambda route: route.abort())
    cleo.chat.get_by_role("button", name="Emoji").click()
    cleo.chat.get_by_text("Emoji: Try again").wait_for()

    cleo.context.unroute("**/emoji*.js*")
    cleo.chat.get_by_role("button", name="Emoji").click()

    cleo.chat.get_by_role("group", name="Emoji").wait_for()
    assert cleo.chat.get_by_text("Emoji: Try again").count() == 0
