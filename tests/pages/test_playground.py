"""Settings -> Theo -> Playground: what Theo thinks about a question, by the way that customers' questions go."""

from typing import Any

import pytest

from accounts.models import User
from businesses.models import Business
from conversations.models import Conversation
from tests import builders
from theo import answering
from theo.articles import create_article
from theo.engine.index import Hit, names_of
from theo.indexing import find, index_article

pytestmark = pytest.mark.django_db

PAGE = "/settings/theo/playground/"


@pytest.fixture
def article(acme: Business) -> Any:
    return create_article(business=acme, title="Returns", content="Send it back within 30 days.")


def asks(client: Any, question: str, mode: str = "auto") -> str:
    return str(client.post(PAGE, {"question": question, "mode": mode}).content.decode())


def test_it_shows_the_articles_their_features_and_what_would_happen(
    ben: User, acme: Business, article: Any, sign_in: Any
) -> None:
    client = sign_in(ben)
    assert "Ask as a customer would" in client.get(PAGE).content.decode()

    drafted = asks(client, "How do returns work?", "assist")
    assert "Theo would draft for the agent" in drafted
    assert "asked_in_title" in drafted
    assert "Send it back within 30 days." in drafted
    # By words alone it is never sure enough to send.
    assert "No article answers this surely enough." in asks(client, "How do returns work?")
    assert "The customer asked for a person." in asks(client, "Let me talk to a real person")
    assert "never answers these" in asks(client, "I will call my lawyer")
    assert "Theo would say nothing" in asks(client, "Hello!")
    assert client.post(PAGE, {"question": " ", "mode": "auto"}).status_code == 422
    assert not Conversation.objects.exists()


def test_a_sure_answer_is_shown_as_it_would_be_sent(
    ada: User, acme: Business, article: Any, sign_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hit = Hit(key=str(article.pk), confidence=0.93, engine="full", features={"words": 0.5})
    monkeypatch.setattr(answering, "find", lambda *_: [hit])

    shown = asks(sign_in(ada), "How?")

    assert "Theo would answer" in shown
    assert "93 % sure; it takes 80 %." in shown


def test_another_workspaces_articles_are_not_looked_at(
    mallory: User, acme: Business, article: Any, sign_in: Any
) -> None:
    assert "30 days" not in asks(sign_in(mallory), "How do returns work?", "assist")


def test_over_rest_it_says_the_same(ben: User, mallory: User, acme: Business, article: Any) -> None:
    address, question = "/api/v1/ai/playground", {"question": "How do returns work?", "mode": "assist"}

    told = builders.api(ben).post(address, question).json()
    [near] = told["articles"]
    assert told["reply"] == f"Hello!\n{near['passage']}" == "Hello!\nSend it back within 30 days."
    assert (
        told["sources"] == [{"id": str(article.pk), "title": "Returns"}] == [{"id": near["id"], "title": near["title"]}]
    )
    assert (told["mode"], told["needs_handoff"], told["by_model"], told["threshold"]) == ("assist", False, False, 0.8)
    assert (near["confidence"], near["engine"]) == (told["confidence"], "lexical")
    assert 0 < near["features"]["asked_in_title"] <= 1

    unsure = builders.api(ben).post(address, question | {"mode": "auto"}).json()
    assert (unsure["reply"], unsure["handoff_reason"], len(unsure["articles"])) == (None, "low_confidence", 1)
    assert builders.api(mallory).post(address, question).json()["articles"] == []
    assert builders.api(ben).post(address, {"question": " "}).status_code == 422
    acme.plan.theo_auto = False
    acme.plan.save()
    assert builders.api(ben).post(address, question | {"mode": "auto"}).json()["mode"] == "assist"
    assert not Conversation.objects.exists()


def test_names_stand_for_all_features(settings: Any, acme: Business, article: Any) -> None:
    settings.THEO_ENGINE = "full"
    index_article(article)
    [hit] = find(acme.pk, "How do I send something back?")
    assert (hit.engine, len(hit.features)) == ("full", len(names_of("full")))
