"""The help centre: a workspace's published articles, for everybody to read, once a manager has opened it.

Visitors find it in the chat and at `/help/<workspace>/`. Drafts are never in it. Source: issue "widget", conversation;
design.md 11.
"""

from uuid import UUID

from django.db import transaction
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.utils import timezone

from accounts.models import User
from businesses import audit
from businesses.policy import Action, require
from foundation.rows import one_at_a_time
from theo.engine.lexical import beginnings
from theo.models import Article, ArticleStatus, HelpCentre

MAX_QUERY = 200
# Of a question; more of them make no better hit.
MOST_WORDS = 8
# A word in the title says more than one in the text.
IN_TITLE, IN_TEXT = 3, 1


def is_open(business_id: UUID | None) -> bool:
    return business_id is not None and HelpCentre.objects.filter(business_id=business_id).exists()


@transaction.atomic
def set_open(*, actor: User, is_public: bool) -> None:
    """Managers only. Raises Forbidden."""
    membership = require(actor, Action.MANAGE_ASSISTANT)
    business = membership.business
    one_at_a_time("help centre", business.pk)
    if is_public == is_open(business.pk):
        return
    if is_public:
        HelpCentre.objects.create(business=business, opened_at=timezone.now())
    else:
        HelpCentre.objects.filter(business=business).delete()
    audit.record(
        "help_centre.opened" if is_public else "help_centre.closed",
        business_id=business.pk,
        actor=actor,
        target=business,
    )


def articles_of(business_id: UUID) -> QuerySet[Article]:
    """What the workspace lets everybody read, newest change first; none while its help centre is closed."""
    published = Article.objects.filter(business_id=business_id, status=ArticleStatus.PUBLISHED)
    return published.filter(business__help_centre__isnull=False).order_by("-updated_at", "-id")


def found_by(articles: QuerySet[Article], question: str) -> QuerySet[Article]:
    """Those that have words of it, most and nearest first; all, as they were, when it has no word that tells."""
    terms = beginnings(question[:MAX_QUERY])[:MOST_WORDS]
    if not terms:
        return articles
    score: Combinable = Value(0)
    for term in terms:
        for field, points in (("title", IN_TITLE), ("content", IN_TEXT)):
            has_it = Q(**{f"{field}__icontains": term})
            score = score + Case(When(has_it, then=points), default=0, output_field=IntegerField())
    return articles.annotate(score=score).filter(score__gt=0).order_by("-score", "-updated_at", "-id")
