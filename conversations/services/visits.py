"""On which page a customer has the chat open, and with which browser: as the browser says, and only shown."""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.utils import timezone

from conversations.models import Customer
from foundation.text import is_clean

AT_MOST_EVERY = timedelta(minutes=5)  # what is the same is written so often
MAX_PAGE, MAX_BROWSER = 500, 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    page: str
    browser: str


def visit_of(page: object, browser: str) -> Visit | None:
    """page: an address, of which what stands behind `?` and `#` is left out: it is nobody's to read. None for none."""
    if not isinstance(page, str) or not is_clean(page):
        return None
    try:
        parts = urlsplit(page)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc:
        return None
    address = f"{parts.scheme}://{parts.netloc}{parts.path}"
    return Visit(page=address, browser=browser[:MAX_BROWSER]) if len(address) <= MAX_PAGE else None


def note_visit(*, customer_id: UUID, visit: Visit) -> bool:
    """Whether it is another page, or later, than was known."""
    now = timezone.now()
    news = Customer.objects.filter(pk=customer_id).exclude(
        page=visit.page, browser=visit.browser, page_at__gt=now - AT_MOST_EVERY
    )
    # Reading first: a read keeps no other writer waiting.
    return news.exists() and bool(news.update(page=visit.page, browser=visit.browser, page_at=now))
