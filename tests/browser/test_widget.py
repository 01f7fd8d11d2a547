"""A conversation in the widget, from the first word to the last."""

from collections.abc import Callable
from typing import Any

from tests import corpus
from tests.browser.widget_page import TEAL, Acme, Visit, flaws, style, until


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
    cleo.gets_through()

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
    cleo.gets_through()

    acme.say("<b>bold</b> javascript:alert(1)")

    cleo.sees("<img src=x onerror=alert(1)>")
    cleo.sees("<b>bold</b> javascript:alert(1)")
    assert cleo.log.locator("img, b, a").count() == 0


def test_a_reload_keeps_the_conversation_and_opening_shows_it(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Is it in stock?")
    cleo.gets_through()
    cleo.page.reload()
    acme.say("Yes, eleven bags.")

    cleo.open()

    cleo.sees("Is it in stock?")
    cleo.sees("Yes, eleven bags.")
    cleo.write("Then I take one.")
    cleo.gets_through()
    assert acme.words == ["Is it in stock?", "Yes, eleven bags.", "Then I take one."]


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
    cleo.gets_through()
    cleo.chat.get_by_role("button", name="Back").click()

    def answer() -> None:
        acme.say("Hello!")
        cleo.chat.get_by_role("button", name="Hello!").wait_for()

    press(cleo.chat.get_by_role("button", name="You: Hello?"), answer)

    cleo.sees("Hello!")


def test_a_long_conversation_opens_at_its_end_and_the_rest_is_there_on_demand(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    cleo.start("0")
    cleo.gets_through()
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


def test_an_answer_to_a_closed_chat_is_counted_on_the_launcher(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Ping me")
    cleo.gets_through()
    cleo.chat.get_by_role("button", name="Close chat").last.click()

    acme.say("Ping")

    cleo.page.get_by_role("button", name="Open chat, 1 unread").click()
    cleo.sees("Ping")
    cleo.page.keyboard.press("Escape")
    cleo.page.get_by_role("button", name="Open chat", exact=True).wait_for()


def test_an_answer_that_came_while_the_list_was_in_view_is_what_opening_shows(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    cleo.start("Ping me")
    cleo.gets_through()
    cleo.chat.get_by_role("button", name="Back").click()
    cleo.chat.get_by_role("button", name="Close chat").first.click()

    acme.say("Ping")

    cleo.open_with(unread=1)
    cleo.sees("Ping")
    cleo.page.get_by_role("button", name="Close chat").last.click()
    cleo.page.get_by_role("button", name="Open chat", exact=True).wait_for()


def test_both_sides_see_who_is_typing(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Anybody there?")
    cleo.gets_through()
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


def test_a_second_tab_is_the_same_visitor(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("From the first tab")
    cleo.gets_through()
    tab = cleo.context.new_page()
    tab.goto(cleo.page.url)
    tab.get_by_role("button", name="Open chat").click()
    chat = tab.frame_locator("pb-widget iframe")
    chat.get_by_role("log").get_by_text("From the first tab").wait_for()

    field = chat.get_by_role("textbox", name="Message")
    field.fill("From the second")
    field.press("Enter")

    cleo.sees("From the second")
    until(cleo.page, lambda: acme.words == ["From the first tab", "From the second"])


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


def test_a_logo_and_a_face_are_shown_and_where_they_do_not_come_letters_are(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    logo = "https://tidewater.example/logo.png"
    acme.call("PUT", f"/widget/update/{acme.widget['id']}", {"logo_url": logo})
    cleo = visit()
    face = {"name": "ada.png", "mimeType": "image/png", "buffer": corpus.picture()}
    cleo.context.request.post(
        f"{acme.server.url}/api/v1/auth/me/avatar",
        multipart={"file": face},
        headers={"Authorization": f"Bearer {acme.token}"},
    )
    cleo.context.route(logo, lambda route: route.fulfill(body=corpus.picture(), content_type="image/png"))
    cleo.open()
    drawn = "image => image.complete && image.naturalWidth > 0"
    until(cleo.page, lambda: cleo.chat.locator(".pb-brand img").evaluate(drawn))
    cleo.chat.get_by_role("button", name="Send us a message").click()
    cleo.write("Hello?")
    cleo.gets_through()
    acme.say("Hello!")
    cleo.sees("Hello!")
    until(cleo.page, lambda: cleo.log.locator(".pb-av img").evaluate(drawn))
    cleo.context.unroute(logo)
    cleo.context.route("**/avatars/**", lambda route: route.abort())
    cleo.context.route(logo, lambda route: route.abort())

    cleo.page.reload()
    cleo.open()

    cleo.sees("Hello!")
    cleo.log.locator(".pb-av").get_by_text("AL", exact=True).wait_for()
    until(cleo.page, lambda: cleo.chat.locator("img").count() == 0)
