"""What the words alone say: BM25 (k1 1.2, b 0.75; the title counts twice, tags and example
questions once) over stems. Source: theo.md 3."""

import math
import re
from collections import Counter
from collections.abc import Container, Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import snowballstemmer
from numpy.typing import NDArray

from theo.engine.passages import sentences_of

K1, B = 1.2, 0.75
MOST_WORDS = 12

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


# In English only what has a name is written so inside a sentence.
_NAME = re.compile(r"(?<=[a-z0-9,;'’] )[A-Z][a-z'’]+")


class Worded(Protocol):
    @property
    def title(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def tags(self) -> tuple[str, ...]: ...
    @property
    def examples(self) -> tuple[str, ...]: ...


def words(text: str) -> list[str]:
    """Stems of what carries meaning."""
    return [stem for _word, stem in told_words(text)]


def told_words(text: str) -> list[tuple[str, str]]:
    """What carries meaning, as it is written and its stem."""
    return [(word, _stem(word)) for word in _WORD.findall(text.lower()) if word not in _STOP]


def beginnings(text: str) -> list[str]:
    """How the words that carry meaning begin in all their forms, each once: for a search by letters."""
    # A stem may end in another letter than its word: "deliveri".
    begun = (stem if word.startswith(stem) else stem[:-1] or word for word, stem in told_words(text))
    return list(dict.fromkeys(begun))


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    return str(snowballstemmer.stemmer("english").stemWord(word))


class Lexicon:
    """Of one workspace's articles, numbered as they are given."""

    def __init__(self, docs: Sequence[Worded]) -> None:
        bags = [words(" ".join([doc.title, doc.title, *doc.tags, *doc.examples, doc.text])) for doc in docs]
        self._titles = [set(words(doc.title)) for doc in docs]
        self._texts = [doc.text for doc in docs]
        self._known_sentences: dict[int, list[set[str]]] = {}
        self._counts = [Counter(bag) for bag in bags]
        self._lengths = [len(bag) for bag in bags]
        self._mean = sum(self._lengths) / max(1, len(docs)) or 1.0
        holders: dict[str, list[int]] = {}
        for n, counts in enumerate(self._counts):
            for word in counts:
                holders.setdefault(word, []).append(n)
        self._idf = {
            word: math.log(1 + (len(docs) - len(found) + 0.5) / (len(found) + 0.5)) for word, found in holders.items()
        }
        self._unseen = math.log(1 + (len(docs) + 0.5) / 0.5)
        # By word, the articles that have it and what it scores there.
        self._held = {
            word: (np.asarray(found, np.int32), np.asarray([self._score(word, n) for n in found]))
            for word, found in holders.items()
        }

    def _score(self, word: str, n: int) -> float:
        count = self._counts[n][word]
        spread = K1 * (1 - B + B * self._lengths[n] / self._mean)
        return self._idf[word] * count * (K1 + 1) / (count + spread)

    def scores(self, question: str) -> NDArray[np.floating[Any]]:
        """BM25 of each article."""
        found = np.zeros(len(self._counts))
        for word in words(question):
            if word in self._held:
                places, scores = self._held[word]
                found[places] += scores
        return found

    def overlap(self, question: str, n: int) -> list[float]:
        """Of the question, by rarity, what is in article `n`, in its title, in any article; of the title, what is in
        the question; how many words carry meaning; and what is in the one sentence of the article that has most."""
        asked = words(question)
        kinds = set(asked)
        weight = {word: self._idf.get(word, self._unseen) for word in kinds}
        whole = sum(weight.values()) or 1.0
        title = self._titles[n]
        return [
            sum(weight[word] for word in kinds if word in self._counts[n]) / whole,
            sum(weight[word] for word in kinds & title) / whole,
            sum(weight[word] for word in kinds if word in self._idf) / whole,
            len(kinds & title) / max(1, len(title)),
            min(len(asked), MOST_WORDS),
            max((sum(weight[word] for word in kinds & there) for there in self._sentences(n)), default=0.0) / whole,
        ]

    def names_another(self, question: str, n: int, others: Sequence[int]) -> bool:
        """Whether an English question names something that one of the articles `others` has and `n` has not."""
        named = {word for name in _NAME.findall(question) for word in words(name)}
        return any(word in self._counts[other] and word not in self._counts[n] for other in others for word in named)

    def words_of(self, n: int) -> Container[str]:
        """Stems of what article `n` says, its tags and examples among it."""
        return self._counts[n].keys()

    def _sentences(self, n: int) -> list[set[str]]:
        """The words of each sentence of article `n`; most articles are never asked for."""
        if n not in self._known_sentences:
            self._known_sentences[n] = [set(words(sentence)) for sentence in sentences_of(self._texts[n])]
        return self._known_sentences[n]
