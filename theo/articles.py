"""Writing, changing, importing and deleting articles. Everybody in the workspace may; the plan says how many."""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from businesses.models import Business
from businesses.plans import check_articles_allowed
from foundation.errors import Refused, Unprocessable
from foundation.rows import one_at_a_time
from foundation.text import is_clean
from theo.models import Article, ArticleStatus, ArticleVectors, IndexState

MAX_TITLE, MAX_CONTENT = 200, 100_000
MAX_TAG, MOST_TAGS = 50, 20


@transaction.atomic
def create_article(
    *,
    business: Business,
    title: str,
    content: str,
    tags: Sequence[str] = (),
    status: ArticleStatus = ArticleStatus.PUBLISHED,
    source: str = "",
) -> Article:
    """Raises Unprocessable, PlanLimit (402): drafts count, too. Source: contract/api.md 9."""
    now = timezone.now()
    article = Article(business=business, source=source, created_at=now, updated_at=now, status=status)
    _fill(article, title=title, content=content, tags=tags)
    # Two at once are counted one after the other.
    one_at_a_time("articles", business.pk)
    business = Business.objects.select_related("plan").get(pk=business.pk)
    check_articles_allowed(business, current=Article.objects.filter(business=business).count())
    article.save(force_insert=True)
    return article


@transaction.atomic
def change_article(
    *,
    article: Article,
    title: str | None = None,
    content: str | None = None,
    tags: Sequence[str] | None = None,
    status: ArticleStatus | None = None,
) -> Article:
    """None = as it is. Raises Unprocessable, Article.DoesNotExist."""
    article = Article.objects.select_for_update(no_key=True).get(pk=article.pk)
    before = (article.title, article.content, article.tags, article.status)
    _fill(
        article,
        title=article.title if title is None else title,
        content=article.content if content is None else content,
        tags=article.tags if tags is None else tags,
    )
    article.status = status or article.status
    if before == (article.title, article.content, article.tags, article.status):
        return article
    if before[:3] != (article.title, article.content, article.tags):
        # What was made of the old words must not answer with the new ones: by its words alone, until it is read again.
        ArticleVectors.objects.filter(article=article).delete()
    article.updated_at = timezone.now()
    article.index_state, article.index_tries = IndexState.PENDING, 0
    article.save(update_fields=["title", "content", "tags", "status", "updated_at", "index_state", "index_tries"])
    return article


@transaction.atomic
def delete_article(*, article: Article) -> None:
    """For good, and out of every index with it."""
    # As everybody: the article before its examples, and what was made and said of it.
    list(Article.objects.select_for_update().filter(pk=article.pk).values_list("pk"))
    Article.objects.filter(pk=article.pk).delete()


def tags_of(text: str) -> list[str]:
    """Tags as one writes them into a field: with commas between."""
    return [tag for tag in (part.strip() for part in text.split(",")) if tag]


def _fill(article: Article, *, title: str, content: str, tags: Iterable[str]) -> None:
    article.title = _checked(title.strip(), field="title", most=MAX_TITLE)
    article.content = _checked(content.strip(), field="content", most=MAX_CONTENT)
    article.tags = list(dict.fromkeys(_checked(tag.strip(), field="tags", most=MAX_TAG) for tag in tags))
    if len(article.tags) > MOST_TAGS:
        raise Unprocessable(_("At most %(most)d tags.") % {"most": MOST_TAGS}, field="tags", kind="too_long")


def _checked(text: str, *, field: str, most: int) -> str:
    if not text:
        raise Unprocessable(_("This may not be empty."), field=field, kind="string_too_short")
    if len(text) > most:
        raise Unprocessable(_("At most %(most)d characters.") % {"most": most}, field=field, kind="string_too_long")
    if not is_clean(text):
        raise Unprocessable(_("The text holds a character that cannot be stored."), field=field)
    return text


def bring_in(
    *, business: Business, title: str, content: str, tags: Sequence[str], source: str, status: ArticleStatus
) -> tuple[Article | None, str]:
    """One article of an import. What came from the same source before takes the new words and keeps its status.

    Returns the article and "", or None and the sentence that says why not.
    """
    try:
        known = Article.objects.filter(business=business, source=source).first()
        if known:
            return change_article(article=known, title=title, content=content, tags=tags), ""
        made = create_article(business=business, title=title, content=content, tags=tags, source=source, status=status)
    except Refused as refusal:
        return None, refusal.detail
    return made, ""
