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
from theo.engine.passages import passages_of
from theo.markdown import plain
from theo.models import Article, ArticleStatus, ArticleVectors, IndexState
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
        passages = passages_of(article.title, plain(article.content))
        made = [
            ArticleVectors(article=article, model=model.name, rows=_packed(model, passages))
            for model in embedders().values()
        ]
    except Exception:
        logger.exception("Article %s cannot be indexed.", article.pk)
        tries = article.index_tries + 1
        state = IndexState.FAILED if tries >= MOST_TRIES else IndexState.PENDING
        _same(article).update(index_tries=tries, index_state=state)
        return False
    with transaction.atomic():
        if not _same(article).select_for_update(no_key=True).exists():
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


def _packed(model: Embedder, passages: list[str]) -> bytes:
    return model.passages(passages).astype(np.float16).tobytes()


def find(business_id: UUID, question: str) -> list[Hit]:
    """Among the workspace's published articles and no others, the likeliest first."""
    index = _index_of(business_id)
    hits = index.by_meaning.find(question) if index.by_meaning else []
    return sorted([*hits, *index.by_words.find(question)], key=lambda hit: -hit.confidence)


class _Indexes:
    """by_meaning: of articles that are ready. by_words: of all others."""

    def __init__(self, by_meaning: Index | None, by_words: WordIndex) -> None:
        self.by_meaning, self.by_words = by_meaning, by_words


_State = tuple[int, int, datetime | None, tuple[str, ...]]
# By workspace, with what says that it is out of date.
_kept: OrderedDict[UUID, tuple[_State, _Indexes]] = OrderedDict()
_lock = Lock()


def _index_of(business_id: UUID) -> _Indexes:
    models = embedders()
    published = Article.objects.filter(business_id=business_id, status=ArticleStatus.PUBLISHED)
    ready = Count("pk", filter=Q(index_state=IndexState.READY))
    facts = published.aggregate(count=Count("pk"), ready=ready, newest=Max("updated_at"))
    state = (facts["count"], facts["ready"], facts["newest"], tuple(models))
    with _lock:
        known = _kept.get(business_id)
        if known and known[0] == state:
            _kept.move_to_end(business_id)
            return known[1]
    docs = _docs(business_id, models)
    wanted = set(models)
    ready_docs = [doc for doc in docs if wanted and doc.vectors.keys() >= wanted]
    rest = [doc for doc in docs if not wanted or not doc.vectors.keys() >= wanted]
    made = _Indexes(Index(ready_docs, models) if ready_docs else None, WordIndex(rest))
    with _lock:
        _kept[business_id] = (state, made)
        while len(_kept) > MOST_INDEXES:
            _kept.popitem(last=False)
    return made


def _docs(business_id: UUID, models: Mapping[str, Embedder]) -> list[Doc]:
    articles = Article.objects.filter(business_id=business_id, status=ArticleStatus.PUBLISHED).order_by("pk")
    kinds = {model.name: kind for kind, model in models.items()}
    vectors: dict[UUID, dict[str, Vectors]] = {}
    stored = ArticleVectors.objects.filter(article__in=articles.order_by(), model__in=kinds)
    for row in stored.select_related(None).values_list("article_id", "model", "rows"):
        found = np.frombuffer(bytes(row[2]), np.float16).reshape(-1, DIMENSIONS).astype(np.float32)
        vectors.setdefault(row[0], {})[kinds[row[1]]] = found
    return [
        Doc(
            key=str(article.pk),
            title=article.title,
            text=plain(article.content),
            tags=tuple(article.tags),
            vectors=vectors.get(article.pk, {}),
        )
        for article in articles
    ]
