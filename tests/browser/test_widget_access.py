"""The widget for everybody: axe finds nothing in any state, a keyboard reaches everything, and it fits enlarged."""

from collections.abc import Callable
from typing import Any

import pytest

from tests import corpus
from tests.browser.widget_page import PHONE, Acme, Visit, flaws, style

DESKTOP: dict[str, Any] = {}


@pytest.mark.parametrize(("theme", "options"), [("light", DESKTOP), ("dark", PHONE)], ids=["desktop", "phone"])
def test_axe_finds_nothing_in_a_conversation(
    visit: Callable[..., Visit], acme: Acme, theme: str, options: dict[str, Any]
) -> None:
    cleo = visit(color_scheme=theme, **options)

    assert flaws(cleo) == []
    cleo.open()
    cleo.chat.get_by_role("button", name="Send us a message").wait_for()
    assert flaws(cleo) == []
    cleo.chat.get_by_role("button", name="Send us a message").click()
    cleo.write("Hi! Which grind do I choose for a moka pot?")
    cleo.gets_through()
    acme.say("A little coarser than espresso: https://acme.com/grind")
    cleo.log.get_by_role("link").wait_for()
    assert flaws(cleo) == []
    cleo.line.cut()
    cleo.write("And for a press?")
    cleo.chat.get_by_text("No connection.").wait_for()
    assert flaws(cleo) == []
    cleo.line.mend()
    cleo.gets_through()
    cleo.chat.get_by_role("button", name="Back").click()
    assert flaws(cleo) == []


@pytest.mark.parametrize(("theme", "options"), [("light", DESKTOP), ("dark", PHONE)], ids=["desktop", "phone"])
def test_axe_finds_nothing_in_what_is_asked_and_attached(
    visit: Callable[..., Visit], acme: Acme, theme: str, options: dict[str, Any]
) -> None:
    acme.change(prechat={"enabled": True})
    acme.call("PATCH", "/team/status", {"status": "live"})
    acme.call("PUT", "/business/hours", {"hours": None, "reply_time": "minutes"})
    cleo = visit(color_scheme=theme, **options)
    cleo.open()
    cleo.chat.get_by_role("button", name="Send us a message").click()
    cleo.chat.get_by_role("heading", name="Before we start").wait_for()
    assert flaws(cleo) == []
    cleo.chat.get_by_role("button", name="Send").click()
    cleo.chat.get_by_text("This is needed.").first.wait_for()
    assert flaws(cleo) == []
    cleo.chat.get_by_label("E-mail").fill("cleo@shop.example")
    cleo.field.fill("My hopper is broken.")
    cleo.chat.get_by_role("button", name="Send").click()
    cleo.gets_through()
    with cleo.page.expect_file_chooser() as chooser:
        cleo.chat.get_by_role("button", name="Attach a file").click()
    files = [("hopper.png", "image/png", corpus.picture()), ("page.pdf", "application/pdf", b"<html>")]
    chooser.value.set_files([{"name": name, "mimeType": kind, "buffer": data} for name, kind, data in files])
    cleo.chat.get_by_role("button", name="Remove page.pdf").wait_for()
    cleo.chat.get_by_role("button", name="Emoji").click()
    cleo.chat.get_by_role("group", name="Emoji").wait_for()
    assert flaws(cleo) == []
    cleo.page.keyboard.press("Escape")
    cleo.chat.get_by_role("button", name="Send").click()
    cleo.chat.get_by_text("Not sent. Send a picture, PDF").wait_for()
    assert flaws(cleo) == []
    acme.say("A new one is on its way.")
    acme.call("PUT", f"/conversations/{acme.conversations[0]['id']}/resolve")
    cleo.chat.get_by_role("button", name="Remove").click()
    cleo.chat.get_by_role("button", name="5, great").click()
    cleo.chat.get_by_text("Thank you.").wait_for()
    assert flaws(cleo) == []
    acme.change(offline_form=True)
    acme.call("PUT", "/business/hours", {"hours": {}, "reply_time": "minutes"})
    other = visit(color_scheme=theme, **options)
    other.open()
    other.chat.get_by_role("button", name="We are away").wait_for()
    assert flaws(other) == []
    other.chat.get_by_role("button", name="Send us a message").click()
    other.chat.get_by_role("heading", name="We are away").wait_for()
    assert flaws(other) == []


def test_a_keyboard_goes_all_the_way_and_the_focus_is_never_lost(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    keys = cleo.page.keyboard

    def go_to(name: str) -> None:
        """With Tab alone; a ring shows where it is."""
        for _ in range(20):
            keys.press("Tab")
            focused = cleo.page.frames[-1].locator(":focus")
            if focused.count() and name in (focused.get_attribute("aria-label") or focused.inner_text()):
                ring = focused.evaluate("node => getComputedStyle(node).outlineStyle")
                assert ring != "none", name
                return
        pytest.fail(f"{name} is not reached")

    keys.press("Tab")
    keys.press("Enter")
    cleo.chat.locator("h1:focus").wait_for()
    go_to("Send us a message")
    keys.press("Enter")
    cleo.chat.locator("textarea:focus").wait_for()
    keys.type("My hopper is broken.")
    keys.press("Enter")
    cleo.gets_through()
    cleo.chat.locator("textarea:focus").wait_for()
    go_to("Emoji")
    keys.press("Enter")
    cleo.chat.get_by_role("group", name="Emoji").wait_for()
    keys.press("ArrowDown")
    keys.press("Enter")
    cleo.chat.locator("textarea:focus").wait_for()
    keys.press("Enter")
    acme.say("A new one is on its way.")
    acme.call("PUT", f"/conversations/{acme.conversations[0]['id']}/resolve")
    cleo.chat.get_by_role("button", name="5, great").wait_for()
    go_to("Back")
    go_to("5, great")
    keys.press("Enter")
    cleo.chat.get_by_text("Thank you.").wait_for()
    go_to("Send comment")
    go_to("Close chat")
    keys.press("Enter")

    cleo.page.get_by_role("button", name="Open chat").wait_for()
    assert cleo.page.evaluate("document.activeElement.shadowRoot.activeElement.ariaLabel") == "Open chat"
    assert cleo.complaints == []


def test_the_focus_goes_on_where_what_was_pressed_goes_away(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit(viewport={"width": 1280, "height": 520})
    cleo.start("Hello?")
    cleo.gets_through()
    for number in range(8):
        acme.say(f"{number}: longer than the screen is high")
    cleo.sees("7: longer than the screen is high")
    cleo.log.evaluate("log => log.scrollTo(0, 0)")
    acme.say("And one more.")
    below = cleo.chat.get_by_role("button", name="New messages")
    below.press("Enter")
    below.wait_for(state="hidden")
    assert cleo.field.evaluate("field => field === document.activeElement")

    channel = f"/channels/{acme.call('GET', '/channels/')[0]['id']}"
    acme.call("PATCH", channel, {"is_active": False})
    cleo.write("Never")
    remove = cleo.chat.get_by_role("button", name="Remove")
    remove.press("Enter")
    remove.wait_for(state="detached")

    assert cleo.field.evaluate("field => field === document.activeElement")
    assert cleo.complaints == []


def test_where_a_visitor_wants_no_motion_nothing_moves(visit: Callable[..., Visit]) -> None:
    cleo = visit(reduced_motion="reduce")
    cleo.launcher.hover()
    cleo.start("Hello?")
    cleo.gets_through()

    for node in (cleo.launcher, cleo.page.locator("pb-widget iframe")):
        assert (style(node, "transitionDuration"), style(node, "transform")) == ("0s", "none")
    assert cleo.page.frames[-1].evaluate("document.getAnimations().length") == 0


def test_at_200_percent_everything_is_there_and_nothing_scrolls_sideways(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    acme.change(prechat={"enabled": True})
    cleo = visit(viewport={"width": 640, "height": 400}, device_scale_factor=2)  # 1280 by 800, enlarged
    cleo.open()
    cleo.chat.get_by_role("button", name="Send us a message").click()
    cleo.chat.get_by_label("E-mail").fill("cleo@shop.example")
    cleo.field.fill("My hopper is broken.")
    assert flaws(cleo) == []
    cleo.chat.get_by_role("button", name="Send").click()
    cleo.gets_through()
    assert flaws(cleo) == []
    cleo.write("w" * 300)
    for name in ("Back", "Close chat", "Attach a file", "Emoji", "Send"):
        button = cleo.chat.get_by_role("button", name=name, exact=True)
        box = button.bounding_box()
        assert button.is_visible()
        assert 0 <= box["y"] <= 400 - box["height"], name
    assert flaws(cleo) == []


def test_with_the_few_colours_of_a_system_every_edge_and_state_shows(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit(forced_colors="active")
    assert style(cleo.launcher, "borderTopColor") == style(cleo.launcher, "color")
    cleo.start("Which grind do I choose?")
    cleo.gets_through()
    acme.say("A little coarser than espresso.")
    cleo.sees("A little coarser than espresso.")
    for part in (".pb-me .pb-b", ".pb-write", ".pb-send"):
        assert style(cleo.chat.locator(part).first, "borderTopStyle") == "solid", part

    cleo.chat.get_by_role("button", name="Back").click()
    bell = cleo.chat.get_by_role("button", name="Mute sounds")
    heard = style(bell, "backgroundColor")
    bell.click()
    cleo.chat.get_by_role("button", name="Mute sounds", pressed=True).wait_for()
    cleo.page.mouse.move(0, 0)

    assert style(bell, "backgroundColor") != heard
    assert style(cleo.chat.locator(".pb-card").first, "borderTopStyle") == "solid"
    assert cleo.complaints == []
