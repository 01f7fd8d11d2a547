"""Who is there, and what the widget asks of a visitor: before, when nobody is there, and at the end."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.conftest import Server
from tests.browser.widget_page import Acme, Visit, visits


@pytest.fixture
def acme(server: Server) -> Acme:
    return Acme(server)


@pytest.fixture
def visit(browser: Any, shop: Callable[..., str], acme: Acme) -> Iterator[Callable[..., Visit]]:
    yield from visits(browser, shop, acme)


def test_the_chat_says_who_is_there_and_when_a_closed_one_opens(visit: Callable[..., Visit], acme: Acme) -> None:
    acme.call("PATCH", "/team/status", {"status": "live"})
    acme.call("PUT", "/business/hours", {"hours": None, "reply_time": "minutes"})
    cleo = visit()
    cleo.open()
    cleo.chat.get_by_role("button", name="Online now · Usually replies in a few minutes").click()
    cleo.chat.locator(".pb-head").get_by_text("Online now", exact=True).wait_for()

    acme.call("PUT", "/business/hours", {"hours": {}, "reply_time": "minutes"})
    cleo.page.reload()
    cleo.open()

    cleo.chat.get_by_role("button", name="We are away").wait_for()
    assert cleo.complaints == []
