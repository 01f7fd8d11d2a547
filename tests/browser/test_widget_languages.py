"""The chat in the page's language, from right to left where that is how it is read."""

from collections.abc import Callable

from tests.browser.widget_page import Acme, Visit, flaws, until


def test_it_speaks_the_pages_language_and_another_when_it_is_told_to(visit: Callable[..., Visit], acme: Acme) -> None:
    head = acme.widget["embed_code"].replace("<script", '<script data-locale="ar"')
    cleo = visit(head=head, locale="en-GB")
    launcher = cleo.page.get_by_role("button", name="فتح الدردشة")
    launcher.wait_for()
    assert not any("languages" in url for url in cleo.requests)

    launcher.click()
    cleo.chat.get_by_role("button", name="أرسل لنا رسالة").click()
    cleo.chat.get_by_role("textbox", name="رسالة").fill("هل لديكم قهوة؟")
    cleo.chat.get_by_role("button", name="إرسال", exact=True).click()
    cleo.chat.get_by_text("أُرسلت", exact=True).wait_for()
    acme.say("Yes, we have.")
    cleo.sees("Yes, we have.")

    # The visitor's own words stand at the end of a line, which here is on the left.
    boxes = [bubble.bounding_box() for bubble in cleo.log.locator(".pb-b").all()]
    assert boxes[0]["x"] < boxes[1]["x"]
    back = cleo.chat.get_by_role("button", name="رجوع").bounding_box()
    assert back["x"] > cleo.chat.get_by_role("button", name="إغلاق الدردشة").last.bounding_box()["x"]
    assert flaws(cleo) == []

    cleo.page.evaluate("PingBack('close')")
    acme.say("And tea.")
    acme.say("And cake.")
    cleo.page.get_by_role("button", name="فتح الدردشة، رسالتان غير مقروءتين").wait_for()
    cleo.page.evaluate("PingBack('setLocale', 'pl')")
    cleo.page.get_by_role("button", name="Otwórz czat, 2 nieprzeczytane wiadomości").click()
    cleo.sees("And cake.")
    cleo.chat.get_by_role("textbox", name="Wiadomość").wait_for()
    until(cleo.page, lambda: cleo.chat.locator("html").get_attribute("dir") == "ltr")
    assert cleo.complaints == []


def test_from_right_to_left_the_owners_and_the_visitors_words_keep_their_own_direction(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    label = "What is it about?"
    prechat = {"enabled": True, "questions": [{"label": label}]}
    acme.call("PUT", f"/widget/update/{acme.widget['id']}", {"config": {"prechat": prechat}})
    cleo = visit(head=acme.widget["embed_code"].replace("<script", '<script data-locale="he"'))
    cleo.launcher.click()
    name = cleo.chat.get_by_text("Tidewater Coffee").bounding_box()
    close = cleo.chat.locator(".pb-brand button").last.bounding_box()
    assert close["x"] < name["x"]
    assert name["x"] + name["width"] > close["x"] + 300  # where everything else begins

    cleo.chat.locator(".pb-cards > button").click()

    cleo.chat.locator("bdi", has_text=label).wait_for()
    # The mark stands after the last word, not before the first.
    ends = """node => { const range = document.createRange(); const { length } = node.textContent
        const at = (from) => (range.setStart(node.firstChild, from), range.setEnd(node.firstChild, from + 1),
            range.getBoundingClientRect().x)
        return [at(0), at(length - 1)] }"""
    first, mark = cleo.chat.locator("bdi", has_text=label).evaluate(ends)
    assert first < mark
    assert cleo.complaints == []
