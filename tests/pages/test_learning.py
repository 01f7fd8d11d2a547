"""Theo learns from drafts that agents send, and forgets what turned out wrong."""

from typing import Any

import pytest

from accounts.models import User
from businesses.models import Business
from tests import builders
from theo import indexing, learning
from theo.answering import Answer, Source
from theo.articles import create_article
from theo.learning import add_example
from theo.models import Article, Example, IndexState, Mode, Outcome, Reply
from theo.outcomes import call_wrong, conclude, remember

pytestmark = pytest.mark.django_db

ASKED = "Can my poodle come along? Tell me at cleo@example.com"
KEPT = "Can my poodle come along? Tell me at [e-mail]"


@pytest.fixture
def article(acme: Business) -> Article:
    return create_article(business=acme, title="Pets", content="Animals are welcome on a lead.")


def drafted(acme: Business, article: Article) -> Reply:
    found = Answer(
        question=ASKED,
        up_to_seq=1,
        reply=article.content,
        confidence=0.6,
        mode=Mode.ASSIST,
        sources=[Source(id=article.pk, title=article.title)],
    )
    reply = remember(conversation=builders.conversation(acme, content=ASKED), found=found)
    assert reply
    return reply


def examples() -> list[str]:
    return list(Example.objects.values_list("question", flat=True))


def test_a_sent_draft_is_an_example_until_the_same_goes_wrong(acme: Business, article: Article) -> None:
    conclude(drafted(acme, article), Outcome.EDITED, 0.7)
    assert examples() == []
    Article.objects.update(index_state=IndexState.READY)

    conclude(drafted(acme, article), Outcome.ACCEPTED, 1.0)
    conclude(drafted(acme, article), Outcome.EDITED, 0.85)
    assert examples() == [KEPT]
    article.refresh_from_db()
    assert article.index_state == IndexState.PENDING

    call_wrong(drafted(acme, article))
    assert examples() == []


def test_the_oldest_makes_room(article: Article, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "MOST_EXAMPLES", 2)
    for question in ("One?", "Two?", "Three?"):
        add_example(article=article, question=question)
    assert sorted(examples()) == ["Three?", "Two?"]


def test_examples_help_to_find_and_make_theo_surer(settings: Any, acme: Business, article: Article) -> None:
    settings.THEO_ENGINE = "full"
    shelf = {
        "Delivery": "Orders arrive in two days.",
        "Hours": "From nine to five.",
        "Gifts": "They last a year.",
    }
    for title, content in shelf.items():
        indexing.index_article(create_article(business=acme, title=title, content=content))
    indexing.index_article(article)
    question = "will Rex be allowed inside?"
    before = indexing.find(acme.pk, question)

    add_example(article=article, question="is Rex allowed inside?")
    assert indexing.index_article(article)
    after = indexing.find(acme.pk, question)

    assert after[0].key == str(article.pk)
    assert after[0].confidence > next(hit.confidence for hit in before if hit.key == after[0].key)
    assert after[0].confidence > 0.8 > before[0].confidence


def test_agents_see_add_and_remove_them(
    ben: User, mallory: User, acme: Business, article: Article, sign_in: Any
) -> None:
    client, page = sign_in(ben), f"/knowledge/{article.pk}/"
    client.post(f"{page}examples/", {"question": "Dogs?"})
    assert "Dogs?" in client.get(page).content.decode()
    client.post(f"{page}examples/", {"question": "  "})
    example = Example.objects.get()

    stranger = sign_in(mallory)
    assert stranger.post(f"{page}examples/", {"question": "Cats?"}).status_code == 404
    assert stranger.post(f"{page}examples/{example.pk}/").status_code == 404

    client.post(f"{page}examples/{example.pk}/")
    assert examples() == []
