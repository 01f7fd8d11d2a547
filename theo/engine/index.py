"""One workspace's articles, ready to be asked.

Views of an article: the likest question that it answers, its title among them; all of it; its text alone; and its best
passage; of each model the cosine with what was asked. What an article scores for questions that are not about it is
shown by a hundred neutral lines and by the titles of the other articles: those are about this workspace, and near.
Source: theo.md 2 and 3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theo.engine.confidence import chances
from theo.engine.embedders import Embedder, Vectors, read_question
from theo.engine.language import is_english
from theo.engine.letters import Letters
from theo.engine.lexical import Lexicon
from theo.engine.passages import sentences_each, sentences_of
from theo.engine.things import asks_for_more
from theo.needs import tells_trouble

MAX_QUESTION = 2_000
# Of an article: letters that are compared one by one.
MOST_SPELT = 10_000
BEST = 5
# So many of them show what a question of this workspace scores.
MOST_TITLES = 200
FEWEST = 3
# How much MiniLM's cosines and the words add to e5's, for English and for other languages.
MINILM, WORDS, WORDS_ABROAD = 0.2, 0.15, 0.1
# How sharply articles that score nearly alike are told apart when one says how much of the whole each has.
SHARPNESS = (0.05, 0.15)
ASKED_SHARPNESS = (0.02, 0.05)
MODEL_SHARPNESS = {"e5": 0.06, "minilm": 0.3}
# In a base of so few articles what comes nearest is often near to nothing.
FEW = 10
# Below what any workspace may let Theo send by itself: what is for a person to read first.
UNSENT = 0.79
# From when on what another article has may be what was asked for.
LIKELY = 0.3
VIEWS = ("asked", "whole", "content", "sentence")

Numbers = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doc:
    """text: without Markdown. examples: questions that it is known to answer. vectors: by model, as `passages.rows_of`
    makes them; without all models in use it is found by its words alone. questions: how many of their rows are such
    questions, the title the first of them.
    """

    key: str
    title: str
    text: str
    tags: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    vectors: Mapping[str, Vectors]
    questions: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """confidence: how likely it is that this article answers, 0 to 1. sentence: of its text, where the passage begins
    that is likest; None = not known. engine: what read the question, "full", "e5", "minilm" or "lexical". features:
    what told so, by name.
    """

    key: str
    confidence: float
    sentence: int | None = None
    engine: str = ""
    features: Mapping[str, float] = field(default_factory=dict)


@cache
def background() -> tuple[str, ...]:
    lines = Path(__file__).with_name("background.txt").read_text("utf-8").splitlines()
    return tuple(line for line in lines if line.strip())


class _Views:
    """The matrix of one model: rows of all articles."""

    def __init__(self, docs: Sequence[Doc], model: str) -> None:
        rows = [doc.vectors[model] for doc in docs]
        self._all = np.concatenate([np.asarray(each, np.float32) for each in rows])
        starts = np.cumsum([0, *(len(each) for each in rows)])
        # Of each article, where each view begins; its passages end where the next article begins.
        firsts = starts[:-1] + [doc.questions for doc in docs]
        self._cuts = np.stack([starts[:-1], firsts, firsts + 1, firsts + 2], 1).ravel()
        self._passages = [slice(first + 2, end) for first, end in zip(firsts, starts[1:], strict=True)]

    def of(self, questions: Vectors) -> Numbers:
        """(questions, articles, VIEWS)."""
        cosines = questions @ self._all.T
        most = np.maximum.reduceat(cosines, self._cuts, axis=1)
        return most.reshape(len(questions), len(self._passages), len(VIEWS))

    def titles(self) -> Vectors:
        return np.asarray(self._all[self._cuts[:: len(VIEWS)]])

    def passages(self, n: int, question: Vectors) -> Numbers:
        """Of each passage of article `n`, the cosine."""
        return np.asarray(self._all[self._passages[n]] @ question)


class Index:
    """Of documents that have vectors of all `models`, which are one at least."""

    def __init__(self, docs: Sequence[Doc], models: Mapping[str, Embedder]) -> None:
        self._keys = [doc.key for doc in docs]
        self._titles = [doc.title for doc in docs]
        self._texts = [doc.text for doc in docs]
        self._is_known = [doc.questions > 1 for doc in docs]
        self._models = models
        self._lexicon = Lexicon(docs)
        asked = [" ".join([doc.title, *doc.tags, *doc.examples]) for doc in docs]
        self._told = [f"{words} {doc.text}"[:MOST_SPELT] for words, doc in zip(asked, docs, strict=True)]
        self._troubles: dict[int, bool] = {}
        self._letters = (Letters(asked), Letters(self._told))
        self._views = {kind: _Views(docs, kind) for kind in models}
        self._grounds: dict[str, _Ground] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, question: str) -> list[Hit]:
        """The likeliest first, at most BEST."""
        kind = self.kind_of(question)
        read = self._read(question, kind)
        best = self._best(question, kind, read)
        if not best:
            return []
        found = chances(kind, np.asarray([row for _n, row in best]), few=len(self) <= FEW)
        names = names_of(kind)
        likely = [n for (n, _row), chance in zip(best, found, strict=True) if chance >= LIKELY]
        hits = [
            Hit(
                key=self._keys[n],
                confidence=UNSENT
                if chance > UNSENT and self._is_held(question[:MAX_QUESTION], n, likely, kind)
                else float(chance),
                sentence=self._sentence(n, read),
                engine=kind,
                features=dict(zip(names, row, strict=True)),
            )
            for (n, row), chance in zip(best, found, strict=True)
        ]
        return sorted(hits, key=lambda hit: -hit.confidence)

    def _is_held(self, question: str, n: int, likely: Sequence[int], kind: str) -> bool:
        """Whether a person reads first what article `n` says. What is said of all countries is not said of the one that
        was asked for and has an article of its own; what tells how something works helps nobody whose one did not come,
        or does not work; and what is not spoken of is not answered.
        """
        if kind != "e5":
            if self._lexicon.names_another(question, n, likely):
                return True
            if asks_for_more(question, self._told[n], self._lexicon.words_of(n), self._models["minilm"]):
                return True
        return tells_trouble(question) and not self._is_about_trouble(n)

    def _is_about_trouble(self, n: int) -> bool:
        if n not in self._troubles:
            self._troubles[n] = tells_trouble(self._told[n])
        return self._troubles[n]

    def features(self, question: str, kind: str) -> list[tuple[str, list[float]]]:
        """Of the BEST by score, the best first: the key, and what its confidence is told by."""
        return [(self._keys[n], row) for n, row in self._best(question, kind, self._read(question, kind))]

    def _read(self, question: str, kind: str) -> dict[str, Vectors]:
        """By model, the question's vector."""
        return {model: read_question(self._models[model], question[:MAX_QUESTION]) for model in MODELS_OF[kind]}

    def _best(self, question: str, kind: str, read: Mapping[str, Vectors]) -> list[tuple[int, list[float]]]:
        if not self._keys:
            return []
        question = question[:MAX_QUESTION]
        views = {model: self._views[model].of(vector[None])[0] for model, vector in read.items()}
        words = self._lexicon.scores(question)
        score = _score(kind, {model: each[None] for model, each in views.items()}, words[None])[0]
        order = np.argsort(-score, kind="stable")[:BEST]
        ground = self._ground(kind)
        letters = [each.scores(question) for each in self._letters]
        return [(int(n), self._features(question, int(n), views, words, letters, score, ground)) for n in order]

    def _sentence(self, n: int, read: Mapping[str, Vectors]) -> int:
        likest = np.argmax(sum(self._views[model].passages(n, vector) for model, vector in read.items()))
        return int(likest) * sentences_each(len(sentences_of(self._texts[n])))

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
                self._grounds[kind] = _Ground(_score(kind, views, words), self._near(kind), views)
            return self._grounds[kind]

    def _near(self, kind: str) -> Numbers:
        """(titles, articles): what each scores for the titles of others; nan for its own."""
        count = len(self._keys)
        some = np.unique(np.linspace(0, count - 1, min(count, MOST_TITLES)).astype(int))
        views = {model: self._views[model].of(self._views[model].titles()[some]) for model in MODELS_OF[kind]}
        scores = _score(kind, views, np.stack([self._lexicon.scores(self._titles[n]) for n in some]))
        scores[np.arange(len(some)), some] = np.nan
        return scores

    def _features(
        self,
        question: str,
        n: int,
        views: Mapping[str, Numbers],
        words: Numbers,
        letters: Sequence[Numbers],
        score: Numbers,
        ground: "_Ground",
    ) -> list[float]:
        value, other = float(score[n]), _best_other(score, n, ground.far.mean)
        row = [
            (value - ground.far.mean) / ground.far.spread,
            (value - other) / ground.far.spread,
            (value - float(score.mean())) / (float(score.std()) or 1.0),
            (value - float(ground.far.own_mean[n])) / float(ground.far.own_spread[n]),
            ground.far.below(value),
        ]
        margins = []
        for model, each in views.items():
            for view in range(len(VIEWS)):
                cosine, usual = float(each[n, view]), float(ground.view_mean[model][n, view])
                margins.append(cosine - _best_other(each[:, view], n, usual))
                row += [(cosine - usual) / float(ground.view_spread[model][n, view]), margins[-1], cosine]
        row += [float(words[n]) / (6 + float(words[n])), (float(words[n]) - _best_other(words, n)) / 6]
        row += [_share(score, n, sharpness) for sharpness in SHARPNESS]
        row += self._lexicon.overlap(question, n)
        row += [
            (value - ground.near.mean) / ground.near.spread,
            ground.near.below(value),
            (value - float(ground.near.own_mean[n])) / float(ground.near.own_spread[n]),
        ]
        for likeness in letters:
            row += [float(likeness[n]), float(likeness[n]) - _best_other(likeness, n)]
        row += [min(margins), *(_share(next(iter(views.values()))[:, 0], n, each) for each in ASKED_SHARPNESS)]
        row += [_share(each.sum(1), n, MODEL_SHARPNESS[model]) for model, each in views.items()]
        return [*row, float(self._is_known[n]), float(self._is_known[_runner_up(score, n)])]


class _Scores:
    """What questions that are about something else score: the most that any article does, and what each does.

    scores: (questions, articles); nan = not to be counted. least: no spread is smaller than half of its.
    """

    def __init__(self, scores: Numbers, least: "_Scores | None" = None) -> None:
        self._most = np.sort(np.nanmax(scores, 1))
        self.mean = float(self._most.mean())
        self.spread: float = max(float(self._most.std()), least.spread / 2 if least else 0.0) or 1.0
        self.own_mean = np.nanmean(scores, 0)
        self.own_spread: Numbers = np.maximum(np.nanstd(scores, 0), least.own_spread / 2 if least else 0.0) + 1e-6

    def below(self, value: float) -> float:
        """The share of questions that no article reaches it with."""
        return float(np.searchsorted(self._most, value)) / len(self._most)


class _Ground:
    """far: of neutral lines. near: of the titles of other articles; the same where there are too few of them."""

    def __init__(self, far: Numbers, near: Numbers, views: Mapping[str, Numbers]) -> None:
        self.far = _Scores(far)
        self.near = _Scores(near, self.far) if near.shape[1] >= FEWEST else self.far
        self.view_mean = {model: each.mean(0) for model, each in views.items()}
        self.view_spread = {model: each.std(0) + 1e-6 for model, each in views.items()}


MODELS_OF = {"full": ("e5", "minilm"), "e5": ("e5",), "minilm": ("minilm",)}


@cache
def names_of(kind: str) -> list[str]:
    """Of the features, in the order of `Index.features`."""
    models = MODELS_OF[kind]
    views = [f"{model}_{view}" for model in models for view in VIEWS]
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
        *("asked_words", "asked_in_sentence", "over_near", "near_below", "over_own_near"),
        *("letters_asked", "letters_asked_margin", "letters", "letters_margin"),
        *("least_margin", "asked_share_sharp", "asked_share_soft"),
        *(f"{model}_share" for model in models),
        *("has_examples", "next_has_examples"),
    ]


def _score(kind: str, views: Mapping[str, Numbers], words: Numbers) -> Numbers:
    """(questions, articles)."""
    said = words / (6 + words)
    if kind == "full":
        return np.asarray(views["e5"].sum(2) + MINILM * views["minilm"].sum(2) + WORDS * said)
    return np.asarray(views[kind].sum(2) + (WORDS_ABROAD if kind == "e5" else WORDS) * said)


def _share(values: Numbers, n: int, sharpness: float) -> float:
    """Of what all articles have, the part that is article `n`'s."""
    return 1 / float(np.exp((values - values[n]) / sharpness).sum())


def _runner_up(score: Numbers, n: int) -> int:
    """The best of the others; `n` where there is none."""
    first, *others = np.argsort(-score, kind="stable")[:2].tolist()
    return first if first != n else next(iter(others), n)


def _best_other(values: Numbers, n: int, least: float = 0.0) -> float:
    """least: what an article is compared with where there are hardly any others."""
    return float(max(values[:n].max(initial=least), values[n + 1 :].max(initial=least)))


_backgrounds: dict[str, Vectors] = {}
BACKGROUND = Path(__file__).with_name("background.npz")


def _background(model: Embedder) -> Vectors:
    """Of the neutral lines. Those of the models that were trained with are there, so that nobody waits for them."""
    if model.name not in _backgrounds:
        with np.load(BACKGROUND) as stored:
            read = stored[model.name].astype(np.float32) if model.name in stored else model.questions(background())
        _backgrounds[model.name] = read
    return _backgrounds[model.name]
