"""What a browser does with pushes, and without a connection."""

import json
from typing import Any

from tests.browser.pages import console_of, flaws, signed_in
from tests.browser.widget_page import until


def test_a_push_is_shown_and_without_a_connection_the_app_says_so(browser: Any, server: Any) -> None:
    server.sign_up("ada@push.example")
    context = signed_in(browser, server, "ada@push.example", viewport={"width": 360, "height": 740})
    page = context.new_page()
    said = console_of(page, server)
    page.goto(f"{server.url}/settings/notifications/")
    page.locator("[data-push] button:enabled").wait_for()
    assert said == []
    assert flaws(page) == []
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")

    session = context.new_cdp_session(page)
    found: list[dict[str, Any]] = []
    session.on("ServiceWorker.workerRegistrationUpdated", lambda event: found.extend(event["registrations"]))
    session.send("ServiceWorker.enable")
    page.wait_for_function("navigator.serviceWorker.controller")
    until(page, lambda: bool(found and context.service_workers))
    # The headless shell has nowhere to show one.
    [worker] = context.service_workers
    record = "(title, o) => { self.shown = [title, o.body, o.tag, o.data.url]; return Promise.resolve() }"
    worker.evaluate(f"self.shown = null; registration.showNotification = {record}; null")
    pushed = {"id": "1", "text": "Ada assigned you the conversation with Cleo", "url": "/inbox/"}
    which = {"origin": f"{server.url}/", "registrationId": found[0]["registrationId"]}
    session.send("ServiceWorker.deliverPushMessage", {**which, "data": json.dumps(pushed)})
    until(page, lambda: worker.evaluate("shown"))
    assert worker.evaluate("shown") == ["PingBack", pushed["text"], "1", "/inbox/"]

    # The headless shell has none to click either.
    opened = worker.evaluate("""async () => {
      const [tab] = await clients.matchAll({ type: "window" })
      const done = []
      clients.openWindow = async (address) => done.push(`opened ${address}`)
      WindowClient.prototype.focus = async function () { done.push(`focused ${this.url === tab.url}`) }
      for (const url of ["/inbox/1/", new URL(tab.url).pathname]) {
        const event = new ExtendableEvent("notificationclick")
        event.notification = { close: () => done.push("closed"), data: { url } }
        dispatchEvent(event)
        await new Promise((resolve) => setTimeout(resolve))
      }
      while (done.length < 4) await new Promise((resolve) => setTimeout(resolve, 50))
      return done
    }""")
    assert opened == ["closed", "opened /inbox/1/", "closed", "focused true"]

    context.set_offline(True)
    page.goto(f"{server.url}/inbox/")
    page.get_by_role("heading", name="You are offline").wait_for()
    assert page.evaluate("getComputedStyle(document.querySelector('.btn')).borderRadius") != "0px"
    context.set_offline(False)
    page.get_by_role("link", name="Try again").click()
    page.locator("body[data-ready]").wait_for()
    context.close()
