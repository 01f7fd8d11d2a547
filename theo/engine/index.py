"""One workspace's articles, ready to be asked.

Views of an article: its title, all of it, its text alone, and its best sentence or the likest question that it is known
to answer; of each model the cosine with what was asked. Hundred neutral lines show what each article scores for a
question that is not about it. Source: theo.md 2 and 3.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theo.engine.confidence import chances
from theo.engine.embedders import Embedder, Vectors
from theo.engine.language import is_english
from theo.engine.lexical import Lexicon
from theo.engine.passages import FIRST

MAX_QUESTION = 2_000
BEST = 5
# How much MiniLM's cosines and the words add to e5's, for English and for other languages.
MINILM, WORDS, WORDS_ABROAD = 0.2, 0.15, 0.1
# How sharply articles that score nearly alike are told apart when one says how much of the whole each has.
SHARPNESS = (0.05, 0.15)
VIEWS = (*FIRST, "sentence")

Numbers = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doc:
    """text: without Markdown. vectors: by model, as `passages.rows_of` makes them; without all models in use it is
    found by its words alone."""

    key: str
    title: str
    text: str
    tags: tuple[str, ...] = ()
    vectors: Mapping[str, Vectors]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """confidence: how likely it is that this article answers, 0 to 1. engine: what read the question, "full", "e5",
    "minilm" or "lexical". features: what told so, by name.
    """

    key: str
    confidence: float
    engine: str = ""
    features: Mapping[str, float] = field(default_factory=dict)


@cache
def background() -> tuple[str, ...]:
    lines = Path(__file__).with_name("background.txt").read_text("utf-8").splitlines()
    return tuple(line for line in lines if line.strip())


class _Views:
    """The matrix of one model: rows of all articles."""

    def __init__(self, rows: Sequence[Vectors]) -> None:
        self._all = np.concatenate([np.asarray(each, np.float32) for each in rows])
        starts = np.cumsum([0, *(len(each) for each in rows[:-1])])
        self._starts = starts
        # Of each article its first rows, and the place where its sentences begin.
        self._cuts = np.stack([starts + n for n in range(len(VIEWS))], 1).ravel()

    def of(self, questions: Vectors) -> Numbers:
        """(questions, articles, VIEWS)."""
        cosines = questions @ self._all.T
        most = np.maximum.reduceat(cosines, self._cuts, axis=1)
        return most.reshape(len(questions), len(self._starts), len(VIEWS))


class Index:
    """Of documents that have vectors of all `models`, which are one at least."""

    def __init__(self, docs: Sequence[Doc], models: Mapping[str, Embedder]) -> None:
        self._keys = [doc.key for doc in docs]
        self._models = models
        self._lexicon = Lexicon(docs)
        self._views = {kind: _Views([doc.vectors[kind] for doc in docs]) for kind in models}
        self._grounds: dict[str, _Ground] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, question: str) -> list[Hit]:
        """The likeliest first, at most BEST."""
        kind = self.kind_of(question)
        rows = self.features(question, kind)
        if not rows:
            return []
        found = chances(kind, np.asarray([row for _key, row in rows]))
        names = names_of(kind)
        hits = [
            Hit(key=key, confidence=float(chance), engine=kind, features=dict(zip(names, row, strict=True)))
            for (key, row), chance in zip(rows, found, strict=True)
        ]
        return sorted(hits, key=lambda hit: -hit.confidence)

    def features(self, question: str, kind: str) -> list[tuple[str, list[float]]]:
        """Of the BEST by score, the best first: the key, and what its confidence is told by."""
        if not self._keys:
            return []
        question = question[:MAX_QUESTION]
        views = {
            model: self._views[model].of(self._models[model].questions([question]))[0] for model in MODELS_OF[kind]
        }
        words = self._lexicon.scores(question)
        score = _score(kind, {model: each[None] for model, each in views.items()}, words[None])[0]
        order = np.argsort(-score, kind="stable")[:BEST]
        ground = self._ground(kind)
        return [(self._keys[n], self._features(question, int(n), views, words, score, ground)) for n in order]

    def kind_of(self, question: str) -> str:
        """Which formula and coefficients the question is read with."""
        if "e5" not in self._models:
            return "minilm"
        return "full" if "minilm" in self._models and is_english(question[:MAX_QUESTION]) else "e5"

    def _ground(self, kind: str) -> "_Ground":
        with self._lock:
            if kind not in self._grounds:
                views = {model: self._views[model].of(_background(self._models[model])) for model in MODELS_OF[kind]}
                words = np.stack([self._lexicon.scores(line) for line in background()])
                self._grounds[kind] = _Ground(views, _score(kind, views, words))
            return self._grounds[kind]

    def _features(
        self, question: str, n: int, views: Mapping[str, Numbers], words: Numbers, score: Numbers, ground: "_Ground"
    ) -> list[float]:
        value, other = float(score[n]), _best_other(score, n)
        row = [
            (value - ground.most_mean) / ground.most_spread,
            (value - other) / ground.most_spread,
            (value - float(score.mean())) / (float(score.std()) or 1.0),
            (value - float(ground.mean[n])) / float(ground.spread[n]),
            float(np.searchsorted(ground.most, value)) / len(ground.most),
        ]
        for model, each in views.items():
            for view in range(len(VIEWS)):
                cosine = float(each[n, view])
                row += [
                    (cosine - float(ground.view_mean[model][n, view])) / float(ground.view_spread[model][n, view]),
                    cosine - _best_other(each[:, view], n),
                    cosine,
                ]
        row += [float(words[n]) / (6 + float(words[n])), (float(words[n]) - _best_other(words, n)) / 6]
        row += [1 / float(np.exp((score - value) / sharpness).sum()) for sharpness in SHARPNESS]
        row += self._lexicon.overlap(question, n)
        return [*row, math.log(len(question) + 1), math.log(len(self._keys))]


class _Ground:
    """What the articles score for questions that are not about them."""

    def __init__(self, views: Mapping[str, Numbers], scores: Numbers) -> None:
        self.most = np.sort(scores.max(1))
        self.most_mean, self.most_spread = float(self.most.mean()), float(self.most.std()) or 1.0
        self.mean, self.spread = scores.mean(0), scores.std(0) + 1e-6
        self.view_mean = {model: each.mean(0) for model, each in views.items()}
        self.view_spread = {model: each.std(0) + 1e-6 for model, each in views.items()}


MODELS_OF = {"full": ("e5", "minilm"), "e5": ("e5",), "minilm": ("minilm",)}


def names_of(kind: str) -> list[str]:
    """Of the features, in the order of `Index.features`."""
    views = [f"{model}_{view}" for model in MODELS_OF[kind] for view in VIEWS]
    return [
        *("score_over_background", "score_margin", "score_over_articles", "score_over_own", "background_below"),
        *(f"{view}_{what}" for view in views for what in ("over_background", "margin", "cosine")),
        *(
            "words",
            "words_margin",
            "share_sharp",
            "share_soft",
            "asked_in_article",
            "asked_in_title",
            "asked_in_base",
            "title_in_asked",
        ),
        *("asked_words", "no_words", "length", "articles"),
    ]


def _score(kind: str, views: Mapping[str, Numbers], words: Numbers) -> Numbers:
    """(questions, articles)."""
    said = words / (6 + words)
    if kind == "full":
        return np.asarray(views["e5"].sum(2) + MINILM * views["minilm"].sum(2) + WORDS * said)
    return np.asarray(views[kind].sum(2) + (WORDS_ABROAD if kind == "e5" else WORDS) * said)


def _best_other(values: Numbers, n: int) -> float:
    if len(values) == 1:
        return 0.0
    return float(max(values[:n].max(initial=-1.0), values[n + 1 :].max(initial=-1.0)))


_backgrounds: dict[str, Vectors] = {}


def _background(model: Embedder) -> Vectors:
    """Of the neutral lines; made once in a process."""
    if model.name not in _backgrounds:
        _backgrounds[model.name] = model.questions(background())
    return _backgrounds[model.name]
