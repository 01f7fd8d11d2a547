"""A visitor says whether Theo's answer helped; who was not helped gets a person."""

import threading
import uuid
from typing import Any

import pytest

from accounts.models import User
from businesses.models import Business
from conversations.models import Conversation, Message
from tests import builders
from theo import answering, outcomes, replying
from theo.articles import create_article
from theo.assistants import change_assistant
from theo.engine.index import Hit
from theo.learning import add_example
from theo.models import Article, Example, Mode, Outcome, Reply
from widgets.models import Widget
from widgets.receiving import Received

pytestmark = pytest.mark.django_db


@pytest.fixture
def widget(acme: Business, ada: User) -> Widget:
    return builders.widget(ada, "acme.com")


@pytest.fixture
def article(acme: Business) -> Article:
    return create_article(business=acme, title="Returns", content="Send it back within 30 days.")


@pytest.fixture
def cleo(acme: Business, ada: User, widget: Widget, article: Article, monkeypatch: pytest.MonkeyPatch) -> Received:
    """She asked, and Theo answered by itself."""
    change_assistant(actor=ada, mode=Mode.AUTO, auto_run=True)
    monkeypatch.setattr(answering, "find", lambda *_: [Hit(key=str(article.pk), confidence=0.93)])
    cleo = builders.visitor_writes(acme, "How do I return it?", widget=widget)
    replying.answer_waiting(threading.Event())
    return cleo


def answer_of(conversation: Conversation) -> Message:
    return conversation.messages.get(ai_sources__isnull=False)


def says(widget: Widget, cleo: Received, body: Any, **other: Any) -> Any:
    conversation_id = other.get("conversation_id", cleo.conversation.pk)
    message_id = other.get("message_id") or answer_of(cleo.conversation).pk
    address = f"/api/v1/widget/{widget.pk}/conversations/{conversation_id}/messages/{message_id}/feedback"
    return builders.api().post(address, body, headers={"X-Visitor-Key": other.get("key", cleo.visitor_key)})


def outcome_of(cleo: Received) -> str:
    return Reply.objects.get(conversation=cleo.conversation).outcome


def test_what_helped_is_solved_at_once_and_stays_so(ada: User, widget: Widget, cleo: Received) -> None:
    sent = answer_of(cleo.conversation)

    answer = says(widget, cleo, {"helped": True})

    assert (answer.status_code, answer.json()) == (200, {"message_id": str(sent.pk), "helped": True})
    builders.answers(ada, cleo.conversation, "Anything else?")
    outcomes.settle(threading.Event())
    assert outcome_of(cleo) == Outcome.SOLVED
    cleo.conversation.refresh_from_db()
    assert cleo.conversation.handoff_reason == ""


def test_who_was_not_helped_is_handed_over_once_and_told_so(widget: Widget, cleo: Received, article: Article) -> None:
    add_example(article=article, question="How do I return it?")
    sent = answer_of(cleo.conversation)

    answers = [says(widget, cleo, {"helped": False}, message_id=sent.pk) for _ in range(2)]
    replying.answer_waiting(threading.Event())

    assert [answer.json()["helped"] for answer in answers] == [False, False]
    assert outcome_of(cleo) == Outcome.HANDED_OVER
    cleo.conversation.refresh_from_db()
    assert cleo.conversation.handoff_reason == "low_confidence"
    last = cleo.conversation.messages.order_by("seq").last()
    assert last is not None
    assert (last.seq, last.ai_sources) == (3, [])
    assert "A person will answer you here" in last.content
    assert not Example.objects.exists()


def test_who_has_a_person_is_not_handed_over(ada: User, widget: Widget, cleo: Received) -> None:
    sent = answer_of(cleo.conversation)
    builders.answers(ada, cleo.conversation, "I am here.")

    assert says(widget, cleo, {"helped": False}, message_id=sent.pk).status_code == 200

    cleo.conversation.refresh_from_db()
    assert (cleo.conversation.handoff_reason, cleo.conversation.last_seq) == ("", 3)
    assert outcome_of(cleo) == Outcome.HANDED_OVER


def test_the_last_word_counts_but_not_against_a_persons(widget: Widget, cleo: Received) -> None:
    sent = answer_of(cleo.conversation)
    says(widget, cleo, {"helped": False}, message_id=sent.pk)
    says(widget, cleo, {"helped": True}, message_id=sent.pk)
    assert outcome_of(cleo) == Outcome.SOLVED

    outcomes.call_wrong(Reply.objects.get())
    assert says(widget, cleo, {"helped": True}, message_id=sent.pk).status_code == 200
    assert outcome_of(cleo) == Outcome.WRONG


@pytest.mark.parametrize("body", [{}, {"helped": None}, {"helped": "perhaps"}])
def test_what_is_no_word_on_it_is_refused(widget: Widget, cleo: Received, body: Any) -> None:
    assert says(widget, cleo, body).status_code == 422
    assert outcome_of(cleo) == ""


def test_E3_only_the_visitor_who_was_answered_says_so_and_only_of_an_answer(
    acme: Business, widget: Widget, cleo: Received, mallory: User
) -> None:
    other = builders.visitor_writes(acme, "Hi", widget=widget)
    strange = builders.visitor_writes(mallory.memberships.get().business, "Hi")
    said = {"helped": True}
    first = cleo.conversation.messages.get(seq=1)
    answers = [
        says(widget, cleo, said, key=other.visitor_key),
        says(widget, cleo, said, key=strange.visitor_key),
        says(widget, cleo, said, key=""),
        says(widget, cleo, said, conversation_id=other.conversation.pk),
        says(widget, cleo, said, conversation_id="x"),
        says(widget, cleo, said, message_id=first.pk),
        says(widget, cleo, said, message_id=uuid.uuid4()),
        says(widget, cleo, said, message_id="x"),
        says(widget, other, said, message_id=answer_of(cleo.conversation).pk),
        says(builders.widget(mallory, "umbrella.com"), cleo, said),
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, b'{"detail":"Not found"}')}
    assert outcome_of(cleo) == ""


def test_words_on_answers_are_counted(widget: Widget, cleo: Received, settings: Any) -> None:
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "RATING": (1, 3600)}
    assert [says(widget, cleo, {"helped": True}).status_code for _ in range(2)] == [200, 429]
