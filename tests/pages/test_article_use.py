"""Articles whose answers nobody takes, and those that nobody was answered with."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from tests import builders
from theo.articles import create_article
from theo.models import Article, ArticleStatus, Outcome, Reply

pytestmark = pytest.mark.django_db


def said(article: Article, *outcomes: str) -> None:
    for outcome in outcomes:
        conversation = builders.conversation(article.business)
        Reply.objects.create(
            business=article.business,
            conversation=conversation,
            article=article,
            is_sent=False,
            asked_seq=1,
            looked_seq=1,
            question="How?",
            text="So.",
            confidence=0.5,
            took_ms=1,
            outcome=outcome,
            created_at=timezone.now(),
        )


@pytest.fixture
def shelf(acme: Business) -> dict[str, Article]:
    made = {title: create_article(business=acme, title=title, content="x") for title in ("Bad", "Good", "Idle", "New")}
    made["Draft"] = create_article(business=acme, title="Hidden", content="x", status=ArticleStatus.DRAFT)
    said(made["Bad"], *[Outcome.DISCARDED] * 2, Outcome.WRONG, Outcome.HANDED_OVER, Outcome.ACCEPTED)
    said(made["Good"], *[Outcome.DISCARDED] * 3, *[Outcome.SOLVED] * 4)
    Article.objects.exclude(title="New").update(created_at=timezone.now() - timedelta(days=40))
    return made


def test_what_is_often_discarded_or_never_used_is_told_and_nothing_else(
    ben: User, shelf: dict[str, Article], sign_in: Any
) -> None:
    told = builders.api(ben).get("/api/v1/kb/usage").json()
    assert told == {
        "often_discarded": [{"id": str(shelf["Bad"].pk), "title": "Bad", "taken": 1, "not_taken": 4}],
        "never_used": [{"id": str(shelf["Idle"].pk), "title": "Idle", "taken": 0, "not_taken": 0}],
    }
    page = sign_in(ben).get("/knowledge/use/").content.decode()
    assert "4 not, 1 taken" in page
    assert "Idle" in page
    assert "Good" not in page
    assert "Hidden" not in page


def test_another_workspace_sees_none_of_it(mallory: User, shelf: dict[str, Article], sign_in: Any) -> None:
    assert builders.api(mallory).get("/api/v1/kb/usage").json() == {"often_discarded": [], "never_used": []}
    assert "Nothing to mend" in sign_in(mallory).get("/knowledge/use/").content.decode()


def test_the_page_asks_as_often_for_many_articles_as_for_few(
    ben: User, acme: Business, shelf: dict[str, Article], sign_in: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        create_article(business=acme, title=f"Old {number}", content="x")
    Article.objects.update(created_at=timezone.now() - timedelta(days=40))
    client = sign_in(ben)
    with django_assert_max_num_queries(12):
        client.get("/knowledge/use/")
