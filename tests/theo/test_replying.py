"""Theo answers by itself where the workspace turned it on, and a person takes over where it cannot."""

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from businesses.hours import Opening
from businesses.models import Business
from conversations.models import ChannelType, Conversation, Message
from conversations.services.assigning import assign_conversation
from foundation import throttles
from foundation.models import Count
from tests import builders
from theo import answering, replying, turns, watching
from theo.articles import change_article, create_article, delete_article
from theo.assistants import change_assistant
from theo.engine.index import Hit
from theo.models import ArticleStatus, Assistant, Mode
from widgets.models import Visitor

pytestmark = pytest.mark.django_db


@pytest.fixture
def article(acme: Business) -> Any:
    return create_article(business=acme, title="Returns", content="Send it back within 30 days.")


@pytest.fixture
def by_itself(ada: User) -> Assistant:
    return change_assistant(actor=ada, mode=Mode.AUTO, auto_run=True)


@pytest.fixture
def sure(article: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As sure as an engine is that reads meaning: by words alone it never is."""
    monkeypatch.setattr(answering, "find", lambda *_: [Hit(key=str(article.pk), confidence=0.93)])


def look() -> None:
    replying.answer_waiting(threading.Event())


def said(conversation: Conversation) -> list[tuple[str, bool]]:
    return [(message.content, message.is_theos) for message in conversation.messages.order_by("seq")]


def test_a_sure_answer_is_sent_once_with_its_source_and_takes_nobody(
    ada: User, acme: Business, article: Any, by_itself: Assistant, sure: None
) -> None:
    conversation = builders.conversation(acme, content="How do I return it?")

    look()
    look()

    assert said(conversation) == [("How do I return it?", False), ("Hello!\nSend it back within 30 days.", True)]
    told = builders.api(ada).get(f"/api/v1/conversations/{conversation.pk}").json()
    sent = told["messages"][1]
    assert (sent["sender_type"], sent["sender_id"], sent["sender_name"], sent["ai"]) == ("agent", None, "Theo", True)
    assert sent["sources"] == [{"id": str(article.pk), "title": "Returns"}]
    assert (told["assignee_id"], told["first_response_at"]) == (None, None)
    conversation.refresh_from_db()
    assert conversation.handoff_reason == ""


def test_an_unsure_one_is_handed_over_and_the_customer_is_told(
    acme: Business, article: Any, by_itself: Assistant
) -> None:
    conversation = builders.conversation(acme, content="Do you have a jacuzzi?")

    look()
    look()

    conversation.refresh_from_db()
    assert conversation.handoff_reason == "low_confidence"
    assert conversation.waiting_since is not None
    [_asked, (line, is_theos)] = said(conversation)
    assert "A person will answer you here" in line
    assert is_theos


def test_who_asks_for_a_person_after_that_is_in_the_queue_as_such_and_was_told_once(
    acme: Business, article: Any, by_itself: Assistant
) -> None:
    conversation = builders.conversation(acme, content="Do you have a jacuzzi?")
    look()
    builders.says(conversation, "human")

    look()
    watching.flag_who_wants_a_person(threading.Event())

    conversation.refresh_from_db()
    assert conversation.handoff_reason == "user_requested"
    assert [is_theos for _content, is_theos in said(conversation)] == [False, True, False]


def test_the_same_article_is_not_sent_twice_in_a_row(acme: Business, by_itself: Assistant, sure: None) -> None:
    conversation = builders.conversation(acme, content="How do I return it?")
    look()
    builders.says(conversation, "But how?")
    look()

    conversation.refresh_from_db()
    assert conversation.handoff_reason == "low_confidence"
    assert len([one for one in said(conversation) if "Send it back" in one[0]]) == 1


def test_after_six_answers_in_a_row_a_person_is_asked_for(
    acme: Business, by_itself: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    articles = [create_article(business=acme, title=f"Topic {n}", content=f"Words {n}.") for n in range(7)]
    conversation = builders.conversation(acme, content="Topic 0?")
    for number, article in enumerate(articles):
        hit = Hit(key=str(article.pk), confidence=0.9)
        monkeypatch.setattr(answering, "find", lambda *_, hit=hit: [hit])
        if number:
            builders.says(conversation, f"Topic {number}?")
        look()

    conversation.refresh_from_db()
    assert conversation.handoff_reason == "low_confidence"
    answers = [content for content, is_theos in said(conversation) if is_theos][:6]
    assert answers == ["Hello!\nWords 0.", *(f"Words {n}." for n in range(1, 6))]
    assert "Words 6." not in [content for content, _ in said(conversation)]


def test_a_machine_is_not_answered(acme: Business, by_itself: Assistant, sure: None) -> None:
    conversation = builders.conversation(acme, content="How do I return it?", automated=True)
    look()
    assert said(conversation) == [("How do I return it?", False)]

    builders.says(conversation, "How do I return it?")
    look()
    builders.says(conversation, "I am away until Monday.", automated=True)
    look()
    assert [is_theos for _content, is_theos in said(conversation)] == [False, False, True, False]


def test_by_mail_theo_answers_seldom_and_then_leaves_it_to_a_person_without_a_word(
    acme: Business, by_itself: Assistant, sure: None
) -> None:
    conversation = builders.conversation(acme, content="How do I return it?", type=ChannelType.EMAIL)
    look()
    builders.says(conversation, "How do I return it, again?")
    look()

    conversation.refresh_from_db()
    assert conversation.handoff_reason == "low_confidence"
    assert [is_theos for _content, is_theos in said(conversation)] == [False, True, False]


def test_who_has_a_person_hears_nothing_from_theo(
    ada: User, ben: User, acme: Business, by_itself: Assistant, sure: None
) -> None:
    spoken = builders.conversation(acme, content="How do I return it?")
    builders.answers(ben, spoken, "I am looking.")
    Conversation.objects.filter(pk=spoken.pk).update(assignee=None)
    builders.says(spoken, "Thanks, and how?")
    assigned = builders.conversation(acme, content="How do I return it?")
    assign_conversation(conversation=assigned, actor=ada, agent_id=ben.pk)

    look()

    assert not Message.objects.filter(ai_sources__isnull=False).exists()


def test_what_came_while_theo_thought_is_answered_instead(
    acme: Business, article: Any, by_itself: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = builders.conversation(acme, content="How do I return it?")

    def slowly(*_: Any) -> list[Hit]:
        if not conversation.messages.filter(content="Never mind.").exists():
            builders.says(conversation, "Never mind.")
        return [Hit(key=str(article.pk), confidence=0.93)]

    monkeypatch.setattr(answering, "find", slowly)
    [waiting] = replying.waiting()

    assert replying.answer_by_itself(waiting) is None
    assert not conversation.messages.filter(ai_sources__isnull=False).exists()


@pytest.mark.parametrize("is_deleted", [True, False])
def test_what_is_taken_back_while_theo_thinks_is_not_said(
    acme: Business, article: Any, by_itself: Assistant, monkeypatch: pytest.MonkeyPatch, is_deleted: bool
) -> None:
    conversation = builders.conversation(acme, content="How do I return it?")

    def slowly(*args: Any, **kwargs: Any) -> str:
        if is_deleted:
            delete_article(article=article)
        else:
            change_article(article=article, status=ArticleStatus.DRAFT)
        return "Send it back within 30 days."

    monkeypatch.setattr(answering, "find", lambda *_: [Hit(key=str(article.pk), confidence=0.93)])
    monkeypatch.setattr(answering, "excerpt", slowly)
    look()
    assert said(conversation) == [("How do I return it?", False)]

    look()
    conversation.refresh_from_db()
    assert conversation.handoff_reason == "low_confidence"


def test_nothing_is_sent_where_it_is_off_or_the_plan_lacks_it(ada: User, acme: Business, sure: None) -> None:
    conversation = builders.conversation(acme, content="How do I return it?")
    look()
    change_assistant(actor=ada, mode=Mode.AUTO, auto_run=False)
    look()
    change_assistant(actor=ada, auto_run=True)
    acme.plan.theo_auto = False
    acme.plan.save()
    look()

    assert len(said(conversation)) == 1


def test_a_quiet_moment_costs_one_query(acme: Business, by_itself: Assistant) -> None:
    with CaptureQueriesContext(connection) as queries:
        look()
    assert len(queries) == 1


@pytest.mark.parametrize("content", ["Hi!", "thank you so much", "Danke schön", "👍", "ok, merci"])
def test_a_greeting_or_thanks_is_neither_answered_nor_handed_over(
    acme: Business, article: Any, by_itself: Assistant, content: str
) -> None:
    conversation = builders.conversation(acme, content=content)
    look()
    look()

    conversation.refresh_from_db()
    assert (conversation.handoff_reason, len(said(conversation))) == ("", 1)


def test_what_theo_cannot_read_goes_to_a_person(acme: Business, by_itself: Assistant, sure: None) -> None:
    conversation = builders.conversation(acme, content="What is this?")
    Message.objects.filter(conversation=conversation).update(content="", attachments=[{"filename": "a.png"}])
    look()

    conversation.refresh_from_db()
    assert conversation.handoff_reason == "low_confidence"


def test_an_engine_that_fails_hands_over_and_keeps_nobody_else_waiting(
    acme: Business, article: Any, by_itself: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned = builders.conversation(acme, content="Boom?")
    other = builders.conversation(acme, content="How do I return it?")

    def find(_business_id: Any, question: str) -> list[Hit]:
        if question == "Boom?":
            raise RuntimeError
        return [Hit(key=str(article.pk), confidence=0.93)]

    monkeypatch.setattr(answering, "find", find)
    look()

    poisoned.refresh_from_db()
    assert poisoned.handoff_reason == "error"
    assert said(other)[-1] == ("Hello!\nSend it back within 30 days.", True)


def test_no_article_is_sent_twice_in_a_conversation_even_with_another_between(
    acme: Business, article: Any, by_itself: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = create_article(business=acme, title="Delivery", content="Two days.")
    conversation = builders.conversation(acme, content="How do I return it?")
    for found in (article, other, article):
        monkeypatch.setattr(answering, "find", lambda *_, found=found: [Hit(key=str(found.pk), confidence=0.9)])
        look()
        builders.says(conversation, "And then?")

    conversation.refresh_from_db()
    assert conversation.handoff_reason == "low_confidence"
    assert len([one for one in said(conversation) if "Send it back" in one[0]]) == 1


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("Habt ihr einen Whirlpool?", "Hier antwortet Ihnen ein Mensch."),
        ("Avez-vous un jacuzzi ?", "Une personne vous répondra ici."),
        ("¿Tienen ustedes un jacuzzi?", "Una persona le responderá aquí."),
        ("Avete una vasca idromassaggio nel centro?", "Una persona le risponderà qui."),
        ("Heeft het zwembad een jacuzzi?", "Een medewerker antwoordt u hier."),
        ("Czy jest jacuzzi?", "Odpowie tu Państwu człowiek."),
        ("Vocês têm jacuzzi?", "Uma pessoa vai responder aqui."),
        ("У вас есть джакузи?", "Вам здесь ответит человек."),
        ("هل لديكم جاكوزي؟", "سيجيبك شخص هنا"),
        ("יש לכם ג'קוזי?", "אדם יענה לך כאן"),
        ("ジャグジーはありますか？", "こちらで担当者がお答えします"),
        ("有按摩浴缸吗？", "稍后会有人在这里回复您"),
        ("Jakuziniz var?", "A person will answer you here"),
    ],
)
def test_who_is_handed_over_is_told_in_their_own_language(
    acme: Business, by_itself: Assistant, asked: str, told: str
) -> None:
    conversation = builders.conversation(acme, content=asked)
    look()
    assert told in said(conversation)[-1][0]


def test_who_writes_a_word_that_tells_no_language_is_told_in_that_of_their_chat(
    acme: Business, ada: User, by_itself: Assistant
) -> None:
    cleo = builders.visitor_writes(acme, "Jakuzi?", widget=builders.widget(ada))
    Visitor.objects.filter(customer=cleo.conversation.customer).update(language="nl")
    look()
    assert "Een medewerker antwoordt u hier." in said(cleo.conversation)[-1][0]


def test_a_closed_house_says_in_their_language_when_it_opens(
    acme: Business, ada: User, by_itself: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monday = datetime(2026, 11, 30, 9, tzinfo=UTC)
    monkeypatch.setattr("theo.speaking.opening", lambda *_, **__: Opening(is_open=False, changes_at=monday))
    acme.time_zone = "Europe/Berlin"
    acme.save()
    conversation = builders.conversation(acme, content="Habt ihr einen Whirlpool?")
    look()
    assert said(conversation)[-1][0].endswith("Wieder geöffnet: Montag, 10:00 (Europe/Berlin)")


def test_whoever_says_thanks_keeps_nobody_else_waiting(
    acme: Business, article: Any, by_itself: Assistant, sure: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replying, "AT_ONCE", 1)
    builders.conversation(acme, content="Thanks!")
    asks = builders.conversation(acme, content="How do I return it?")
    look()
    look()
    assert len(said(asks)) == 2


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_look_at_once_think_about_a_conversation_once(
    acme: Business, article: Any, by_itself: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has seen that it waits; one thinks, and the other finds the turn taken, or the answer there."""
    conversation = builders.conversation(acme, content="How do I return it?")
    gate, thought = threading.Barrier(2), list[str]()

    def find(_business_id: Any, question: str) -> list[Hit]:
        thought.append(question)
        return [Hit(key=str(article.pk), confidence=0.93)]

    def work() -> None:
        [seen] = replying.waiting()
        gate.wait()
        try:
            replying.answer_by_itself(seen)
        finally:
            connection.close()

    monkeypatch.setattr(answering, "find", find)
    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert thought == ["How do I return it?"]
    assert [is_theos for _content, is_theos in said(conversation)] == [False, True]
    conversation.refresh_from_db()
    assert conversation.handoff_reason == ""


def test_whoever_comes_late_to_an_answered_conversation_leaves_it_so(
    acme: Business, by_itself: Assistant, sure: None
) -> None:
    conversation = builders.conversation(acme, content="How do I return it?")
    [early], [late] = replying.waiting(), replying.waiting()

    assert replying.answer_by_itself(early)
    assert replying.answer_by_itself(late) is None

    conversation.refresh_from_db()
    assert (len(said(conversation)), conversation.handoff_reason) == (2, "")


def test_the_turn_of_a_worker_that_died_is_over_after_a_while(acme: Business, by_itself: Assistant, sure: None) -> None:
    conversation = builders.conversation(acme, content="How do I return it?")
    [waiting] = replying.waiting()
    assert throttles.is_first("THEO_TURN", conversation.pk, seconds=turns.SECONDS)

    assert replying.answer_by_itself(waiting) is None

    Count.objects.update(until=timezone.now())
    assert replying.answer_by_itself(waiting)
