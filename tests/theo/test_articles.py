"""Articles of the knowledge base over REST, word for word as the contract has them."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from businesses.models import Business
from tests import builders
from theo.articles import bring_in, change_article, create_article, delete_article
from theo.models import Article, ArticleStatus, IndexState

pytestmark = pytest.mark.django_db

RETURNS = {"title": "Returns", "content": "Send it back within **30 days**.", "tags": ["shipping"]}


def test_an_article_is_written_listed_changed_and_deleted(ada: User, acme: Business) -> None:
    client = builders.api(ada)
    made = client.post("/api/v1/kb/articles", RETURNS)

    assert made.status_code == 201
    article = made.json()
    assert article == {
        **RETURNS,
        "id": article["id"],
        "business_id": str(acme.pk),
        "status": "published",
        "index_state": "pending",
        "created_at": article["created_at"],
        "updated_at": article["created_at"],
    }

    second = client.post(
        "/api/v1/kb/articles/", {"title": "Delivery", "content": "Two days.", "status": "draft"}
    ).json()
    assert second["tags"] == []
    assert [each["id"] for each in client.get("/api/v1/kb/articles").json()] == [second["id"], article["id"]]

    path = f"/api/v1/kb/articles/{article['id']}"
    changed = client.patch(path, {"content": "Within 60 days.", "tags": ["a", "a", "b"]}).json()
    assert (changed["title"], changed["content"], changed["tags"]) == ("Returns", "Within 60 days.", ["a", "b"])
    assert client.get(path).json() == changed

    gone = client.delete(path)
    assert (gone.status_code, gone.json()) == (200, {"message": "Article deleted"})
    assert client.get(path).status_code == 404


def test_the_list_is_whole_unless_a_page_of_it_is_asked_for(ada: User, acme: Business) -> None:
    for n in range(25):
        create_article(business=acme, title=f"Article {n}", content="x")
    ask = builders.api(ada)

    def titles(**query: int) -> list[str]:
        return [each["title"] for each in ask.get("/api/v1/kb/articles", query).json()]

    assert titles() == [f"Article {n}" for n in range(24, -1, -1)]
    assert titles(limit=2) == ["Article 24", "Article 23"]
    assert titles(page=2, limit=2) == ["Article 22", "Article 21"]
    assert titles(page=9) == []
    for query in ({"limit": 0}, {"limit": 101}, {"page": 0}, {"limit": "x"}):
        assert ask.get("/api/v1/kb/articles", query).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"title": "", "content": "x"},
        {"title": "x" * 201, "content": "x"},
        {"title": "x", "content": "x" * 100_001},
        {"title": "x", "content": "x", "tags": ["x" * 51]},
        {"title": "x", "content": "x", "tags": "x"},
        {"title": 7, "content": "x"},
        {"title": "x", "content": "x", "status": "secret"},
    ],
)
def test_what_is_no_article_is_refused(ada: User, acme: Business, body: dict[str, Any]) -> None:
    assert builders.api(ada).post("/api/v1/kb/articles", body).status_code == 422
    assert not Article.objects.exists()


def test_the_plan_says_how_many(ada: User, acme: Business) -> None:
    acme.plan.max_kb_articles = 1
    acme.plan.save()
    client = builders.api(ada)
    client.post("/api/v1/kb/articles", RETURNS)

    refused = client.post("/api/v1/kb/articles", RETURNS)

    assert refused.status_code == 402
    body = refused.json()
    assert {name: body[name] for name in ("error", "feature", "current", "limit")} == {
        "error": "limit_exceeded",
        "feature": "kb_articles",
        "current": 1,
        "limit": 1,
    }
    assert Article.objects.count() == 1


def test_the_same_source_is_the_same_article(acme: Business) -> None:
    first, _none = bring_in(
        business=acme, title="A", content="Old.", tags=[], source="a.md", status=ArticleStatus.DRAFT
    )
    again, _none = bring_in(
        business=acme, title="A", content="New.", tags=[], source="a.md", status=ArticleStatus.PUBLISHED
    )

    assert first is not None
    assert again is not None
    assert (again.pk, again.content, again.status) == (first.pk, "New.", "draft")


def test_the_search_finds_an_article_as_it_is_now_and_nobody_elses(ada: User, acme: Business, mallory: User) -> None:
    article = create_article(business=acme, title="Returns", content="Send the **hopper** back.")
    create_article(business=mallory.memberships.get().business, title="Hopper", content="A hopper of theirs.")

    def found(q: str) -> list[tuple[str, str, Any]]:
        results = builders.api(ada).get("/api/v1/search", {"q": q}).json()["results"]
        return [(hit["type"], hit["title"], hit["conversation_id"]) for hit in results]

    assert found("hopper") == [("article", "Returns", None)]
    change_article(article=article, content="Keep it.")
    assert found("hopper") == []
    delete_article(article=article)
    assert found("returns") == []


def test_managers_let_theo_read_all_articles_again_and_everybody_sees_what_waits(
    ada: User, ben: User, acme: Business, mallory: User, client: Client
) -> None:
    create_article(business=mallory.memberships.get().business, title="Theirs", content="Theirs.")
    create_article(business=acme, title="Returns", content="Send it back.")
    Article.objects.update(index_state=IndexState.FAILED, index_tries=3)
    client.force_login(ada)

    assert "1 article could not be read." in client.get("/settings/theo/").content.decode()
    assert builders.api(ben).post("/api/v1/kb/reindex").status_code == 403
    answer = builders.api(ada).post("/api/v1/kb/reindex")

    assert (answer.status_code, answer.json()["count"]) == (200, 1)
    assert {*Article.objects.values_list("title", "index_state")} == {("Returns", "pending"), ("Theirs", "failed")}
    assert "Theo reads by words alone" in client.get("/settings/theo/").content.decode()
    assert "Indexing" in client.get("/knowledge/").content.decode()
    Article.objects.filter(business=acme).update(index_state=IndexState.FAILED)
    assert client.post("/settings/theo/reindex/").status_code == 302
    assert Article.objects.get(title="Returns").index_state == IndexState.PENDING
