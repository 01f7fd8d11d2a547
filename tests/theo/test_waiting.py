"""Nobody who waits for Theo is forgotten: not after a while, not behind others, not when a person has been there."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from conversations.models import Conversation
from conversations.services.assigning import assign_conversation
from conversations.services.handling import reopen_conversation, resolve_conversation
from tests import builders
from theo import answering, replying, watching
from theo.articles import create_article
from theo.assistants import change_assistant
from theo.engine.index import Hit
from theo.models import Mode
from theo.watching import flag_who_wants_a_person

pytestmark = pytest.mark.django_db
PERSON = "Please let me talk to a human."


@pytest.fixture(autouse=True)
def the_worker_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replying, "_since", None)
    monkeypatch.setattr(watching, "_since", None)


@pytest.fixture
def by_itself(ada: User) -> None:
    change_assistant(actor=ada, mode=Mode.AUTO, auto_run=True)


@pytest.fixture
def sure(acme: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    article = create_article(business=acme, title="Returns", content="Send it back within 30 days.")
    monkeypatch.setattr(answering, "find", lambda *_: [Hit(key=str(article.pk), confidence=0.93)])


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """What the threads for language models have to do, which these never finish."""
    work: list[Callable[[], None]] = []
    monkeypatch.setattr(replying._beside, "submit", work.append)
    monkeypatch.setattr(replying, "_under_way", {})
    return work


def look() -> None:
    replying.answer_waiting(threading.Event())


def watch() -> None:
    flag_who_wants_a_person(threading.Event())


def reason_of(conversation: Conversation) -> str:
    conversation.refresh_from_db()
    return conversation.handoff_reason


def was_written(conversation: Conversation, ago: timedelta) -> None:
    Conversation.objects.filter(pk=conversation.pk).update(updated_at=timezone.now() - ago)


def test_whom_no_worker_saw_for_a_while_is_handed_over_and_told(acme: Business, by_itself: None, sure: None) -> None:
    asks = builders.conversation(acme, content="How do I return it?")
    wants = builders.conversation(acme, content=PERSON)
    thanks = builders.conversation(acme, content="Thanks!")
    for conversation, minutes in ((asks, 11), (wants, 600), (thanks, 11)):
        was_written(conversation, timedelta(minutes=minutes))
    look()
    look()

    assert (reason_of(asks), reason_of(wants), reason_of(thanks)) == ("error", "user_requested", "")
    assert "A person will answer you here" in asks.messages.get(seq=2).content
    assert (asks.messages.count(), thanks.messages.count()) == (2, 1)


def test_who_wrote_long_before_theo_was_turned_on_is_left_to_the_team(ada: User, acme: Business, sure: None) -> None:
    before = builders.conversation(acme, content="How do I return it?")
    before.messages.update(created_at=timezone.now() - timedelta(hours=1))
    was_written(before, timedelta(hours=1))
    change_assistant(actor=ada, mode=Mode.AUTO, auto_run=True)
    look()
    assert (reason_of(before), before.messages.count()) == ("", 1)

    builders.says(before, "Hello, how do I return it?")
    change_assistant(actor=ada, threshold=0.9)
    look()
    assert before.messages.count() == 3


def test_who_asked_for_a_person_while_no_worker_ran_is_flagged_by_the_next(acme: Business) -> None:
    wants = builders.conversation(acme, content=PERSON)
    was_written(wants, timedelta(hours=3))
    watch()
    assert reason_of(wants) == "user_requested"


def test_however_many_wait_each_is_looked_at(acme: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "AT_ONCE", 2)
    watching._waiting.cache_clear()  # type: ignore[attr-defined]
    for number in range(3):
        was_written(builders.conversation(acme, content="Where is it?"), timedelta(minutes=9 - number))
    wants = builders.conversation(acme, content=PERSON)
    for _ in range(8):
        watch()
    watching._waiting.cache_clear()  # type: ignore[attr-defined]
    assert reason_of(wants) == "user_requested"


def test_a_workspace_with_a_slow_model_leaves_room_for_others(
    ada: User,
    mallory: User,
    acme: Business,
    by_itself: None,
    sure: None,
    submitted: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replying, "AT_ONCE", 2)
    monkeypatch.setattr(replying, "is_there", lambda business_id: business_id == acme.pk)
    for _ in range(5):
        builders.conversation(acme, content="How do I return it?")
    change_assistant(actor=mallory, mode=Mode.AUTO, auto_run=True)
    other = builders.conversation(mallory.memberships.get().business, content="Do you have a jacuzzi?")
    look()

    assert other.messages.count() == 2
    assert len(submitted) == 1


def test_a_thread_is_held_for_one_conversation_and_the_oldest_is_the_next(
    acme: Business, by_itself: None, sure: None, submitted: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replying, "is_there", lambda _business_id: True)
    monkeypatch.setattr(answering, "is_there", lambda _business_id: False)
    first, second = (builders.conversation(acme, content="How do I return it?") for _ in range(2))
    look()
    submitted.pop()()
    assert (first.messages.count(), second.messages.count()) == (2, 1)
    look()
    submitted.pop()()
    assert second.messages.count() == 2


def test_what_waited_too_long_for_a_slow_model_is_handed_over(
    acme: Business, by_itself: None, sure: None, submitted: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replying, "is_there", lambda _business_id: True)
    look()
    late = builders.conversation(acme, content="How do I return it?")
    was_written(late, timedelta(minutes=11))
    look()
    assert (reason_of(late), submitted) == ("error", [])


def test_who_has_had_a_person_and_asks_for_one_again_is_flagged(
    ada: User, ben: User, acme: Business, by_itself: None, sure: None
) -> None:
    conversation = builders.conversation(acme, content="How do I return it?")
    builders.answers(ben, conversation, "Like so.")
    conversation.refresh_from_db()
    resolve_conversation(conversation=conversation, actor=ben)
    assign_conversation(conversation=conversation, actor=ada, agent_id=None)
    builders.says(conversation, PERSON)
    look()
    watch()
    assert reason_of(conversation) == "user_requested"


def test_a_message_flags_once_and_after_that_only_newer_ones_do(ada: User, ben: User, acme: Business) -> None:
    conversation = builders.conversation(acme, content=PERSON)
    watch()
    assign_conversation(conversation=conversation, actor=ada, agent_id=ben.pk)
    assign_conversation(conversation=conversation, actor=ada, agent_id=None)
    watch()
    assert reason_of(conversation) == ""

    resolve_conversation(conversation=conversation, actor=ben)
    conversation.refresh_from_db()
    reopen_conversation(conversation=conversation, actor=ben)
    watch()
    assert reason_of(conversation) == ""

    builders.says(conversation, PERSON)
    watch()
    assert reason_of(conversation) == "user_requested"


def test_nor_does_it_where_theo_answers_by_itself(ada: User, ben: User, acme: Business, by_itself: None) -> None:
    conversation = builders.conversation(acme, content="Do you have a jacuzzi?")
    [waiting] = replying.waiting()
    replying.hand_over(waiting, 1, replying.HandoffReason.LOW_CONFIDENCE, silently=True)
    assign_conversation(conversation=conversation, actor=ada, agent_id=ben.pk)
    assign_conversation(conversation=conversation, actor=ada, agent_id=None)
    look()
    assert (reason_of(conversation), conversation.messages.count()) == ("", 1)
