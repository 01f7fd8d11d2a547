"""Theo's answer to a conversation: from this workspace's published articles, in their words, or none."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from conversations.models import Message
from conversations.services.assigning import assign_conversation
from tests import builders
from theo import answering
from theo.answering import excerpt
from theo.articles import change_article, create_article, delete_article
from theo.engine.index import Hit
from theo.markdown import plain
from theo.models import ArticleStatus, Reply

pytestmark = pytest.mark.django_db

RETURN = "How do I return an item for a refund?"


def asked(user: User, conversation: Any, **more: Any) -> Any:
    return builders.api(user).post("/api/v1/ai/reply", {"conversation_id": str(conversation.pk), **more})


@pytest.fixture
def articles(acme: Business) -> dict[str, Any]:
    shelf = {
        "Return an item for a refund": "Send it back within **30 days**, and the refund takes three days.",
        "Delivery times": "Orders arrive in two working days.",
        "Opening hours": "We answer from nine to five.",
    }
    return {title: create_article(business=acme, title=title, content=text) for title, text in shelf.items()}


def test_a_known_question_is_answered_in_the_articles_words(ben: User, acme: Business, articles: Any) -> None:
    conversation = builders.conversation(acme, content=RETURN)

    answer = asked(ben, conversation)

    assert answer.status_code == 200
    body = answer.json()
    article = articles["Return an item for a refund"]
    assert body == {
        "reply": "Hello!\nSend it back within 30 days, and the refund takes three days.",
        "confidence": body["confidence"],
        "mode": "assist",
        "needs_handoff": False,
        "handoff_reason": None,
        "sources": [{"id": str(article.pk), "title": article.title}],
    }
    assert 0.5 < body["confidence"] <= 0.79
    assert Message.objects.filter(conversation=conversation).count() == 1


def test_what_no_published_article_of_the_workspace_says_is_not_said(
    ben: User, mallory: User, acme: Business, articles: Any
) -> None:
    create_article(business=mallory.memberships.get().business, title="Jacuzzi", content="The jacuzzi is on the roof.")
    unknown = builders.conversation(acme, content="Do you have a jacuzzi?")
    assert asked(ben, unknown).json()["reply"] is None

    known = builders.conversation(acme, content=RETURN)
    change_article(article=articles["Return an item for a refund"], status=ArticleStatus.DRAFT)
    assert asked(ben, known).json()["reply"] is None

    change_article(article=articles["Return an item for a refund"], status=ArticleStatus.PUBLISHED)
    assert asked(ben, known).json()["reply"]

    delete_article(article=articles["Return an item for a refund"])
    assert asked(ben, known).json()["reply"] is None


@pytest.mark.parametrize("words", ["Can I talk to a real person?", "agent", "Ich will mit einem Menschen sprechen"])
def test_who_asks_for_a_person_gets_into_the_queue_once(ben: User, acme: Business, articles: Any, words: str) -> None:
    conversation = builders.conversation(acme, content=words)

    for _again in range(2):
        body = asked(ben, conversation).json()
        assert (body["reply"], body["needs_handoff"], body["handoff_reason"]) == (None, True, "user_requested")

    [row] = builders.api(ben).get("/api/v1/team/pending-handoffs").json()
    assert row["id"] == str(conversation.pk)
    builders.answers(ben, conversation, "Here I am.")
    assert asked(ben, conversation).json()["needs_handoff"] is False


def test_in_auto_a_person_is_asked_for_unless_the_plan_has_none(ben: User, acme: Business, articles: Any) -> None:
    conversation = builders.conversation(acme, content=RETURN)
    acme.plan.theo_auto = False
    acme.plan.save()
    body = asked(ben, conversation, mode="auto").json()
    assert (body["mode"], body["needs_handoff"]) == ("assist", False)
    assert body["reply"]

    acme.plan.theo_auto = True
    acme.plan.save()
    body = asked(ben, conversation, mode="auto").json()

    assert (body["mode"], body["reply"], body["handoff_reason"]) == ("auto", None, "low_confidence")
    conversation.refresh_from_db()
    assert conversation.handoff_reason == "low_confidence"


def test_in_auto_what_is_sure_is_sent_once_and_not_into_a_persons_conversation(
    ada: User, ben: User, acme: Business, articles: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    article = articles["Return an item for a refund"]
    monkeypatch.setattr(answering, "find", lambda *_: [Hit(key=str(article.pk), confidence=0.93)])
    conversation = builders.conversation(acme, content=RETURN)

    told = [asked(ben, conversation, mode="auto").json() for _twice in range(2)]

    sent = Message.objects.get(conversation=conversation, sender_type="agent")
    assert (sent.content, sent.sender_id) == (told[0]["reply"], None)
    assert sent.ai_sources == told[0]["sources"]
    assert (told[0]["mode"], told[0]["needs_handoff"]) == ("auto", False)
    assert Reply.objects.get(is_sent=True).message == sent

    with_a_person = builders.conversation(acme, content=RETURN)
    assign_conversation(conversation=with_a_person, actor=ada, agent_id=ben.pk)
    assert asked(ben, with_a_person, mode="auto").json()["reply"]
    assert asked(ben, builders.conversation(acme, content=RETURN), mode="assist").json()["reply"]
    assert Message.objects.filter(sender_type="agent").get() == sent


def test_who_may_not_see_a_conversation_gets_no_answer_about_it(mallory: User, acme: Business, articles: Any) -> None:
    conversation = builders.conversation(acme, content="A human, please. Can I talk to a person?")

    assert asked(mallory, conversation).status_code == 404
    conversation.refresh_from_db()
    assert not conversation.handoff_reason


def test_what_is_deleted_while_theo_looks_is_not_said(
    ben: User, acme: Business, articles: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = builders.conversation(acme, content=RETURN)
    look = answering.find

    def find(*given: Any) -> list[Hit]:
        found = look(*given)
        delete_article(article=articles["Return an item for a refund"])
        return found

    monkeypatch.setattr(answering, "find", find)
    for mode, reason in (("assist", None), ("auto", "low_confidence")):
        told = asked(ben, conversation, mode=mode)
        assert told.status_code == 200
        assert (told.json()["reply"], told.json()["handoff_reason"]) == (None, reason)


def test_without_a_customers_word_there_is_nothing_to_say(ben: User, acme: Business, articles: Any) -> None:
    conversation = builders.conversation(acme, content="")

    assert asked(ben, conversation).json() == {
        "reply": None,
        "confidence": 0.0,
        "mode": "assist",
        "needs_handoff": False,
        "handoff_reason": None,
        "sources": [],
    }
    assert builders.api(ben).post("/api/v1/ai/reply", {"conversation_id": 7}).status_code == 422


def test_who_reads_another_language_is_greeted_in_it_and_told_so_once(
    ben: User, acme: Business, articles: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    article = articles["Return an item for a refund"]
    monkeypatch.setattr(answering, "find", lambda *_: [Hit(key=str(article.pk), confidence=0.7)])
    conversation = builders.conversation(acme, content="Wie kann ich etwas zurückgeben?")

    assert asked(ben, conversation).json()["reply"] == (
        "Hallo! Unser Hilfeartikel dazu ist in einer anderen Sprache:\n"
        "Send it back within 30 days, and the refund takes three days."
    )

    builders.answers(ben, conversation, "Einen Moment, bitte.")
    builders.says(conversation, "Und wie geht das?")
    assert asked(ben, conversation).json()["reply"].startswith("Unser Hilfeartikel")


def test_a_korean_answer_to_a_korean_question_is_not_said_to_be_in_another_language(
    ben: User, acme: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    article = create_article(business=acme, title="배송", content="배송은 보통 2~3일 걸립니다.")
    monkeypatch.setattr(answering, "find", lambda *_: [Hit(key=str(article.pk), confidence=0.7)])
    conversation = builders.conversation(acme, content="배송은 얼마나 걸리나요?")

    assert asked(ben, conversation).json()["reply"] == "Hello!\n배송은 보통 2~3일 걸립니다."


@pytest.mark.parametrize(
    ("content", "reply"),
    [("Hi!", "Hello! How can we help you?"), ("Vielen Dank", "Gern geschehen!"), ("hallo, guten Tag", "Hallo! Wie")],
)
def test_small_talk_gets_a_draft_and_no_person(ben: User, acme: Business, content: str, reply: str) -> None:
    body = asked(ben, builders.conversation(acme, content=content)).json()
    assert body["reply"].startswith(reply)
    assert (body["needs_handoff"], body["sources"]) == (False, [])
    assert body["confidence"] < 0.8


def test_a_draft_understands_what_goes_on_from_before_and_an_answer_by_itself_does_not(
    ben: User, acme: Business, articles: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = str(articles["Delivery times"].pk)
    heard = []

    def find(_business_id: Any, question: str) -> list[Hit]:
        heard.append(question)
        return [Hit(key=key, confidence=0.93 if "deliver" in question else 0.2)]

    monkeypatch.setattr(answering, "find", find)
    conversation = builders.conversation(acme, content="Do you deliver to Spain?")
    builders.answers(ben, conversation, "We do.")
    builders.says(conversation, "And how long does it take?")

    body = asked(ben, conversation).json()
    assert (body["sources"][0]["title"], body["confidence"]) == ("Delivery times", 0.79)
    assert heard == ["And how long does it take?", "Do you deliver to Spain?\nAnd how long does it take?"]

    heard.clear()
    assert asked(ben, conversation, mode="auto").json()["reply"] is None
    assert heard == ["And how long does it take?"]


def test_what_means_another_article_with_what_was_said_before_is_not_sent_by_itself(
    ben: User, acme: Business, articles: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    returns, delivery = (str(articles[title].pk) for title in ("Return an item for a refund", "Delivery times"))

    def find(_business_id: Any, question: str) -> list[Hit]:
        return [Hit(key=delivery if "deliver" in question else returns, confidence=0.93)]

    monkeypatch.setattr(answering, "find", find)
    conversation = builders.conversation(acme, content="Can I have it delivered today?")
    builders.answers(ben, conversation, "Yes.")
    builders.says(conversation, "And if I do not like that?")
    assert asked(ben, conversation, mode="auto").json()["reply"] is None

    builders.says(conversation, "I want to send my new bicycle back to the shop")
    Message.objects.filter(conversation=conversation, seq__lt=4).update(created_at=timezone.now() - timedelta(hours=1))
    assert asked(ben, conversation, mode="auto").json()["reply"].startswith("Send it back")


@pytest.mark.parametrize(("together", "sure"), [((0.33, 0.1), 0.33), ((0.5, 0.45), 0.5), ((0.7, 0.3), 0.93)])
def test_what_goes_on_is_sent_only_where_it_is_as_clear_with_what_was_said_before(
    ben: User,
    acme: Business,
    articles: Any,
    monkeypatch: pytest.MonkeyPatch,
    together: tuple[float, float],
    sure: float,
) -> None:
    returns, delivery = (str(articles[title].pk) for title in ("Return an item for a refund", "Delivery times"))

    def find(_business_id: Any, question: str) -> list[Hit]:
        first, second = together if "yoga" in question else (0.93, 0.02)
        return [Hit(key=returns, confidence=first), Hit(key=delivery, confidence=second)]

    monkeypatch.setattr(answering, "find", find)
    conversation = builders.conversation(acme, content="I want to do yoga")
    builders.answers(ben, conversation, "Gladly.")
    builders.says(conversation, "And what if I have to cancel it?")

    told = asked(ben, conversation, mode="auto").json()
    assert (told["reply"] is not None, told["confidence"]) == (sure > 0.8, sure)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("How do I return a kettle and how long does it take to deliver?", "complex_issue"),
        ("Wie kann ich es zurückgeben? Wie lange dauert die delivery?", "complex_issue"),
        ("How do I return a kettle and a lid?", None),
        ("I bought a kettle. How do I return it to you?", None),
        ("How do I return a kettle? Do you have a jacuzzi?", "complex_issue"),
        ("How do I return a kettle, and do you have a jacuzzi?", "complex_issue"),
        ("How do I return a kettle? Can you help me please?", None),
        ("How do I return a kettle? And how long does it take?", None),
        ("How do I return it? Is a lid sold? Is a cup sold? Is a mug sold? Is a pot sold?", "complex_issue"),
    ],
)
def test_several_questions_that_no_one_article_answers_are_for_a_person(
    ben: User, acme: Business, articles: Any, monkeypatch: pytest.MonkeyPatch, content: str, reason: str | None
) -> None:
    returns, delivery = (str(articles[title].pk) for title in ("Return an item for a refund", "Delivery times"))

    def find(_business_id: Any, question: str) -> list[Hit]:
        sure = 0.1 if "jacuzzi" in question and "return" not in question else 0.93
        return [Hit(key=delivery if "deliver" in question else returns, confidence=sure)]

    monkeypatch.setattr(answering, "find", find)

    told = asked(ben, builders.conversation(acme, content=content), mode="auto").json()

    assert (told["reply"] is None, told["handoff_reason"]) == (reason is not None, reason)


def test_whom_an_agent_has_is_not_put_into_the_queue_by_a_draft(ada: User, ben: User, acme: Business) -> None:
    conversation = builders.conversation(acme, content="Can I talk to a real person?")
    assign_conversation(conversation=conversation, actor=ada, agent_id=ben.pk)
    assert asked(ben, conversation).json()["needs_handoff"] is False


def test_of_a_long_article_whole_sentences_around_the_best_are_said() -> None:
    text = " ".join(f"Filler number {n} says nothing of any use to you." for n in range(40))
    said = excerpt(f"{text} The jacuzzi opens at noon. {text}", "When does the jacuzzi open?")

    assert "The jacuzzi opens at noon." in said
    assert len(said) <= 600
    assert said.endswith(".")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# Head\n\nSome *words*.\n\nAnd\nmore.", "Head\n\nSome words.\n\nAnd more."),
        ("We take:\n- <b>x</b>\n\n- two\n\n1. One\n2. Two", "We take:\n- <b>x</b>\n- two\n\n1. One\n2. Two"),
        ("One\r\n\r\n---\r\n\r\nTwo\n\n", "One\n\nTwo"),
        ("Open [the *sign-in* page](https://acme.com/x).", "Open the sign-in page (https://acme.com/x)."),
        ("[a@acme.com](mailto:a@acme.com), <https://acme.com>, [x]()", "a@acme.com, https://acme.com, x"),
        ("|a|b|\n|-|-|\n|[1](/x)|2|", "a | b\n1 (/x) | 2"),
        ("Hi! ![The label](https://acme.com/x.png), `![a](b)`", "Hi! The label (https://acme.com/x.png), ![a](b)"),
        ("", ""),
    ],
)
def test_markdown_becomes_plain_words(text: str, words: str) -> None:
    assert plain(text) == words
