"""A conversation has one run at a time: who asks meanwhile gets the same, and a language model is asked once."""

import threading
import time
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from conversations.models import Conversation
from tests import builders
from tests.fakes.models import OpenAI
from tests.fakes.server import Answer, Call
from tests.theo.worded import RIGHT, TEXT, WORDED
from theo import drafting
from theo.models import Reply
from theo.turns import turn

pytestmark = pytest.mark.django_db


def ask(user: User, conversation: Conversation) -> Any:
    answer = builders.api(user).post("/api/v1/ai/reply", {"conversation_id": str(conversation.pk), "mode": "assist"})
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.mark.django_db(transaction=True)
def test_two_agents_who_ask_at_once_get_one_draft_and_the_model_is_asked_once(
    ada: User,
    ben: User,
    conversation: Conversation,
    article: Any,
    openai: OpenAI,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer, sleep, waits, told = openai.answer, time.sleep, threading.Event(), list[Any]()

    def once_somebody_waits(call: Call) -> Answer:
        assert waits.wait(60)
        return answer(call)

    def seen_to_wait(seconds: float) -> None:
        waits.set()
        sleep(seconds)

    monkeypatch.setattr(openai, "answer", once_somebody_waits)
    monkeypatch.setattr(drafting.time, "sleep", seen_to_wait)

    def asks(user: User) -> None:
        try:
            told.append(ask(user, conversation))
        finally:
            connection.close()

    agents = [threading.Thread(target=asks, args=[user]) for user in (ada, ben)]
    for agent in agents:
        agent.start()
    for agent in agents:
        agent.join()

    assert [each["reply"] for each in told] == [WORDED, WORDED]
    assert told[0] == told[1]
    assert len(openai.calls) == 1
    kept = Reply.objects.get()
    assert (kept.text, kept.by_model) == (WORDED, True)
    assert kept.quotes == [{"article_id": str(article.pk), "quote": "Send it back within 30  days"}]


def test_who_asks_again_later_gets_a_new_one_and_that_is_kept(
    ben: User, conversation: Conversation, openai: OpenAI
) -> None:
    assert ask(ben, conversation)["reply"] == WORDED
    openai.reply = RIGHT | {"reply": "The refund takes three days."}
    assert ask(ben, conversation)["reply"] == "The refund takes three days."
    assert Reply.objects.get().text == "The refund takes three days."


def test_who_would_wait_too_long_is_quoted_the_article(
    ben: User, conversation: Conversation, openai: OpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafting, "seconds_in_all", lambda: 0.01)
    with turn(conversation.pk):
        assert ask(ben, conversation)["reply"].endswith(TEXT)
    assert openai.calls == []
