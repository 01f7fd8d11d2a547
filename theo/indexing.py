"""Articles become vectors in the background, and a workspace's index is held in memory.

A change of an article makes it `pending`; the worker reads it anew. Each process sees from the newest change and the
number of articles that its index is out of date. Source: theo.md 2.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
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
from theo.models import Article, ArticleStatus, ArticleVectors, Example, IndexState
from theo.retrieval import Index as WordIndex

EVERY_SECONDS = 2.0
AT_ONCE = 20
MOST_TRIES = 3
MOST_INDEXES = 50
# The coefficients were fitted without examples, and come out too sure with them (theo.md 4: precision falls to .92).
# What only they tell is good for drafts, and is not sent by itself.
MOST_BY_EXAMPLE = 0.79

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
        examples = _examples(article)
        made = [
            ArticleVectors(article=article, model=model.name, rows=_packed(model.passages(passages)))
            for model in embedders().values()
        ]
        made += [
            ArticleVectors(article=article, model=_of_examples(model), rows=_packed(model.questions(examples)))
            for model in embedders().values()
            if examples
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


def _of_examples(model: Embedder) -> str:
    return f"{model.name} examples"


def _packed(rows: Vectors) -> bytes:
    return rows.astype(np.float16).tobytes()


def find(business_id: UUID, question: str) -> list[Hit]:
    """Among the workspace's published articles and no others, the likeliest first."""
    index = _index_of(business_id)
    hits: dict[str, Hit] = {}
    if index.by_meaning:
        read = index.by_meaning.read(question)
        hits = {hit.key: hit for hit in index.by_meaning.find(question, read)}
        for hit in index.by_examples.find(question, read) if index.by_examples else []:
            known = hits.get(hit.key)
            surer = replace(hit, confidence=min(hit.confidence, MOST_BY_EXAMPLE))
            if known is None or known.confidence < surer.confidence:
                hits[hit.key] = surer
    return sorted([*hits.values(), *index.by_words.find(question)], key=lambda hit: -hit.confidence)


class _Indexes:
    """by_meaning: of articles that are ready; by_examples: of the same, with the questions that they answer.
    by_words: of all others."""

    def __init__(self, by_meaning: Index | None, by_examples: Index | None, by_words: WordIndex) -> None:
        self.by_meaning, self.by_examples, self.by_words = by_meaning, by_examples, by_words


_State = tuple[int, int, datetime | None, int | None, tuple[str, ...]]
# By workspace, with what says that it is out of date.
_kept: OrderedDict[UUID, tuple[_State, _Indexes]] = OrderedDict()
_lock = Lock()


def _index_of(business_id: UUID) -> _Indexes:
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
    examples = _with_examples(ready_docs, models)
    made = _Indexes(
        Index(ready_docs, models) if ready_docs else None,
        Index(examples, models) if examples else None,
        WordIndex(rest),
    )
    with _lock:
        _kept[business_id] = (state, made)
        while len(_kept) > MOST_INDEXES:
            _kept.popitem(last=False)
    return made


def _with_examples(docs: list[Doc], models: Mapping[str, Embedder]) -> list[Doc]:
    """The same, an example counting as one more sentence; none when no article has any."""
    kinds = {_of_examples(model): kind for kind, model in models.items()}
    found = _rows(ArticleVectors.objects.filter(article__in=[doc.key for doc in docs], model__in=kinds), kinds)
    if not found:
        return []
    return [
        replace(
            doc,
            vectors={
                kind: np.concatenate([rows, found[UUID(doc.key)][kind]]) if UUID(doc.key) in found else rows
                for kind, rows in doc.vectors.items()
            },
        )
        for doc in docs
    ]


def _rows(stored: QuerySet[ArticleVectors], kinds: Mapping[str, str]) -> dict[UUID, dict[str, Vectors]]:
    """By article and kind of model. kinds: by the name that they are stored under."""
    vectors: dict[UUID, dict[str, Vectors]] = {}
    for article_id, model, rows in stored.values_list("article_id", "model", "rows"):
        found = np.frombuffer(bytes(rows), np.float16).reshape(-1, DIMENSIONS).astype(np.float32)
        vectors.setdefault(article_id, {})[kinds[model]] = found
    return vectors


def _docs(business_id: UUID, models: Mapping[str, Embedder]) -> list[Doc]:
    articles = Article.objects.filter(business_id=business_id, status=ArticleStatus.PUBLISHED).order_by("pk")
    kinds = {model.name: kind for kind, model in models.items()}
    vectors = _rows(ArticleVectors.objects.filter(article__in=articles.order_by(), model__in=kinds), kinds)
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
