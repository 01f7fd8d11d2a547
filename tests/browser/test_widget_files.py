"""Files in the widget's frame."""

from collections.abc import Callable
from typing import Any

from tests import corpus
from tests.browser.widget_page import Acme, Visit, flaws, until

PICTURE = {"name": "hopper.png", "mimeType": "image/png", "buffer": corpus.picture()}
NO_PDF = {"name": "page.pdf", "mimeType": "application/pdf", "buffer": b"<html>"}
NOTES = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"It grinds, then it stops."}


def choose(cleo: Visit, *files: dict[str, Any]) -> None:
    with cleo.page.expect_file_chooser() as chooser:
        cleo.chat.get_by_role("button", name="Attach a file").click()
    chooser.value.set_files(list(files))
    cleo.chat.get_by_role("button", name=f"Remove {files[-1]['name']}").wait_for()


def hand_over(cleo: Visit, event: str, name: str, kind: str, content: str) -> None:
    """Paste or drop a file, as a browser tells the page of it."""
    cleo.field.evaluate(
        """(field, [event, name, type, content]) => {
            const data = new DataTransfer()
            data.items.add(new File([content], name, { type }))
            const how = { bubbles: true, cancelable: true }
            field.dispatchEvent(event === "paste" ? new ClipboardEvent(event, { ...how, clipboardData: data })
                : new DragEvent(event, { ...how, dataTransfer: data }))
        }""",
        [event, name, kind, content],
    )
    cleo.chat.get_by_role("button", name=f"Remove {name}").wait_for()


def said(acme: Acme) -> list[list[str]]:
    """Of the one conversation: the words and the names of the files of each message."""
    [conversation] = acme.conversations
    messages = acme.call("GET", f"/conversations/{conversation['id']}")["messages"]
    return [[each["content"], *(file["filename"] for file in each["attachments"])] for each in messages]


def test_a_picture_is_chosen_seen_and_sent_with_words(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("My hopper is broken.")
    cleo.gets_through()
    assert not any("attach.js" in url for url in cleo.requests)
    choose(cleo, PICTURE, NOTES)
    assert cleo.chat.get_by_role("img", name="hopper.png").is_visible()

    cleo.write("Look")

    until(cleo.page, lambda: said(acme)[1:] == [["Look", "hopper.png", "notes.txt"]])
    cleo.log.locator(".pb-m").filter(has=cleo.chat.get_by_text("Look")).get_by_role("link", name="notes.txt").wait_for()
    cleo.log.get_by_role("link", name="hopper.png").wait_for()
    cleo.log.get_by_role("link", name="notes.txt").wait_for()
    assert cleo.chat.get_by_role("button", name="Remove hopper.png").count() == 0
    assert cleo.complaints == []


def test_files_are_pasted_and_dropped_and_taken_back(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Hello")
    cleo.gets_through()
    hand_over(cleo, "paste", "one.txt", "text/plain", "1")
    hand_over(cleo, "drop", "two.txt", "text/plain", "2")
    hand_over(cleo, "drop", "three.txt", "text/plain", "3")

    cleo.chat.get_by_role("button", name="Remove two.txt").click()
    cleo.chat.get_by_role("button", name="Send").click()

    until(cleo.page, lambda: said(acme)[1:] == [["", "one.txt", "three.txt"]])


def test_a_file_chosen_while_the_server_is_away_is_named_and_there_when_it_is_back(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    cleo.start("Hello")
    cleo.gets_through()
    cleo.context.route("**/attach.*js", lambda route: route.abort())
    with cleo.page.expect_file_chooser() as chooser:
        cleo.chat.get_by_role("button", name="Attach a file").click()
    chooser.value.set_files([NOTES])
    cleo.chat.get_by_text("notes.txt: Waiting to send").wait_for()
    cleo.line.cut()
    cleo.chat.get_by_text("No connection.").wait_for()
    cleo.context.unroute("**/attach.*js")

    cleo.line.mend()

    cleo.chat.get_by_role("button", name="Remove notes.txt").wait_for()
    assert cleo.chat.get_by_text("notes.txt: Waiting to send").count() == 0
    cleo.chat.get_by_role("button", name="Send").click()
    until(cleo.page, lambda: said(acme)[1:] == [["", "notes.txt"]])


def test_a_file_of_another_kind_is_refused_at_once_by_its_name_and_the_others_go(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    cleo.start("Hello")
    cleo.gets_through()
    choose(cleo, {"name": "evil.SVG", "mimeType": "image/svg+xml", "buffer": b"<svg/>"}, PICTURE)

    cleo.chat.get_by_text("evil.SVG: Send a picture, PDF").wait_for()
    assert cleo.chat.get_by_role("button", name="Remove evil.SVG").count() == 0
    cleo.chat.get_by_role("button", name="Send").click()

    until(cleo.page, lambda: said(acme)[1:] == [["", "hopper.png"]])
    assert cleo.complaints == []


def test_what_is_no_picture_is_refused_before_anything_is_sent(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Hello")
    cleo.gets_through()
    with cleo.page.expect_file_chooser() as chooser:
        cleo.chat.get_by_role("button", name="Attach a file").click()
    chooser.value.set_files([{"name": "page.png", "mimeType": "image/png", "buffer": b"<html>"}, PICTURE])

    cleo.chat.get_by_text("page.png: Send a picture, PDF").wait_for()
    assert cleo.chat.get_by_role("button", name="Remove page.png").count() == 0
    cleo.write("Look")
    until(cleo.page, lambda: said(acme)[1:] == [["Look", "hopper.png"]])
    assert cleo.complaints == []


def test_a_conversation_may_begin_with_a_file_which_is_one_message(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.open()
    cleo.chat.get_by_role("button", name="Send us a message").click()
    choose(cleo, PICTURE)

    cleo.chat.get_by_role("button", name="Send").click()
    cleo.write("Look")

    cleo.log.get_by_role("link", name="hopper.png").wait_for()
    until(cleo.page, lambda: said(acme) == [["", "hopper.png"], ["Look"]])
    cleo.chat.get_by_role("button", name="Back").click()
    cleo.chat.get_by_role("button", name="Send us a message").click()
    choose(cleo, NOTES)
    cleo.chat.get_by_role("button", name="Send").click()
    cleo.log.get_by_role("link", name="notes.txt").wait_for()
    until(cleo.page, lambda: len(acme.conversations) == 2)
    newest = acme.call("GET", f"/conversations/{acme.conversations[0]['id']}")
    assert [each["content"] for each in newest["messages"]] == [""]
    assert cleo.complaints == []


def test_a_file_after_what_was_asked_first_is_one_message_of_the_same_conversation(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    acme.change(prechat={"enabled": True, "name": "off", "email": "required"})
    cleo = visit()
    cleo.open()
    cleo.chat.get_by_role("button", name="Send us a message").click()
    cleo.chat.get_by_role("textbox", name="E-mail").fill("cleo@example.com")
    cleo.chat.get_by_role("textbox", name="Message").fill("My hopper is broken.")
    cleo.chat.get_by_role("button", name="Send").click()
    cleo.gets_through()

    choose(cleo, PICTURE)
    cleo.chat.get_by_role("button", name="Send").click()

    until(cleo.page, lambda: said(acme) == [["My hopper is broken."], ["", "hopper.png"]])


def test_a_file_that_would_begin_a_conversation_and_is_refused_begins_none(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    cleo.open()
    cleo.chat.get_by_role("button", name="Send us a message").click()
    choose(cleo, NO_PDF)
    cleo.chat.get_by_role("button", name="Send").click()

    cleo.chat.get_by_text("Not sent. Send a picture, PDF").wait_for()
    assert acme.conversations == []
    cleo.write("Anyway")
    until(cleo.page, lambda: bool(acme.conversations))
    assert said(acme) == [["Anyway"]]


def test_what_is_no_file_of_ours_is_refused_with_the_reason(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Hello")
    cleo.gets_through()
    choose(cleo, NO_PDF)
    cleo.chat.get_by_role("button", name="Send").click()

    cleo.chat.get_by_text("Not sent. Send a picture, PDF").wait_for()
    cleo.write("Anyway")

    until(cleo.page, lambda: said(acme)[1:] == [["Anyway"]])
    cleo.log.get_by_role("button", name="Remove").click()
    assert cleo.log.get_by_text("Not sent.").count() == 0


def test_words_go_where_the_file_beside_them_is_refused(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Hello")
    cleo.gets_through()
    choose(cleo, NO_PDF)
    cleo.write("See there")

    cleo.chat.get_by_text("Not sent. Send a picture, PDF").wait_for()
    until(cleo.page, lambda: said(acme)[1:] == [["See there"]])
    assert cleo.log.get_by_text("See there").count() == 1
    cleo.log.get_by_role("button", name="Remove").click()
    assert cleo.log.get_by_text("page.pdf").count() == 0


def test_an_upload_that_is_cut_goes_on_by_itself_and_sends_once(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Hello")
    cleo.gets_through()
    tries = []

    def fails_twice(route: Any) -> None:
        tries.append(route)
        route.abort() if len(tries) < 3 else route.continue_()

    cleo.context.route("**/upload", fails_twice)
    cleo.line.loses_next_ack = False
    choose(cleo, PICTURE)
    cleo.chat.get_by_role("button", name="Send").click()
    cleo.write("And that is it")

    until(cleo.page, lambda: said(acme)[1:] == [["", "hopper.png"], ["And that is it"]])
    assert len(tries) == 3


def test_words_go_where_the_file_beside_them_never_gets_through_and_the_file_on_demand(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    cleo.start("Hello")
    cleo.gets_through()
    cleo.context.route("**/upload", lambda route: route.abort())
    choose(cleo, PICTURE)
    cleo.write("Look")

    cleo.chat.get_by_text("Not sent.").wait_for()
    until(cleo.page, lambda: said(acme)[1:] == [["Look"]])
    cleo.context.unroute("**/upload")
    cleo.log.get_by_role("button", name="Try again").click()

    until(cleo.page, lambda: said(acme)[1:] == [["Look"], ["", "hopper.png"]])
    cleo.chat.get_by_text("Not sent.").wait_for(state="detached")


def test_an_upload_under_way_shows_how_far_it_is(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("Hello")
    cleo.gets_through()
    held: list[Any] = []
    cleo.context.route("**/upload", lambda route: held.append(route))
    choose(cleo, PICTURE)

    cleo.chat.get_by_role("button", name="Send").click()

    bar = cleo.log.get_by_role("progressbar", name="Uploading")
    bar.wait_for()
    until(cleo.page, lambda: bool(held))
    assert bar.evaluate("bar => [bar.max, bar.value < bar.max]") == [100, True]
    assert flaws(cleo) == []
    held[0].continue_()
    until(cleo.page, lambda: said(acme)[1:] == [["", "hopper.png"]])
    bar.wait_for(state="detached")


def test_files_that_were_chosen_stay_with_their_conversation(visit: Callable[..., Visit], acme: Acme) -> None:
    cleo = visit()
    cleo.start("My hopper is broken.")
    cleo.gets_through()
    choose(cleo, PICTURE)
    chosen = cleo.chat.get_by_role("button", name="Remove hopper.png")

    cleo.chat.get_by_role("button", name="Back").click()
    cleo.chat.get_by_role("button", name="Send us a message").click()
    chosen.wait_for(state="detached")
    choose(cleo, NOTES)
    cleo.chat.get_by_role("button", name="Back").click()
    cleo.chat.get_by_role("button", name="You: My hopper is broken.").click()

    chosen.wait_for()
    assert cleo.chat.get_by_role("button", name="Remove notes.txt").count() == 0
    cleo.chat.get_by_role("button", name="Send").click()
    until(cleo.page, lambda: said(acme)[1:] == [["", "hopper.png"]])
    cleo.chat.get_by_role("button", name="Back").click()
    cleo.chat.get_by_role("button", name="Send us a message").click()
    cleo.chat.get_by_role("button", name="Remove notes.txt").wait_for()
    assert cleo.complaints == []


def test_a_file_that_was_up_survives_a_reload_and_one_that_was_not_says_so(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    cleo.start("Hello")
    cleo.gets_through()
    cleo.line.cut()
    cleo.chat.get_by_text("No connection.").wait_for()
    choose(cleo, NOTES)
    cleo.chat.get_by_role("button", name="Send").click()
    until(cleo.page, lambda: "/files/" in cleo.page.evaluate("JSON.stringify(localStorage)"))
    cleo.context.route("**/upload", lambda route: route.abort())
    choose(cleo, PICTURE)
    cleo.write("The hopper")
    cleo.log.get_by_role("img", name="hopper.png").wait_for()
    choose(cleo, NOTES)
    until(cleo.page, lambda: "notes.txt" in cleo.page.evaluate("JSON.stringify(sessionStorage)"))

    cleo.page.reload()
    cleo.line.mend()
    cleo.open()

    until(cleo.page, lambda: said(acme)[1:] == [["", "notes.txt"], ["The hopper"]])
    cleo.chat.get_by_text("Not sent. The page was left before it was up. Choose it again.").wait_for()
    cleo.chat.get_by_text("Not kept when the page was left: notes.txt.").wait_for()
    until(cleo.page, lambda: cleo.page.evaluate("sessionStorage.length") == 0)


def another_page(cleo: Visit) -> Any:
    """The shop once more, in a second tab; its chat is begun."""
    page = cleo.context.new_page()
    page.goto(cleo.page.url)
    page.get_by_role("button", name="Open chat").click()
    page.frame_locator("pb-widget iframe").get_by_role("log").wait_for()
    return page


def test_a_second_page_leaves_words_with_a_file_to_the_page_that_takes_it_up(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    cleo.start("Hello")
    cleo.gets_through()
    held: list[Any] = []
    cleo.page.route("**/upload", lambda route: held.append(route))
    choose(cleo, PICTURE)
    cleo.write("Look")
    until(cleo.page, lambda: bool(held))

    other = another_page(cleo)
    chat = other.frame_locator("pb-widget iframe")
    chat.get_by_text("Sending").wait_for()
    assert chat.get_by_role("button", name="Remove").count() == 0
    chat.get_by_role("textbox", name="Message").fill("From here")
    chat.get_by_role("textbox", name="Message").press("Enter")
    until(cleo.page, lambda: said(acme)[1:] == [["From here"]])
    held[0].continue_()

    until(cleo.page, lambda: said(acme)[1:] == [["From here"], ["Look", "hopper.png"]])
    chat.get_by_role("link", name="hopper.png").wait_for()
    cleo.log.get_by_role("link", name="hopper.png").wait_for()
    until(cleo.page, lambda: chat.get_by_text("Look").count() == cleo.log.get_by_text("Look").count() == 1)
    cleo.page.close()
    other.wait_for_timeout(500)
    assert chat.get_by_text("Not sent.").count() == 0
    assert said(acme)[1:] == [["From here"], ["Look", "hopper.png"]]


def test_words_go_alone_once_the_page_with_their_file_is_closed_and_not_once_it_took_them_back(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    cleo.start("Hello")
    cleo.gets_through()
    held: list[Any] = []
    cleo.page.route("**/upload", lambda route: held.append(route))
    choose(cleo, PICTURE)
    cleo.write("Look")
    until(cleo.page, lambda: bool(held))
    choose(cleo, NOTES)
    cleo.write("Never mind")
    other = another_page(cleo)
    chat = other.frame_locator("pb-widget iframe")
    chat.get_by_text("Never mind").wait_for()

    cleo.log.locator(".pb-m").filter(has_text="Never mind").get_by_role("button", name="Remove").click()
    chat.get_by_text("Never mind").wait_for(state="detached")
    cleo.page.close()

    until(other, lambda: said(acme)[1:] == [["Look"]])
    chat.get_by_text("Not sent. The page was left before it was up. Choose it again.").wait_for()
    assert chat.get_by_text("Look").count() == 1


def test_where_pages_cannot_tell_whether_another_one_lives_words_with_a_file_wait_and_say_so(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    cleo.context.add_init_script("Object.defineProperty(Navigator.prototype, 'locks', {value: undefined})")
    cleo.page.reload()
    cleo.start("Hello")
    cleo.gets_through()
    held: list[Any] = []
    cleo.page.route("**/upload", lambda route: held.append(route))
    choose(cleo, PICTURE)
    cleo.write("Look")
    until(cleo.page, lambda: bool(held))

    chat = another_page(cleo).frame_locator("pb-widget iframe")
    chat.get_by_text("Not sent. The page was left before it was up. Choose it again.").wait_for()
    held[0].continue_()

    until(cleo.page, lambda: said(acme)[1:] == [["Look", "hopper.png"]])
    chat.get_by_role("link", name="hopper.png").wait_for()
    chat.get_by_text("Not sent.").wait_for(state="detached")
    until(cleo.page, lambda: chat.get_by_text("Look").count() == 1)
