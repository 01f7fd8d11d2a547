"""What a page or the API says when the house itself is in trouble."""

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from accounts.models import AuthSession, User
from businesses.models import Business
from conversations.models import Conversation
from tests import builders

pytestmark = pytest.mark.django_db


def away(*args: Any, **kwargs: Any) -> Any:
    raise OperationalError("could not connect to server at 10.0.0.7, user pingback")


@pytest.mark.parametrize("broken", [(Conversation.objects, "visible_to"), (AuthSession.objects, "alive")])
def test_R11_a_database_that_is_away_is_a_503_everywhere(
    ada: User, acme: Business, monkeypatch: pytest.MonkeyPatch, broken: tuple[Any, str]
) -> None:
    page = Client(raise_request_exception=False)
    page.force_login(ada)
    api = builders.api(ada)
    api.raise_request_exception = False
    monkeypatch.setattr(type(broken[0]), broken[1], away)

    for client, path in ((page, "/inbox/"), (page, "/api/v1/conversations/"), (api, "/api/v1/conversations/")):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1"), path
        assert b"10.0.0.7" not in answer.content
    assert answer.json() == {"detail": "Try again"}


def test_what_nobody_foresaw_is_a_500_without_a_word_of_the_inside(
    ada: User, acme: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*args: Any) -> Any:
        raise RuntimeError("secret-canary")

    api = builders.api(ada)
    api.raise_request_exception = False
    monkeypatch.setattr(type(Conversation.objects), "visible_to", breaks)

    answer = api.get("/api/v1/conversations/")

    assert (answer.status_code, answer.json()) == (500, {"detail": "Internal error"})
