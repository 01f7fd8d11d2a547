"""A language model is asked within its time, its budget and its room, and done without where it fails."""

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from businesses.models import AuditEntry, Business
from conversations.models import Conversation
from tests import builders
from tests.fakes.models import KEY, USAGE, Anthropic, OpenAI
from tests.fakes.server import Answer as Said
from tests.theo.worded import QUESTION, RIGHT, WORDED, is_quoted, own_model, thought
from theo import answering, language_models, replying
from theo.articles import change_article, create_article
from theo.assistants import change_assistant
from theo.engine.index import Hit
from theo.language_models import language_model_of
from theo.models import LanguageModel, Mode
from theo.port import Prompt, ProviderFailed, ProviderKind

pytestmark = pytest.mark.django_db


def test_anthropics_wire_does_as_well(acme: Business, article: Any, loopback: None) -> None:
    with Anthropic() as fake:
        fake.reply = RIGHT
        own_model(acme, fake, ProviderKind.ANTHROPIC)
        conversation = builders.conversation(acme, content=QUESTION)
        told: list[str] = []

        assert thought(conversation).reply == WORDED
        fake.refuses = {"temperature"}
        assert thought(conversation, on_text=told.append).reply == WORDED

        assert fake.broken == []
    assert told[-1] == WORDED
    assert len(told) > 3
    assert language_model_of(acme.pk).used_tokens == 2 * USAGE


@pytest.mark.parametrize(
    "answer",
    [
        Said(status=500, body={}),
        Said(status=401, body={"error": {"message": KEY}}),
        Said(drop=True),
        Said(b'{"choices": [{"mess', cut=40),
        Said(b"<html>not a model</html>"),
        Said({"choices": []}),
        Said({"choices": [{"message": {"content": None}, "finish_reason": "stop"}]}),
        Said(b"[" * 600_000),
        Said(status=302, body={}, headers={"location": "http://127.0.0.1:1/"}),
        Said(status=429, body={}, headers={"retry-after": "60"}),
    ],
)
def test_a_provider_that_fails_is_done_without(
    conversation: Conversation, openai: OpenAI, answer: Said, monkeypatch: Any, caplog: Any
) -> None:
    monkeypatch.setattr(language_models.time, "sleep", lambda _seconds: None)
    openai.next.extend([answer, answer])

    assert is_quoted(thought(conversation))
    assert KEY not in caplog.text


def test_a_slow_one_is_not_waited_for(conversation: Conversation, openai: OpenAI, monkeypatch: Any) -> None:
    monkeypatch.setattr("theo.writing.language_models.seconds_in_all", lambda: 0.3)
    openai.next.append(Said([b"{", b"}"] * 10, pause=0.1))

    assert is_quoted(thought(conversation))


def test_where_no_request_waits_it_has_more_time(
    ada: User, article: Any, conversation: Conversation, openai: OpenAI, monkeypatch: Any
) -> None:
    monkeypatch.setattr(answering, "find", lambda *_: [Hit(key=str(article.pk), confidence=0.93)])
    monkeypatch.setattr(replying._beside, "submit", lambda work: work())
    monkeypatch.setattr("theo.writing.language_models.seconds_in_all", lambda: 0.3)
    change_assistant(actor=ada, mode=Mode.AUTO, auto_run=True)
    openai.next.append(Said([b" "] * 6 + [json.dumps(openai.said(openai.text)).encode()], pause=0.1))

    replying.answer_waiting(threading.Event())

    assert conversation.messages.get(seq=2).content == WORDED


def test_what_may_pass_is_tried_once_more(conversation: Conversation, openai: OpenAI) -> None:
    openai.next.append(Said(status=429, body={}, headers={"retry-after": "0.1"}))

    assert thought(conversation).by_model


@pytest.mark.parametrize("option", ["temperature", "max_tokens", "response_format"])
def test_what_a_server_does_not_know_is_left_out_from_then_on(
    conversation: Conversation, openai: OpenAI, option: str
) -> None:
    openai.refuses = {option}

    assert thought(conversation).by_model
    assert thought(conversation).by_model

    assert [option in asked for asked in openai.asked] == [True, False, False]


def test_at_the_end_of_the_months_tokens_articles_are_quoted_until_the_next(
    acme: Business, conversation: Conversation, openai: OpenAI, mailoutbox: Any, django_capture_on_commit_callbacks: Any
) -> None:
    rows = LanguageModel.objects.filter(business=acme)
    rows.update(monthly_tokens=2_000, month=timezone.now().strftime("%Y-%m"), used_tokens=1_500)
    with django_capture_on_commit_callbacks(execute=True):
        for _twice in range(2):
            assert is_quoted(thought(conversation))
    assert openai.calls == []
    assert [mail.subject for mail in mailoutbox] == ["Theo’s language model has used up this month’s tokens"]
    assert AuditEntry.objects.filter(business_id=acme.pk, action="assistant.tokens_used_up").count() == 1

    rows.update(month="2020-01")
    assert thought(conversation).by_model
    assert language_model_of(acme.pk).used_tokens == USAGE


def test_one_that_fails_again_and_again_is_left_alone_for_a_minute(
    conversation: Conversation, openai: OpenAI, model: LanguageModel
) -> None:
    openai.next.extend([Said(status=401, body={})] * 5)
    for _time in range(6):
        assert is_quoted(thought(conversation))
    assert len(openai.calls) == 5

    LanguageModel.objects.update(off_until=timezone.now() - timedelta(seconds=1))
    assert thought(conversation).by_model
    model.refresh_from_db()
    assert (model.failures, model.off_until) == (0, None)


def test_a_workspace_reaches_no_private_address_and_the_operators_own_is_for_the_installation_alone(
    settings: Any, acme: Business, article: Any, openai: OpenAI
) -> None:
    settings.OUTBOUND_ALLOW = []
    settings.THEO_MODEL, settings.THEO_MODEL_URL, settings.THEO_MODEL_KEY = "small", openai.base, KEY
    conversation = builders.conversation(acme, content=QUESTION)
    assert thought(conversation).by_model

    calls = len(openai.calls)
    LanguageModel.objects.all().delete()
    own_model(acme, openai)
    assert is_quoted(thought(conversation))
    assert len(openai.calls) == calls


def test_a_key_opens_for_its_own_address_and_workspace_alone(
    mallory: User, acme: Business, model: LanguageModel, openai: OpenAI
) -> None:
    assert language_models.endpoint_of(model)
    model.base_url = "https://evil.example/v1"
    assert language_models.endpoint_of(model) is None
    model.base_url = openai.base
    model.business = mallory.memberships.get().business
    assert language_models.endpoint_of(model) is None
    assert KEY not in model.sealed_key


def test_what_is_too_long_is_not_asked(acme: Business, model: LanguageModel, openai: OpenAI) -> None:
    with pytest.raises(ProviderFailed, match="too long"):
        language_models.ask(acme.pk, Prompt(system="x", data="y" * 20_000, max_tokens=100), seconds=5)
    assert openai.calls == []


def test_a_long_article_and_long_messages_are_cut(acme: Business, model: LanguageModel, openai: OpenAI) -> None:
    create_article(business=acme, title="Refund of items", content="How to return an item for a refund. " * 2_000)
    conversation = builders.conversation(acme, content=(QUESTION + " ") * 200)
    thought(conversation)
    assert len(openai.calls[-1].body) < 4 * language_models.MOST_TOKENS


def test_of_a_long_article_the_model_reads_what_stands_around_the_passage_that_was_meant(
    acme: Business, model: LanguageModel, openai: OpenAI, article: Any, monkeypatch: Any
) -> None:
    lines = [f"Line {number} is about something else, as all the others are." for number in range(400)]
    lines[300] = "The jacuzzi opens at noon."
    change_article(article=article, content="\n\n".join(lines))
    hit = Hit(key=str(article.pk), confidence=0.93, sentence=300)
    monkeypatch.setattr(answering, "find", lambda *_: [hit])

    thought(builders.conversation(acme, content="When does the jacuzzi open?"))

    [read] = openai.data()["articles"]
    assert all(words in read["content"] for words in ("Line 299", lines[300], "Line 301"))
    assert len(read["content"]) <= 7_000
