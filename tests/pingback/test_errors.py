"""What a page or the API says when the house itself is in trouble."""

import threading
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client

from accounts.models import User
from businesses.models import Business
from conversations.models import Conversation, ReplyDraft
from tests import builders

pytestmark = pytest.mark.django_db


def away(*args: Any, **kwargs: Any) -> Any:
    raise OperationalError("could not connect to server at 10.0.0.7, user pingback")


@pytest.mark.parametrize("broken", ["foundation.rows.ask", "django.db.backends.utils.CursorWrapper.execute"])
def test_R11_a_database_that_is_away_is_a_503_everywhere(
    ada: User, acme: Business, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    page = Client(raise_request_exception=False)
    page.force_login(ada)
    api = builders.api(ada)
    api.raise_request_exception = False
    monkeypatch.setattr(broken, away)

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
    monkeypatch.setattr("foundation.rows.ask", breaks)

    answer = api.get("/api/v1/conversations/")

    assert (answer.status_code, answer.json()) == (500, {"detail": "Internal error"})


@pytest.mark.django_db(transaction=True)
def test_what_is_deleted_while_one_writes_to_it_is_not_found(
    ben: User, acme: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Client(raise_request_exception=False)
    page.force_login(ben)
    api = builders.api(ben)
    api.raise_request_exception = False
    look = ReplyDraft.objects.update_or_create

    def deleted_first(**given: Any) -> Any:
        Conversation.objects.filter(pk=given["conversation"].pk).delete()
        return look(**given)

    monkeypatch.setattr(ReplyDraft.objects, "update_or_create", deleted_first)
    for write, address in (
        (api.put, f"/api/v1/conversations/{builders.conversation(acme).pk}/draft"),
        (page.post, f"/inbox/{builders.conversation(acme).pk}/draft/"),
    ):
        answer = write(address, {"content": "Half a sentence"})
        assert answer.status_code == 404, address
        assert b"constraint" not in answer.content


@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs --services")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("timeout", ["lock_timeout", "statement_timeout"])
def test_a_row_that_somebody_else_holds_is_a_503_that_says_when(ada: User, acme: Business, timeout: str) -> None:
    conversation = builders.conversation(acme)
    client, held, done = builders.api(ada), threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                Conversation.objects.select_for_update().get(pk=conversation.pk)
                held.set()
                done.wait(30)
        finally:
            connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(10)
    with connection.cursor() as cursor:
        cursor.execute(f"SET {timeout} = 200")
    try:
        refused = client.put(f"/api/v1/conversations/{conversation.pk}/resolve")
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"RESET {timeout}")
        done.set()
        holder.join()

    told = refused.status_code, refused.json(), refused.headers.get("Retry-After")
    assert told == (503, {"detail": "Try again"}, "1")
    assert client.put(f"/api/v1/conversations/{conversation.pk}/resolve").status_code == 200
