"""The help centre: what everybody may read, once a manager has opened it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from businesses.models import Business
from conversations.models import HandoffReason
from tests import builders
from theo import help_centre, markdown
from theo.articles import create_article
from theo.models import Article, ArticleStatus
from theo.phrases import needs_person
from widgets.languages import FOLDER
from widgets.models import Widget

pytestmark = pytest.mark.django_db


@pytest.fixture
def widget(ada: User) -> Widget:
    return builders.widget(ada)


@pytest.fixture
def shelf(acme: Business, mallory: User) -> list[Article]:
    create_article(business=mallory.memberships.get().business, title="Returns at Umbrella", content="Never.")
    create_article(business=acme, title="Returns of our own goods", content="Inside.", status=ArticleStatus.DRAFT)
    return [
        create_article(business=acme, title="Delivery", content="Two days. What returns to us takes a week."),
        create_article(business=acme, title="Returning an item", content="# How\n\nSend it <script>back</script>."),
    ]


@pytest.fixture
def told(widget: Widget, shelf: list[Article]) -> Callable[..., Any]:
    return lambda path="": Client().get(f"/api/v1/widget/{widget.pk}/articles{path}")


def titles(answer: Any) -> list[str]:
    return [line["title"] for line in answer.json()["results"]]


def opened(ada: User) -> None:
    help_centre.set_open(actor=ada, is_public=True)


def test_nobody_outside_reads_anything_until_it_is_opened(
    ada: User, acme: Business, shelf: list[Article], told: Callable[..., Any]
) -> None:
    pages = [f"/help/{acme.pk}/", f"/help/{acme.pk}/{shelf[0].pk}/"]

    assert titles(told()) == []
    assert told(f"/{shelf[0].pk}").status_code == 404
    assert [Client().get(page).status_code for page in pages] == [404, 404]
    opened(ada)
    assert titles(told()) == ["Returning an item", "Delivery"]
    assert [Client().get(page).status_code for page in pages] == [200, 200]
    help_centre.set_open(actor=ada, is_public=False)
    assert titles(told()) == []
    assert Client().get(pages[0]).status_code == 404


def test_the_likeliest_come_first_and_a_question_without_words_finds_all(
    ada: User, acme: Business, told: Callable[..., Any]
) -> None:
    opened(ada)

    assert titles(told("?q=How do I return it?")) == ["Returning an item", "Delivery"]
    assert titles(told("?q=delivery")) == ["Delivery"]
    assert titles(told("?q=jacuzzi")) == []
    assert len(titles(told("?q=%3F"))) == 2
    assert told(f"?q={'x' * 201}").status_code == 422
    page = Client().get(f"/help/{acme.pk}/?q=jacuzzi").content.decode()
    assert "Nothing found" in page


def test_an_article_comes_as_html_that_harms_nobody(ada: User, shelf: list[Article], told: Callable[..., Any]) -> None:
    opened(ada)

    article = told(f"/{shelf[1].pk}").json()

    assert article["title"] == "Returning an item"
    assert article["html"] == "<h2>How</h2>\n<p>Send it &lt;script&gt;back&lt;/script&gt;.</p>\n"


def test_a_long_article_is_read_from_its_markdown_once_however_often_it_is_shown(
    ada: User, acme: Business, told: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(ada)
    long = create_article(business=acme, title="Long", content="Many *words*. " * 7_000)
    read, parse = list[int](), markdown._parser.parse
    monkeypatch.setattr(markdown._parser, "parse", lambda text: read.append(len(text)) or parse(text))

    pages = {told(f"/{long.pk}").content for _ in range(3)}
    assert (len(pages), read) == (1, [len(long.content)])

    read.clear()
    assert told().json()["results"][0]["excerpt"].startswith("Many words. Many words.")
    assert max(read) <= 2_000


def test_a_table_with_short_rows_is_not_filled_up_to_a_page_of_cells() -> None:
    wide = "|a" * 2_000 + "\n" + "|-" * 2_000 + "\n" + "|a\n" * 30_000
    html = markdown.rendered(wide)
    assert html.count("<td>") < 4_000
    assert html.count("|a") >= 29_000  # no word of it is lost
    assert len(html) < 2 * len(wide)
    assert "<td>1</td>\n<td></td>" in markdown.rendered("|a|b|\n|-|-|\n|1|")


def test_neither_drafts_nor_another_workspaces_articles_are_in_it(
    ada: User, acme: Business, told: Callable[..., Any]
) -> None:
    opened(ada)
    others = Article.objects.exclude(business=acme, status=ArticleStatus.PUBLISHED)

    assert others.count() == 2
    assert {told(f"/{article.pk}").status_code for article in others} == {404}
    assert {Client().get(f"/help/{acme.pk}/{article.pk}/").status_code for article in others} == {404}


def test_the_list_pages_and_asks_the_same_few_questions_whatever_its_length(
    ada: User, acme: Business, told: Callable[..., Any]
) -> None:
    opened(ada)

    def questions() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert Client().get(f"/help/{acme.pk}/").status_code == 200
        return len(asked)

    few = questions()
    for number in range(40):
        Article.objects.create(
            business=acme,
            title=f"Article {number}",
            content="Text",
            created_at=acme.created_at,
            updated_at=acme.created_at,
        )

    assert questions() == few <= 4
    first = told("?limit=30").json()
    assert len(first["results"]) == 30
    assert len(told(f"?limit=30&cursor={first['next']}").json()["results"]) == 12
    assert "Article 5" in Client().get(f"/help/{acme.pk}/?page=2").content.decode()


def test_managers_alone_open_and_close_it_and_the_log_says_who(ada: User, ben: User, acme: Business) -> None:
    create_article(business=acme, title="Delivery", content="Two days.")
    api = builders.api(ada)
    assert api.get("/api/v1/kb/help-centre").json()["is_open"] is False
    assert builders.api(ben).patch("/api/v1/kb/help-centre", {"is_open": True}).status_code == 403

    answer = api.patch("/api/v1/kb/help-centre", {"is_open": True})

    assert answer.json()["is_open"] is True
    assert answer.json()["url"].endswith(f"/help/{acme.pk}/")
    page = Client()
    page.force_login(ada)
    assert "Close it" in page.get("/knowledge/").content.decode()
    assert page.post("/knowledge/help-centre/").status_code == 302
    assert api.get("/api/v1/kb/help-centre").json()["is_open"] is False
    log = [line["action"] for line in api.get("/api/v1/audit-log").json()["results"]]
    assert {"help_centre.opened", "help_centre.closed"} <= {*log}


def test_who_searches_too_often_sees_the_list_and_is_told_to_wait(
    ada: User, acme: Business, told: Callable[..., Any], settings: Any
) -> None:
    opened(ada)
    settings.THROTTLES = True
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "HELP": (1, 60)}
    page = Client(REMOTE_ADDR="203.0.113.7")

    first, second = (page.get(f"/help/{acme.pk}/?q=delivery") for _time in range(2))

    assert (first.status_code, second.status_code) == (200, 429)
    assert int(second["Retry-After"]) <= 60
    assert "Returning an item" in second.content.decode()


@pytest.mark.parametrize("page", ["/knowledge/help-centre/", "/settings/theo/reindex/", "/settings/theo/model/"])
def test_an_agent_who_sends_a_managers_form_is_refused(ben: User, page: str) -> None:
    client = Client()
    client.force_login(ben)

    assert client.post(page, {"do": "test"}).status_code == 403


@pytest.mark.parametrize("language", sorted(file.stem for file in FOLDER.glob("*.json")))
def test_the_button_for_a_person_asks_for_one_in_every_language(language: str) -> None:
    words = json.loads((FOLDER / f"{language}.json").read_text())["frame"]["person"]

    assert needs_person(words) == HandoffReason.USER_REQUESTED
