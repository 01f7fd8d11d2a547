"""What the letters say: words cut into pieces of three and four, so that a slip, an ending or another spelling still
finds its word, in every language. The cosine of weighted pieces (TF-IDF)."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

LENGTHS = (3, 4)
_WORD = re.compile(r"[^\W_]+")


def pieces(text: str) -> Counter[str]:
    words = (f" {word} " for word in _WORD.findall(text.lower()))
    return Counter(word[n : n + long] for word in words for long in LENGTHS for n in range(len(word) - long + 1))


class Letters:
    """Of one workspace's articles, numbered as they are given."""

    def __init__(self, texts: Sequence[str]) -> None:
        bags = [pieces(text) for text in texts]
        holders = Counter(piece for bag in bags for piece in bag)
        self._rarity = {piece: _rarity(len(texts), count) for piece, count in holders.items()}
        self._unseen = _rarity(len(texts), 0)
        places: dict[str, list[int]] = {}
        weights: dict[str, list[float]] = {}
        lengths = np.zeros(len(texts))
        for n, bag in enumerate(bags):
            for piece, count in bag.items():
                weight = (1 + math.log(count)) * self._rarity[piece]
                lengths[n] += weight**2
                places.setdefault(piece, []).append(n)
                weights.setdefault(piece, []).append(weight)
        # By piece, the articles that have it and what it counts there.
        self._held = {
            piece: (np.asarray(found, np.int32), np.asarray(weights[piece], np.float32))
            for piece, found in places.items()
        }
        self._lengths = np.sqrt(lengths) + 1e-9

    def scores(self, question: str) -> NDArray[np.floating[Any]]:
        """Of each article, 0 to 1."""
        found, length = np.zeros(len(self._lengths)), 0.0
        for piece, count in pieces(question).items():
            weight = (1 + math.log(count)) * self._rarity.get(piece, self._unseen)
            length += weight**2
            if piece in self._held:
                places, weights = self._held[piece]
                found[places] += weight * weights
        return found / (math.sqrt(length) + 1e-9) / self._lengths


def _rarity(count: int, holders: int) -> float:
    return math.log(1 + (count - holders + 0.5) / (holders + 0.5))
