"""Articles out of a workspace's own site: its pages alone, one after the other, and going on where a worker died."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from tests import builders
from tests.fakes.server import Answer, Call, Fake
from theo import site_imports
from theo.models import Article, SiteImport
from theo.webpages import addresses_in, article_in

pytestmark = pytest.mark.django_db
PAGE = """<!doctype html><html><head><title>Returns | Acme</title><script>alert("x")</script></head><body>
<nav><a href="/">Home</a></nav><main><h1>How do I <b>return</b> something?</h1>
<p>Send it back within <em>30 days</em>.</p><ul><li>Unworn</li><li>With its label</li></ul>
<h2>And then?</h2><p>We refund &amp; write to you. [no](javascript:x) <img src=x onerror=alert(1)></p>
<form>Search</form></main><footer>Imprint</footer></body></html>"""
WORDS = """Send it back within 30 days.

- Unworn

- With its label

## And then?

We refund & write to you. \\[no\\](javascript:x)"""


class Site(Fake):
    def __init__(self) -> None:
        super().__init__()
        self.pages: dict[str, Answer] = {}

    def is_send(self, call: Call) -> bool:
        return False

    def answer(self, call: Call) -> Answer:
        return self.pages.get(call.path, Answer(b"gone", 404))

    def maps(self, *addresses: str) -> None:
        locations = "".join(f"<url><loc>{address}</loc></url>" for address in addresses)
        self.pages["/sitemap.xml"] = Answer(
            f"<urlset>{locations}</urlset>".encode(), headers={"content-type": "text/xml"}
        )

    def shows(self, path: str, page: str = PAGE) -> str:
        self.pages[path] = Answer(page.encode(), headers={"content-type": "text/html; charset=utf-8"})
        return self.url + path


@pytest.fixture
def site(acme: Business, settings: Any) -> Iterator[Site]:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with Site() as fake:
        acme.website = fake.url
        acme.save()
        yield fake


def begun(user: User, url: str, **more: Any) -> Any:
    return builders.api(user).post("/api/v1/kb/imports", {"url": url, **more})


def look(times: int = 1) -> None:
    for _ in range(times):
        SiteImport.objects.update(due_at=timezone.now())
        site_imports.read_sites(threading.Event())


def test_each_page_becomes_an_article_and_progress_is_told(ben: User, site: Site) -> None:
    site.maps(site.shows("/returns"), site.shows("/empty", "<p></p>"), site.url + "/lost", "https://evil.example/x")
    made = begun(ben, f"{site.url}/sitemap.xml", status="published")
    assert (made.status_code, made.json()["state"], made.json()["total"]) == (201, "running", 0)
    assert begun(ben, f"{site.url}/sitemap.xml").status_code == 400

    look(2)
    address = f"/api/v1/kb/imports/{made.json()['id']}"
    told = builders.api(ben).get(address).json()
    assert (told["state"], told["total"], told["done"], told["taken"]) == ("running", 3, 1, 1)
    look(3)

    told = builders.api(ben).get(address).json()
    assert (told["state"], told["done"], told["taken"]) == ("done", 3, 1)
    assert [left["url"].removeprefix(site.url) for left in told["left"]] == ["/empty", "/lost"]
    article = Article.objects.get()
    assert (article.title, article.content) == ("How do I return something?", WORDS)
    assert (article.status, article.source) == ("published", f"{site.url}/returns")


def test_the_same_page_again_brings_its_article_up_to_date(ben: User, site: Site) -> None:
    site.maps(site.shows("/returns"))
    begun(ben, f"{site.url}/sitemap.xml")
    look(3)
    site.shows("/returns", PAGE.replace("30 days", "60 days"))
    begun(ben, f"{site.url}/sitemap.xml")
    look(3)

    article = Article.objects.get()
    assert "60 days" in article.content
    assert article.status == "draft"


def test_what_a_dead_worker_had_is_done_by_another_and_by_one_at_a_time(ben: User, site: Site) -> None:
    site.maps(site.shows("/a"), site.shows("/b", PAGE.replace("return", "pay")))
    begun(ben, f"{site.url}/sitemap.xml")
    look(2)
    SiteImport.objects.update(due_at=timezone.now() + site_imports.LEASE)
    site_imports.read_sites(threading.Event())
    assert SiteImport.objects.get().done == 1

    look(2)

    assert (SiteImport.objects.get().state, Article.objects.count()) == ("done", 2)


def test_a_page_that_breaks_the_reader_is_left_out_and_no_import_stops_at_it(
    ben: User, mallory: User, site: Site
) -> None:
    site.maps(site.shows("/broken", "<h1>Hi</h1><p>x</p><![foo["), site.shows("/returns"))
    begun(ben, f"{site.url}/sitemap.xml")
    other = SiteImport.objects.get()
    other.pk, other.business = None, mallory.memberships.get().business
    other.save()
    look(4)

    state = builders.api(ben).get("/api/v1/kb/imports").json()[0]
    assert (state["state"], state["done"], state["taken"]) == ("done", 2, 1)
    assert state["left"] == [{"url": f"{site.url}/broken", "detail": "It cannot be read."}]
    assert SiteImport.objects.get(pk=other.pk).state != "running"


def test_a_stopped_one_reads_no_further_and_keeps_what_is_in(ben: User, site: Site, sign_in: Any) -> None:
    site.maps(site.shows("/a"), site.shows("/b"))
    one = begun(ben, f"{site.url}/sitemap.xml").json()["id"]
    look(2)
    page = sign_in(ben).get(f"/knowledge/import/{one}/")
    assert (page["Refresh"], "1 of 2 read" in page.content.decode()) == ("3", True)

    assert builders.api(ben).delete(f"/api/v1/kb/imports/{one}").status_code == 200
    look(2)

    assert (SiteImport.objects.get().state, Article.objects.count()) == ("stopped", 1)


def test_an_index_of_sitemaps_is_followed(ben: User, site: Site) -> None:
    site.maps(site.shows("/returns"))
    inner = f"<sitemapindex><sitemap><loc>{site.url}/sitemap.xml</loc></sitemap></sitemapindex>"
    site.pages["/all.xml"] = Answer(inner.encode(), headers={"content-type": "application/xml"})
    begun(ben, f"{site.url}/all.xml")
    look(3)
    assert Article.objects.count() == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/sitemap.xml",
        "http://acme.com/sitemap.xml",
        "https://169.254.169.254/latest",
        "file:///etc/passwd",
        "https://user@acme.com/x",
        "https://acme.com:5432/",
        "x",
        "",
    ],
)
def test_G1_only_the_workspaces_own_site_is_read(ben: User, acme: Business, url: str) -> None:
    acme.website = "https://www.acme.com"
    acme.save()
    assert begun(ben, url).status_code == 422
    assert not SiteImport.objects.exists()


def test_G2_a_page_of_its_own_that_leads_inside_is_not_followed(ben: User, site: Site) -> None:
    site.pages["/away"] = Answer(b"", 302, headers={"location": "http://127.0.0.1:1/"})
    site.pages["/picture"] = Answer(b"\x89PNG", headers={"content-type": "image/png"})
    site.maps(f"{site.url}/away", f"{site.url}/picture")
    begun(ben, f"{site.url}/sitemap.xml")
    look(3)
    assert (Article.objects.count(), len(SiteImport.objects.get().left)) == (0, 2)


def test_what_is_no_sitemap_fails_and_says_so(ben: User, site: Site, sign_in: Any) -> None:
    client = sign_in(ben)
    page = client.post("/knowledge/import/site/", {"url": site.shows("/about"), "status": "draft"})
    look()
    assert "Is it a sitemap?" in client.get(page["Location"]).content.decode()
    assert "Failed" in client.get("/knowledge/import/").content.decode()
    assert (
        client.post("/knowledge/import/site/", {"url": "https://evil.example/", "status": "draft"}).status_code == 422
    )


def test_the_two_forms_of_the_page_have_fields_of_their_own(ben: User, acme: Business, sign_in: Any) -> None:
    ids = re.findall(r' id="([^"]+)"', sign_in(ben).get("/knowledge/import/").content.decode())
    assert len(ids) == len(set(ids))


def test_another_workspaces_import_is_like_none(mallory: User, ben: User, site: Site, sign_in: Any) -> None:
    site.maps(site.shows("/a"))
    one = begun(ben, f"{site.url}/sitemap.xml").json()["id"]
    assert sign_in(mallory).get(f"/knowledge/import/{one}/").status_code == 404
    assert builders.api(mallory).get("/api/v1/kb/imports").json() == []


def test_old_imports_make_room(ben: User, acme: Business, site: Site) -> None:
    now = timezone.now()
    for days in range(12):
        at = now - timedelta(days=days + 1)
        SiteImport.objects.create(business=acme, url="x", state="done", status="draft", due_at=at, created_at=at)
    begun(ben, f"{site.url}/sitemap.xml")
    assert SiteImport.objects.count() == site_imports.KEPT


def test_a_page_that_is_made_to_break_the_reader_does_not() -> None:
    assert article_in("<div>" * 50_000)[1] == ""
    assert article_in("</main></h1><h1>") == ("", "")
    assert article_in("<title>T</title><p>x</p><nav><p>y</p>") == ("T", "x")
    assert addresses_in('<!DOCTYPE x [<!ENTITY a "b">]><loc>&a;</loc>' * 3) == (["&a;"], False)


@pytest.mark.parametrize(
    "evil", ["<main>", "<main ", "<article>", "<nav></p>", "a<b>", "<h1>", "<title>a<b>", "<![if x"]
)
def test_a_page_that_is_made_to_keep_the_house_busy_costs_no_more_than_an_honest_one_of_its_size(evil: str) -> None:
    honest = _seconds(lambda: article_in("<p>Some <b>words</b>.</p>" * 40_000))
    assert _seconds(lambda: article_in(evil * (100_000 // len(evil)))) < honest


@pytest.mark.parametrize("evil", [" ", "<loc>", "<loc>\n", "<![CDATA["])
def test_so_does_a_sitemap(evil: str) -> None:
    honest = _seconds(lambda: addresses_in("<url><loc>https://acme.example/</loc></url>" * 100_000))
    assert _seconds(lambda: addresses_in("<loc>" + evil * (100_000 // len(evil)) + "<")) < honest


def _seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def test_whose_the_addresses_of_a_sitemap_are_is_told_without_a_question_for_each(
    acme: Business, site: Site, ben: User
) -> None:
    site.maps(*[f"https://evil.example/{n}" for n in range(50)], site.shows("/returns"))
    begun(ben, f"{site.url}/sitemap.xml")
    with CaptureQueriesContext(connection) as queries:
        look()
    assert len(queries) < 10
    assert SiteImport.objects.get().pages == [f"{site.url}/returns"]


def test_the_words_are_those_of_the_main_part_whatever_stands_around_it() -> None:
    page = "<h1>Acme</h1><nav><p>Menu</p><main><h1></h1><p>C#</p><article><p>x</p></article></main><h1>Y</h1><p>z</p>"
    assert article_in(page) == ("Acme", "C#\n\nx")
    assert article_in("<h1>Acme</h1><article><h1>A</h1><p>x</p></article><article><h1>B</h1></article>") == ("A", "x")
    assert article_in("<main><p>x</p></main><h1>Later</h1><p>y</p>") == ("Later", "x")
    assert article_in("<p>Cookies?</p><main><h1>A</h1><p>never closed</p>") == ("A", "never closed")
