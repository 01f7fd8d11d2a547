"""What became of what Theo said, and the questions that it found no answer to."""

import threading
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from businesses.models import Business, FeedEvent
from conversations.models import Conversation, HandoffReason
from conversations.services.handling import resolve_conversation
from conversations.services.handoffs import flag_for_person
from foundation.prepared import prepared
from tests import builders
from theo import answering, outcomes, replying, unanswered
from theo.answering import Answer, Source
from theo.articles import create_article
from theo.assistants import change_assistant
from theo.engine.index import Hit
from theo.models import Article, Mode, Outcome, Reply, Unanswered
from theo.outcomes import remember

pytestmark = pytest.mark.django_db

TEXT = "Send it back within 30 days, and the refund takes three days."
WORDS = f"Hello!\n{TEXT}"


@pytest.fixture(autouse=True)
def sure(acme: Business, monkeypatch: pytest.MonkeyPatch) -> Any:
    article = create_article(business=acme, title="Returns", content=TEXT)
    hit = Hit(key=str(article.pk), confidence=0.93, engine="full", features={"words": 0.5})
    monkeypatch.setattr(answering, "find", lambda _business, question: [] if "jacuzzi" in question else [hit])
    return article


def settle() -> None:
    outcomes.settle(threading.Event())


def drafted(ben: User, conversation: Conversation) -> Reply:
    builders.api(ben).post("/api/v1/ai/reply", {"conversation_id": str(conversation.pk)})
    return Reply.objects.get(conversation=conversation)


@pytest.mark.parametrize(
    ("sent", "outcome"),
    [
        (WORDS, Outcome.ACCEPTED),
        (f"Hello Cleo! {TEXT}", Outcome.EDITED),
        (WORDS.replace("three", "five"), Outcome.EDITED),
        ("One moment.", ""),
    ],
)
def test_a_draft_is_judged_by_what_was_sent(ben: User, acme: Business, sent: str, outcome: str) -> None:
    conversation = builders.conversation(acme, content="How do I return it?")
    draft = drafted(ben, conversation)
    assert (draft.is_sent, draft.engine, draft.features, draft.text) == (False, "full", {"words": 0.5}, WORDS)
    assert drafted(ben, conversation) == draft

    builders.answers(ben, conversation, sent)
    settle()

    draft.refresh_from_db()
    assert draft.outcome == outcome


def test_one_that_cannot_be_judged_holds_up_no_other(
    ben: User, acme: Business, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken, good = (drafted(ben, builders.conversation(acme, content="How do I return it?")) for _ in range(2))
    for draft in (broken, good):
        builders.answers(ben, draft.conversation, WORDS)
    likeness_of = outcomes.likeness_of

    def fails_once(draft: str, sent: str) -> float:
        monkeypatch.setattr(outcomes, "likeness_of", likeness_of)
        raise RuntimeError

    monkeypatch.setattr(outcomes, "likeness_of", fails_once)
    settle()

    good.refresh_from_db()
    assert good.outcome == Outcome.ACCEPTED
    assert f"reply {broken.pk} cannot be told" in caplog.text


def test_over_rest_the_newest_draft_of_a_conversation_is_dropped_once(ben: User, mallory: User, acme: Business) -> None:
    conversation = builders.conversation(acme, content="How do I return it?")
    draft = drafted(ben, conversation)
    address = f"/api/v1/conversations/{conversation.pk}/suggestion"

    assert builders.api(mallory).delete(address).status_code == 404
    assert builders.api(ben).delete(address).status_code == 200
    assert builders.api(ben).delete(address).status_code == 404

    draft.refresh_from_db()
    assert draft.outcome == Outcome.DISCARDED


def test_a_draft_is_dropped_by_its_agent_or_forgotten_after_an_hour(ben: User, acme: Business, sign_in: Any) -> None:
    dropped = drafted(ben, builders.conversation(acme, content="How do I return it?"))
    assert sign_in(ben).post(f"/theo/drafts/{dropped.pk}/drop/").status_code == 204
    dropped.refresh_from_db()
    assert dropped.outcome == Outcome.DISCARDED

    used, idle = (builders.conversation(acme, content="How do I return it?") for _ in range(2))
    other_words = drafted(ben, used)
    drafted(ben, idle)
    builders.answers(ben, used, "We will look into that.")
    Reply.objects.update(created_at=timezone.now() - timedelta(hours=2))
    settle()

    other_words.refresh_from_db()
    assert other_words.outcome == Outcome.DISCARDED
    assert not Reply.objects.filter(conversation=idle).exists()


@pytest.fixture
def answered(ada: User, acme: Business) -> Conversation:
    change_assistant(actor=ada, mode=Mode.AUTO, auto_run=True)
    conversation = builders.conversation(acme, content="How do I return it?")
    replying.answer_waiting(threading.Event())
    return conversation


def test_an_automatic_answer_is_solved_when_nobody_had_to_come(ada: User, answered: Conversation) -> None:
    settle()
    builders.says(answered, "Thanks")
    settle()
    reply = Reply.objects.get()
    assert (reply.is_sent, reply.outcome) == (True, "")

    resolve_conversation(conversation=answered, actor=ada)
    settle()

    reply.refresh_from_db()
    assert reply.outcome == Outcome.SOLVED


def test_who_writes_on_after_an_answer_keeps_no_other_from_being_judged(
    ada: User, ben: User, acme: Business, answered: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "AT_ONCE", 1)
    monkeypatch.setattr(outcomes, "_due", prepared(outcomes._due.__wrapped__))  # with as many in it
    builders.says(answered, "Thanks")
    change_assistant(actor=ada, mode=Mode.ASSIST)
    other = builders.conversation(acme, content="How do I return it?")
    draft = drafted(ben, other)
    builders.answers(ben, other, WORDS)
    settle()
    settle()

    draft.refresh_from_db()
    assert draft.outcome == Outcome.ACCEPTED

    builders.answers(ben, answered, "Let me see.")
    settle()
    assert Reply.objects.get(conversation=answered).outcome == Outcome.HANDED_OVER


def test_texts_that_repeat_themselves_are_compared_as_fast_as_others() -> None:
    begun = time.process_time()
    for _ in range(100):
        outcomes.likeness_of(" ".join(["ab"] * 600), " ".join(["a b"] * 500))
        outcomes.likeness_of("a" * 2_000, "ab" * 1_000)
    assert time.process_time() - begun < 30


@pytest.mark.parametrize(
    ("sent", "least", "most"),
    [
        (TEXT, 0.8, 0.99),  # without the greeting
        (TEXT.replace("30 days", "14 days"), 0.8, 0.99),
        (TEXT.upper(), 0.8, 0.99),
        (TEXT[:30], 0.5, 0.8),
        ("We are open from nine to five, and closed on public holidays.", 0, 0.4),
        ("", 0, 0),
    ],
)
def test_how_much_of_a_draft_was_sent(sent: str, least: float, most: float) -> None:
    assert least <= outcomes.likeness_of(WORDS, sent) <= most
    assert outcomes.likeness_of("三十天内退回即可。", "三十天内退回即可！") > outcomes.EDITED


def test_an_automatic_answer_before_a_handoff_did_not_help(answered: Conversation) -> None:
    flag_for_person(conversation=answered, reason=HandoffReason.USER_REQUESTED)
    settle()
    assert Reply.objects.get().outcome == Outcome.HANDED_OVER


@pytest.mark.parametrize(
    ("next_words", "outcome"),
    [
        ("Do you have a jacuzzi in the house?", Outcome.SOLVED),
        ("So how does one return things to you?", Outcome.HANDED_OVER),  # the same again
        ("And when does the refund come?", Outcome.HANDED_OVER),
        ("I want to talk to a human being", Outcome.HANDED_OVER),
        ("jacuzzi?", Outcome.HANDED_OVER),
    ],
)
def test_an_answer_is_not_to_blame_for_a_person_who_comes_for_another_question(
    answered: Conversation, sure: Article, next_words: str, outcome: str
) -> None:
    builders.says(answered, next_words)
    replying.answer_waiting(threading.Event())
    answered.refresh_from_db()
    assert answered.handoff_reason

    settle()

    assert Reply.objects.get(is_sent=True).outcome == outcome


def test_of_several_answers_the_last_is_what_a_person_came_after(
    ben: User, answered: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = create_article(business=answered.business, title="Delivery", content="Within two days.")
    monkeypatch.setattr(answering, "find", lambda *_: [Hit(key=str(delivery.pk), confidence=0.93)])
    builders.says(answered, "How many days does delivery take?")
    replying.answer_waiting(threading.Event())
    builders.answers(ben, answered, "It may take a week now.")

    settle()

    became = dict(Reply.objects.values_list("article__title", "outcome"))
    assert became == {"Returns": Outcome.SOLVED, "Delivery": Outcome.HANDED_OVER}


def test_an_agent_marks_an_automatic_answer_as_wrong(
    ben: User, mallory: User, answered: Conversation, sign_in: Any
) -> None:
    message = answered.messages.get(ai_sources__isnull=False)
    path = f"/theo/messages/{message.pk}/wrong/"
    assert sign_in(mallory).post(path).status_code == 404

    thread = f"/inbox/{answered.pk}/"
    assert "Wrong answer?" in sign_in(ben).get(thread).content.decode()

    assert sign_in(ben).post(path).status_code == 204
    settle()

    assert Reply.objects.get().outcome == Outcome.WRONG
    page = sign_in(ben).get("/settings/theo/playground/").content.decode()
    assert "Marked as wrong" in page
    assert "90–100 %" in page
    shown = sign_in(ben).get(thread).content.decode()
    assert "Marked as wrong" in shown
    assert "Wrong answer?" not in shown
    assert FeedEvent.objects.order_by("seq").last().kind == "message.updated"  # type: ignore[union-attr]


def test_over_the_api_an_answer_is_called_wrong_and_its_sources_stay_what_they_are(
    ben: User, mallory: User, answered: Conversation
) -> None:
    message = answered.messages.get(ai_sources__isnull=False)
    path = f"/api/v1/conversations/{answered.pk}/messages/{message.pk}/wrong"
    assert builders.api(mallory).post(path).status_code == 404
    asked = answered.messages.exclude(pk=message.pk).first()
    assert asked
    assert builders.api(ben).post(path.replace(str(message.pk), str(asked.pk))).status_code == 404

    told = builders.api(ben).post(path).json()

    assert [set(source) for source in told["sources"]] == [{"id", "title"}]
    [_question, answer] = builders.api(ben).get(f"/api/v1/conversations/{answered.pk}/messages").json()["results"]
    assert answer["sources"] == told["sources"]
    assert Reply.objects.get().outcome == Outcome.WRONG


def test_the_chart_takes_as_many_queries_whatever_there_is(ben: User, acme: Business, mallory: User) -> None:
    for right in (True, True, False):
        reply = drafted(ben, builders.conversation(acme, content="How do I return it?"))
        outcomes.conclude(reply, Outcome.ACCEPTED if right else Outcome.DISCARDED)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        [bucket] = outcomes.buckets(acme.pk)
    assert (bucket.least, bucket.count, bucket.said, bucket.right, len(queries)) == (90, 3, 93, 67, 1)
    assert outcomes.buckets(mallory.memberships.get().business_id) == []


def test_what_no_article_says_is_grouped_dismissed_and_written(
    ben: User, mallory: User, acme: Business, sign_in: Any
) -> None:
    first = builders.conversation(acme, content="Do you have a jacuzzi? Mail me at cleo@example.com")
    for _again in range(2):
        builders.api(ben).post("/api/v1/ai/reply", {"conversation_id": str(first.pk)})
    again = builders.conversation(acme, content="is there a jacuzzi? Mail me at cleo@example.org")
    builders.api(ben).post("/api/v1/ai/reply", {"conversation_id": str(again.pk)})
    builders.answers(ben, again, "Yes, on the roof.")

    group = Unanswered.objects.get()
    assert (group.count, group.question) == (2, "Do you have a jacuzzi? Mail me at [e-mail]")
    client = sign_in(ben)
    assert "Asked 2 times" in client.get("/knowledge/questions/").content.decode()
    editor = client.get(f"/knowledge/new/?question={group.pk}").content.decode()
    assert "Do you have a jacuzzi?" in editor
    assert "Yes, on the roof." in editor
    stranger = sign_in(mallory)
    assert "jacuzzi" not in stranger.get("/knowledge/questions/").content.decode()
    assert stranger.get(f"/knowledge/new/?question={group.pk}").status_code == 404
    assert stranger.post(f"/knowledge/questions/{group.pk}/dismiss/").status_code == 404

    words = {"title": "Jacuzzi", "content": "On the roof.", "tags": "", "do": "published"}
    client.post(f"/knowledge/new/?question={group.pk}", words)
    group.refresh_from_db()
    assert group.is_dismissed
    assert "Nothing is missing" in client.get("/knowledge/questions/").content.decode()


def test_both_are_thrown_away_in_time(ben: User, acme: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    drafted(ben, builders.conversation(acme, content="How do I return it?"))
    monkeypatch.setattr(unanswered, "MOST_GROUPS", 2)
    for topic in ("red", "green", "blue"):
        asked = builders.conversation(acme, content=f"jacuzzi {topic} {topic}x {topic}y")
        builders.api(ben).post("/api/v1/ai/reply", {"conversation_id": str(asked.pk)})
    assert Unanswered.objects.count() == 2
    assert (outcomes.purge(), unanswered.purge()) == (0, 0)

    Reply.objects.update(created_at=timezone.now() - timedelta(days=366))
    Unanswered.objects.update(last_at=timezone.now() - timedelta(days=91))
    assert (outcomes.purge(), unanswered.purge()) == (1, 2)


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_the_same_at_once_are_counted_both(acme: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, like = threading.Barrier(2), unanswered._like

    def slowly(*args: Any) -> Unanswered | None:
        found = like(*args)
        with suppress(threading.BrokenBarrierError):
            gate.wait(timeout=1)  # for the other one to have looked as well, if it may
        return found

    def ask(conversation: Conversation) -> None:
        found = answering.Answer(
            question="Do you have a jacuzzi?",
            reply=None,
            confidence=0,
            mode=Mode.AUTO,
            unknown=("Do you have a jacuzzi?",),
            up_to_seq=1,
        )
        try:
            unanswered.note_unanswered(conversation=conversation, found=found)
        finally:
            connection.close()

    monkeypatch.setattr(unanswered, "_like", slowly)
    conversations = [builders.conversation(acme, content="Do you have a jacuzzi?") for _ in range(2)]
    threads = [threading.Thread(target=ask, args=[conversation]) for conversation in conversations]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert list(Unanswered.objects.values_list("question", "count")) == [("Do you have a jacuzzi?", 2)]


def test_what_told_of_an_article_is_kept_with_the_reply_that_cites_it(acme: Business) -> None:
    nearest, cited = (create_article(business=acme, title=title, content="x") for title in ("Returns", "Delivery"))
    hits = [
        Hit(key=str(article.pk), confidence=sure, engine="full", features={"words": sure})
        for article, sure in ((nearest, 0.9), (cited, 0.7))
    ]
    source = Source(id=cited.pk, title=cited.title)
    said = Answer(question="?", reply="x", confidence=0.7, mode=Mode.ASSIST, sources=[source], considered=hits)

    reply = remember(conversation=builders.conversation(acme), found=said)

    assert reply
    assert (reply.article_id, reply.features) == (cited.pk, {"words": 0.7})
