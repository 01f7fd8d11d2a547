"""Theo with a language model: its draft is seen while it is written, and is the agent's once it was checked."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Server
from tests.browser.pages import console_of, flaws, signed_in
from tests.browser.widget_page import Acme, Visit, until
from tests.fakes.models import KEY, OpenAI

ARTICLE = "You can send an item back within 30 days of delivery for a full refund."
WORDED = "Yes: you can send the item back within 30 days of delivery for a full refund."


@pytest.fixture(scope="module")
def openai() -> Iterator[OpenAI]:
    with OpenAI() as fake:
        fake.pause = 0.04
        yield fake


@pytest.fixture(scope="module")
def server(prepared: Path, openai: OpenAI) -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="pingback-model-"))
    shutil.copytree(prepared, folder, dirs_exist_ok=True)
    running = Server(folder, THEO_ENGINE="lexical", THEO_MODEL="small", THEO_MODEL_URL=openai.base, THEO_MODEL_KEY=KEY)
    yield running
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)


def test_a_draft_is_seen_while_it_is_written_and_a_text_is_rewritten(
    browser: Any, server: Server, acme: Acme, visit: Callable[..., Visit], openai: OpenAI
) -> None:
    acme.call("POST", "/kb/articles", {"title": "Return an item for a refund", "content": ARTICLE})
    citation = {"article_id": "1", "quote": "send an item back within 30 days"}
    openai.reply = {"answerable": True, "reply": WORDED, "citations": [citation], "handoff": "none"}
    visitor = visit()
    visitor.start("How do I return an item for a refund?")
    until(visitor.page, lambda: bool(acme.conversations))
    desk = signed_in(browser, server, acme.email).new_page()
    said = console_of(desk, server)
    desk.goto(f"{server.url}/inbox/{acme.conversations[0]['id']}/")
    desk.locator("body[data-ready]").wait_for()
    desk.get_by_role("button", name="Ask Theo").click()
    desk.get_by_text("Theo is writing").wait_for()
    assert desk.get_by_role("button", name="Use reply").count() == 0
    desk.get_by_role("button", name="Use reply").click()
    text = desk.locator("#reply")
    assert text.input_value() == WORDED

    openai.reply = "Send it back within 30 days for a full refund."
    desk.get_by_label("Rewrite or sum up").click()
    desk.get_by_role("button", name="Shorter").click()
    desk.get_by_role("button", name="Undo").click()
    assert text.input_value() == WORDED
    desk.get_by_label("Rewrite or sum up").click()
    openai.reply = "The customer wants to return an item."
    desk.get_by_role("button", name="Sum the conversation up").click()
    desk.get_by_text(openai.reply).wait_for()
    desk.get_by_role("button", name="Put into a note").click()
    assert text.input_value().endswith(openai.reply)
    assert said == []
    assert openai.broken == []
    assert flaws(desk) == []
    desk.context.close()
