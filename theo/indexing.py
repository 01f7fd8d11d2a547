"""Articles become vectors in the background, and a workspace's index is held in memory.

A change of an article makes it `pending`; the worker reads it anew. Each process sees from the newest change and the
number of articles that its index is out of date. Source: theo.md 2.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Max, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from theo.engine.embedders import DIMENSIONS, Embedder, Vectors, embedders
from theo.engine.index import UNSENT, Doc, Hit, Index
from theo.engine.passages import LAYOUT, NotWanted, rows_of
from theo.markdown import plain
from theo.models import Article, ArticleStatus, ArticleVectors, Example, IndexState
from theo.retrieval import Index as WordIndex
from theo.warming import warm_up

EVERY_SECONDS = 2.0
AT_ONCE = 20
MOST_TRIES = 3
# From when on an article that is known by its words alone may well be the right one.
MAY_ANSWER = 0.5
# Letters of an article that takes seconds to read: those wait in a line of their own, and no other behind them.
LONG = 10_000
# Of all indexes of a process; the one that was asked last stays, whatever it takes. Vectors are held as float32: as
# float16 they would take half, and each question to 1,000 articles 10 ms more for each model.
MOST_BYTES = 512 * 1024 * 1024
# What an index takes beside its vectors: by letter of its articles (words, pieces of words), and by article.
LETTER_BYTES, DOC_BYTES = 40, 2_000

logger = logging.getLogger(__name__)


def every() -> float:
    """Seconds between two looks."""
    return EVERY_SECONDS


def index_pending(stop: threading.Event) -> None:
    """The worker's chore. One query when there is nothing to do."""
    _read_by_all_models()
    _index_some(stop, is_long=False)


def index_long(stop: threading.Event) -> None:
    """The same for long articles, a chore of its own."""
    _index_some(stop, is_long=True)


def _index_some(stop: threading.Event, *, is_long: bool) -> None:
    """Of each workspace the oldest first: nobody waits for all that another one brings in."""
    pending = Article.objects.filter(index_state=IndexState.PENDING)
    waiting = pending.filter(letters__gt=LONG) if is_long else pending.filter(letters__lte=LONG)
    turn = Window(RowNumber(), partition_by=F("business"), order_by="updated_at")
    for article in waiting.annotate(turn=turn).order_by("turn", "updated_at")[:AT_ONCE]:
        if stop.is_set():
            return
        index_article(article, stop)


# The engine of THEO_ENGINE that all articles were looked through for; of this process.
_looked_through_for = ""


def _read_by_all_models() -> None:
    """Once after a start: what was ready before there was another engine, or another model, is read by that, too."""
    global _looked_through_for
    if _looked_through_for == settings.THEO_ENGINE:
        return
    warm_up()
    ready = Article.objects.filter(index_state=IndexState.READY)
    if ready.exists():
        for model in embedders().values():
            known = ArticleVectors.objects.filter(model=stored_as(model)).values("article")
            index_anew(ready.exclude(pk__in=known))
    _looked_through_for = settings.THEO_ENGINE


def index_article(article: Article, stop: threading.Event | None = None) -> bool:
    """Whether it is in the index now. What changed meanwhile stays pending; what fails MOST_TRIES times is given up.

    stop: when it is set, what is being read is left.
    """

    def is_wanted() -> bool:
        return not (stop and stop.is_set()) and _same(article).exists()

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
            for rows in [
                rows_of(
                    model,
                    title=article.title,
                    text=text,
                    tags=article.tags,
                    examples=examples,
                    is_wanted=is_wanted,
                )
            ]
        ]
    except NotWanted:
        return False
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


def hold(article_id: UUID) -> bool:
    """Lock an article until the commit, before anything that hangs on it; whether it is still there."""
    return bool(Article.objects.select_for_update(no_key=True).filter(pk=article_id).values_list("pk"))


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
    """Among the workspace's published articles and no others, the likeliest first.

    None is sure where one that is not read yet answers more likely than not: the right one may be that.
    """
    by_meaning, by_words = _indexes_of(business_id)
    read, waiting = by_meaning.find(question) if by_meaning else [], by_words.find(question)
    if waiting and waiting[0].confidence >= MAY_ANSWER:
        read = [replace(hit, confidence=min(hit.confidence, UNSENT)) for hit in read]
    return sorted([*read, *waiting], key=lambda hit: -hit.confidence)


# Of articles that are ready, None = there is none; and of all others.
_Indexes = tuple[Index | None, WordIndex]
_State = tuple[int, int, datetime | None, int | None, tuple[str, ...]]
# Of articles, what they say without Markdown, with the time of the change that it is from.
_Texts = Mapping[UUID, tuple[datetime, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """state: what says that it is out of date."""

    state: _State
    indexes: _Indexes
    texts: _Texts
    nbytes: int


# By workspace; who was asked last is the last.
_kept: OrderedDict[UUID, _Kept] = OrderedDict()
_lock = Lock()
# Of a workspace's askers one makes its index, and the others wait for that.
_making = [Lock() for _ in range(64)]


def _indexes_of(business_id: UUID) -> _Indexes:
    models = embedders()
    if kept := _current(business_id, _state(business_id, models)):
        return kept.indexes
    with _making[business_id.int % len(_making)]:
        state = _state(business_id, models)
        if kept := _current(business_id, state):
            return kept.indexes
        with _lock:
            before = _kept.get(business_id)
        docs, texts = _docs(business_id, models, before.texts if before else {})
        wanted = set(models)
        ready = [doc for doc in docs if wanted and doc.vectors.keys() >= wanted]
        rest = [doc for doc in docs if not wanted or not doc.vectors.keys() >= wanted]
        made = (Index(ready, models) if ready else None, WordIndex(rest))
        nbytes = sum(map(_nbytes, docs))
        with _lock:
            _kept[business_id] = _Kept(state=state, indexes=made, texts=texts, nbytes=nbytes)
            _kept.move_to_end(business_id)
            total = sum(kept.nbytes for kept in _kept.values())
            while total > MOST_BYTES and len(_kept) > 1:
                total -= _kept.popitem(last=False)[1].nbytes
        return made


def _state(business_id: UUID, models: Mapping[str, Embedder]) -> _State:
    published = Article.objects.filter(business_id=business_id, status=ArticleStatus.PUBLISHED)
    ready = Count("pk", filter=Q(index_state=IndexState.READY))
    facts = published.aggregate(count=Count("pk"), ready=ready, newest=Max("updated_at"))
    # By itself: joined to it, every article would count twice.
    vectors = ArticleVectors.objects.filter(article__in=published).aggregate(newest=Max("pk"))
    return (facts["count"], facts["ready"], facts["newest"], vectors["newest"], tuple(models))


def _current(business_id: UUID, state: _State) -> _Kept | None:
    with _lock:
        kept = _kept.get(business_id)
        if kept is None or kept.state != state:
            return None
        _kept.move_to_end(business_id)
        return kept


def _nbytes(doc: Doc) -> int:
    return sum(rows.nbytes for rows in doc.vectors.values()) + LETTER_BYTES * len(doc.text) + DOC_BYTES


def _docs(business_id: UUID, models: Mapping[str, Embedder], known: _Texts) -> tuple[list[Doc], _Texts]:
    """known: of these only what has changed since is read anew, since to read Markdown takes the longest of all."""
    articles = Article.objects.filter(business_id=business_id, status=ArticleStatus.PUBLISHED)
    kinds = {stored_as(model): kind for kind, model in models.items()}
    stored = ArticleVectors.objects.filter(article__in=articles, model__in=kinds)
    vectors: dict[UUID, dict[str, Vectors]] = {}
    questions: dict[UUID, int] = {}
    for article_id, model, count, rows in stored.values_list("article_id", "model", "questions", "rows"):
        found = np.frombuffer(bytes(rows), np.float16).reshape(-1, DIMENSIONS).astype(np.float32)
        vectors.setdefault(article_id, {})[kinds[model]] = found
        questions[article_id] = count
    examples: dict[UUID, list[str]] = {}
    asked = Example.objects.filter(article__in=articles).order_by("pk")
    for article_id, question in asked.values_list("article_id", "question"):
        examples.setdefault(article_id, []).append(question)
    docs, texts = list[Doc](), dict[UUID, tuple[datetime, str]]()
    for article in articles.order_by("pk"):
        at, text = known.get(article.pk, (None, ""))
        if at != article.updated_at:
            text = plain(article.content)
        texts[article.pk] = (article.updated_at, text)
        doc = Doc(
            key=str(article.pk),
            title=article.title,
            text=text,
            tags=tuple(article.tags),
            examples=tuple(examples.get(article.pk, ())),
            vectors=vectors.get(article.pk, {}),
            questions=questions.get(article.pk, 1),
        )
        docs.append(doc)
    return docs, texts
