"""The widget as a guest on a page that is not ours: what it asks for, keeps, and leaves alone."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.pages import AXE, RULES
from tests.browser.widget_page import PHONE, TEAL, Acme, Visit, style, until


def test_before_the_first_click_only_script_and_settings_are_asked_and_nothing_is_kept(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    cleo.page.wait_for_timeout(1_000)

    asked = [url for url in cleo.requests if "favicon" not in url and url != cleo.page.url]
    base = acme.server.url
    assert asked == [f"{base}/widget.js", f"{base}/api/v1/widget/{acme.widget['id']}?locale=&lang=en"]
    assert cleo.page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    assert cleo.context.cookies() == []
    assert cleo.page.locator("iframe").count() == 0
    assert cleo.complaints == []


def test_after_it_too_the_page_gets_no_cookie_and_only_our_own_keys(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()

    cleo.start("Hi there")
    cleo.gets_through()

    assert cleo.context.cookies() == []
    keys = [f"pingback:{acme.widget['id']}:key"]
    until(cleo.page, lambda: cleo.page.evaluate("Object.keys(localStorage)") == keys)
    assert {url.split("/")[2] for url in cleo.requests} == {
        acme.server.url.split("/")[2],
        cleo.page.url.split("/")[2],
    }


def test_the_vendors_form_works_and_twice_on_a_page_is_one_widget(visit: Callable[..., Visit], acme: Acme) -> None:
    script = f'<script async src="{acme.server.url}/widget.js"></script>'
    cleo = visit(head=f"<script>window.PingBackWidgetId = {json.dumps(acme.widget['id'])}</script>{script}{script}")

    cleo.page.wait_for_timeout(500)

    assert cleo.page.locator("pb-widget").count() == 1
    assert cleo.complaints == []


def test_a_page_that_swaps_its_body_keeps_the_open_chat(visit: Callable[..., Visit]) -> None:
    cleo = visit()
    cleo.start("Still here?")
    cleo.gets_through()

    cleo.page.evaluate("document.body.replaceWith(document.createElement('body'))")

    cleo.write("Yes")
    cleo.sees("Yes")


def test_a_strict_policy_of_the_page_needs_three_lines(visit: Callable[..., Visit], acme: Acme) -> None:
    base = acme.server.url
    cleo = visit(csp=f"default-src 'none'; script-src {base}; connect-src {base}; frame-src {base}")

    cleo.start("Through the policy")
    cleo.gets_through()

    assert style(cleo.launcher, "backgroundColor") == TEAL
    assert cleo.complaints == []


def test_a_script_may_put_it_in_and_trusted_types_may_be_required(visit: Callable[..., Visit], acme: Acme) -> None:
    """As tag managers and single-page apps do it, on a page that trusts no string."""
    base = acme.server.url
    head = f"""<script nonce="shop">
        window.PingBackWidgetId = "{acme.widget["id"]}"
        const policy = trustedTypes.createPolicy("shop", {{ createScriptURL: (url) => url }})
        const script = document.createElement("script")
        script.src = policy.createScriptURL("{base}/widget.js")
        document.head.append(script)</script>"""
    csp = f"default-src 'none'; script-src 'nonce-shop' {base}; connect-src {base}; frame-src {base}"
    cleo = visit(head=head, csp=f"{csp}; require-trusted-types-for 'script'; trusted-types shop")

    cleo.start("Put in by hand")

    cleo.gets_through()
    assert cleo.complaints == []


def test_a_page_that_isolates_itself_has_the_whole_chat(visit: Callable[..., Visit]) -> None:
    isolated = {"Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Opener-Policy": "same-origin"}
    cleo = visit(headers=isolated)
    assert cleo.page.evaluate("crossOriginIsolated")

    cleo.start("Alone")

    cleo.gets_through()
    assert cleo.complaints == []


def test_it_takes_no_room_on_the_page_and_moves_nothing(visit: Callable[..., Visit], acme: Acme) -> None:
    watch = """<script>
        window.shifts = []
        new PerformanceObserver((list) => shifts.push(...list.getEntries().map(({ value }) => value)))
            .observe({ type: "layout-shift", buffered: true })</script>"""
    cleo = visit(head=watch + acme.widget["embed_code"])
    cleo.launcher.wait_for()
    cleo.open()
    cleo.chat.get_by_role("heading", name="Hello, how can we help?").wait_for()
    cleo.page.wait_for_timeout(300)

    assert cleo.page.evaluate("shifts") == []
    assert cleo.page.evaluate("document.documentElement.scrollHeight <= innerHeight")


def test_a_page_of_another_site_cannot_frame_the_chat(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.page.goto(cleo.page.url.replace("localhost", "127.0.0.1"))

    # Who reads the page sees nothing, who wrote it is told why.
    until(cleo.page, lambda: any("is not localhost, see Settings -> Widget" in text for text in cleo.complaints))
    assert cleo.page.locator("pb-widget").count() == 0
    cleo.page.evaluate(
        "url => { const frame = document.createElement('iframe'); frame.src = url; document.body.append(frame) }",
        f"{acme.server.url}/widget/{acme.widget['id']}/frame",
    )
    until(cleo.page, lambda: any("frame-ancestors" in text for text in cleo.complaints))
    assert cleo.page.frame_locator("iframe").get_by_role("heading").count() == 0


def test_a_click_before_the_frame_is_there_waits_for_it_and_asks_for_no_second_one(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    cleo.page.evaluate("PingBack('open'); PingBack('close'); PingBack('open')")

    cleo.chat.get_by_role("heading", name="Hello, how can we help?").wait_for()

    assert len([url for url in cleo.requests if "/frame?" in url]) == 1


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_a_frame_that_does_not_come_leaves_nobody_with_a_blank_panel(
    visit: Callable[..., Visit], acme: Acme, options: dict[str, Any]
) -> None:
    cleo = visit(**options)
    cleo.context.route("**/frame?*", lambda route: route.abort())
    cleo.open()
    close = cleo.page.get_by_role("button", name="Close chat")
    assert close.get_attribute("aria-busy") == "true"
    until(cleo.page, lambda: cleo.page.frames[-1].url.startswith("chrome-error:"))
    close.click()
    cleo.page.locator("pb-widget iframe").wait_for(state="hidden")
    cleo.context.unroute("**/frame?*")

    cleo.open()

    cleo.chat.get_by_role("heading", name="Hello, how can we help?").wait_for()
    assert cleo.launcher.get_attribute("aria-busy") == "false"


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_a_frame_that_does_not_come_says_so_and_comes_by_itself_later(
    visit: Callable[..., Visit], options: dict[str, Any]
) -> None:
    cleo = visit(**options)
    cleo.context.route("**/frame.*.js", lambda route: route.abort())
    cleo.open()
    cleo.page.get_by_text("The chat could not be loaded.").wait_for()
    assert cleo.page.get_by_role("button", name="Try again").is_visible()
    cleo.page.evaluate(AXE.read_text())
    found = cleo.page.evaluate("rules => axe.run(document, {runOnly: rules, iframes: false})", RULES)
    assert found["violations"] == []
    cleo.page.keyboard.press("Escape")
    cleo.page.get_by_text("The chat could not be loaded.").wait_for(state="hidden")
    cleo.context.unroute("**/frame.*.js")

    cleo.open()

    cleo.chat.get_by_role("heading", name="Hello, how can we help?").wait_for()
    cleo.page.get_by_text("The chat could not be loaded.").wait_for(state="hidden")


def test_a_frame_that_hangs_shows_bones_and_then_words(visit: Callable[..., Visit]) -> None:
    cleo = visit()
    held: list[Any] = []
    cleo.context.route("**/frame?*", lambda route: held.append(route))
    cleo.open()
    cleo.page.get_by_text("Still loading").wait_for()
    until(cleo.page, lambda: bool(held))

    held[0].continue_()

    cleo.chat.get_by_role("button", name="Send us a message").wait_for()
    cleo.page.get_by_text("Still loading").wait_for(state="hidden")
    until(cleo.page, lambda: cleo.page.evaluate("document.activeElement.localName") == "pb-widget")
    assert cleo.complaints == []


def test_a_press_without_a_network_says_so_and_the_next_one_opens(visit: Callable[..., Visit]) -> None:
    cleo = visit()
    cleo.context.route("**/panel.js*", lambda route: route.abort())
    cleo.open()
    failed = cleo.page.get_by_role("button", name="Not loaded. Try again")
    failed.wait_for()
    cleo.context.unroute("**/panel.js*")

    failed.click()

    cleo.chat.get_by_role("heading", name="Hello, how can we help?").wait_for()
    assert cleo.page.get_by_role("button", name="Close chat").is_visible()


def test_a_press_without_a_network_opens_the_chat_once_there_is_one(visit: Callable[..., Visit]) -> None:
    cleo = visit()
    cleo.context.set_offline(True)
    cleo.open()
    cleo.page.get_by_role("button", name="Not loaded. Try again").wait_for()

    cleo.context.set_offline(False)

    cleo.chat.get_by_role("heading", name="Hello, how can we help?").wait_for()


def test_C13_what_strange_windows_say_is_ignored_on_both_sides(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.open()
    cleo.chat.get_by_role("heading", name="Hello, how can we help?").wait_for()

    cleo.page.evaluate("postMessage({ pingback: 'keep', name: 'key', value: 'planted' }, '*')")
    cleo.page.evaluate("postMessage({ pingback: 'close' }, '*')")
    inside = next(frame for frame in cleo.page.frames if acme.widget["id"] in frame.url)
    inside.evaluate("postMessage({ pingback: 'kept', kept: { key: 'planted' } }, '*')")
    cleo.page.wait_for_timeout(300)

    assert cleo.page.evaluate("localStorage.length") == 0
    assert cleo.page.get_by_role("button", name="Close chat").is_visible()
    cleo.chat.get_by_role("button", name="Send us a message").click()
    cleo.write("Still myself")
    cleo.gets_through()
    until(cleo.page, lambda: cleo.page.evaluate("Object.values(localStorage).some((kept) => kept.startsWith('v1.'))"))


def test_where_storage_is_denied_the_chat_lasts_as_long_as_the_page(visit: Callable[..., Visit], acme: Acme) -> None:
    deny = """<script>Object.defineProperty(window, "localStorage", {
        get() { throw new DOMException("denied", "SecurityError") } })</script>"""
    cleo = visit(head=deny + acme.widget["embed_code"])

    cleo.start("Nobody keeps me", "Still here")

    until(cleo.page, lambda: len(acme.conversations) == 1 and len(acme.words) == 2)
    assert cleo.complaints == []


def test_a_tag_without_its_id_says_so_and_asks_nothing(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit(head=f'<script async src="{acme.server.url}/widget.js"></script>', launcher=False)

    until(cleo.page, lambda: cleo.complaints == ["PingBack: no data-widget-id"])
    assert not any("/api/" in url for url in cleo.requests)


def test_an_unknown_widget_leaves_the_page_alone(
    visit: Callable[..., Visit], acme: Acme, shop: Callable[..., str]
) -> None:
    cleo = visit()

    embed = acme.widget["embed_code"].replace(acme.widget["id"], acme.widget["business_id"])
    cleo.page.goto(shop(acme.page(head=embed)))

    until(cleo.page, lambda: any("PingBack: no widget" in text for text in cleo.complaints))

    assert not any("Uncaught" in text for text in cleo.complaints)
    assert cleo.launcher.count() == 0


@pytest.mark.parametrize("moment", ["before the script", "when it is there"])
def test_a_launcher_that_the_page_hides_never_shows_and_costs_nothing_more(
    visit: Callable[..., Visit], acme: Acme, moment: str
) -> None:
    stub = "window.PingBack = function () { (PingBack.q = PingBack.q || []).push(arguments) }"
    hide = "PingBack('identify', { name: 'Cleo' }); PingBack('hide')"
    watch = """window.seen = []
        const look = () => {
            const launcher = document.querySelector("pb-widget")?.shadowRoot.querySelector(".launch")
            if (launcher) seen.push(launcher.checkVisibility())
            requestAnimationFrame(look)
        }
        look()"""
    script = acme.widget["embed_code"]
    if moment == "before the script":
        head = f"<script>{watch}; {stub}; {hide}</script>{script}"
    else:
        head = f"<script>{watch}</script>" + script.replace("<script", f'<script onload="{hide}"')
    cleo = visit(head=head, launcher=False)

    until(cleo.page, lambda: len(cleo.page.evaluate("seen")) > 5)
    assert cleo.page.evaluate("seen.includes(true)") is False
    cleo.page.evaluate("PingBack('show')")
    cleo.launcher.wait_for()
    assert not any("panel.js" in url for url in cleo.requests)

    cleo.open()
    cleo.chat.get_by_role("button", name="Send us a message").wait_for()
    cleo.page.evaluate("PingBack('hide')")
    cleo.page.locator("pb-widget iframe").wait_for(state="hidden")
    assert not cleo.launcher.is_visible()
    assert cleo.complaints == []
