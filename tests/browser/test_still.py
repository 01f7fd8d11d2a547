"""Nothing moves by itself: a page stands where it was first drawn, and a thread where one reads it."""

from typing import Any

import pytest

from tests.browser.pages import signed_in

WATCH = """window.shifts = []
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput, sources } of list.getEntries())
    if (!hadRecentInput) shifts.push({ value, of: sources.map(({ node }) => node?.outerHTML?.slice(0, 80)) })
}).observe({ type: "layout-shift", buffered: true })"""
LEAST = 0.0005  # of the screen, times how far: a row that comes to a list in its turn is less


@pytest.mark.parametrize("width", [1440, 360])
def test_nothing_moves_by_itself_while_pages_come_and_threads_are_opened(browser: Any, server: Any, width: int) -> None:
    email = f"ada@still-{width}.example"
    token = server.sign_up(email)
    business = server.call("GET", "/auth/me", token=token)["business"]["id"]
    for number in range(12):
        body = {"business_id": business, "initial_message": f"Line {number}\n\nand more of it"}
        server.call("POST", "/conversations", body, token)
    context = signed_in(browser, server, email, viewport={"width": width, "height": 800})
    context.add_init_script(WATCH)
    page = context.new_page()

    def moved() -> list[Any]:
        page.wait_for_timeout(400)  # whatever a script does late
        return [each for each in page.evaluate("shifts") if each["value"] > LEAST]

    for path in ("/notifications/", "/customers/", "/knowledge/", "/settings/", "/reports/"):
        page.goto(f"{server.url}{path}")
        page.wait_for_load_state("networkidle")
        assert (path, moved()) == (path, [])
    page.goto(f"{server.url}/inbox/")
    page.locator("body[data-ready]").wait_for()
    for _each in range(4):
        page.keyboard.press("j")
        page.locator("#thread[data-thread]:not([aria-busy])").wait_for()
    page.keyboard.press("r")
    page.keyboard.type("An answer\nof two lines")
    page.keyboard.press("Control+Enter")
    page.locator("#messages .bubble", has_text="of two lines").wait_for()
    assert moved() == []
    context.close()
