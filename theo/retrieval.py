"""Which article answers a question, and how sure that is, by the words alone.

BM25 (k1 1.2, b 0.75; the title counts twice, tags once) over stems, then a logistic regression over what makes a first
hit good. Words alone misread complaints and follow-ups: so confidence ends at MOST_SURE, below what any workspace may
let Theo send by itself. Source: theo.md 1 and 3.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import snowballstemmer

K1, B = 1.2, 0.75
MOST_SURE = 0.79
MAX_QUESTION = 2_000
# Fitted on 1,352 questions with and without an answer in four knowledge bases. Of what each of five folds left out,
# what was said and what was right: .46 .29, .55 .51, .65 .61, .75 .68, .85 .81, .94 .93. In the order of `_features`.
WEIGHTS = (-1.083, 2.044, 1.523, 0.557, 2.234)
BIAS = -1.53

_WORD = re.compile(r"[^\W_]+")
_STOP = frozenset(
    re.findall(
        r"\w+",
        "a an the and or but if of to in on at for from by with as is are was were be been am do does did can "
        "could will would should shall may might must have has had i you he she it we they me my your our "
        "their this that these those there here what which who when where why how not no so just please hi "
        "hello hey thanks thank want need like get got let us any some about into out up than then too very ",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doc:
    """text: title, content and tags as plain text."""

    key: str
    title: str
    content: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """confidence: that this one answers, 0 to MOST_SURE."""

    key: str
    score: float
    confidence: float


def words(text: str) -> list[str]:
    """Stems of what carries meaning."""
    return [_stem(word) for word in _WORD.findall(text.lower()) if word not in _STOP]


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    return str(snowballstemmer.stemmer("english").stemWord(word))


class Index:
    """Of one workspace's articles."""

    def __init__(self, docs: Sequence[Doc]) -> None:
        self._keys = [doc.key for doc in docs]
        self._titles = [set(words(doc.title)) for doc in docs]
        bags = [words(f"{doc.title} {doc.title} {' '.join(doc.tags)} {doc.content}") for doc in docs]
        self._counts = [Counter(bag) for bag in bags]
        self._lengths = [len(bag) for bag in bags]
        self._mean = sum(self._lengths) / max(1, len(docs))
        found = Counter(word for counts in self._counts for word in counts)
        self._idf = {word: math.log(1 + (len(docs) - n + 0.5) / (n + 0.5)) for word, n in found.items()}
        self._unseen = math.log(1 + (len(docs) + 0.5) / 0.5)

    def find(self, question: str, *, most: int = 5) -> list[Hit]:
        """The best first; none when no word of it is in any article."""
        asked = words(question[:MAX_QUESTION])
        scores = sorted(((self._score(n, asked), n) for n in range(len(self._keys))), key=lambda each: -each[0])
        scores = [each for each in scores if each[0] > 0][: most + 1]
        hits = []
        for place, (score, n) in enumerate(scores[:most]):
            best_other = scores[0][0] if place else (scores[1][0] if len(scores) > 1 else 0.0)
            features = self._features(asked, n, score, best_other)
            chance = BIAS + sum(weight * value for weight, value in zip(WEIGHTS, features, strict=True))
            hits.append(Hit(key=self._keys[n], score=score, confidence=min(MOST_SURE, 1 / (1 + math.exp(-chance)))))
        return hits

    def _score(self, n: int, asked: Sequence[str]) -> float:
        counts, total = self._counts[n], 0.0
        spread = K1 * (1 - B + B * self._lengths[n] / self._mean) if self._mean else K1
        for word in asked:
            if count := counts.get(word):
                total += self._idf[word] * count * (K1 + 1) / (count + spread)
        return total

    def _features(self, asked: Sequence[str], n: int, score: float, best_other: float) -> tuple[float, ...]:
        """How high; how far from the next; of the question, by rarity, what is in the article and what in its title;
        of the title, what is in the question."""
        kinds = set(asked)
        weight = {word: self._idf.get(word, self._unseen) for word in kinds}
        whole = sum(weight.values()) or 1.0
        inside = sum(weight[word] for word in kinds if word in self._counts[n]) / whole
        title = self._titles[n]
        in_title = sum(weight[word] for word in kinds & title) / whole
        return (
            score / (6 + score),
            (score - best_other) / 6,
            inside,
            in_title,
            len(kinds & title) / max(1, len(title)),
        )
