"""Whether an article speaks of what a question for yes or no is about: the opening hours of the roastery look near to
"is there parking at the roastery?", and do not answer it.

English alone: which words mean nearly the same is told by MiniLM. Of a long question one word decides less.
"""

import re
from collections.abc import Container
from functools import lru_cache

import numpy as np

from theo.engine.embedders import DIMENSIONS, Embedder, Vectors
from theo.engine.lexical import told_words, words

_FOR_YES_OR_NO = re.compile(
    r"^\W*(?:(?:hi|hello|hey|please|so|and|ok|okay|also|but)\W+)*"
    r"(?:is|are|was|do|does|did|can|could|may|will|would|has|am|should)\b"
    r"(?! (?:you|anyone|anybody|someone|somebody|i|we) (?:please |also )?"
    r"(?:tell|help|check|explain|find|give|let|show|ask|know)\b)",
    re.IGNORECASE,
)
# Says nothing about which thing is meant.
_ANY = frozenset(
    re.findall(
        r"\w+",
        "able allow allowed also anything anyone anyway available better buy currently day days details find give "
        "good help high interested know let list long made make many much multiple now offer ok okay option "
        "possible provide reason sell something someone still sure take tell time today use work works yet",
    )
)
MOST_WORDS = 4
# Of an article as many words are compared, from its title on.
MOST_COMPARED = 60
# From that cosine on two words may mean the same.
ALIKE = 0.5


def asks_for_more(question: str, text: str, stems: Container[str], model: Embedder) -> bool:
    """Whether one of the words of a short question for yes or no is not in an article, nor any that is like it.

    text: the article's, from its title on. stems: of all of its words.
    """
    if len(set(words(question))) > MOST_WORDS or not _FOR_YES_OR_NO.search(question):
        return False
    asked = [word for word, stem in told_words(question) if word not in _ANY and stem not in stems]
    if not asked:
        return False
    # An article of numbers alone has nothing that is like it.
    likeness = (_read(model, text) @ model.questions(asked).T).max(axis=0, initial=-1.0)
    return bool((likeness < ALIKE).any())


# Of so many articles, 92 KB each, of whichever workspace.
@lru_cache(maxsize=200)
def _read(model: Embedder, text: str) -> Vectors:
    told = dict.fromkeys(word for word, _stem in told_words(text) if not word.isdigit())
    some = list(told)[:MOST_COMPARED]
    return model.questions(some) if some else np.zeros((0, DIMENSIONS), np.float32)
