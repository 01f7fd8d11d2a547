"""Which article answers a question, and how sure that is, by the words alone: for what has no vectors (yet).

A logistic regression over what makes a first hit of BM25 good. Words alone misread complaints and follow-ups: so
confidence ends at MOST_SURE, below what any workspace may let Theo send by itself. Source: theo.md 1 and 3.
"""

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from theo.engine.index import MAX_QUESTION, Hit
from theo.engine.lexical import Lexicon, Worded

MOST_SURE = 0.79
# Fitted on 1,352 questions with and without an answer in four knowledge bases. Of what each of five folds left out,
# what was said and what was right: .46 .29, .55 .51, .65 .61, .75 .68, .85 .81, .94 .93. In the order of NAMES.
WEIGHTS = (-1.083, 2.044, 1.523, 0.557, 2.234)
NAMES = ("words", "words_margin", "asked_in_article", "asked_in_title", "title_in_asked")
BIAS = -1.53


class Keyed(Worded, Protocol):
    @property
    def key(self) -> str: ...


class Index:
    """Of articles without vectors."""

    def __init__(self, docs: Sequence[Keyed]) -> None:
        self._keys = [doc.key for doc in docs]
        self._lexicon = Lexicon(docs)

    def find(self, question: str, *, most: int = 5) -> list[Hit]:
        """The best first, at most MOST_SURE; none when no word of it is in any article."""
        question = question[:MAX_QUESTION]
        scores = self._lexicon.scores(question)
        order = [int(n) for n in np.argsort(-scores, kind="stable")[: most + 1] if scores[n] > 0]
        found = []
        for place, n in enumerate(order[:most]):
            other = scores[order[0]] if place else (scores[order[1]] if len(order) > 1 else 0.0)
            features = self._features(question, n, float(scores[n]), float(other))
            named = dict(zip(NAMES, features, strict=True))
            found.append(Hit(key=self._keys[n], confidence=_chance(features), engine="lexical", features=named))
        return found

    def _features(self, question: str, n: int, score: float, best_other: float) -> tuple[float, ...]:
        """How high it is; how far from the next; the question's words inside it and in its title, and the title's in
        the question."""
        inside, in_title, _anywhere, of_title, *_rest = self._lexicon.overlap(question, n)
        return (score / (6 + score), (score - best_other) / 6, inside, in_title, of_title)


def _chance(features: Sequence[float]) -> float:
    chance = BIAS + sum(weight * value for weight, value in zip(WEIGHTS, features, strict=True))
    return min(MOST_SURE, 1 / (1 + math.exp(-chance)))
