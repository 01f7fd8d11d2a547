"""Who takes over from Theo sees what it had looked at, how sure it was, and what it suggests."""

import threading
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from businesses.models import Business
from conversations.models import Conversation
from conversations.services.assigning import assign_conversation
from tests import builders
from theo import answering, handoffs, outcomes, replying
from theo.answering import Answer
from theo.articles import create_article, delete_article
from theo.assistants import change_assistant
from theo.drafting import draft
from theo.engine.index import Hit
from theo.models import Article, Example, Handoff, Mode, Outcome, Reply

pytestmark = pytest.mark.django_db
QUESTION = "Do you have a jacuzzi?"
BOX = '<section class="theo" id="suggestion"'


@pytest.fixture
def articles(ada: User, acme: Business, monkeypatch: pytest.MonkeyPatch) -> list[Article]:
    """Theo answers by itself, and is not sure enough of any of them."""
    change_assistant(actor=ada, mode=Mode.AUTO, auto_run=True)
    made = [
        create_article(business=acme, title=title, content=f"All about {title}.") for title in ("Sauna", "Pool", "Gym")
    ]
    hits = [Hit(key=str(each.pk), confidence=sure) for each, sure in zip(made, (0.62, 0.2, 0.1), strict=True)]
    monkeypatch.setattr(answering, "find", lambda *_: hits)
    return made


def look() -> None:
    replying.answer_waiting(threading.Event())


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(user: User, conversation: Conversation) -> str:
    return signed_in(user).get(f"/inbox/{conversation.pk}/").content.decode()


def test_the_agent_sees_the_reason_the_question_the_articles_and_the_draft(
    ben: User, acme: Business, articles: list[Article]
) -> None:
    conversation = builders.conversation(acme, content=QUESTION)
    assert BOX not in page_of(ben, conversation)
    look()

    page = page_of(ben, conversation)

    assert "Theo asks for a person" in page
    assert f"“{QUESTION}”" in page
    assert "All about Sauna." in page
    for title, percent in (("Sauna", 62), ("Pool", 20), ("Gym", 10)):
        assert f'{title}</span><span class="num">{percent} %' in page
    kept = Handoff.objects.get()
    assert [each["confidence"] for each in kept.considered] == [0.62, 0.2, 0.1]


def test_what_an_agent_sends_of_the_draft_is_learned(ben: User, acme: Business, articles: list[Article]) -> None:
    conversation = builders.conversation(acme, content=QUESTION)
    look()
    draft = Handoff.objects.get().draft
    assert draft

    builders.answers(ben, conversation, draft.text)
    outcomes.settle(threading.Event())

    draft.refresh_from_db()
    assert draft.outcome == Outcome.ACCEPTED
    assert Example.objects.get().article == articles[0]
    assert BOX not in page_of(ben, conversation)


def test_a_draft_that_was_dropped_and_an_article_that_is_gone_are_not_shown(
    ben: User, acme: Business, articles: list[Article]
) -> None:
    conversation = builders.conversation(acme, content=QUESTION)
    look()
    delete_article(article=articles[1])
    assert signed_in(ben).post(f"/theo/drafts/{Reply.objects.get().pk}/drop/").status_code == 204

    page = page_of(ben, conversation)

    assert "All about Sauna." not in page
    assert "Sauna</span>" in page
    assert "Pool</span>" not in page


def test_who_asks_for_a_person_is_handed_over_with_what_comes_near_and_no_draft(
    ben: User, acme: Business, articles: list[Article]
) -> None:
    conversation = builders.conversation(acme, content="Please let me talk to a human")
    look()
    page = page_of(ben, conversation)
    assert "Sauna</span>" in page
    assert "All about Sauna." not in page


def test_over_rest_the_first_answer_that_asks_for_a_person_is_kept(
    ben: User, acme: Business, articles: list[Article]
) -> None:
    conversation = builders.conversation(acme, content=QUESTION)
    asked = {"conversation_id": str(conversation.pk), "mode": "auto"}
    for _twice in range(2):
        assert builders.api(ben).post("/api/v1/ai/reply", asked).json()["handoff_reason"] == "low_confidence"
    assert Handoff.objects.get().question == QUESTION
    assert "All about Sauna." in page_of(ben, conversation)


def test_of_an_earlier_handoff_nothing_is_shown_at_a_later_one(
    ada: User, ben: User, acme: Business, articles: list[Article], monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = builders.conversation(acme, content=QUESTION)
    look()
    assign_conversation(conversation=conversation, actor=ada, agent_id=ben.pk)
    assert BOX not in page_of(ben, conversation)
    assign_conversation(conversation=conversation, actor=ada, agent_id=None)
    builders.says(conversation, "Boom?")

    def fails(*_: Any) -> list[Hit]:
        raise RuntimeError

    monkeypatch.setattr(answering, "find", fails)
    look()

    conversation.refresh_from_db()
    assert conversation.handoff_reason == "error"
    assert BOX not in page_of(ben, conversation)


def test_a_draft_that_asks_for_a_person_is_there_though_nothing_could_be_looked_up_for_them(
    acme: Business, articles: list[Article], monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = builders.conversation(acme, content=QUESTION)

    def fails(**_: Any) -> Answer:
        raise RuntimeError

    monkeypatch.setattr(handoffs, "think", fails)

    found, _kept = draft(conversation=conversation, mode=Mode.AUTO)

    assert found.handoff_reason == "low_confidence"
    assert not Handoff.objects.exists()


def test_an_article_that_the_customer_has_read_is_not_suggested_again(
    acme: Business, ben: User, articles: list[Article], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "find", lambda *_: [Hit(key=str(articles[0].pk), confidence=0.93)])
    conversation = builders.conversation(acme, content=QUESTION)
    look()
    builders.says(conversation, "Is that so?")
    look()
    conversation.refresh_from_db()
    assert conversation.handoff_reason == "low_confidence"
    assert Handoff.objects.get().draft is None
    page = page_of(ben, conversation)
    assert "Has read this article already" in page
    assert "Theo was not sure" not in page.partition(BOX)[2].partition("</section>")[0]


def test_a_reply_keeps_what_it_quotes_and_how_it_came_about(
    acme: Business, articles: list[Article], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "find", lambda *_: [Hit(key=str(articles[0].pk), confidence=0.93)])
    builders.conversation(acme, content=QUESTION)
    look()
    reply = Reply.objects.get()
    assert (reply.mode, reply.by_model) == (Mode.AUTO, False)
    assert reply.quotes == [{"article_id": str(articles[0].pk), "quote": "All about Sauna."}]
