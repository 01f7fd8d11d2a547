"""A conversation in the widget, from the first word to a bad network, on desktop and phone."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.widget_page import Acme, Visit, flaws, style, until

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
TEAL = "rgb(15, 95, 89)"


def test_it_greets_in_the_colour_and_the_words_of_the_settings(visit: Callable[..., Visit]) -> None:
    cleo = visit()
    assert style(cleo.launcher, "backgroundColor") == TEAL
    assert style(cleo.launcher, "color") == "rgb(255, 255, 255)"

    cleo.open()

    cleo.chat.get_by_role("heading", name="Hello, how can we help?").wait_for()
    assert cleo.chat.get_by_text("We answer in five minutes.").is_visible()
    assert cleo.chat.get_by_text("Tidewater Coffee").is_visible()
    assert style(cleo.chat.locator("header").first, "backgroundColor") == TEAL
    assert cleo.complaints == []


def test_a_bright_colour_gets_dark_words(visit: Callable[..., Visit], acme: Acme) -> None:
    acme.call("PUT", f"/widget/update/{acme.widget['id']}", {"primary_color": "#ffe600"})

    cleo = visit()

    assert style(cleo.launcher, "color") == "rgb(0, 0, 0)"


def test_a_message_is_stored_once_and_the_answer_appears(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Do you ship to Madeira?")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()

    acme.say("We do. See https://acme.com/madeira.")

    link = cleo.log.get_by_role("link", name="https://acme.com/madeira", exact=True)
    link.wait_for()
    assert link.get_attribute("rel") == "noopener noreferrer nofollow"
    assert cleo.log.get_by_text("Ada Lovelace", exact=True).is_visible()
    assert acme.words == ["Do you ship to Madeira?", "We do. See https://acme.com/madeira."]
    assert cleo.complaints == []


def test_peoples_words_are_never_markup(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("<img src=x onerror=alert(1)>")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()

    acme.say("<b>bold</b> javascript:alert(1)")

    cleo.sees("<img src=x onerror=alert(1)>")
    cleo.sees("<b>bold</b> javascript:alert(1)")
    assert cleo.log.locator("img, b, a").count() == 0


def test_a_reload_keeps_the_conversation_and_opening_shows_it(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Is it in stock?")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    cleo.page.reload()
    acme.say("Yes, eleven bags.")

    cleo.open()

    cleo.sees("Is it in stock?")
    cleo.sees("Yes, eleven bags.")
    cleo.write("Then I take one.")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    assert acme.words == ["Is it in stock?", "Yes, eleven bags.", "Then I take one."]


def test_a_closed_conversation_stays_in_the_list_and_opening_greets_again(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    cleo.start("Is it in stock?")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    acme.call("PUT", f"/conversations/{acme.conversations[0]['id']}/close")
    cleo.chat.get_by_text("This conversation is closed.").wait_for()
    cleo.page.reload()

    cleo.open()

    cleo.chat.get_by_role("heading", name="Hello, how can we help?").wait_for()
    cleo.chat.get_by_role("button", name="Is it in stock?").click()
    cleo.sees("Is it in stock?")


def test_the_way_to_a_new_conversation_is_in_sight_below_however_many(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit(viewport={"width": 1280, "height": 520})
    cleo.open()
    new = cleo.chat.get_by_role("button", name="Send us a message")
    for number in range(4):
        new.click()
        cleo.write(f"Number {number}")
        cleo.chat.get_by_text("Sent", exact=True).wait_for()
        cleo.chat.get_by_role("button", name="Back").click()

    home = cleo.chat.locator(".pb-home")
    assert home.evaluate("node => node.scrollHeight > node.clientHeight && node.scrollTop === 0")
    edge = home.bounding_box()
    box = new.bounding_box()
    assert edge["y"] < box["y"] < box["y"] + box["height"] <= edge["y"] + edge["height"]


def test_words_that_the_server_has_already_bring_nobody_back_to_a_closed_conversation(
    visit: Callable[..., Visit], acme: Acme, shop: Callable[..., str]
) -> None:
    """A page that is left at once may not come to forget what was sent."""
    forgetful = """<script>
        const real = localStorage
        const set = (target, name, value) => { target[name] = value; return true }
        const storage = new Proxy(real, { get: (_, name) => real[name], set, deleteProperty: () => true })
        Object.defineProperty(window, "localStorage", { value: storage })</script>"""
    cleo = visit(head=forgetful + acme.widget["embed_code"])
    cleo.start("Is it in stock?")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    acme.say("No, but soon.")
    cleo.sees("No, but soon.")
    acme.call("PUT", f"/conversations/{acme.conversations[0]['id']}/close")
    cleo.chat.get_by_text("This conversation is closed.").wait_for()
    kept = "Object.keys(localStorage).map(name => name.split(':')[2])"
    until(cleo.page, lambda: set(cleo.page.evaluate(kept)) >= {"key", "outbox"})

    cleo.page.goto(shop(acme.page()))
    cleo.open()

    until(cleo.page, lambda: "outbox" not in cleo.page.evaluate(kept))
    cleo.chat.get_by_role("heading", name="Hello, how can we help?").wait_for()
    assert acme.words == ["Is it in stock?", "No, but soon."]
    assert acme.conversations[0]["status"] == "closed"


def test_a_press_counts_also_when_what_is_pressed_is_drawn_anew(visit: Callable[..., Visit], acme: Acme) -> None:
    def press(button: Any, change: Callable[[], Any]) -> None:
        button.hover()
        cleo.page.mouse.down()
        change()
        cleo.page.mouse.up()

    cleo = visit()
    cleo.launcher.hover()
    cleo.page.wait_for_function("PingBack.loaded")
    press(cleo.launcher, lambda: cleo.page.evaluate("PingBack('update', { launcher_icon: 'help' })"))
    cleo.chat.get_by_role("button", name="Send us a message").click()
    cleo.write("Hello?")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    cleo.chat.get_by_role("button", name="Back").click()

    def answer() -> None:
        acme.say("Hello!")
        cleo.chat.get_by_role("button", name="Hello!").wait_for()

    press(cleo.chat.get_by_role("button", name="You: Hello?"), answer)

    cleo.sees("Hello!")


def test_what_was_written_without_a_line_survives_a_reload_and_goes_out_once_in_order(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    cleo.start("one")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    cleo.line.cut()
    cleo.chat.get_by_text("No connection.").wait_for()
    cleo.write("two", "three")
    cleo.page.reload()
    cleo.open()
    cleo.sees("three")
    cleo.write("four")
    assert acme.words == ["one"]

    cleo.line.mend()

    until(cleo.page, lambda: len(acme.words) == 4)
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    assert acme.words == ["one", "two", "three", "four"]
    assert cleo.shown == acme.words
    until(cleo.page, lambda: cleo.page.evaluate("Object.keys(localStorage).length") == 1)


def test_the_very_first_words_may_wait_too(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.line.cut()
    cleo.start("one", "two")
    cleo.page.reload()
    cleo.open()
    cleo.sees("two")

    cleo.line.mend()

    until(cleo.page, lambda: len(acme.conversations) == 1 and len(acme.words) == 2)
    assert acme.words == ["one", "two"]


def test_a_lost_acknowledgement_doubles_nothing(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.line.loses_next_ack = True

    cleo.start("Only once")

    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    assert acme.words == ["Only once"]
    assert cleo.shown == ["Only once"]


def test_what_was_said_during_a_break_is_caught_up_with(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Hello?")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    cleo.line.cut()
    for content in ("one", "two", "three"):
        acme.say(content)

    cleo.line.mend()

    cleo.sees("three")
    assert cleo.shown == ["Hello?", "one", "two", "three"]


def test_a_lost_event_is_missed_at_the_next_one_and_asked_for(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Hello?")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()

    cleo.line.loses_next_message = True
    acme.say("one")
    acme.say("two")

    cleo.sees("one")
    assert cleo.shown == ["Hello?", "one", "two"]


def test_a_refused_message_says_why_and_can_be_tried_again(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("First")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    channel = f"/channels/{acme.call('GET', '/channels/')[0]['id']}"
    acme.call("PATCH", channel, {"is_active": False})
    cleo.write("Second")
    cleo.chat.get_by_text("Not sent. This chat is not available right now.").wait_for()
    assert flaws(cleo) == []
    acme.call("PATCH", channel, {"is_active": True})

    cleo.chat.get_by_role("button", name="Try again").click()

    until(cleo.page, lambda: acme.words == ["First", "Second"])
    cleo.chat.get_by_role("button", name="Try again").wait_for(state="detached")
    assert cleo.shown == ["First", "Second"]


def test_a_long_conversation_opens_at_its_end_and_the_rest_is_there_on_demand(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    cleo.start("0")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    for number in range(1, 61):
        acme.say(str(number))
    cleo.page.reload()

    cleo.open()
    cleo.sees("60")
    assert cleo.shown == [str(number) for number in range(11, 61)]
    assert flaws(cleo) == []
    cleo.chat.get_by_role("button", name="Earlier messages").click()

    cleo.sees("0")
    assert cleo.shown == [str(number) for number in range(61)]
    assert cleo.chat.get_by_role("button", name="Earlier messages").count() == 0


def test_where_websockets_are_blocked_it_polls(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.line.has_sockets = False

    cleo.start("Over polling")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    acme.say("It works")

    cleo.sees("It works")
    assert any("transport=polling" in url for url in cleo.requests)


def test_a_server_that_restarts_while_a_visitor_writes_takes_no_word_and_no_focus(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    cleo.start("Before")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    cleo.field.press_sequentially("Mean")

    acme.server.stop()
    cleo.page.keyboard.type("while")
    cleo.page.keyboard.press("Enter")
    cleo.page.keyboard.type("And half a")
    acme.server.start()

    until(cleo.page, lambda: acme.words == ["Before", "Meanwhile"])
    acme.say("Welcome back")
    cleo.sees("Welcome back")
    cleo.page.keyboard.type(" sentence")
    cleo.page.reload()
    cleo.open()
    cleo.sees("Welcome back")
    assert cleo.field.input_value() == "And half a sentence"


def test_an_answer_to_a_closed_chat_is_counted_on_the_launcher(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Ping me")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    cleo.chat.get_by_role("button", name="Close chat").last.click()

    acme.say("Ping")

    cleo.page.get_by_role("button", name="Open chat, 1 unread").click()
    cleo.sees("Ping")
    cleo.page.keyboard.press("Escape")
    cleo.page.get_by_role("button", name="Open chat", exact=True).wait_for()


def test_both_sides_see_who_is_typing(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Anybody there?")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    who = {"business_id": acme.widget["business_id"], "token": acme.token}
    conversation_id = acme.conversations[0]["id"]
    desk = cleo.context.browser.new_page()
    desk.goto(f"{acme.server.url}/healthz")
    desk.evaluate(
        """async ([auth, conversation_id]) => {
            const { connect } = await import("/static/js/socket.js")
            window.heard = []
            const onEvent = (name, payload) => window.heard.push([name, payload.user_id, payload.is_typing])
            await new Promise((online) => {
                window.socket = connect({ auth, onEvent, onState: (state) => state === "online" && online() })
            })
            await socket.emit("join_conversation", { conversation_id })
            await socket.emit("typing", { conversation_id, is_typing: true })
        }""",
        [who, conversation_id],
    )
    cleo.chat.get_by_text("is typing").wait_for()
    assert flaws(cleo) == []

    cleo.field.press_sequentially("I am")

    until(desk, lambda: ["typing", None, True] in desk.evaluate("heard"))
    desk.evaluate("id => socket.emit('typing', { conversation_id: id, is_typing: false })", conversation_id)
    cleo.chat.get_by_text("is typing").wait_for(state="detached")
    desk.close()


def test_an_unread_answer_elsewhere_stays_counted_after_closing(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Ping me")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    cleo.chat.get_by_role("button", name="Back").click()
    acme.say("Here I am")
    cleo.chat.get_by_role("button", name="Here I am").wait_for()

    cleo.page.keyboard.press("Escape")

    cleo.page.get_by_role("button", name="Open chat, 1 unread").wait_for()


def test_a_second_tab_is_the_same_visitor(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("From the first tab")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    tab = cleo.context.new_page()
    tab.goto(cleo.page.url)
    tab.get_by_role("button", name="Open chat").click()
    chat = tab.frame_locator("pb-widget iframe")
    chat.get_by_role("log").get_by_text("From the first tab").wait_for()

    field = chat.get_by_role("textbox", name="Message")
    field.fill("From the second")
    field.press("Enter")

    cleo.sees("From the second")
    assert acme.words == ["From the first tab", "From the second"]


def test_escape_closes_it_and_gives_the_focus_back(visit: Callable[..., Visit]) -> None:
    cleo = visit()
    cleo.page.keyboard.press("Tab")
    cleo.page.keyboard.press("Enter")
    cleo.chat.locator("h1:focus").wait_for()
    cleo.page.keyboard.press("Tab")
    cleo.page.keyboard.press("Enter")
    cleo.chat.locator("textarea:focus").wait_for()
    cleo.page.keyboard.type("Only the keyboard")
    cleo.page.keyboard.press("Enter")
    cleo.sees("Only the keyboard")

    cleo.page.keyboard.press("Escape")

    cleo.page.get_by_role("button", name="Open chat").wait_for()
    assert cleo.page.evaluate("document.activeElement.shadowRoot.activeElement.ariaLabel") == "Open chat"
    cleo.page.locator("pb-widget iframe").wait_for(state="hidden")


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
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
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


@pytest.mark.parametrize(("theme", "options"), [("light", {}), ("dark", PHONE)], ids=["desktop", "phone"])
def test_axe_finds_nothing(visit: Callable[..., Visit], acme: Acme, theme: str, options: dict[str, Any]) -> None:
    cleo = visit(color_scheme=theme, **options)

    assert flaws(cleo) == []
    cleo.open()
    cleo.chat.get_by_role("button", name="Send us a message").wait_for()
    assert flaws(cleo) == []
    cleo.chat.get_by_role("button", name="Send us a message").click()
    cleo.write("Hi! Which grind do I choose for a moka pot?")
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    acme.say("A little coarser than espresso: https://acme.com/grind")
    cleo.log.get_by_role("link").wait_for()
    assert flaws(cleo) == []
    cleo.line.cut()
    cleo.write("And for a press?")
    cleo.chat.get_by_text("No connection.").wait_for()
    assert flaws(cleo) == []
    cleo.line.mend()
    cleo.chat.get_by_text("Sent", exact=True).wait_for()
    cleo.chat.get_by_role("button", name="Back").click()
    assert flaws(cleo) == []
