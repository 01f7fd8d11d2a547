"""What becomes of articles: those whose answers are often not taken, and those that nobody was ever answered with.

Counted from the replies that are kept (`outcomes.KEPT_FOR`). Source: theo.md 4.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q
from django.utils import timezone

from theo.models import Article, ArticleStatus, Outcome
from theo.outcomes import RIGHT

MOST = 50
# As often at least, and more often than it was right.
OFTEN = 3
IDLE_FOR = timedelta(days=30)
_NOT_TAKEN = (Outcome.DISCARDED, Outcome.HANDED_OVER, Outcome.WRONG)


def often_discarded(business_id: UUID) -> list[Article]:
    """With `taken` and `not_taken`, the worst first, at most MOST."""
    found = _counted(business_id).filter(not_taken__gte=OFTEN, not_taken__gt=F("taken"))
    return list(found.order_by("-not_taken", "taken", "-id")[:MOST])


def never_used(business_id: UUID) -> list[Article]:
    """Those that have been there for a while, the oldest first, at most MOST."""
    since = timezone.now() - IDLE_FOR
    return list(_counted(business_id).filter(said=0, created_at__lt=since).order_by("created_at", "id")[:MOST])


def _counted(business_id: UUID) -> Any:
    """Articles with `said`, `taken` and `not_taken`."""
    published = Article.objects.filter(business_id=business_id, status=ArticleStatus.PUBLISHED).defer("content")
    return published.annotate(
        said=Count("replies"),
        taken=Count("replies", filter=Q(replies__outcome__in=RIGHT)),
        not_taken=Count("replies", filter=Q(replies__outcome__in=_NOT_TAKEN)),
    )
