"""A visitor's conversations: which one is shown, and the list of them all."""

from collections.abc import Callable

from tests.browser.widget_page import Acme, Visit, until


def test_a_closed_conversation_stays_in_the_list_and_opening_greets_again(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    cleo.start("Is it in stock?")
    cleo.gets_through()
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
        cleo.gets_through()
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
    cleo.gets_through()
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


def test_an_unread_answer_elsewhere_stays_counted_after_closing(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Ping me")
    cleo.gets_through()
    cleo.chat.get_by_role("button", name="Back").click()
    acme.say("Here I am")
    cleo.chat.get_by_role("button", name="Here I am").wait_for()

    cleo.page.keyboard.press("Escape")

    cleo.page.get_by_role("button", name="Open chat, 1 unread").wait_for()


def test_a_long_list_goes_on_where_it_is_scrolled_to(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Number 0")
    cleo.gets_through()
    [first] = acme.conversations
    there = {
        "business_id": acme.widget["business_id"],
        "customer_id": first["customer"]["id"],
        "channel_id": acme.call("GET", "/channels/")[0]["id"],
    }
    for number in range(1, 56):
        acme.call("POST", "/conversations", {**there, "initial_message": f"Number {number}"})
    cleo.page.reload()
    cleo.open()
    cleo.chat.get_by_role("button", name="Back").click()
    rows = cleo.chat.get_by_role("list", name="Your conversations").get_by_role("listitem")
    until(cleo.page, lambda: rows.count() == 50)

    rows.last.scroll_into_view_if_needed()

    until(cleo.page, lambda: rows.count() == 56)
    cleo.chat.get_by_role("button", name="You: Number 0").click()
    cleo.sees("Number 0")
    assert cleo.complaints == []
