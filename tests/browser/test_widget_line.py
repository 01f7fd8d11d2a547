"""A line that is cut, slow, blocked or refused: nothing is lost, and everything is said once."""

from collections.abc import Callable

from tests.browser.widget_page import Acme, Visit, flaws, until


def test_what_was_written_without_a_line_survives_a_reload_and_goes_out_once_in_order(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    cleo.start("one")
    cleo.gets_through()
    cleo.line.cut()
    cleo.chat.get_by_text("No connection.").wait_for()
    cleo.write("two", "three")
    cleo.reload()
    cleo.open()
    cleo.sees("three")
    cleo.write("four")
    assert acme.words == ["one"]

    cleo.line.mend()

    until(cleo.page, lambda: len(acme.words) == 4)
    cleo.gets_through()
    assert acme.words == ["one", "two", "three", "four"]
    assert cleo.shown == acme.words
    until(cleo.page, lambda: cleo.page.evaluate("Object.keys(localStorage).length") == 1)


def test_the_very_first_words_may_wait_too(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.line.cut()
    cleo.start("one", "two")
    cleo.reload()
    cleo.open()
    cleo.sees("two")

    cleo.line.mend()

    until(cleo.page, lambda: len(acme.conversations) == 1 and len(acme.words) == 2)
    assert acme.words == ["one", "two"]


def test_a_lost_acknowledgement_doubles_nothing(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.line.loses_next_ack = True

    cleo.start("Only once")

    cleo.gets_through()
    assert acme.words == ["Only once"]
    assert cleo.shown == ["Only once"]


def test_what_was_said_during_a_break_is_caught_up_with(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Hello?")
    cleo.gets_through()
    cleo.line.cut()
    for content in ("one", "two", "three"):
        acme.say(content)

    cleo.line.mend()

    cleo.sees("three")
    assert cleo.shown == ["Hello?", "one", "two", "three"]


def test_a_lost_event_is_missed_at_the_next_one_and_asked_for(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Hello?")
    cleo.gets_through()

    cleo.line.loses_next_message = True
    acme.say("one")
    acme.say("two")

    cleo.sees("one")
    assert cleo.shown == ["Hello?", "one", "two"]


def test_a_refused_message_says_why_and_can_be_tried_again(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("First")
    cleo.gets_through()
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


def test_where_websockets_are_blocked_it_polls(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.line.has_sockets = False

    cleo.start("Over polling")
    cleo.gets_through()
    acme.say("It works")

    cleo.sees("It works")
    assert any("transport=polling" in url for url in cleo.requests)


def test_a_server_that_restarts_while_a_visitor_writes_takes_no_word_and_no_focus(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    cleo.start("Before")
    cleo.gets_through()
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
    cleo.reload()
    cleo.open()
    cleo.sees("Welcome back")
    assert cleo.field.input_value() == "And half a sentence"
