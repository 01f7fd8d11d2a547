"""Articles become vectors in the background, and a workspace's index is held in memory.

A change of an article makes it `pending`; the worker reads it anew. Each process sees from the newest change and the
number of articles that its index is out of date. Source: theo.md 2.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from threading import Lock
from uuid import UUID

import numpy as np
from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet

from theo.engine.embedders import DIMENSIONS, Embedder, Vectors, embedders
from theo.engine.index import Doc, Hit, Index
from theo.engine.passages import LAYOUT, rows_of
from theo.markdown import plain
from theo.models import Article, ArticleStatus, ArticleVectors, Example, IndexState
from theo.retrieval import Index as WordIndex

EVERY_SECONDS = 2.0
AT_ONCE = 20
MOST_TRIES = 3
MOST_INDEXES = 50

logger = logging.getLogger(__name__)


def every() -> float:
    """Seconds between two looks."""
    return EVERY_SECONDS


def index_pending(stop: threading.Event) -> None:
    """The worker's chore. One query when there is nothing to do."""
    for article in Article.objects.filter(index_state=IndexState.PENDING).order_by("updated_at")[:AT_ONCE]:
        if stop.is_set():
            return
        index_article(article)


def index_article(article: Article) -> bool:
    """Whether it is in the index now. What changed meanwhile stays pending; what fails MOST_TRIES times is given up."""
    try:
        text = plain(article.content)
        examples = _examples(article)
        made = [
            ArticleVectors(
                article=article,
                model=stored_as(model),
                questions=1 + len(examples),
                rows=rows.astype(np.float16).tobytes(),
            )
            for model in embedders().values()
            for rows in [rows_of(model, title=article.title, text=text, tags=article.tags, examples=examples)]
        ]
    except Exception:
        logger.exception("Article %s cannot be indexed.", article.pk)
        tries = article.index_tries + 1
        state = IndexState.FAILED if tries >= MOST_TRIES else IndexState.PENDING
        _same(article).update(index_tries=tries, index_state=state)
        return False
    with transaction.atomic():
        if not _same(article).select_for_update(no_key=True).exists() or _examples(article) != examples:
            return False
        ArticleVectors.objects.filter(article=article).delete()
        ArticleVectors.objects.bulk_create(made)
        _same(article).update(index_state=IndexState.READY, index_tries=0)
    return True


def index_anew(articles: QuerySet[Article]) -> int:
    """Let the worker read them again, those that were given up, too; how many."""
    return articles.update(index_state=IndexState.PENDING, index_tries=0)


def _same(article: Article) -> QuerySet[Article]:
    """The article, unless it changed since it was read."""
    return Article.objects.filter(pk=article.pk, updated_at=article.updated_at)


def _examples(article: Article) -> list[str]:
    return list(Example.objects.filter(article=article).order_by("pk").values_list("question", flat=True))


def stored_as(model: Embedder) -> str:
    """The name that its vectors have."""
    return f"{model.name} {LAYOUT}"


def find(business_id: UUID, question: str) -> list[Hit]:
    """Among the workspace's published articles and no others, the likeliest first."""
    by_meaning, by_words = _indexes_of(business_id)
    hits = [*(by_meaning.find(question) if by_meaning else []), *by_words.find(question)]
    return sorted(hits, key=lambda hit: -hit.confidence)


# Of articles that are ready, None = there is none; and of all others.
_Indexes = tuple[Index | None, WordIndex]
_State = tuple[int, int, datetime | None, int | None, tuple[str, ...]]
# By workspace, with what says that it is out of date.
_kept: OrderedDict[UUID, tuple[_State, _Indexes]] = OrderedDict()
_lock = Lock()


def _indexes_of(business_id: UUID) -> _Indexes:
    models = embedders()
    published = Article.objects.filter(business_id=business_id, status=ArticleStatus.PUBLISHED)
    ready = Count("pk", filter=Q(index_state=IndexState.READY), distinct=True)
    count = Count("pk", distinct=True)
    facts = published.aggregate(count=count, ready=ready, newest=Max("updated_at"), vectors=Max("vectors__pk"))
    state = (facts["count"], facts["ready"], facts["newest"], facts["vectors"], tuple(models))
    with _lock:
        known = _kept.get(business_id)
        if known and known[0] == state:
            _kept.move_to_end(business_id)
            return known[1]
    docs = _docs(business_id, models)
    wanted = set(models)
    ready_docs = [doc for doc in docs if wanted and doc.vectors.keys() >= wanted]
    rest = [doc for doc in docs if not wanted or not doc.vectors.keys() >= wanted]
    made = (Index(ready_docs, models) if ready_docs else None, WordIndex(rest))
    with _lock:
        _kept[business_id] = (state, made)
        while len(_kept) > MOST_INDEXES:
            _kept.popitem(last=False)
    return made


def _docs(business_id: UUID, models: Mapping[str, Embedder]) -> list[Doc]:
    articles = Article.objects.filter(business_id=business_id, status=ArticleStatus.PUBLISHED).order_by("pk")
    kinds = {stored_as(model): kind for kind, model in models.items()}
    stored = ArticleVectors.objects.filter(article__in=articles.order_by(), model__in=kinds)
    vectors: dict[UUID, dict[str, Vectors]] = {}
    questions: dict[UUID, int] = {}
    for row in stored:
        found = np.frombuffer(bytes(row.rows), np.float16).reshape(-1, DIMENSIONS).astype(np.float32)
        vectors.setdefault(row.article_id, {})[kinds[row.model]] = found
        questions[row.article_id] = row.questions
    examples: dict[UUID, list[str]] = {}
    for article_id, question in (
        Example.objects.filter(article__in=articles.order_by()).order_by("pk").values_list("article_id", "question")
    ):
        examples.setdefault(article_id, []).append(question)
    return [
        Doc(
            key=str(article.pk),
            title=article.title,
            text=plain(article.content),
            tags=tuple(article.tags),
            examples=tuple(examples.get(article.pk, ())),
            vectors=vectors.get(article.pk, {}),
            questions=questions.get(article.pk, 1),
        )
        for article in articles
    ]
