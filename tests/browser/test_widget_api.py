"""What a page can ask of the widget from its own scripts (docs/widget.md)."""

from collections.abc import Callable

import pytest

from tests.browser.widget_page import Acme, Visit, style, until

STUB = "window.PingBack = window.PingBack || function () { (PingBack.q = PingBack.q || []).push(arguments) }"


def has(cleo: Visit, name: str) -> None:
    cleo.page.locator("pb-widget").get_by_role("button", name=name).wait_for()


def test_commands_given_before_the_script_came_are_done_in_order(visit: Callable[..., Visit], acme: Acme) -> None:
    queue = f"""<script>{STUB}
        window.heard = []
        for (const event of ["ready", "open", "close", "message", "unread"])
            PingBack("on", event, (detail) => heard.push([event, detail]))
        PingBack("open")
        PingBack("send", "Is the Guji back?")</script>"""
    cleo = visit(head=queue + acme.widget["embed_code"])

    cleo.sees("Is the Guji back?")
    until(cleo.page, lambda: len(acme.conversations) == 1)
    acme.say("On Friday")
    cleo.sees("On Friday")

    heard = cleo.page.evaluate("heard")
    assert [event for event, _detail in heard] == ["ready", "open", "message", "message"]
    assert [(detail["sender_type"], detail["content"]) for _event, detail in heard[2:]] == [
        ("customer", "Is the Guji back?"),
        ("agent", "On Friday"),
    ]
    assert cleo.complaints == []


def test_without_the_line_for_the_queue_it_works_once_the_script_is_there(visit: Callable[..., Visit]) -> None:
    cleo = visit()
    do = cleo.page.evaluate
    do("PingBack('on', 'ready', () => { window.wasReady = true })")
    assert do("wasReady")

    do("PingBack('toggle')")
    has(cleo, "Close chat")
    do("PingBack('close')")
    has(cleo, "Open chat")
    do("PingBack('hide')")
    cleo.launcher.wait_for(state="hidden")
    do("PingBack('show')")
    cleo.launcher.wait_for()

    assert cleo.complaints == []


def test_what_goes_wrong_in_a_page_or_its_handlers_is_said_and_stops_nothing(visit: Callable[..., Visit]) -> None:
    cleo = visit()
    do = cleo.page.evaluate
    do("PingBack('on', 'open', () => { throw new Error('mine') })")
    do("PingBack('on', 'open', () => { window.heard = true })")
    for wrong in ("'dance'", "'identify'", "'update', null", "", "'toString'", "'on', 'open', 7"):
        do(f"PingBack({wrong})")

    cleo.open()

    has(cleo, "Close chat")
    until(cleo.page, lambda: cleo.page.evaluate("window.heard"))
    assert all(line.startswith("PingBack:") for line in cleo.complaints), cleo.complaints


def test_what_cannot_be_said_or_shown_is_reported_and_changes_nothing(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    do = cleo.page.evaluate
    for wrong in ("'send'", "'send', ''", "'send', 5", "'identify', 'Cleo'", "'update', 'x'", "'on', 'nope', print"):
        do(f"PingBack({wrong})")
    do("PingBack('update', { primary_color: '#ffe14d', theme: 'pink' })")
    do("PingBack('update', { primary_color: 'red; top: 0', offset_x: 99999, position: 'left' })")

    until(cleo.page, lambda: cleo.launcher.bounding_box()["x"] == 20)
    assert style(cleo.launcher, "backgroundColor") == "rgb(255, 225, 77)"
    assert style(cleo.launcher, "color") == "rgb(0, 0, 0)"
    cleo.open()
    cleo.chat.get_by_role("button", name="Send us a message").wait_for()
    assert acme.conversations == []
    assert len(cleo.complaints) == 9
    assert all(line.startswith("PingBack:") for line in cleo.complaints), cleo.complaints


def test_a_launcher_that_the_page_does_without_is_never_seen(visit: Callable[..., Visit], acme: Acme) -> None:
    watch = """window.seen = []
        const look = () => {
            const launcher = document.querySelector("pb-widget")?.shadowRoot.querySelector(".launch")
            if (launcher) seen.push(launcher.checkVisibility())
            requestAnimationFrame(look)
        }
        look()"""
    head = f"<script>{watch}; {STUB}; PingBack('update', {{ launcher: 'none' }})</script>"
    cleo = visit(head=head + acme.widget["embed_code"], launcher=False)

    until(cleo.page, lambda: any("panel.js" in url for url in cleo.requests))
    until(cleo.page, lambda: len(cleo.page.evaluate("seen")) > 20)
    assert cleo.page.evaluate("seen.includes(true)") is False


def test_a_page_can_change_the_look(visit: Callable[..., Visit]) -> None:
    cleo = visit()
    change = {
        "primary_color": "#ffe600",
        "position": "left",
        "offset_x": 40,
        "offset_y": 60,
        "launcher": "text",
        "launcher_text": "Ask us",
        "theme": "dark",
        "welcome_heading": "Ahoy",
    }
    cleo.page.evaluate("change => PingBack('update', change)", change)

    has(cleo, "Ask us")
    box = cleo.launcher.bounding_box()
    assert (box["x"], round(800 - box["y"] - box["height"])) == (40, 60)
    assert style(cleo.launcher, "color") == "rgb(0, 0, 0)"
    cleo.launcher.click()
    cleo.chat.get_by_role("heading", name="Ahoy").wait_for()
    assert style(cleo.chat.locator("html"), "backgroundColor") == "rgb(23, 24, 31)"
    assert cleo.complaints == []


def test_on_a_phone_no_offset_and_no_text_leaves_the_launcher_without_room(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    config = {"offset_x": 300, "offset_y": 300, "launcher": "text", "launcher_text": "W" * 20 + " and twenty letters"}
    acme.call("PUT", f"/widget/update/{acme.widget['id']}", {"config": config})

    cleo = visit(viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True)

    box = cleo.launcher.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    assert cleo.launcher.evaluate(
        "node => node.scrollWidth <= node.clientWidth && node.scrollHeight <= node.clientHeight"
    )


@pytest.mark.parametrize("launcher", ["none", "icon"])
def test_a_button_of_the_pages_own_opens_it_and_gets_the_focus_back(
    visit: Callable[..., Visit], acme: Acme, launcher: str
) -> None:
    acme.change(launcher=launcher)
    cleo = visit(launcher=False)
    cleo.page.evaluate(
        """() => {
            const mine = document.createElement("button")
            mine.textContent = "Help"
            mine.onclick = () => PingBack("open")
            document.body.append(mine)
        }"""
    )

    cleo.page.get_by_role("button", name="Help").click()
    cleo.chat.get_by_role("button", name="Close chat").click()

    until(cleo.page, lambda: cleo.page.evaluate("document.activeElement.textContent") == "Help")
    assert cleo.launcher.is_visible() is (launcher == "icon")


def test_unread_answers_show_on_the_launcher_and_in_the_title_also_on_the_next_page(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    cleo.start("Hello?")
    cleo.gets_through()
    cleo.page.evaluate("PingBack('close')")
    cleo.chat.locator("body").evaluate("() => new Promise((done) => setTimeout(done))")  # the frame knows
    acme.say("Here I am")

    has(cleo, "Open chat, 1 unread")
    assert cleo.page.title() == "(1) Tidewater"
    cleo.page.reload()
    has(cleo, "Open chat, 1 unread")
    cleo.page.get_by_role("button", name="Open chat, 1 unread").click()
    cleo.sees("Here I am")
    until(cleo.page, lambda: cleo.page.title() == "Tidewater")
    assert cleo.complaints == []


def test_an_answer_that_nobody_looks_at_is_heard_and_can_be_muted_for_good(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    cleo.context.add_init_script(
        """window.heard = 0
        const { start } = OscillatorNode.prototype
        OscillatorNode.prototype.start = function (...at) { heard += 1; return start.apply(this, at) }"""
    )
    cleo.page.reload()
    cleo.start("Hello?")
    cleo.gets_through()

    def heard() -> int:
        inside = next(frame for frame in cleo.page.frames if acme.widget["id"] in frame.url)
        return int(inside.evaluate("heard"))

    cleo.page.evaluate("PingBack('close')")
    acme.say("Listen")
    until(cleo.page, lambda: heard() == 2)  # two notes

    cleo.open_with(unread=1)
    cleo.chat.get_by_role("button", name="Back").click()
    cleo.chat.get_by_role("button", name="Mute sounds", pressed=False).click()
    cleo.chat.get_by_role("button", name="Mute sounds", pressed=True).wait_for()
    cleo.page.evaluate("PingBack('close')")
    acme.say("Silence")
    has(cleo, "Open chat, 1 unread")
    assert heard() == 2
    cleo.page.reload()
    cleo.open_with(unread=1)
    cleo.chat.get_by_role("button", name="Back").click()
    cleo.chat.get_by_role("button", name="Mute sounds", pressed=True).wait_for()
    assert cleo.complaints == []
