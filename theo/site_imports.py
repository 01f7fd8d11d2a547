"""Articles out of a workspace's own site, its sitemap page by page, or out of files: in the background.

Only hosts that are the workspace's own are read (its website, its widgets' domains), all of it over `foundation.http`.
A page at a time, or some of what files hold, its number kept: a worker that dies, or another one, goes on where it was.
Source: issue "Theo", 1.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from businesses.models import Business
from foundation import http, throttles
from foundation.errors import Invalid, Unprocessable
from foundation.prepared import Given, prepared
from foundation.text import is_clean
from theo.articles import bring_in
from theo.importing import Found, Read
from theo.models import ArticleStatus, ImportState, SiteImport
from theo.webpages import MAX_HTML, addresses_in, article_in
from widgets.models import Widget
from widgets.selectors import covers

logger = logging.getLogger(__name__)

EVERY_SECONDS = 1.0
AT_ONCE = 5
MAX_URL = 500
MOST_PAGES, MOST_SITEMAPS = 1_000, 10
# Of what files hold, at a time; and letters of all of it.
SOME, MOST_LETTERS = 100, 10_000_000
MOST_LEFT = 50
KEPT = 10
# A worker that has taken a page has so long for it; then another one may.
LEASE = timedelta(seconds=60)


def every() -> float:
    """Seconds between two looks."""
    return EVERY_SECONDS


def begin_import(*, business: Business, url: str, status: ArticleStatus) -> SiteImport:
    """url: of a sitemap. One at a time. Raises Unprocessable, Invalid, TooFast."""
    url = url.strip()
    if len(url) > MAX_URL or not is_clean(url):
        raise Unprocessable(_("At most %(most)d characters.") % {"most": MAX_URL}, field="url")
    try:
        http.check_url(url)
    except http.OutboundRefused as error:
        words = _("An address that begins with https://, like %(usual)s.")
        raise Unprocessable(words % {"usual": "https://acme.com/sitemap.xml"}, field="url") from error
    if not _owner_of(business)(url):
        raise Unprocessable(_("Only your own site: your website, or the domain of one of your widgets."), field="url")
    _check_none_runs(business)
    throttles.count("SITE_IMPORT", business.pk)
    return _begun(business=business, url=url, status=status, due_at=timezone.now())


def begin_file_import(*, business: Business, names: Iterable[str], read: Read, status: ArticleStatus) -> SiteImport:
    """read: of `importing.read_files`, something found. The first SOME are in when it returns. One at a time.

    Raises Unprocessable, Invalid.
    """
    if sum(len(each.content) for each in read.found) > MOST_LETTERS:
        raise Unprocessable(_("That is too much for one import. Bring in one file after the other."), field="file")
    _check_none_runs(business)
    made = _begun(
        business=business,
        url=", ".join(names)[:MAX_URL],
        status=status,
        is_listed=True,
        pages=[asdict(each) for each in read.found],
        total=len(read.found),
        left=read.left[: MOST_LEFT + 1],
        due_at=timezone.now() + LEASE,
    )
    _go_on(made)
    made.refresh_from_db()
    return made


def _check_none_runs(business: Business) -> None:
    """Raises Invalid."""
    if SiteImport.objects.filter(business=business, state=ImportState.RUNNING).exists():
        raise Invalid(_("An import is under way. Wait for it, or stop it."))


def _begun(*, business: Business, **given: Any) -> SiteImport:
    """Beside the newest KEPT, which stay."""
    made = SiteImport.objects.create(business=business, created_at=timezone.now(), **given)
    older = SiteImport.objects.filter(business=business).order_by("-created_at", "-pk").values_list("pk", flat=True)
    SiteImport.objects.filter(pk__in=list(older[KEPT:])).delete()
    return made


def stop_import(one: SiteImport) -> None:
    """What is in stays."""
    SiteImport.objects.filter(pk=one.pk, state=ImportState.RUNNING).update(state=ImportState.STOPPED, pages=[])


def read_sites(stop: threading.Event) -> None:
    """The worker's chore: of each import one page, or SOME of its files. One query when there is none."""
    for one in _due()(now=timezone.now()):
        if stop.is_set():
            return
        taken = SiteImport.objects.filter(pk=one.pk, state=ImportState.RUNNING, due_at=one.due_at)
        if taken.update(due_at=timezone.now() + LEASE):
            _go_on(one)


@prepared
def _due() -> "QuerySet[SiteImport]":
    due = SiteImport.objects.filter(state=ImportState.RUNNING, due_at__lte=Given("now"))
    return due.select_related("business").order_by("due_at")[:AT_ONCE]


def _go_on(one: SiteImport) -> None:
    if not one.is_listed:
        pages, flaw = _pages_of(one)
        state = ImportState.RUNNING if pages else ImportState.FAILED
        _save(one, pages=pages, total=len(pages), is_listed=True, flaw=flaw, state=state)
        return
    if one.done >= len(one.pages):
        _save(one, state=ImportState.DONE, pages=[])
        return
    some = one.pages[one.done :][: 1 if one.is_site else SOME]
    flaws = [_flaw_of(one, page) for page in some]
    left = [[page if one.is_site else page["place"], flaw] for page, flaw in zip(some, flaws, strict=True) if flaw]
    is_over = not one.is_site and one.done + len(some) >= one.total
    _save(
        one,
        done=one.done + len(some),
        taken=F("taken") + len(some) - len(left),
        left=[*one.left, *left][: MOST_LEFT + 1],
        **({"state": ImportState.DONE, "pages": []} if is_over else {}),
    )


def _flaw_of(one: SiteImport, page: Any) -> str:
    """page: an address, or what a file holds. "" = it is an article now."""
    try:
        return _take(one, page) if one.is_site else _brought_in(one, Found(**page))
    except Exception:  # of one page, which is then left out: the others have their turn
        logger.exception("A page of import %s cannot be read.", one.pk)
        return _("It cannot be read.")


def _save(one: SiteImport, **changes: object) -> None:
    """Unless somebody stopped it meanwhile."""
    running = SiteImport.objects.filter(pk=one.pk, state=ImportState.RUNNING)
    running.update(**changes, due_at=timezone.now() + timedelta(seconds=EVERY_SECONDS))


def _pages_of(one: SiteImport) -> tuple[list[str], str]:
    """What the sitemap names of the workspace's own pages, at most MOST_PAGES; what is wrong, "" = nothing."""
    pages: list[str] = []
    is_own = _owner_of(one.business)
    sitemaps, read = [one.url], 0
    while sitemaps and read < MOST_SITEMAPS and len(pages) < MOST_PAGES:
        text, flaw = _fetched(sitemaps.pop(0), MAX_HTML * 5)
        read += 1
        if flaw and read == 1:
            return [], flaw
        found, is_index = addresses_in(text)
        own = [url for url in found if len(url) <= MAX_URL and is_clean(url) and is_own(url)]
        if is_index:
            sitemaps += own
        else:
            pages += own
    pages = list(dict.fromkeys(pages))[:MOST_PAGES]
    return pages, "" if pages else _("This names no page of your own site. Is it a sitemap?")


def _take(one: SiteImport, url: str) -> str:
    """What is wrong with it; "" = it is an article now."""
    text, flaw = _fetched(url, MAX_HTML)
    if flaw:
        return flaw
    title, content = article_in(text)
    if not title or not content:
        return _("There are no words on it.")
    return _brought_in(one, Found(title=title, content=content, tags=[], source=url, place=url))


def _brought_in(one: SiteImport, found: Found) -> str:
    """What came from the same source before takes the new words. What is wrong with it, "" = nothing."""
    _article, flaw = bring_in(
        business=one.business,
        title=found.title,
        content=found.content,
        tags=found.tags,
        source=found.source,
        status=ArticleStatus(one.status),
    )
    return flaw


def _fetched(url: str, most: int) -> tuple[str, str]:
    """Its text, and what is wrong."""
    try:
        answer = http.call("GET", url, max_bytes=most)
    except http.OutboundRefused:
        return "", _("This address may not be called.")
    except http.OutboundFailed:
        return "", _("It does not answer, not in time, or with too much.")
    if answer.status in range(300, 400):
        return "", _("It leads elsewhere.")
    if answer.status != 200:
        return "", _("It answers with %(status)d.") % {"status": answer.status}
    kind = answer.headers.get("content-type", "text/html").lower()
    if not any(word in kind for word in ("html", "xml", "text/plain")):
        return "", _("It is no page with words.")
    text = answer.body.decode("utf-8", errors="replace").replace("\0", "")
    return text, ""


def _owner_of(business: Business) -> Callable[[str], bool]:
    """What says whether an address is of the workspace's own site; read once, for it is asked of thousands."""
    site = business.website if "://" in business.website else f"https://{business.website}"
    own = (urlsplit(site).hostname or "").lower().removeprefix("www.")
    widgets = list(Widget.objects.filter(business=business))

    def is_own(url: str) -> bool:
        try:
            host = (urlsplit(url).hostname or "").lower()
        except ValueError:
            return False
        is_site = bool(own) and host.removeprefix("www.") == own
        return is_site or (bool(host) and any(covers(widget, host) for widget in widgets))

    return is_own
