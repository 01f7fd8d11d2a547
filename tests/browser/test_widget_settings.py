"""Settings -> Widget: the preview is the real widget, the guides can be copied, and we say where it was seen."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.conftest import Server
from tests.browser.pages import console_of, enhanced_by, flaws, signed_in
from tests.browser.widget_page import TEAL, Acme, Visit, style, until


@pytest.fixture
def context(browser: Any, server: Server, acme: Acme) -> Iterator[Any]:
    context = signed_in(browser, server, acme.email, viewport={"width": 1440, "height": 900})
    yield context
    context.close()


def test_the_preview_is_the_real_widget_follows_the_form_and_stores_nothing(
    context: Any, server: Server, acme: Acme
) -> None:
    page = context.new_page()
    said = console_of(page, server)
    page.goto(f"{server.url}/settings/widget/{acme.widget['id']}/")
    site = page.frame_locator("[data-preview]")
    chat = site.frame_locator("pb-widget iframe")
    chat.get_by_role("heading", name="Hello, how can we help?").wait_for()

    heading = page.get_by_label("Heading")
    heading.fill("Ahoy!")
    chat.get_by_role("heading", name="Ahoy!").wait_for()
    assert heading.evaluate("field => field === document.activeElement")
    page.locator("select[name=theme]").select_option("dark")
    until(page, lambda: chat.locator("html").evaluate("n => getComputedStyle(n).backgroundColor") == "rgb(23, 24, 31)")

    page.get_by_role("button", name="Chat", exact=True).click()
    chat.get_by_text("We do, and it costs the same as to the mainland.").wait_for()
    page.locator("select[name=launcher]").select_option("text")
    page.locator("[name=launcher_text]").fill("Ask us")
    page.get_by_role("button", name="Closed").click()
    site.get_by_role("button", name="Ask us").wait_for()
    page.locator("[name=greeting_text]").fill("Looking for a grinder?")
    for option, shown in {
        "show_online_badge": "Usually replies in a few minutes",
        "prechat_enabled": "So that we know who we speak with.",
        "offline_form": "Leave a message and your e-mail address, and we answer when we are back.",
        "rating": "This conversation is resolved. Write again to reopen it.",
        "verified_only": "Sign in on this site to write to us.",
    }.items():
        page.locator(f"[name={option}]").press(" ")
        chat.get_by_text(shown, exact=True).filter(visible=True).first.wait_for()
        page.locator(f"[name={option}]").press(" ")
    page.get_by_role("button", name="Ended").click()
    chat.get_by_role("group", name="How did we do?").wait_for()
    page.get_by_role("button", name="Greeting").click()
    site.get_by_role("button", name="Looking for a grinder?").wait_for()
    page.get_by_role("button", name="Closed").click()
    site.get_by_role("button", name="Looking for a grinder?").wait_for(state="detached")

    assert acme.conversations == []
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('pingback:'))") == []
    assert said == []
    assert flaws(page) == []

    page.get_by_role("button", name="Save").click()
    page.get_by_text("Widget saved.").wait_for()
    options = acme.call("GET", f"/widget/{acme.widget['id']}")["options"]
    assert (options["theme"], options["launcher_text"], options["greeting"]["text"]) == (
        "dark",
        "Ask us",
        "Looking for a grinder?",
    )
    assert not options["greeting"]["enabled"]


def test_who_leaves_with_something_unsaved_is_asked_first(context: Any, server: Server, acme: Acme) -> None:
    page = context.new_page()
    asked: list[str] = []

    def stay(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.goto(f"{server.url}/settings/widget/{acme.widget['id']}/")
    enhanced_by(page, "unsaved")
    page.get_by_label("Heading").fill("Ahoy!")

    page.get_by_role("link", name="Install").click()
    until(page, lambda: asked == ["beforeunload"])
    assert page.get_by_label("Heading").input_value() == "Ahoy!"

    page.get_by_role("button", name="Save").click()
    page.get_by_text("Widget saved.").wait_for()
    page.get_by_role("link", name="Install").click()
    page.get_by_role("heading", name="Put it in").wait_for()
    assert asked == ["beforeunload"]


def test_what_is_no_colour_is_refused_and_the_preview_keeps_the_saved_one(
    context: Any, server: Server, acme: Acme
) -> None:
    page = context.new_page()
    page.goto(f"{server.url}/settings/widget/{acme.widget['id']}/")
    page.get_by_text("Text on it reads at 7.5 to 1.").wait_for()
    page.get_by_label("Colour", exact=True).fill("nope")
    assert page.get_by_text("Text on it reads").count() == 0
    page.get_by_role("button", name="Save").click()

    page.get_by_role("alert").filter(has_text="#").wait_for()
    assert page.get_by_label("Colour", exact=True).input_value() == "nope"
    launcher = page.frame_locator("[data-preview]").locator("pb-widget .launch")
    until(page, lambda: style(launcher, "backgroundColor") == TEAL)


def test_a_deleted_widget_goes_quiet_and_what_was_said_stays(
    context: Any, server: Server, acme: Acme, visit: Callable[..., Visit]
) -> None:
    cleo = visit()
    cleo.start("Hello?")
    cleo.gets_through()
    page = context.new_page()
    page.goto(f"{server.url}/settings/widget/{acme.widget['id']}/")
    page.get_by_role("link", name="Delete").click()
    assert flaws(page) == []
    page.get_by_role("button", name="Delete").click()

    page.get_by_text("The widget of localhost is deleted.").wait_for()
    cleo.chat.get_by_text("This chat is not available right now.").wait_for()
    cleo.page.reload()
    until(cleo.page, lambda: any("PingBack: no widget" in text for text in cleo.complaints))
    assert cleo.launcher.count() == 0
    assert acme.words == ["Hello?"]


def test_install_says_where_the_widget_was_seen_and_every_guide_names_it(
    context: Any, server: Server, acme: Acme, shop: Callable[..., str]
) -> None:
    page = context.new_page()
    page.goto(f"{server.url}/settings/widget/{acme.widget['id']}/install/")
    page.get_by_role("heading", name="We have not seen your widget yet").wait_for()
    for code in ("#embed", "#gtm", "#wordpress", "#react", "#shopify"):
        assert acme.widget["id"] in page.locator(code).text_content()
    assert flaws(page) == []

    visitor = context.new_page()
    visitor.goto(shop(acme.page()))
    visitor.get_by_role("button", name="Open chat").wait_for()

    page.get_by_role("link", name="Look again").click()
    page.get_by_role("heading", name="We have seen your widget on localhost").wait_for()


def test_it_can_be_tried_before_it_stands_anywhere(context: Any, server: Server, acme: Acme) -> None:
    page = context.new_page()
    page.goto(f"{server.url}/settings/widget/{acme.widget['id']}/")
    with context.expect_page() as opened:
        page.get_by_role("link", name="Try now").click()
    chat = opened.value.frame_locator("pb-widget iframe")
    assert flaws(opened.value) == []
    opened.value.get_by_role("button", name="Open chat").click()
    chat.get_by_role("button", name="Send us a message").click()
    field = chat.get_by_role("textbox", name="Message")
    field.fill("Does it work?")
    field.press("Enter")

    until(page, lambda: len(acme.conversations) == 1)
    assert acme.words == ["Does it work?"]


def test_what_the_guides_say_for_tag_managers_and_react_works(
    context: Any, server: Server, acme: Acme, shop: Callable[..., str]
) -> None:
    page = context.new_page()
    page.goto(f"{server.url}/settings/widget/{acme.widget['id']}/install/")
    tags = page.locator("#gtm").text_content()
    react = page.locator("#react").text_content()
    effect = react[react.index("const script") : react.index("}, [])")]

    visitor = context.new_page()
    for head in (tags, f"<script>{effect}</script>"):
        visitor.goto(shop(acme.page(head=head)))
        visitor.get_by_role("button", name="Open chat").wait_for()


def test_a_secret_is_shown_once_and_removed_by_a_press(context: Any, server: Server, acme: Acme) -> None:
    page = context.new_page()
    page.goto(f"{server.url}/settings/widget/{acme.widget['id']}/identity/")
    page.get_by_role("button", name="Make a secret").click()
    secret = page.locator("#secret").text_content()
    assert len(secret) == 43
    assert flaws(page) == []

    page.goto(page.url)
    assert secret not in page.content()
    page.get_by_text(f"…{secret[-4:]}").first.wait_for()
    page.get_by_role("button", name=f"Remove …{secret[-4:]}").click()

    page.get_by_role("button", name="Make a secret").wait_for()


def test_the_page_of_commands_runs_each(context: Any, server: Server, acme: Acme) -> None:
    page = context.new_page()
    said = console_of(page, server)
    page.goto(f"{server.url}/settings/widget/{acme.widget['id']}/commands/")
    page.get_by_role("button", name="Open chat").wait_for()
    events = page.locator("[data-events]")
    chat = page.frame_locator("pb-widget iframe")

    for button in page.locator("[data-command]").all():
        command = button.get_attribute("data-command")
        button.click()
        if '"send"' in command:
            chat.get_by_role("log").get_by_text("Where is my order?").wait_for()
            until(page, lambda: len(acme.conversations) == 1)
        elif '"left"' in command:
            until(page, lambda: page.locator("pb-widget aside").evaluate("node => node.classList.contains('left')"))

    until(page, lambda: "ready" in events.inner_text() and "message {" in events.inner_text())
    # The language was set before, and reset came last.
    page.get_by_role("button", name="Chat schließen").first.wait_for()
    chat.get_by_role("button", name="Nachricht schreiben").wait_for()
    assert said == []


def test_on_a_phone_the_launcher_covers_nothing_of_the_page_of_commands_for_good(
    browser: Any, server: Server, acme: Acme
) -> None:
    context = signed_in(browser, server, acme.email, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(f"{server.url}/settings/widget/{acme.widget['id']}/commands/")
    launcher = page.get_by_role("button", name="Open chat")
    launcher.wait_for()
    page.locator("#main").evaluate("main => main.scrollTo(0, main.scrollHeight)")

    top = launcher.bounding_box()["y"]
    bar = page.locator(".rail").bounding_box()
    last = page.locator("[data-events]").bounding_box()
    assert last["y"] + last["height"] <= top
    assert top + launcher.bounding_box()["height"] <= bar["y"]
    context.close()


@pytest.mark.parametrize("width", [360, 1200, 1440])
def test_the_head_of_the_preview_stands_in_lines(browser: Any, server: Server, acme: Acme, width: int) -> None:
    context = signed_in(browser, server, acme.email, viewport={"width": width, "height": 740})
    page = context.new_page()
    page.goto(f"{server.url}/settings/widget/{acme.widget['id']}/")
    page.get_by_role("button", name="Ended").wait_for()

    heading = page.get_by_role("heading", name="Preview").bounding_box()
    states = page.get_by_role("group", name="What the preview shows").bounding_box()
    assert heading["height"] < heading["width"]
    assert states["x"] + states["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") == width
    context.close()
