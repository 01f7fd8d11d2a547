"""Knowledge, as a team writes it in the browser."""

import re
import threading
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from tests import builders
from theo.articles import create_article
from theo.indexing import index_pending
from theo.markdown import rendered
from theo.models import Article, IndexState, SiteImport
from theo.site_imports import read_sites

pytestmark = pytest.mark.django_db

WORDS = {"title": "Returns", "content": "Within **30 days**.", "tags": "shipping, money"}


def test_an_agent_previews_saves_finds_and_deletes_an_article(ben: User, acme: Business, sign_in: Any) -> None:
    client = sign_in(ben)
    assert "No article yet" in client.get("/knowledge/").content.decode()

    shown = client.post("/knowledge/new/", {**WORDS, "do": "preview"}).content.decode()
    assert "<strong>30 days</strong>" in shown
    assert "Not saved yet" in shown
    assert not Article.objects.exists()

    client.post("/knowledge/new/", {**WORDS, "do": "draft"})
    article = Article.objects.get()
    assert (article.business, article.status, article.tags) == (acme, "draft", ["shipping", "money"])

    client.post(f"/knowledge/{article.pk}/", {**WORDS, "content": "Within 60 days.", "do": "published"})
    article.refresh_from_db()
    assert (article.content, article.status) == ("Within 60 days.", "published")

    assert "Returns" in client.get("/knowledge/?q=60+days&status=published").content.decode()
    assert "Nothing found" in client.get("/knowledge/?q=jacuzzi").content.decode()
    assert "Nothing found" in client.get("/knowledge/?status=draft").content.decode()

    client.post(f"/knowledge/{article.pk}/delete/")
    assert not Article.objects.exists()


def test_nobody_sees_another_workspaces_articles(mallory: User, acme: Business, sign_in: Any) -> None:
    article = create_article(business=acme, title="Secret sauce", content="Basil.")
    client = sign_in(mallory)

    assert "Secret sauce" not in client.get("/knowledge/?q=sauce").content.decode()
    for path in (f"/knowledge/{article.pk}/", f"/knowledge/{article.pk}/delete/"):
        assert client.post(path, {**WORDS, "do": "published"}).status_code == 404
    article.refresh_from_db()
    assert article.content == "Basil."


def test_what_is_wrong_is_said_beside_it(ada: User, acme: Business, sign_in: Any) -> None:
    client = sign_in(ada)
    assert client.post("/knowledge/new/", {**WORDS, "title": " ", "do": "draft"}).status_code == 422
    acme.plan.max_kb_articles = 0
    acme.plan.save()

    refused = client.post("/knowledge/new/", {**WORDS, "do": "draft"})

    assert refused.status_code == 400
    assert "plan allows" in refused.content.decode()


def test_files_become_articles_and_one_that_cannot_stops_no_other(ada: User, acme: Business, sign_in: Any) -> None:
    client = sign_in(ada)
    markdown = SimpleUploadedFile("pause-a-delivery.md", b"# Pause a delivery\n\nIn your account.")
    table = SimpleUploadedFile("faq.csv", b"title,content,tags\nGrind,Coarse.,a\nEmpty,,\n")
    picture = SimpleUploadedFile("a.png", b"\x89PNG")

    said = client.post("/knowledge/import/", {"file": [markdown, table, picture], "status": "draft"}, follow=True)

    assert "3 of 3 read, 2 are articles." in said.content.decode()
    assert "faq.csv, line 3" in said.content.decode()
    assert "This is not text in UTF-8." in said.content.decode()
    none = client.post("/knowledge/import/", {"file": [SimpleUploadedFile("a.png", b"\x89PNG")], "status": "draft"})
    assert (none.status_code, "No article is in:" in none.content.decode()) == (422, True)
    assert set(Article.objects.values_list("title", "content", "status")) == {
        ("Pause a delivery", "In your account.", "draft"),
        ("Grind", "Coarse.", "draft"),
    }

    again = SimpleUploadedFile("faq.csv", b"title,content\nGrind,Fine.\n")
    assert client.post("/knowledge/import/", {"file": [again], "status": "draft"}).status_code == 302
    assert Article.objects.get(title="Grind").content == "Fine."
    assert Article.objects.count() == 2

    twice = SimpleUploadedFile("faq.csv", b"title,content\nGrind,Medium.\nGrind,Coarser.\n")
    said = client.post("/knowledge/import/", {"file": [twice], "status": "draft"}, follow=True)
    assert "1 of 1 read, 1 are articles." in said.content.decode()
    assert "another one with this title in the same file" in said.content.decode()
    assert Article.objects.get(title="Grind").content == "Medium."


def test_of_what_could_not_be_taken_the_first_are_shown_and_that_there_is_more(
    ada: User, acme: Business, sign_in: Any
) -> None:
    client = sign_in(ada)
    rows = "Grind,Coarse.\n" + "".join(f"Topic {n},\n" for n in range(60))
    table = SimpleUploadedFile("faq.csv", f"title,content\n{rows}".encode())

    told = client.post("/knowledge/import/", {"file": [table], "status": "draft"}, follow=True).content.decode()

    assert (told.count("faq.csv, line"), "There are more; these are the first 50." in told) == (50, True)


def test_many_articles_of_a_file_come_in_while_one_does_something_else(
    ada: User, mallory: User, acme: Business, sign_in: Any
) -> None:
    acme.plan.max_kb_articles = None
    acme.plan.save()
    client = sign_in(ada)
    rows = "".join(f"Topic {n},Words {n}.\n" for n in range(250))
    table = SimpleUploadedFile("faq.csv", f"title,content\n{rows}".encode())

    page = client.post("/knowledge/import/", {"file": [table], "status": "draft"})

    told = client.get(page["Location"])
    assert "100 of 250 read, 100 are articles." in told.content.decode()
    assert told["Refresh"]
    assert sign_in(mallory).get(page["Location"]).status_code == 404
    second = SimpleUploadedFile("more.csv", b"title,content\nGrind,Coarse.\n")
    refused = client.post("/knowledge/import/", {"file": [second], "status": "draft"})
    assert (refused.status_code, b"under way" in refused.content) == (400, True)

    for _look in range(2):
        SiteImport.objects.update(due_at=timezone.now())
        read_sites(threading.Event())

    told = client.get(page["Location"])
    assert "250 of 250 read, 250 are articles." in told.content.decode()
    assert "Refresh" not in told
    assert (Article.objects.count(), SiteImport.objects.get().pages) == (250, [])


def test_after_an_import_one_sees_how_far_theo_has_read(ada: User, acme: Business, mallory: User, sign_in: Any) -> None:
    create_article(business=mallory.memberships.get().business, title="Elsewhere", content="Words.")
    client = sign_in(ada)
    table = SimpleUploadedFile("faq.csv", b"title,content\nGrind,Coarse.\nBrew,Slowly.\nRoast,Dark.\n")

    told = client.post("/knowledge/import/", {"file": [table], "status": "published"}, follow=True)

    assert "3 articles are in." in told.content.decode()
    assert "0 of 3 articles are read." in told.content.decode()
    assert told["Refresh"]
    Article.objects.filter(title="Grind").update(index_state=IndexState.FAILED)
    index_pending(threading.Event())
    told = client.get("/knowledge/import/reading/")
    assert "2 of 3 articles are read. 1 could not be." in told.content.decode()
    assert "Refresh" not in told


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,x)",
        "![x](https://evil.example/p.png)",
        "<svg/onload=alert(1)>",
        "```<img src=x onerror=alert(1)>\n```",
    ],
)
def test_markup_in_an_article_stays_text(hostile: str) -> None:
    html = rendered(hostile)
    assert not [word for word in ("<script", "<img", "<svg", 'href="javascript', 'href="data') if word in html]


def test_the_page_of_an_article_says_that_its_questions_may_be_answered_with_it(
    ben: User, acme: Business, sign_in: Any
) -> None:
    article = create_article(business=acme, title="Returns", content="Within 30 days.")
    page = sign_in(ben).get(f"/knowledge/{article.pk}/").content.decode()
    assert "What is asked in much the same words may be answered with it." in page
    assert "on their account alone" not in page


def test_theo_suggests_beside_the_composer(ben: User, acme: Business, sign_in: Any) -> None:
    create_article(business=acme, title="Delivery times", content="Two working days.")
    conversation = builders.conversation(acme, content="What are the delivery times?")
    client = sign_in(ben)
    path = f"/inbox/{conversation.pk}/suggestion/"
    assert path in client.get(f"/inbox/{conversation.pk}/").content.decode()

    shown = client.post(path).content.decode()

    assert "Two working days." in shown
    why = shown.partition("<summary")[2]
    assert re.search(r'<span class="cut" dir="auto">Delivery times</span><span class="num">\d+ %', why)
    unknown = builders.conversation(acme, content="Is there a jacuzzi?")
    told = client.post(f"/inbox/{unknown.pk}/suggestion/").content.decode()
    [write] = re.findall(r'href="(/knowledge/new/[^"]+)"', told)
    assert 'value="Is there a jacuzzi?"' in client.get(write).content.decode()
    complains = builders.conversation(acme, content="The delivery times are a scam, I will call my lawyer!")
    told = client.post(f"/inbox/{complains.pk}/suggestion/").content.decode()
    assert "This is for a person" in told
    assert re.search(r'<span class="cut" dir="auto">Delivery times</span><span class="num">\d+ %', told)
    assert "No article answers" not in told
    assert "/knowledge/new/" not in told
    foreign = builders.conversation(builders.workspace(builders.person("Sid"), "Else"), content="Delivery times?")
    assert client.post(f"/inbox/{foreign.pk}/suggestion/").status_code == 404
